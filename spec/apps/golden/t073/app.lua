local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local Never = permissions.BasePermission:extend("Never")

function Never:can_connect() -- luacheck: ignore
  support.log "can_connect"
  return false
end

function Never:has_permission() return true end -- luacheck: ignore

return support.app { ["/ws/"] = Consumer:extend("C", { permission_classes = { Never } }) }
