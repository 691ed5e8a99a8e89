local tidewire = require "tidewire"
local consumers = require "chat.consumers"

return tidewire.app {
  name = "chat",
  database = "sqlite:chat.db", -- TIDEWIRE_DATABASE and --database are stronger
  routes = {
    tidewire.websocket("/ws/rooms/", consumers.LobbyConsumer),
    tidewire.websocket("/ws/rooms/<slug:room>/", consumers.RoomConsumer),
    tidewire.static("/", "static"),
  },
}
