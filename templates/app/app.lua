local tidewire = require "tidewire"
local consumers = require "{{name}}.consumers"

return tidewire.app {
  name = "{{name}}",
  routes = {
    tidewire.websocket("/ws/", consumers.HelloConsumer),
    tidewire.static("/", "static"),
  },
}
