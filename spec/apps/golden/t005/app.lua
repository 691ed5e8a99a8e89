local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.known = action(function() return "ok", 200 end)

function C:not_an_action() return "secret", 200 end -- luacheck: ignore

return support.app { ["/ws/"] = C }
