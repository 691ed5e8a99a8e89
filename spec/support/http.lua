---HTTP for specs: one request a connection, or raw bytes.
local M = {}
local websocket = require "support.websocket"

---Send bytes, read one response. The body is read to its Content-Length (none for HEAD, 304 and 204).
---@return { status: integer?, headers: table, body: string }
function M.raw(address, bytes, options)
  options = options or {}
  local tcp = websocket.tcp(address)
  tcp:send_raw(bytes)
  local status, headers = tcp:receive_head(options.seconds)
  local response = { status = status, headers = headers or {}, body = "", connection = tcp }
  if not status then return response end
  local length = tonumber(headers["content-length"] or 0)
  if not options.no_body and status ~= 304 and status ~= 204 and length > 0 then
    assert(tcp:need(length, require "socket".gettime() + 10))
    response.body = tcp:take(length)
  end
  if not options.keep then tcp.socket:close() end
  return response
end

---@param headers? table<string, string>
function M.request(method, address, path, headers)
  local lines = { ("%s %s HTTP/1.1"):format(method, path), "Host: " .. address, "Connection: close" }
  for name, value in pairs(headers or {}) do lines[#lines + 1] = name .. ": " .. value end
  return M.raw(address, table.concat(lines, "\r\n") .. "\r\n\r\n", { no_body = method == "HEAD" })
end

function M.get(address, path, headers) return M.request("GET", address, path, headers) end

return M
