---Routes with Django's path converters: `/ws/room/<int:pk>/`, `<slug:name>`, `<uuid:id>`, `<str:word>` (or `<word>`), `<path:rest>`.
local json = require "tidewire.json"
local scope = require "tidewire.scope"

local M = {}

local HEX = "[0-9a-f]"

---@type table<string, { pattern: string, convert?: fun(text: string): any }>
local converters = {
  int = { pattern = "%d+", convert = function(text) return #text < 16 and tonumber(text) or (json.number((text:gsub("^0+(%d)", "%1")))) end },
  str = { pattern = "[^/]+" },
  slug = { pattern = "[-%w_]+" },
  uuid = { pattern = HEX:rep(8) .. "%-" .. HEX:rep(4) .. "%-" .. HEX:rep(4) .. "%-" .. HEX:rep(4) .. "%-" .. HEX:rep(12) },
  path = { pattern = ".+" },
}

local function escape(text) return (text:gsub("[%^%$%(%)%%%.%[%]%*%+%-%?]", "%%%0")) end

local function fail(route, why) error(("route %q: %s"):format(route, why), 0) end

local function parameter(route, inside, seen)
  local kind, name = inside:match "^(%w+):(.*)$"
  kind, name = kind or "str", name or inside
  if not converters[kind] then fail(route, ("unknown converter %q; expected int, str, slug, uuid or path"):format(kind)) end
  if not name:find "^[%a_][%w_]*$" then fail(route, ("%q is not a name for a parameter"):format(name)) end
  if seen[name] then fail(route, ("the parameter %q stands there twice"):format(name)) end
  seen[name] = true
  return converters[kind], name
end

---@class tidewire.Pattern
---@field text string
---@field pattern string Lua pattern, anchored
---@field names string[]

---Turn a route's text into what match() needs. Raises on an unknown converter, a bad name, or one that stands twice.
---@param route string
---@return tidewire.Pattern
function M.compile(route)
  if route:sub(1, 1) ~= "/" then fail(route, "it has to begin with /") end
  local parts, names, kinds, seen, at = {}, {}, {}, {}, 1
  while true do
    local from, to, inside = route:find("<([^<>]*)>", at)
    parts[#parts + 1] = escape(route:sub(at, (from or #route + 1) - 1))
    if not from then break end
    local converter, name = parameter(route, inside, seen)
    parts[#parts + 1] = "(" .. converter.pattern .. ")"
    names[#names + 1], kinds[#kinds + 1] = name, converter
    at = to + 1
  end
  if table.concat(parts):find "[<>]" then fail(route, "a < or > stands alone") end
  return { text = route, pattern = "^" .. table.concat(parts) .. "$", names = names, kinds = kinds }
end

---The parameters of `path` when the pattern matches it whole, else nil.
---@param pattern tidewire.Pattern
---@param path string decoded
---@return table<string, any>?
function M.match(pattern, path)
  local found = { path:match(pattern.pattern) }
  if not found[1] then return nil end
  local kwargs = {}
  for i, name in ipairs(pattern.names) do
    local convert = pattern.kinds[i].convert
    kwargs[name] = convert and convert(found[i]) or found[i]
  end
  return kwargs
end

---Decode a request's path. nil when an escape is broken or stands for NUL.
---@param raw string
---@return string?
function M.decode(raw)
  if raw:gsub("%%%x%x", ""):find("%", 1, true) or raw:find("%00", 1, true) then return nil end
  return scope.unescape(raw)
end

---The first route that matches.
---@param routes { pattern: tidewire.Pattern }[]
---@param path string decoded
---@return table? route
---@return table<string, any>? kwargs
function M.resolve(routes, path)
  for _, route in ipairs(routes) do
    local kwargs = M.match(route.pattern, path)
    if kwargs then return route, kwargs end
  end
end

return M
