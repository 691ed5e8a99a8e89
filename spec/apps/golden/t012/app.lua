local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.boom = action(function() error "boom" end)

C.ping = action(function() return "pong", 200 end)

return support.app { ["/ws/"] = C }
