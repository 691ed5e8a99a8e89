---The shortest way from `get { pk = 5 }` to a row: SQL, converters and shape of "these columns equal these values" are made once a model and set of names.
local class = require "tidewire.class"
local db = require "tidewire.db"
local compiler = require "tidewire.compiler"
local related = require "tidewire.sql.related"

local M = {}

---@class (private) tidewire.sql.Plan
---@field names string[] of the lookups, sorted
---@field fields table[] what they compare
---@field shape any
---@field get string SQL
---@field list string? SQL; nil when the model has an order of its own
---@field first string?
---@field exists string
---@field count string

---get() asks for no more rows than it takes to say that there are too many.
M.MAX_GET_RESULTS = 21

local plans = setmetatable({}, { __mode = "k" })

local PLAIN = { number = true, string = true, boolean = true, cdata = true }

---Own columns that are named; nil when one is something else.
local function fields_of(meta, names)
  local fields = {}
  for i, name in ipairs(names) do
    local field = meta:get_field(name)
    if not field or field.concrete == false or not field.column then return nil end
    fields[i] = field
  end
  return fields
end

local function make_plan(model, names)
  local meta = model._meta
  local fields = fields_of(meta, names)
  if not fields then return false end
  local c, columns, parts = compiler.Compiler(), {}, {}
  local table_name = c.quote(meta.db_table)
  for i, field in ipairs(meta.concrete_fields) do columns[i] = table_name .. "." .. c.quote(field.column) end
  for i, field in ipairs(fields) do parts[i] = ("%s.%s = %s"):format(table_name, c.quote(field.column), c:param(nil, field:placeholder(c.vendor))) end
  local where = " FROM " .. table_name .. (#parts > 0 and " WHERE " or "") .. table.concat(parts, " AND ")
  local select = "SELECT " .. table.concat(columns, ", ") .. where
  local unordered = #(meta.ordering or {}) == 0
  return {
    names = names, fields = fields, shape = related.plain_shape(model, c.dialect),
    get = select .. " LIMIT " .. M.MAX_GET_RESULTS, list = unordered and select or nil,
    first = unordered and ("%s ORDER BY %s.%s ASC LIMIT 1"):format(select, table_name, c.quote(meta.pk.column)) or nil,
    exists = 'SELECT 1 AS "a"' .. where .. " LIMIT 1", count = 'SELECT COUNT(*) AS "__count"' .. where,
  }
end

---@return tidewire.sql.Plan|false
local function plan_for(model, key, names)
  local of_model = plans[model]
  if not of_model then
    of_model = {}
    plans[model] = of_model
  end
  local plan = of_model[key]
  if plan == nil then
    plan = make_plan(model, names)
    if plan then of_model[key] = plan end -- names that lead nowhere must not pile up
  end
  return plan
end

---A value that a plan can take: a plain one, or maybe a row.
local function is_usable(value)
  if PLAIN[type(value)] then return true end
  local kind = type(value) == "table" and class.of(value)
  return kind and kind._meta ~= nil
end

---A value as a parameter; nil when the plan cannot take it after all: a row where none of that model is meant, or that has no key yet.
local function param(field, value, vendor)
  if type(value) == "table" and not (field.is_relation and class.is_instance(value, field.related_model)) then return nil end
  value = field:get_prep_value(value)
  if value == nil then return nil end
  return field:to_lookup(value, vendor)
end

local function several(lookups)
  local names = {}
  for name, value in pairs(lookups) do
    if type(name) ~= "string" or not is_usable(value) then return nil end
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, "\0"), names
end

---The plan for a table of lookups, and the values as parameters. Nil when they are more than columns and plain values. Raises what the fields raise.
---@param model tidewire.Model
---@param lookups any
---@return tidewire.sql.Plan?
---@return { n: integer }? params
function M.find(model, lookups)
  if type(lookups) ~= "table" or getmetatable(lookups) then return nil end
  local name, value = next(lookups)
  if name == nil or not is_usable(value) then return nil end
  local vendor = db.vendor()
  if next(lookups, name) == nil then
    local of_model = plans[model]
    local plan = of_model and of_model[name] or plan_for(model, name, { name })
    if not plan or plan.names[1] ~= name then return nil end -- no name of a field: the key of another plan
    local first = param(plan.fields[1], value, vendor)
    if first == nil then return nil end
    return plan, { n = 1, first }
  end
  local key, names = several(lookups)
  local plan = key and plan_for(model, key, names)
  if not plan then return nil end
  local params = { n = #names }
  for i, field in ipairs(plan.fields) do
    if plan.names[i] ~= names[i] then return nil end
    params[i] = param(field, lookups[names[i]], vendor)
    if params[i] == nil then return nil end
  end
  return plan, params
end

local EMPTY = { n = 0 }

---The plan for all rows of a model.
---@param model tidewire.Model
---@return tidewire.sql.Plan
---@return { n: integer } params
function M.all(model)
  local of_model = plans[model]
  return of_model and of_model[true] or plan_for(model, true, {}), EMPTY -- true: no name can be that
end

---A table of lookups that nobody else can change.
function M.copied(lookups)
  local copy = {}
  for name, value in pairs(lookups) do copy[name] = value end
  return copy
end

return M
