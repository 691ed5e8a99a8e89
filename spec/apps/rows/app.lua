---What specs of generic consumers talk to: a route for each of its consumers, /Books/ and so on.
local tidewire = require "tidewire"

local routes = {}
for name, consumer in pairs(require "rows.consumers") do routes[#routes + 1] = tidewire.websocket("/" .. name .. "/", consumer) end

---Who says in a header that he is somebody is logged in.
local function logged_in(scope, next)
  if scope.headers["x-user"] then scope.user = { pk = scope.headers["x-user"], username = scope.headers["x-user"], is_authenticated = true } end
  return next(scope)
end

return tidewire.app {
  name = "rows", routes = routes, middleware = { logged_in },
  settings = { page_size = 3, default_throttle_rates = { books = "1000/day", rare = "1/h" } },
}
