local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.ping = action(function(_, args) return { type = args.type }, 200 end)

function C:secret_handler() self:send_json { secret = true } end

return support.app { ["/ws/"] = C }
