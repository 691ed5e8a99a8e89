---The nodes that SQL is made of: columns, values, functions and their arithmetic.
---
---An expression as an app writes it holds names. resolve() gives a copy whose names are columns of one query, with the joins they need; as_sql() turns
---that into text and puts its values into the compiler's parameters. It answers nil when nothing can match (an empty `in`), "" when everything does.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local decimal = require "tidewire.decimal"
local datetime = require "tidewire.datetime"
local uuid = require "tidewire.uuid"
local repr = require "tidewire.repr"
local types = require "tidewire.sql.types"

local null = json.null
local M = {}

---How an expression is resolved: whether joins are allowed, which may be reused, whether this is aggregate(), whether a value is going to be saved.
---@class tidewire.sql.Context
---@field no_joins boolean?
---@field reuse table<string, boolean>?
---@field summarize boolean?
---@field for_save boolean?
local PLAIN = {}

---True for what can stand where a value is expected and becomes SQL.
---@return boolean
function M.is_expression(value)
  local meta = type(value) == "table" and getmetatable(value)
  return meta and meta.__is_expression or false
end
local is_expression = M.is_expression

---A last argument that holds options, not an expression.
local function is_options(value)
  return type(value) == "table" and getmetatable(value) == nil
end

---Names become F, values Value; expressions stay.
local function parse(value)
  if is_expression(value) then return value end
  if type(value) == "string" then return M.F(value) end
  return M.Value(value)
end
M.parse = parse

---@class tidewire.Expression: tidewire.Class
---@field contains_aggregate boolean?
---@operator add(any): tidewire.Expression
---@operator sub(any): tidewire.Expression
---@operator mul(any): tidewire.Expression
---@operator div(any): tidewire.Expression
---@operator mod(any): tidewire.Expression
---@operator pow(any): tidewire.Expression
---@operator unm: tidewire.Expression
local Expression = class.new("Expression", { __is_expression = true })
M.Expression = Expression

local function combine(connector)
  return function(a, b)
    local function side(value) return is_expression(value) and value or M.Value(value) end
    return M.CombinedExpression(side(a), connector, side(b))
  end
end

Expression.__add, Expression.__sub, Expression.__mul = combine "+", combine "-", combine "*"
Expression.__div, Expression.__mod, Expression.__pow = combine "/", combine "%", combine "^"
Expression.bitand, Expression.bitor, Expression.bitleftshift, Expression.bitrightshift = combine "&", combine "|", combine "<<", combine ">>"
function Expression.__unm(a) return M.CombinedExpression(a, "*", M.Value(-1)) end

---A shallow copy without what was computed for the original.
function Expression:copy()
  local copy = {}
  for key, value in pairs(self) do copy[key] = value end
  copy.cached_output, copy.cached_aggregate = nil, nil
  return setmetatable(copy, getmetatable(self))
end

---The expressions inside, a list; and a way to put others in their place.
function Expression:get_sources() return self.sources end -- luacheck: ignore
function Expression:set_sources(list) self.sources = list end

---@param query table
---@param context tidewire.sql.Context
---@return tidewire.Expression
function Expression:resolve(query, context)
  context = context or PLAIN
  local copy = self:copy()
  copy.is_summary = context.summarize
  local sources = self:get_sources()
  if sources then
    local list = {}
    for i, source in ipairs(sources) do list[i] = source:resolve(query, context) end
    copy:set_sources(list)
  end
  return copy
end

---A copy whose columns are of renamed tables.
function Expression:relabeled(aliases)
  local sources = self:get_sources()
  if not sources then return self end
  local copy, list = self:copy(), {}
  for i, source in ipairs(sources) do list[i] = source:relabeled(aliases) end
  copy:set_sources(list)
  return copy
end

function Expression:has_aggregate()
  local known = self.cached_aggregate
  if known ~= nil then return known end
  known = self.contains_aggregate or false
  for _, source in ipairs(not known and self:get_sources() or {}) do known = known or source:has_aggregate() end
  self.cached_aggregate = known
  return known
end

---The field that the result is of; raises FieldError when it is unknown.
function Expression:output_field()
  return self:output_or_nil() or error(exceptions.FieldError "Cannot resolve expression type, unknown output_field", 0)
end

function Expression:output_or_nil()
  local field = self.cached_output
  if field == nil then
    field = self.output or self:resolve_output() or false
    self.cached_output = field
  end
  return field or nil
end

---The same, where types that do not go together are nobody's concern.
function Expression:known_output()
  local ok, field = pcall(self.output_or_nil, self)
  return ok and field or nil
end

---What the result is of by what it is made of.
function Expression:resolve_output()
  local fields, n = self:source_fields()
  local field, problem = types.common(fields, n)
  if problem then error(problem, 0) end
  return field
end

