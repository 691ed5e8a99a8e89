local tidewire = require "tidewire"
local consumers = require "chat.consumers"

return tidewire.app {
  name = "chat",
  routes = {
    tidewire.websocket("/ws/rooms/", consumers.LobbyConsumer),
    tidewire.websocket("/ws/rooms/<slug:room>/", consumers.RoomConsumer),
    tidewire.static("/", "static"),
  },
}
