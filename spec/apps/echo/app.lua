---Sends each message back as it came: what WebSocket conformance suites talk to.
local tidewire = require "tidewire"

local Echo = require "tidewire.consumer".Consumer:extend("Echo")

function Echo:receive(text, bytes)
  if text then self:send_text(text) else self:send_bytes(bytes) end
end

return tidewire.app { name = "echo", routes = { tidewire.websocket("/ws/", Echo) } }
