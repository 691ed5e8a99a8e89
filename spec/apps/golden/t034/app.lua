local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
return support.app { ["/ws/"] = require "tidewire.consumer".Consumer:extend("C") }
