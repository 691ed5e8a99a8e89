---What app.lua returns, and how the host takes it.
local class = require "tidewire.class"
local consumer = require "tidewire.consumer"
local host = require "tidewire.host"
local middleware = require "tidewire.middleware"
local nearest = require "tidewire.nearest"
local origin = require "tidewire.origin"
local routing = require "tidewire.routing"
local scope = require "tidewire.scope"
local settings = require "tidewire.settings"

local M = {}

local App, Route = {}, {}

local function known_keys()
  local keys = { name = "string", routes = "table", middleware = "table", settings = "table" }
  for _, row in ipairs(host.settings_schema) do keys[row.name] = row.type end
  return keys
end

local function check_keys(spec, keys)
  for key, value in pairs(spec) do
    local expected = keys[key]
    if not expected then error(("tidewire.app: unknown setting %q%s"):format(tostring(key), nearest.hint(tostring(key), keys)), 3) end
    local own = expected == "table" or key == "name"
    local problem = not own and host.check_setting(key, value)
      or own and type(value) ~= expected and ("%s is a %s; expected a %s"):format(key, type(value), expected)
    if problem then error("tidewire.app: " .. problem, 3) end
  end
end

---Describe an app: `return tidewire.app { name = "chat", routes = { … } }`. Keys: name, routes, middleware, settings (the app's own), and every setting of
---`tidewire serve --help` with underscores.
---@param spec { name: string, routes: table[], middleware?: function[], settings?: table, [string]: any }
---@return table
function M.app(spec)
  if type(spec) ~= "table" then error("tidewire.app: a table was expected, got a " .. type(spec), 2) end
  check_keys(spec, known_keys())
  for i, route in ipairs(spec.routes or {}) do
    if getmetatable(route) ~= Route then error(("tidewire.app: routes[%d] is not a route; use tidewire.websocket or tidewire.static"):format(i), 2) end
  end
  for i, fn in ipairs(spec.middleware or {}) do
    if type(fn) ~= "function" then error(("tidewire.app: middleware[%d] is a %s; expected a function"):format(i, type(fn)), 2) end
  end
  return setmetatable(spec, App)
end

---A route to a consumer.
---@param pattern string such as /ws/room/<int:pk>/
---@param consumer_class tidewire.Consumer
---@param attributes? table members of the class for this route, as DCRF's as_asgi(**initkwargs)
function M.websocket(pattern, consumer_class, attributes)
  if not class.is_subclass(consumer_class, consumer.Consumer) then
    error(("tidewire.websocket(%q): a consumer class was expected, got a %s"):format(tostring(pattern), type(consumer_class)), 2)
  end
  for key in pairs(attributes or {}) do
    if consumer_class[key] == nil then error(("tidewire.websocket(%q): %s has no attribute %q"):format(pattern, consumer_class.name, key), 2) end
  end
  local ok, compiled = pcall(routing.compile, pattern)
  if not ok then error(compiled, 2) end
  local declared = consumer_class
  if attributes then consumer_class = consumer_class:extend(consumer_class.name, attributes) end
  return setmetatable({ kind = "websocket", pattern = compiled, consumer = consumer_class, declared = declared }, Route)
end

---A folder of files: index.html for folders, no hidden files.
---@param prefix string where it is mounted: / or /assets/
---@param folder string relative to the app's folder
function M.static(prefix, folder)
  if type(prefix) ~= "string" or not prefix:find "^/.*/$" and prefix ~= "/" then
    error(("tidewire.static: %q is not a prefix; it begins and ends with /"):format(tostring(prefix)), 2)
  end
  if type(folder) ~= "string" then error("tidewire.static: a folder's name was expected, got a " .. type(folder), 2) end
  return setmetatable({ kind = "static", prefix = prefix, folder = folder }, Route)
end

local function websocket_routes(app)
  local list = {}
  for _, route in ipairs(app.routes or {}) do
    if route.kind == "websocket" then list[#list + 1] = route end
  end
  return list
end

local function make_consumer(current, route, conn) return route.consumer(current, conn) end

local function connector(routes, chain)
  return function(conn, request)
    local path = routing.decode(request.path)
    local route, kwargs = routing.resolve(routes, path or "")
    if not route then return host.deny(conn, 404, "Not Found") and nil end
    local current = scope.new(request, path, kwargs)
    if not origin.allowed(current.headers.origin, current.headers.host, host.settings.allowed_origins) then
      return host.deny(conn, 403, "Origin not allowed") and nil
    end
    return consumer.connect(conn, function() return chain(current, route, conn) end)
  end
end

local function check_declarations(routes)
  for _, route in ipairs(routes) do
    local ok, problem = pcall(route.consumer.check_declaration, route.consumer)
    if not ok then error(("%s%s: %s"):format(class.position(route.declared), route.consumer.name, tostring(problem)), 0) end
  end
end

---Make an app the one that the host serves. Called by the host once.
function M.install(app)
  if getmetatable(app) ~= App then error("app.lua has to return tidewire.app { … }, got a " .. type(app), 0) end
  local routes = websocket_routes(app)
  settings(app.settings)
  check_declarations(routes)
  local serializers = package.loaded["tidewire.serializers"] -- an app may do without
  if serializers then serializers.check_declarations() end
  local handlers = { connect = connector(routes, middleware.compose(app.middleware or {}, make_consumer)) }
  for name, handler in pairs(consumer.handlers) do handlers[name] = handler end
  function handlers.request(raw) return (routing.resolve(routes, routing.decode(raw) or "")) ~= nil end
  host.handlers(handlers)
end

---For `tidewire routes`.
---@return { kind: string, pattern: string, target: string }[]
function M.routes(app)
  local list = {}
  for i, route in ipairs(app.routes or {}) do
    local websocket = route.kind == "websocket"
    list[i] = { kind = route.kind, pattern = websocket and route.pattern.text or route.prefix, target = websocket and route.consumer.name or route.folder }
  end
  return list
end

---For the host.
---@return { prefix: string, root: string }[]
function M.statics(app)
  local list = {}
  for _, route in ipairs(app.routes or {}) do
    if route.kind == "static" then list[#list + 1] = { prefix = route.prefix, root = route.folder } end
  end
  return list
end

return M