function Expression:source_fields()
  local fields, sources = {}, self:get_sources() or {}
  for i, source in ipairs(sources) do fields[i] = source:output_or_nil() end
  return fields, #sources
end

---May it stand in filter() by itself?
function Expression:is_conditional() return types.is_a(self:output_or_nil(), "BooleanField") end

---What has to stand in GROUP BY so that this can be selected.
function Expression:group_by_columns()
  if not self:has_aggregate() then return { self } end
  local list = {}
  for _, source in ipairs(self:get_sources() or {}) do
    for _, column in ipairs(source:group_by_columns()) do list[#list + 1] = column end
  end
  return list
end

---Visit every expression inside, this one first.
function Expression:walk(visit)
  visit(self)
  for _, source in ipairs(self:get_sources() or {}) do
    if source.walk then source:walk(visit) end
  end
end

---Order by it: `F "x":asc { nulls_last = true }`.
---@param options? { nulls_first?: boolean, nulls_last?: boolean }
function Expression:asc(options) return M.OrderBy(self, options) end
---@param options? { nulls_first?: boolean, nulls_last?: boolean }
function Expression:desc(options)
  local order = M.OrderBy(self, options)
  order.descending = true
  return order
end

---How a value of it comes out of a row; see the shape's `convert`.
function Expression:converter(dialect)
  local field = self:output_or_nil()
  return field and dialect.converter(field)
end

-- ---- columns ----

---A table's column. `output` is the field whose values it has: another than the column's own for a relation.
local Col = Expression:extend "Col"
M.Col = Col

---@param alias string? the table's name in the query; nil in UPDATE
---@param target table the field whose column it is
---@param output? table
function Col:init(alias, target, output)
  self.alias, self.target, self.output = alias, target, output or target
end

function Col:as_sql(compiler)
  local column = compiler.quote(self.target.column)
  return self.alias and compiler:quote_alias(self.alias) .. "." .. column or column
end

function Col:__tostring()
  local field = tostring(self.target)
  return ("Col(%s)"):format(self.alias and self.alias .. ", " .. field or field)
end

function Col:resolve() return self end
function Col:get_sources() return nil end -- luacheck: ignore

function Col:relabeled(aliases)
  local alias = aliases[self.alias]
  if not alias then return self end
  local copy = self:copy()
  copy.alias = alias
  return copy
end

function Col:group_by_columns() return { self } end

function Col:converter(dialect)
  if self.target == self.output then return self.target:converter(dialect.vendor) end
  return self.target:converter(dialect.vendor) or dialect.converter(self.output)
end

---The column of a field as an expression: a foreign key has the values of what it refers to.
function M.column(alias, field)
  local output = field
  while output.is_relation and output.target_field do output = output.target_field end
  return Col(alias, field, output)
end

-- ---- names ----

---A field by its name, across relations: `F "author__name"`. What it stands for is known when the query is.
---@class tidewire.F: tidewire.Expression
local F = Expression:extend "F"
M.F = F

---@param name string
function F:init(name) self.name = name end
function F:resolve(query, context) return query:resolve_ref(self.name, context or PLAIN) end
function F:relabeled() return self end
function F:output_or_nil() return nil end -- luacheck: ignore
function F:__tostring() return ("F(%s)"):format(self.name) end

---A field of the query around a subquery.
local OuterRef = F:extend "OuterRef"
M.OuterRef = OuterRef

local ResolvedOuterRef = F:extend "ResolvedOuterRef"
M.ResolvedOuterRef = ResolvedOuterRef

function OuterRef:resolve()
  if class.is_instance(self.name, OuterRef) then return self.name end
  return ResolvedOuterRef(self.name)
end

function ResolvedOuterRef:resolve(query, context)
  local column = F.resolve(self, query, context)
  if self.name:find("__", 1, true) then
    column = column:copy()
    column.possibly_multivalued = true
  end
  return column
end

function ResolvedOuterRef:as_sql() -- luacheck: ignore
  error(exceptions.ValueError "This queryset contains a reference to an outer query and may only be used in a subquery.", 0)
end
function ResolvedOuterRef:group_by_columns() return {} end -- luacheck: ignore

---A column of the select list by its alias.
local Ref = Expression:extend "Ref"
M.Ref = Ref

function Ref:init(name, source)
  self.reference, self.sources = name, { source }
  self.related_target = source.related_target -- what a relation's values are compared as
end
function Ref:resolve() return self end
function Ref:relabeled() return self end
function Ref:as_sql(compiler) return compiler.quote(self.reference) end
function Ref:group_by_columns() return { self } end

-- ---- values ----

local function field_of(value)
  local kind = type(value)
  if kind == "string" then return "CharField" end
  if kind == "boolean" then return "BooleanField" end
  if kind == "number" then return value % 1 == 0 and "IntegerField" or "FloatField" end
  if decimal.is(value) then return "DecimalField" end
  if kind == "cdata" then return "BigIntegerField" end
  if datetime.is_datetime(value) then return "DateTimeField" end
  if datetime.is_date(value) then return "DateField" end
  if datetime.is_time(value) then return "TimeField" end
  if datetime.is_duration(value) then return "DurationField" end
  if uuid.is(value) then return "UUIDField" end
end

---A value, always sent as a parameter.
---@class tidewire.Value: tidewire.Expression
local Value = Expression:extend "Value"
M.Value = Value

---@param value any
---@param options? table { output_field = … }, or the field itself
function Value:init(value, options)
  if value == null then value = nil end
  self.value, self.output = value, options and (options.output_field or options.internal_type and options)
end

function Value:resolve_output()
  local name = field_of(self.value)
  return name and types.field(name)
end

function Value:get_sources() return nil end -- luacheck: ignore

function Value:as_sql(compiler)
  local field = self:output_or_nil()
  if self.value == nil then return "NULL" end
  if not field then return compiler:param(self.value) end
  local sql = compiler:param(field:get_db_prep_value(self.value, compiler.vendor), field:placeholder(compiler.vendor))
  return compiler.exact and sql or compiler.dialect.typed_value(sql, field)
end

function Value:group_by_columns() return {} end -- luacheck: ignore
function Value:__tostring() return ("Value(%s)"):format(repr.str(self.value)) end

local Star = Expression:extend("Star", { as_sql = function() return "*" end })
function Star:__tostring() return "'*'" end -- luacheck: ignore
M.Star = Star

---SQL as it stands, with %s for its parameters. The SQL is the app's own: never put a user's text into it.
---@class tidewire.RawSQL: tidewire.Expression
local RawSQL = Expression:extend "RawSQL"
M.RawSQL = RawSQL

---@param sql string
---@param params? any[]
---@param options? { output_field?: table }
function RawSQL:init(sql, params, options) self.sql, self.params, self.output = sql, params or {}, options and options.output_field end

function RawSQL:as_sql(compiler) return "(" .. compiler:raw(self.sql, self.params) .. ")" end
function RawSQL:group_by_columns() return { self } end

-- ---- functions and arithmetic ----

---A function of the database, and the class to extend for those of an app:
---
---    local Initials = Func:extend("Initials", { ["function"] = "INITIALS", output_field_name = "CharField" })
---
---`template` has %(function)s and %(expressions)s; `as_sqlite` and `as_postgresql` may replace as_sql. Arguments that are texts are names of fields.
---@class tidewire.Func: tidewire.Expression
---@field template string
---@field arity integer? how many arguments it takes
---@field arg_joiner string
---@field output_field_name string? the kind of field its result is of; that of its arguments when nil
local Func = Expression:extend("Func", { template = "%(function)s(%(expressions)s)", arg_joiner = ", " })
M.Func = Func

---@param ... any expressions, names of fields, values; last may come a table of options: `output_field`, `function`, `template`, `arg_joiner`
function Func:init(...)
  local arguments, n = { ... }, select("#", ...)
  local options = n > 0 and is_options(arguments[n]) and arguments[n] or nil
  if options then n = n - 1 end
  while n > 0 and arguments[n] == nil do n = n - 1 end
  if self.arity and n ~= self.arity then
    error(exceptions.TypeError(("'%s' takes exactly %d argument%s (%d given)"):format(class.of(self).name, self.arity, self.arity == 1 and "" or "s", n)), 0)
  end
  self.sources = {}
  for i = 1, n do self.sources[i] = parse(arguments[i]) end
  for key, value in pairs(options or {}) do
    if key == "output_field" then self.output = value else self[key] = value end
  end
end

---What stands behind the arguments when the function is shown; see Aggregate.
function Func:shown_options() return {} end -- luacheck: ignore

function Func:__tostring()
  local parts = {}
  for i, source in ipairs(self.sources) do parts[i] = tostring(source) end
  local text = table.concat(parts, self.arg_joiner)
  local options = self:shown_options()
  return ("%s(%s)"):format(class.of(self).name, #options > 0 and text .. ", " .. table.concat(options, ", ") or text)
end

function Func:resolve_output()
  if self.output_field_name then return types.field(self.output_field_name) end
  return Expression.resolve_output(self)
end

---The arguments' SQL in a list; nil when one of them can match nothing.
function Func:compile_sources(compiler)
  local list = {}
  for i, source in ipairs(self:get_sources()) do
    list[i] = compiler:compile(source)
    if not list[i] then return nil end
  end
  return list
end

---@param compiler table
---@param overrides? table for template, function and what the template names
---@return string?
function Func:as_sql(compiler, overrides)
  local list = self:compile_sources(compiler)
  if not list then return nil end
  overrides = overrides or PLAIN
  local data = setmetatable({ expressions = table.concat(list, overrides.arg_joiner or self.arg_joiner) }, { __index = function(_, key)
    local value = overrides[key]
    if value == nil then value = self[key] end
    return value or ""
  end })
  local sql = (overrides.template or self.template):gsub("%%%(([%w_]+)%)s", data)
  return compiler.dialect.numeric(sql, self)
end

local SYMBOLS = { { "IntegerField", "IntegerField", "IntegerField" }, { "IntegerField", "DecimalField", "DecimalField" },
  { "DecimalField", "IntegerField", "DecimalField" }, { "IntegerField", "FloatField", "FloatField" }, { "FloatField", "IntegerField", "FloatField" } }
local NUMBERS = { ["+"] = true, ["-"] = true, ["*"] = true, ["/"] = true }
local MOMENTS = { DateField = true, DateTimeField = true, TimeField = true }

---Two expressions and an operator between them.
local Combined = Expression:extend "CombinedExpression"
M.CombinedExpression = Combined

function Combined:init(left, connector, right) self.connector, self.sources = connector, { left, right } end

local function kind_of(expression)
  local field = expression:known_output()
  return field and field.internal_type
end

function Combined:resolve(query, context)
  local copy = Expression.resolve(self, query, context)
  local left, right = kind_of(copy.sources[1]), kind_of(copy.sources[2])
  if (left == "DurationField") ~= (right == "DurationField") then
    copy.duration = true
  elseif self.connector == "-" and left == right and MOMENTS[left] then
    copy.difference, copy.output = left, self.output or types.field "DurationField"
  end
  return copy
end

function Combined:resolve_output()
  local fields, n = self:source_fields()
  local field, problem = types.common(fields, n)
  if not problem then return field end
  if self.duration and (MOMENTS[fields[1].internal_type] or MOMENTS[fields[2].internal_type]) then
    return MOMENTS[fields[1].internal_type] and fields[1] or fields[2]
  end
  for _, rule in ipairs(NUMBERS[self.connector] and SYMBOLS or {}) do
    if types.is_a(fields[1], rule[1]) and types.is_a(fields[2], rule[2]) then
      return types.is_text_decimal(fields[1]) and fields[1] or types.is_text_decimal(fields[2]) and fields[2] or types.field(rule[3])
    end
  end
  error(problem, 0)
end

function Combined:as_sql(compiler)
  local before = compiler.exact
  -- functions on decimals that are texts take texts
  compiler.exact = before or types.is_text_decimal(self:known_output())
  local left, right = compiler:compile(self.sources[1]), compiler:compile(self.sources[2])
  compiler.exact = before
  if not left or not right then return nil end
  local dialect = compiler.dialect
  if self.difference then return dialect.subtract_moments(self.difference, left, right) end
  if self.duration then return dialect.combine_duration(self.connector, left, right, kind_of(self.sources[1]), kind_of(self.sources[2])) end
  return dialect.combine(self.connector, left, right, self)
end

function Combined:__tostring() return ("%s %s %s"):format(tostring(self.sources[1]), self.connector, tostring(self.sources[2])) end

---An expression with the kind of field that its result is of.
---@class tidewire.ExpressionWrapper: tidewire.Expression
local Wrapper = Expression:extend "ExpressionWrapper"
M.ExpressionWrapper = Wrapper

---@param expression tidewire.Expression
---@param options { output_field: table }
function Wrapper:init(expression, options) self.sources, self.output = { parse(expression) }, options.output_field or options end
function Wrapper:as_sql(compiler) return compiler:compile(self.sources[1]) end
function Wrapper:group_by_columns() return self.sources[1]:group_by_columns() end

-- ---- order ----

local OrderBy = Expression:extend "OrderBy"
M.OrderBy = OrderBy

function OrderBy:init(expression, options)
  options = options or PLAIN
  if options.nulls_first and options.nulls_last then error(exceptions.ValueError "nulls_first and nulls_last are mutually exclusive", 0) end
  self.sources, self.descending = { expression }, options.descending or false
  self.nulls_first, self.nulls_last = options.nulls_first, options.nulls_last
end

function OrderBy:reversed()
  local copy = self:copy()
  copy.descending = not self.descending
  copy.nulls_first, copy.nulls_last = self.nulls_last, self.nulls_first
  return copy
end

---The text without the direction, and the direction. What is the same for all rows has no text.
function OrderBy:parts(compiler)
  local sql = compiler:compile(self.sources[1])
  if sql == "" then sql = nil end
  local nulls = self.nulls_last and " NULLS LAST" or self.nulls_first and " NULLS FIRST" or ""
  return sql, (self.descending and " DESC" or " ASC") .. nulls
end

function OrderBy:group_by_columns() return self.sources[1]:group_by_columns() end

function OrderBy:as_sql(compiler)
  local sql, direction = self:parts(compiler)
  return sql and sql .. direction
end

return M
