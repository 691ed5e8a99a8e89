local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.three = action(function() return { a = 1 }, 200, "extra" end)

C.one = action(function() return { a = 1 } end)

return support.app { ["/ws/"] = C }
