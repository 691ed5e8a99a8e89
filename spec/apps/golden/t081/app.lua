local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local tidewire = require "tidewire"
local action = require "tidewire.actions".action
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local C = Consumer:extend("C", { permission_classes = { permissions.IsAuthenticated } })

C.who = action(function(self) return self.scope.user.username, 200 end)

local function auth(scope, next)
  if scope.path == "/nouser/" then return next(scope) end
  return support.auth(scope, next)
end

return tidewire.app {
  name = "golden",
  routes = { tidewire.websocket("/ws/", C), tidewire.websocket("/nouser/", C) },
  middleware = { auth },
}
