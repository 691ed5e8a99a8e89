---The shortest way from `get { pk = 5 }` to a row: SQL, converters and shape of "these columns equal these values" are made once a model and set of names.
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
  local where = " FROM " .. table_name .. " WHERE " .. table.concat(parts, " AND ")
  local select = "SELECT " .. table.concat(columns, ", ") .. where
  return {
    names = names, fields = fields, shape = related.plain_shape(model, c.dialect),
    get = select .. " LIMIT " .. M.MAX_GET_RESULTS, list = #(meta.ordering or {}) == 0 and select or nil,
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

local function several(lookups)
  local names = {}
  for name, value in pairs(lookups) do
    if type(name) ~= "string" or not PLAIN[type(value)] then return nil end
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
  if name == nil or not PLAIN[type(value)] then return nil end
  local vendor = db.vendor()
  if next(lookups, name) == nil then
    local of_model = plans[model]
    local plan = of_model and of_model[name] or plan_for(model, name, { name })
    if not plan then return nil end
    return plan, { n = 1, plan.fields[1]:get_db_prep_value(value, vendor) }
  end
  local key, names = several(lookups)
  local plan = key and plan_for(model, key, names)
  if not plan then return nil end
  local params = { n = #names }
  for i, field in ipairs(plan.fields) do params[i] = field:get_db_prep_value(lookups[plan.names[i]], vendor) end
  return plan, params
end

---A table of lookups that nobody else can change.
function M.copied(lookups)
  local copy = {}
  for name, value in pairs(lookups) do copy[name] = value end
  return copy
end

return M
