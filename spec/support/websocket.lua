---A WebSocket client for specs, at the level of bytes, so that it can also do what a client must not. Reads have deadlines.
local socket = require "socket"
local bit = require "bit"
local ffi = require "ffi"

local M = { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 }
local KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" -- the pair of RFC 6455, section 1.3

local WebSocket = {}
WebSocket.__index = WebSocket

local function deadline(seconds) return socket.gettime() + (seconds or 10) end

---Read what has come. Returns false when the other side has closed, nil when nothing came in time.
function WebSocket:fill(limit)
  if self.ended then return false end
  local ready = socket.select({ self.socket }, nil, math.max(0, limit - socket.gettime()))
  if not ready[1] then return nil end
  local data, err, partial = self.socket:receive(65536)
  data = data or partial
  if #data > 0 then self.buffer = self.buffer .. data end
  if err and err ~= "timeout" then self.ended = true end
  return #data > 0 or (err == "timeout" and nil)
end

---Wait for `n` bytes; nil, "timeout" or nil, "closed".
function WebSocket:need(n, limit)
  while #self.buffer < n do
    local got = self:fill(limit)
    if got == nil and socket.gettime() >= limit then return nil, "timeout" end
    if got == false and #self.buffer < n then return nil, "closed" end
  end
  return true
end

function WebSocket:take(n)
  local data = self.buffer:sub(1, n)
  self.buffer = self.buffer:sub(n + 1)
  return data
end

local function big_endian(data)
  local number = 0
  for i = 1, #data do number = number * 256 + data:byte(i) end
  return number
end

---The next frame: { fin, rsv, opcode, payload }, or nil and "timeout" or "closed".
---@param seconds? number
function WebSocket:receive_frame(seconds)
  local limit = deadline(seconds)
  local ok, err = self:need(2, limit)
  if not ok then return nil, err end
  local b0, b1 = self.buffer:byte(1, 2)
  assert(b1 < 128, "a server must not mask its frames")
  local extended = b1 == 126 and 2 or b1 == 127 and 8 or 0
  ok, err = self:need(2 + extended, limit)
  if not ok then return nil, err end
  local length = extended == 0 and b1 or big_endian(self.buffer:sub(3, 2 + extended))
  ok, err = self:need(2 + extended + length, limit)
  if not ok then return nil, err end
  self:take(2 + extended)
  return { fin = b0 >= 128, rsv = bit.band(b0, 0x70), opcode = bit.band(b0, 15), payload = self:take(length) }
end

