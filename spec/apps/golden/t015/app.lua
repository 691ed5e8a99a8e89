local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

function C:handle_exception(exc, name, request_id)
  if exceptions.is_api_exception(exc) then return C.super.handle_exception(self, exc, name, request_id) end
  self:reply { action = name, errors = { "Internal error: " .. exc }, status = 500, request_id = request_id }
end

C.boom = action(function() error("boom", 0) end)

C.later = action(function() error("later boom", 0) end)

return support.app { ["/ws/"] = C }
