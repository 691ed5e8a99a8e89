local tidewire = require "tidewire"

return tidewire.app {
  name = "bench",
  routes = { tidewire.websocket("/ws/", require "bench.consumers".BenchConsumer) },
}
