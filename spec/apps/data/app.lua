---An app whose actions run the Lua text that a spec sends, so that each spec stands with the queries it is about. The text sees the models, and what
---apps require, as globals.
local action = require "tidewire.actions".action
local class = require "tidewire.class"
local db = require "tidewire.db"
local decimal = require "tidewire.decimal"
local datetime = require "tidewire.datetime"
local exceptions = require "tidewire.exceptions"
local expressions = require "tidewire.expressions"
local json = require "tidewire.json"
local models = require "tidewire.models"
local sleep = require "tidewire.sleep"
local spawn = require "tidewire.spawn"
local tidewire = require "tidewire"
local timezone = require "tidewire.timezone"
local uuid = require "tidewire.uuid"
local own = require "data.models"

local function note(text)
  local file = assert(io.open(os.getenv "SPEC_LOG", "ab"))
  file:write(text, "\n")
  file:close()
end

local env = setmetatable({
  db = db, decimal = decimal, datetime = datetime, exceptions = exceptions, expressions = expressions, json = json, models = models, class = class, sleep = sleep,
  spawn = spawn, timezone = timezone, uuid = uuid, note = note, null = json.null, array = json.array, Q = expressions.Q, F = expressions.F,
}, { __index = function(_, name) return own[name] or expressions[name] or _G[name] end })

---What an error is for a spec: its class and text.
local function described(err)
  local of = class.of(err)
  return { class = of and of.name or type(err), message = tostring(err), code = type(err) == "table" and err.code or nil,
    constraint = type(err) == "table" and err.constraint or nil, database = of and class.is_subclass(of, exceptions.DatabaseError) or false }
end

env.described = described

---Run `fn` and describe what it raises; nil when it raises nothing.
function env.caught(fn, ...)
  local ok, err = pcall(fn, ...)
  if not ok then return described(err) end
end

---Write a value into a field of Everything, read it back in several ways; raises when they differ.
---@return any what was read
function env.trip(field, value)
  local written = own.Everything.objects:create { [field] = value }
  local read = own.Everything.objects:get { pk = written.pk }[field]
  local row = own.Everything.objects:filter { pk = written.pk }:values(field):first()
  local flat = own.Everything.objects:filter { pk = written.pk }:values_list(field, { flat = true }):first()
  written:refresh_from_db()
  for _, other in pairs { row[field], flat, written[field] } do
    if other ~= read and json.encode(other) ~= json.encode(read) then error(("%s was read as %s and %s"):format(field, json.encode(read), json.encode(other)), 0) end
  end
  return read
end

---The same for bytes, which JSON does not know.
function env.trip_bytes(value)
  local written = own.Everything.objects:create { binary = value }
  local read = own.Everything.objects:get { pk = written.pk }.binary
  local row = own.Everything.objects:filter { pk = written.pk }:values("binary"):first()
  if row.binary ~= read then error("the bytes were read in two ways", 0) end
  return read
end

local Data = require "tidewire.consumer".Consumer:extend("Data")

local function run(self, args)
  local fn = assert(loadstring(args.code, "=code"))
  return setfenv(fn, env)(args, self), 200
end

Data.run = action(run)
Data.atomic = action({ atomic = true }, run)
Data.not_atomic = action({ atomic = false }, run)
Data.limited = action({ timeout = 0.3 }, run)
Data.atomic_limited = action({ atomic = true, timeout = 0.3 }, run)
Data.detached = action({ detached = true }, run)

function Data:disconnect(code) note("disconnect " .. code) end -- luacheck: ignore

return tidewire.app { name = "data", routes = { tidewire.websocket("/ws/", Data) } }
