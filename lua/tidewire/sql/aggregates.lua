---Functions over many rows: Count, Sum, Avg, Min, Max, StdDev, Variance. Options: `distinct`, `filter` (a Q or a table of lookups), `output_field`.
---
---    Book.objects:aggregate { n = Count "id", cheap = Count("id", { filter = Q { price__lt = 10 } }) }
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local conditions = require "tidewire.sql.conditions"
local types = require "tidewire.sql.types"

local M = {}
local Func = expression.Func

---@class tidewire.Aggregate: tidewire.Func
local Aggregate = Func:extend("Aggregate", { contains_aggregate = true, allow_distinct = false })
M.Aggregate = Aggregate

function Aggregate:init(...)
  Func.init(self, ...)
  if self.distinct and not self.allow_distinct then error(exceptions.TypeError(class.of(self).name .. " does not allow distinct."), 0) end
  local filter = self.filter
  if filter and not expression.is_expression(filter) then self.filter = conditions.Q(filter) end
end

---The name that an aggregate without one gets: "books__count"; nil for one of more than a name.
function Aggregate:default_alias()
  local source = self.sources[1]
  if #self.sources == 1 and not self.filter and class.of(source) == expression.F then return source.name .. "__" .. class.of(self).name:lower() end
end

function Aggregate:get_sources()
  if not self.filter then return self.sources end
  local list = {}
  for i, source in ipairs(self.sources) do list[i] = source end
  list[#list + 1] = self.filter
  return list
end

function Aggregate:set_sources(list)
  if self.filter then self.filter = table.remove(list) end
  self.sources = list
end

function Aggregate:shown_options()
  local options = {}
  if self.distinct then options[1] = "distinct=True" end
  if self.filter then options[#options + 1] = "filter=" .. tostring(self.filter) end
  return options
end

function Aggregate:source_fields()
  local fields = {}
  for i, source in ipairs(self.sources) do fields[i] = source:output_or_nil() end
  return fields, #self.sources
end

local function name_of(source) return class.is_instance(source, expression.F) and source.name or tostring(source) end

function Aggregate:resolve(query, context)
  local copy = Func.resolve(self, query, context)
  for i, source in ipairs(not (context and context.summarize) and copy.sources or {}) do
    if source:has_aggregate() then
      local name = name_of(self.sources[i])
      error(exceptions.FieldError(("Cannot compute %s('%s'): '%s' is an aggregate"):format(class.of(self).name, name, name)), 0)
    end
  end
  return copy
end

function Aggregate:group_by_columns() return {} end -- luacheck: ignore

function Aggregate:as_sql(compiler)
  local list = {}
  for i, source in ipairs(self.sources) do
    list[i] = compiler:compile(source)
    if not list[i] then return nil end
  end
  local name, exact = compiler.dialect.aggregate(self["function"], self)
  local sql = name .. "(" .. (self.distinct and "DISTINCT " or "") .. table.concat(list, ", ") .. ")"
  if self.filter then
    local condition = compiler:compile(self.filter)
    if condition ~= "" then sql = sql .. " FILTER (WHERE " .. (condition or "0 = 1") .. ")" end
  end
  return exact and sql or compiler.dialect.numeric(sql, self)
end

---Averages and the like of whole numbers are floats.
local function numeric_output(self)
  local fields, n = self:source_fields()
  for i = 1, n do
    if types.is_a(fields[i], "DecimalField") then return types.is_text_decimal(fields[i]) and fields[i] or types.field "DecimalField" end
  end
  for i = 1, n do
    if types.is_a(fields[i], "IntegerField") then return types.field "FloatField" end
  end
  return n > 0 and Func.resolve_output(self) or types.field "FloatField"
end

local function define(name, sql, members)
  members = members or {}
  members["function"] = sql
  M[name] = Aggregate:extend(name, members)
  return M[name]
end

define("Sum", "SUM", { allow_distinct = true })
define("Min", "MIN", { allow_distinct = false })
define("Max", "MAX", { allow_distinct = false })
define("Avg", "AVG", { allow_distinct = true, resolve_output = numeric_output })

---@class tidewire.Count: tidewire.Aggregate
local Count = define("Count", "COUNT", { allow_distinct = true, output_field_name = "IntegerField" })

---@param what any "*", a name or an expression
---@param options? { distinct?: boolean, filter?: any }
function Count:init(what, options)
  if what == "*" then
    if options and options.filter then error(exceptions.ValueError "Star cannot be used with filter. Please specify a field.", 0) end
    what = expression.Star()
  end
  Aggregate.init(self, what, options)
end

local function spread(name, population, sample)
  local Spread = define(name, population, { resolve_output = numeric_output })
  function Spread:init(what, options)
    Aggregate.init(self, what, options)
    if self.sample then self["function"] = sample end
  end
end
spread("StdDev", "STDDEV_POP", "STDDEV_SAMP")
spread("Variance", "VAR_POP", "VAR_SAMP")

return M
