---Which pages may connect. Browsers say in the Origin header which page opened a WebSocket; without this check any page could, with the user's
---cookies. Programs that are no browsers send none and pass.
local M = {}

local DEFAULT_PORTS = { http = "80", https = "443", ws = "80", wss = "443" }

---@return string? scheme
---@return string? host lower case, without port
---@return string? port the scheme's own when none is given
local function split(origin)
  local scheme, rest = origin:lower():match "^(%w+)://([^/]+)$"
  if not scheme then return nil end
  local host, port = rest:match "^(.-):(%d+)$"
  return scheme, host or rest, port or DEFAULT_PORTS[scheme]
end

local function same(origin, host_header)
  local scheme, host, port = split(origin)
  if not scheme or not host_header then return false end
  local asked, asked_port = host_header:lower():match "^(.-):(%d+)$"
  return host == (asked or host_header:lower()) and port == (asked_port or DEFAULT_PORTS[scheme])
end

---An entry is *, a whole origin (https://example.com), a host (example.com), or a host and all below it (.example.com), as in Channels.
local function permits(entry, origin)
  if entry == "*" or entry:lower() == origin:lower() then return true end
  local scheme, host, port = split(origin)
  if not scheme then return false end
  if entry:find "://" then
    local s, h, p = split(entry)
    return s == scheme and h == host and p == port
  end
  entry = entry:lower()
  if entry:sub(1, 1) == "." then return host == entry:sub(2) or host:sub(-#entry) == entry end
  return host == entry
end

---@param origin string? the header, nil when there is none
---@param host string? the Host header
---@param allowed string[] the setting allowed_origins
---@return boolean
function M.allowed(origin, host, allowed)
  if not origin or same(origin, host) then return true end
  for _, entry in ipairs(allowed) do
    if permits(entry, origin) then return true end
  end
  return false
end

return M
