---Echoes of JSON values, and results that have no JSON.
local action = require "tidewire.actions".action
local json = require "tidewire.json"
local tidewire = require "tidewire"

local Frames = require "tidewire.consumer".Consumer:extend("Frames")

Frames.echo = action(function(_, args) return args.data, 200 end)

---What kind of Lua value a JSON value becomes.
Frames.kind = action(function(_, args)
  local data = args.data
  return { type = type(data), array = json.is_array(data), null = data == json.null, text = tostring(data), size = type(data) == "string" and #data or nil }, 200
end)

local cycle = {}
cycle.self = cycle

local values = {
  ["function"] = { a = { print } }, cycle = cycle, nan = { list = { 1, 0 / 0 } }, utf8 = { "\255" }, mixed = { 1, 2, x = 3 },
  coroutine = coroutine.create(print), key = { [true] = 1 },
  empty_array = json.array {}, empty_object = {}, nested_empty = { a = json.array {}, b = {} }, null = json.null,
  int64 = 9007199254740993LL, uint64 = 18446744073709551615ULL, float = 0.1, minus_zero = -0, large = 1e300, million = 1e6,
}

Frames.give = action(function(_, args) return values[args.kind], 200 end)

Frames.status_only = action(function() return nil, 204 end)

Frames.silent = action(function() end)

Frames.bad_status = action(function() return "x", "two hundred" end)

Frames.forms = action(function(self)
  self:send_json { json = true }
  self:send_text "text"
  self:send_bytes "\0\255"
  self:reply { action = "own", errors = { "e" }, status = 418, request_id = { 1 } }
end)

Frames.parse = action(function(_, args)
  local value, err = json.decode(args.text)
  return { value = value, error = err }, 200
end)

return tidewire.app { name = "frames", routes = { tidewire.websocket("/ws/", Frames) } }
