---What the apps of golden transcripts share. Loaded with `dofile(os.getenv "SPEC_APPS" .. "/support.lua")`: an app requires only itself and tidewire.
local json = require "tidewire.json"
local tidewire = require "tidewire"

local M = {}

---Append a value to the app's log, as the recorded apps do.
function M.log(value)
  local file = assert(io.open(os.getenv "SPEC_LOG", "ab"))
  file:write(json.encode(value), "\n")
  file:close()
end

---Names of a table in order, without those given.
function M.sorted_keys(args, ...)
  local keys, without = {}, { [""] = true }
  for _, name in ipairs { ... } do without[name] = true end
  for key in pairs(args) do
    if not without[key] then keys[#keys + 1] = key end
  end
  table.sort(keys)
  return json.array(keys)
end

local users = { ["1"] = "ann", ["2"] = "bob", ["3"] = "cid" }

---Middleware: the user whose id stands in the header x-user.
function M.auth(scope, next)
  local name = users[scope.headers["x-user"] or ""]
  if name then scope.user = { username = name, is_authenticated = true } end
  return next(scope)
end

---An app of consumers by path.
function M.app(consumers, middleware)
  local routes = {}
  for path, consumer in pairs(consumers) do routes[#routes + 1] = tidewire.websocket(path, consumer) end
  return tidewire.app { name = "golden", routes = routes, middleware = middleware }
end

return M
