local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local exceptions = require "tidewire.exceptions"
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local raises = {
  login = exceptions.NotAuthenticated(), paid = exceptions.PermissionDenied "pay first", slow = exceptions.Throttled { wait = 5 },
  ["404"] = exceptions.Http404(), crash = "x",
}

local Perm = permissions.BasePermission:extend("Perm", {
  has_permission = function(_, _, _, name)
    if raises[name] then error(raises[name]) end
    return true
  end,
})

return support.app { ["/ws/"] = Consumer:extend("C", { permission_classes = { Perm } }) }
