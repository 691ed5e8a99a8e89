---Plays the cases of a golden file with the serializer that cases/ declares for it.
local class = require "tidewire.class"
local datetime = require "tidewire.datetime"
local db = require "tidewire.db"
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local models = require "serializers.models"
local repr = require "tidewire.repr"
local serializers = require "tidewire.serializers"
local text = require "tidewire.fields.text"
local uuid = require "tidewire.uuid"

local M = {}

local null = json.null

-- ---- recorded values as Lua's ----

local O = class.new("O", { init = function(self, values) for name, value in pairs(values) do self[name] = value end end })

local from_recorded

local TAGS = {
  ["$date"] = datetime.parse_date, ["$datetime"] = datetime.parse_datetime, ["$time"] = datetime.parse_time, ["$decimal"] = decimal.Decimal,
  ["$uuid"] = uuid.UUID,
  ["$object"] = function(values) return O(from_recorded(values)) end,
  ["$all"] = function(name) return models[name].objects:order_by "pk" end,
  ["$callable_returning"] = function(value) return function() return from_recorded(value) end end,
}

function from_recorded(value)
  if type(value) ~= "table" then return value end
  if value["$row"] then return models[value["$row"]].objects:get { pk = from_recorded(value.pk) } end
  local tag, inner = next(value)
  if type(tag) == "string" and TAGS[tag] then return TAGS[tag](inner) end
  local copy = setmetatable({}, getmetatable(value))
  for key, member in pairs(value) do copy[key] = from_recorded(member) end
  return copy
end

-- ---- Lua's values as they were recorded ----

local function object_as_recorded(value)
  if datetime.is_datetime(value) then return { ["$datetime"] = (value:isoformat():gsub("%+00:00$", "Z")) } end
  if datetime.is_date(value) then return { ["$date"] = tostring(value) } end
  if uuid.is(value) then return { ["$uuid"] = tostring(value) } end
  if value._meta then return { ["$row"] = value._meta.object_name, pk = M.as_recorded(value.pk) } end
end

function M.as_recorded(value)
  if decimal.is(value) then return { ["$decimal"] = tostring(value) } end
  if type(value) ~= "table" then return value end
  if class.of(value) then return object_as_recorded(value) or tostring(value) end
  local copy = {}
  for key, member in pairs(value) do copy[key] = M.as_recorded(member) end
  return setmetatable(copy, getmetatable(value))
end

-- ---- rows ----

-- those that refer to others first
local TABLES = {
  "charchild", "month", "nullt", "tofield", "through", "shelf", "book_tags", "book", "passport", "author", "tag", "slot", "dateunique", "charpk", "uuidchild", "uuidpk",
  "alltypes",
}

function M.clear()
  for _, name in ipairs(TABLES) do
    local sql = db.vendor() == "postgresql" and "TRUNCATE serializers_%s RESTART IDENTITY CASCADE" or "DELETE FROM serializers_%s"
    db.sql(sql:format(name))
  end
  if db.vendor() == "sqlite" then db.sql "DELETE FROM sqlite_sequence" end
end

local function insert(rows)
  for _, row in ipairs(rows or {}) do
    local instance = models[row.model].objects:create(from_recorded(row.values))
    for name, keys in pairs(row.m2m or {}) do instance[name]:set(keys) end
  end
end

-- ---- cases ----

local function raised(err)
  local name = class.of(err) and class.of(err).name or "error"
  local message = tostring(err)
  return name .. ": " .. (name == "KeyError" and repr.repr(message) or message)
end

local function options_of(file, case, more)
  local options = {}
  for name, value in pairs(file.options or {}) do options[name] = value end
  for name, value in pairs(more or {}) do options[name] = value end
  options.partial = case.partial
  local k = case.note and case.note:match "^context k = (%d+)$"
  if k then options.context = { k = tonumber(k) } end
  return options
end

local play = {}

function play.serialize(file, case, Serializer)
  local instance = from_recorded(case.instance)
  local many = type(case.instance) == "table" and case.instance["$all"] ~= nil
  return { result = M.as_recorded(Serializer(instance, options_of(file, case, { many = many or file.options and file.options.many })).data) }
end

local function instance_of(case)
  if case.instance == "given" then return O {} end
  return from_recorded(case.instance)
end

---Recorded were the codes of what was raised for a list, and of `errors` for an object.
local function codes_of(serializer)
  return exceptions.get_codes(serializer.many and rawget(serializer, "_errors") or serializer.errors)
end

function play.validate(file, case, Serializer)
  local serializer = Serializer(instance_of(case), options_of(file, case, { data = case.data }))
  if serializer:is_valid() then return { valid = true, validated = M.as_recorded(serializer.validated_data) } end
  return { valid = false, errors = serializer.errors, codes = codes_of(serializer) }
end

function play.save(file, case, Serializer)
  local serializer = Serializer(instance_of(case), options_of(file, case, { data = case.data }))
  if not serializer:is_valid() then return { errors = serializer.errors } end
  serializer:save(case.save_arguments)
  return { result = M.as_recorded(serializer.data) }
end

function play.rows(_, case)
  local list = {}
  for i, row in ipairs(models[case.model].objects:order_by("pk"):list()) do
    list[i] = {}
    for _, field in ipairs(models[case.model]._meta.concrete_fields) do
      local value = row[field.attname]
      if value == nil then value = null end
      list[i][field.name] = M.as_recorded(value)
    end
  end
  return { result = json.array(list) }
end

---@param file { name: string, rows: table[], cases: table[], options: table }
---@return table[] outcomes
function M.play(file)
  M.clear()
  insert(file.rows)
  local Serializer = require("serializers.cases." .. file.name:gsub("-", "_"))
  local outcomes = {}
  for i, case in ipairs(file.cases) do
    local ok, outcome = pcall(play[case.op], file, case, Serializer)
    outcomes[i] = ok and outcome or { raises = raised(outcome) }
  end
  return outcomes
end

-- ---- the mapping of fields ----

local function class_name(field)
  local relation = field.child_relation
  return relation and "many " .. class.of(relation).name or class.of(field).name
end

---{ model, meta }: the serializer's fields, their classes and arguments.
local function mapped(mapping)
  local meta = { model = models[mapping.model] }
  for name, value in pairs(mapping.meta) do meta[name] = value end
  local Serializer = serializers.ModelSerializer:extend(mapping.model .. "Mapped", { Meta = meta })
  local serializer, fields, shown = Serializer(), {}, {}
  for name, field in pairs(serializer.fields) do fields[name] = { class = class_name(field), repr = repr.repr(field) } end
  for i, validator in ipairs(serializer.validators) do shown[i] = repr.repr(validator) end
  return { fields = fields, validators = json.array(shown) }
end

---@param mappings table[]
function M.map(mappings)
  local list = {}
  for i, mapping in ipairs(mappings) do list[i] = mapped(mapping) end
  return list
end

M.type_name = text.type_name

return M
