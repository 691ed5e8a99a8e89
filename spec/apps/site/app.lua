---Static files, routes with parameters, origins and subprotocols.
local action = require "tidewire.actions".action
local tidewire = require "tidewire"

local Site = require "tidewire.consumer".Consumer:extend("Site")

function Site:connect()
  local wanted = self.scope.query.subprotocol
  self:accept(wanted)
end

Site.scope_info = action(function(self)
  local scope = self.scope
  return {
    kwargs = scope.url_route.kwargs, path = scope.path, raw_path = scope.raw_path, cookies = scope.cookies, query = scope.query,
    subprotocols = tidewire.array(scope.subprotocols), client = scope.client, http_version = scope.http_version,
    anonymous = scope.user.is_anonymous, agent = scope.headers["User-Agent"],
  }, 200
end)

local routes = {}
for i, pattern in ipairs {
  "/ws/", "/int/<int:pk>/", "/slug/<slug:name>/", "/uuid/<uuid:id>/", "/str/<word>/", "/two/<int:a>/<str:b>/", "/path/<path:rest>",
} do
  routes[i] = tidewire.websocket(pattern, Site)
end
routes[#routes + 1] = tidewire.static("/", "static")

return tidewire.app { name = "site", allowed_origins = { "https://other.example", ".family.example" }, routes = routes }
