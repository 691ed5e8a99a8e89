---The chat of docs/tutorial.md.
local tidewire = require "tidewire"
local consumers = require "tutorial.consumers"
local m = require "tutorial.models"

---Who somebody is, said by the address: /ws/rooms/?user=ann. Good enough to learn with: anybody may say anything. Sessions and passwords take its place.
local function by_name(scope, next)
  local name = scope.query.user
  local user = name and m.User.objects:filter({ username = name }):first()
  if user then
    user.is_authenticated = true
    scope.user = user
  end
  return next(scope)
end

return tidewire.app {
  name = "tutorial",
  database = "sqlite:tutorial.db",
  middleware = { by_name },
  routes = {
    tidewire.websocket("/ws/users/", consumers.UserConsumer),
    tidewire.websocket("/ws/rooms/", consumers.RoomConsumer),
    tidewire.websocket("/ws/messages/", consumers.MessageConsumer),
    tidewire.static("/", "static"),
  },
}
