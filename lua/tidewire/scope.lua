---A connection's scope, as ASGI describes it: what is known from the handshake.
local M = {}

---Header list with lookup by name: `scope.headers["x-token"]`, case ignored; `ipairs` gives { name, value } as they came.
local Headers = {
  __index = function(list, name)
    if type(name) ~= "string" then return nil end
    name = name:lower()
    for i = 1, #list do
      if list[i][1] == name then return list[i][2] end
    end
  end,
}

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

M.unescape = unescape

local function parse_cookies(header)
  local cookies = {}
  for pair in (header or ""):gmatch "[^;]+" do
    local name, value = pair:match "^%s*([^=%s]+)%s*=%s*(.-)%s*$"
    if name and cookies[name] == nil then cookies[name] = unescape(value:match '^"(.*)"$' or value) end
  end
  return cookies
end

local function parse_query(text)
  local query, lists = {}, {}
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    name, value = unescape((name:gsub("%+", " "))), unescape((value:gsub("%+", " ")))
    query[name] = value
    lists[name] = lists[name] or {}
    table.insert(lists[name], value)
  end
  return query, lists
end

local function parse_list(header)
  local list = {}
  for item in (header or ""):gmatch "[^,%s]+" do list[#list + 1] = item end
  return list
end

---A user that nobody has logged in, as django.contrib.auth has it.
M.AnonymousUser = setmetatable({ is_authenticated = false, is_anonymous = true, is_staff = false, is_superuser = false, username = "" }, {
  __newindex = function() error("the anonymous user is shared by all connections and cannot be changed", 2) end,
  __tojson = function() return nil end,
})

---What is worked out when it is first asked for: most connections never do.
local lazy = {
  cookies = function(scope) return parse_cookies(scope.headers.cookie) end,
  query = function(scope) return (parse_query(scope.query_string)) end,
  query_lists = function(scope) return (select(2, parse_query(scope.query_string))) end,
  subprotocols = function(scope) return parse_list(scope.headers["sec-websocket-protocol"]) end,
  user = function() return M.AnonymousUser end,
}

---@class tidewire.Scope
---@field type "websocket"
---@field path string decoded
---@field raw_path string as it came
---@field query_string string as it came
---@field query table<string, string> decoded; the last of several values
---@field query_lists table<string, string[]> all of them
---@field headers table
---@field cookies table<string, string>
---@field client [string, integer] address and port
---@field subprotocols string[]
---@field url_route { args: table, kwargs: table<string, any> }
---@field user table AnonymousUser unless middleware sets another
local Scope = {
  __index = function(scope, key)
    local make = lazy[key]
    if not make then return nil end
    local value = make(scope)
    rawset(scope, key, value)
    return value
  end,
}

---@param request table what the host tells of a handshake
---@param path string decoded
---@param kwargs table
---@return tidewire.Scope
function M.new(request, path, kwargs)
  return setmetatable({
    type = "websocket",
    path = path,
    raw_path = request.path,
    query_string = request.query_string,
    headers = setmetatable(request.headers, Headers),
    client = request.client,
    http_version = request.http_version,
    url_route = { args = {}, kwargs = kwargs },
  }, Scope)
end

return M