---The next message's payload and opcode. Answers pings. At a close frame: nil, "close", code, reason; at the end of the connection nil, "closed".
---@param seconds? number
function WebSocket:receive(seconds)
  local limit, parts, opcode = deadline(seconds), {}, nil
  while true do
    local frame, err = self:receive_frame(limit - socket.gettime())
    if not frame then return nil, err end
    if frame.opcode == M.CLOSE then
      self.close_code = #frame.payload >= 2 and big_endian(frame.payload:sub(1, 2)) or 1005
      return nil, "close", self.close_code, frame.payload:sub(3)
    elseif frame.opcode == M.PING then
      self:send_frame(M.PONG, frame.payload)
    elseif frame.opcode ~= M.PONG then
      opcode = opcode or frame.opcode
      parts[#parts + 1] = frame.payload
      if frame.fin then return table.concat(parts), opcode end
    end
  end
end

---Wait for the server's close frame, answer it, and return code and reason. Messages before it are passed over.
---@param seconds? number
function WebSocket:receive_close(seconds)
  local limit = deadline(seconds)
  while true do
    local payload, what, code, reason = self:receive(limit - socket.gettime())
    if not payload then
      if what == "close" then
        self:send_frame(M.CLOSE, string.char(math.floor(code / 256), code % 256))
        return code, reason
      end
      return nil, what
    end
  end
end

---Wait for the end of the TCP connection. True, or nil when it did not come in time.
function WebSocket:receive_end(seconds)
  local limit = deadline(seconds)
  repeat
    self.buffer = ""
    if self:fill(limit) == false then return true end
  until socket.gettime() > limit
end

local function mask(payload, key)
  local n = #payload
  local bytes = ffi.new("uint8_t[?]", n)
  ffi.copy(bytes, payload, n)
  for i = 0, n - 1 do bytes[i] = bit.bxor(bytes[i], key:byte(i % 4 + 1)) end
  return ffi.string(bytes, n)
end

local function length_bytes(n, masked)
  local flag = masked and 128 or 0
  if n < 126 then return string.char(flag + n) end
  if n < 65536 then return string.char(flag + 126, math.floor(n / 256), n % 256) end
  return string.char(flag + 127, 0, 0, 0, 0, math.floor(n / 16777216) % 256, math.floor(n / 65536) % 256, math.floor(n / 256) % 256, n % 256)
end

---The bytes of a frame.
---@param options? { fin?: boolean, rsv?: integer, masked?: boolean, key?: string }
function M.frame(opcode, payload, options)
  options = options or {}
  local fin, masked, key = options.fin ~= false, options.masked ~= false, options.key or "\55\250\33\61"
  local head = string.char((fin and 128 or 0) + (options.rsv or 0) + opcode) .. length_bytes(#payload, masked)
  return masked and head .. key .. mask(payload, key) or head .. payload
end

---Send bytes as they are. False when the server has gone.
function WebSocket:send_raw(data)
  self.socket:settimeout(10)
  local sent = self.socket:send(data)
  self.socket:settimeout(0)
  return sent == #data
end

function WebSocket:send_frame(opcode, payload, options) return self:send_raw(M.frame(opcode, payload or "", options)) end

function WebSocket:send_text(text) return self:send_frame(M.TEXT, text) end

function WebSocket:send_close(code, reason)
  return self:send_frame(M.CLOSE, code and string.char(math.floor(code / 256), code % 256) .. (reason or "") or "")
end

---Close as a client does: close frame, the server's answer, the end. Returns the code that the server sent.
function WebSocket:close(code)
  self:send_close(code or 1000)
  local answered = self:receive_close()
  self:receive_end()
  self.socket:close()
  return answered
end

---Go away without a word.
function WebSocket:vanish()
  self.socket:setoption("linger", { on = true, timeout = 0 })
  self.socket:close()
end

local function request(options)
  local lines = {
    ("GET %s HTTP/1.1"):format(options.path or "/ws/"), "Host: " .. (options.host_header or options.address),
    "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: " .. KEY, "Sec-WebSocket-Version: 13",
  }
  for name, value in pairs(options.headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

M.request = request

---A TCP connection with this class's reading and writing, before any handshake.
---@param address string host:port
function M.tcp(address)
  local host, port = address:match "^(.*):(%d+)$"
  local tcp = assert(socket.connect(host, tonumber(port)))
  tcp:settimeout(0)
  tcp:setoption("tcp-nodelay", true)
  return setmetatable({ socket = tcp, buffer = "" }, WebSocket)
end

---Read an HTTP response's head: status and headers by lower-case name; nil when the connection ends or time is over.
function WebSocket:receive_head(seconds)
  local limit = deadline(seconds)
  while not self.buffer:find "\r\n\r\n" do
    local got = self:fill(limit)
    if got == false and not self.buffer:find "\r\n\r\n" or got == nil and socket.gettime() >= limit then return nil end
  end
  local last = select(2, self.buffer:find "\r\n\r\n")
  local head = self:take(last)
  local headers = {}
  for name, value in head:gmatch "\r\n([^:\r\n]+):[ \t]*([^\r\n]*)" do headers[name:lower()] = value end
  return tonumber(head:match "^HTTP/1%.[01] (%d+)"), headers
end

---Read a response's body and close.
function WebSocket:receive_body(headers)
  local length = tonumber(headers["content-length"] or 0)
  local body = self:need(length, deadline()) and self:take(length) or nil
  self.socket:close()
  return body
end

---Open a WebSocket. Returns it, or nil with the status and { headers, body } of a refusal.
---@param options { address: string, path?: string, headers?: table<string, string>, host_header?: string, also?: string } also: bytes sent behind the request
function M.connect(options)
  local self = M.tcp(options.address)
  self:send_raw(request(options) .. (options.also or ""))
  local status, headers = self:receive_head(options.seconds)
  if status ~= 101 then return nil, status, { headers = headers, body = headers and self:receive_body(headers) } end
  assert(headers["sec-websocket-accept"] == ACCEPT, "Sec-WebSocket-Accept is wrong")
  self.headers = headers
  return self
end

return M
