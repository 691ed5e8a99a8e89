---luajit bench/ask.lua HOST:PORT MESSAGE: send one message over WebSocket, print the reply.
local websocket = require "support.websocket"

local ws = assert(websocket.connect { address = arg[1] })
ws:send_text(arg[2])
print((assert(ws:receive(120))))
ws:close()
