local tidewire = require "tidewire"
local consumers = require "bench.consumers"

return tidewire.app {
  name = "bench",
  routes = { tidewire.websocket("/ws/", consumers.BenchConsumer), tidewire.websocket("/ws/items/", consumers.ItemConsumer) },
}
