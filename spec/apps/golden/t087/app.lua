local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local C = Consumer:extend("C")
local Deny = permissions.BasePermission:extend("Deny", { has_permission = function() return false end })

function C:get_permissions(name, args) -- luacheck: ignore
  support.log { name, support.sorted_keys(args) }
  return { name == "delete" and Deny() or permissions.AllowAny() }
end

C.delete = action(function() return nil, 204 end)

C.other = action(function() return "ok", 200 end)

return support.app { ["/ws/"] = C }
