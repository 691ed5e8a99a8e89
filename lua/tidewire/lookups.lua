---Lookups: what stands behind the last `__` of a name in filter(). And the transforms that may stand between.
---
---A lookup is made for one query; its left side is an expression of that query, its right side a value in the field's own form, an expression, or a query.
local class = require "tidewire.class"
local datetime = require "tidewire.datetime"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local expression = require "tidewire.sql.expression"
local dates = require "tidewire.sql.dates"
local types = require "tidewire.sql.types"
local timezone = require "tidewire.timezone"

local null = json.null
local M = {}
local Expression, is_expression = expression.Expression, expression.is_expression

---A lookup to extend for those of an app; `prepare` and `as_sql` say what it does.
---@class tidewire.Lookup: tidewire.Expression
---@field many boolean? its SQL depends on the value
---@field slot integer? see sql/forms.lua
local Lookup = Expression:extend("Lookup", { is_lookup = true })
M.Lookup = Lookup

---@param name string
---@param left tidewire.Expression
---@param right any
function Lookup:init(name, left, right)
  self.name, self.left = name, left
  self.right = is_expression(right) and self:prepare_query(right) or self:prepare(right)
end

---The field whose values are compared: of a relation, the one it refers to.
function Lookup:field() return self.left.related_target or self.left:output_field() end

---A value in the field's own form; raises ValueError when it makes no sense.
function Lookup:prepare(value)
  if value == nil or value == null then return nil end
  return self:field():get_prep_value(value)
end

---A query on the right side: selects its primary key when it selects nothing else.
function Lookup:prepare_query(right) return right end -- luacheck: ignore

function Lookup:is_direct() return not is_expression(self.right) end

function Lookup:get_sources()
  if self:is_direct() then return { self.left } end
  return { self.left, self.right }
end

function Lookup:set_sources(list)
  self.left = list[1]
  if list[2] then self.right = list[2] end
end

function Lookup:output_or_nil() return types.field "BooleanField" end -- luacheck: ignore
function Lookup:is_conditional() return true end -- luacheck: ignore

function Lookup:group_by_columns()
  local list = {}
  for _, source in ipairs(self:get_sources()) do
    for _, column in ipairs(source:group_by_columns()) do list[#list + 1] = column end
  end
  return list
end

function Lookup:left_sql(compiler)
  local sql = compiler:compile(self.left)
  return sql and compiler.dialect.lookup_left(self.name, sql, self.left:output_or_nil())
end

---A prepared value as the database takes it, and how its placeholder is written.
---@return boolean|number|string|ffi.cdata*
---@return string? format
function Lookup:bound(value, vendor)
  local field = self:field()
  return field:to_lookup(value, vendor), field:placeholder(vendor)
end

---A prepared value as a parameter.
function Lookup:value_sql(compiler, value)
  local bound, format = self:bound(value, compiler.vendor)
  return compiler:param(bound, format, not self.many and self.slot or nil)
end

local function row_key(self, row)
  local target, relation = self.left.related_target, self.left.output
  if not target or not class.is_instance(row, relation.related_model) then return nil end
  return row[target.attname]
end

---Another value in the place of this one, as the database takes it; nil when the SQL would not be the same. Raises what prepare() raises.
---@return boolean|number|string|ffi.cdata*|nil
function Lookup:rebind(value, vendor)
  if self.many then return nil end
  local kind = type(value) == "table" and class.of(value)
  if kind and kind._meta then
    value = row_key(self, value)
    if value == nil then return nil end
  end
  value = self:prepare(value)
  if value == nil or type(value) == "boolean" then return nil end
  return (self:bound(value, vendor))
end

function Lookup:right_sql(compiler)
  if self:is_direct() then return self:value_sql(compiler, self.right) end
  return compiler:compile(self.right)
end

function Lookup:as_sql(compiler)
  local left = self:left_sql(compiler)
  local right = left and self:right_sql(compiler)
  return right and compiler.dialect.compare(self.name, left, right)
end

-- ---- comparisons ----

local Exact = Lookup:extend "Exact"

function Exact:prepare_query(right)
  if not right.is_query then return right end
  if not right:has_limit_one() then
    error(exceptions.ValueError "The QuerySet value for an exact lookup must be limited to one result using slicing.", 0)
  end
  return right:has_select_fields() and right or right:selecting_key()
end

function Exact:as_sql(compiler)
  if type(self.right) == "boolean" and self.left:is_conditional() then
    local sql = self:left_sql(compiler)
    if not self.right and sql == "" then return nil end
    if not sql then return not self.right and "" or nil end
    return self.right and sql or "NOT " .. sql
  end
  return Lookup.as_sql(self, compiler)
end

local Comparison = Lookup:extend "Comparison"

---A fraction compared with whole numbers: `>= 2.5` and `< 2.5` mean 3.
local Rounding = Lookup:extend "Rounding"
function Rounding:prepare(value)
  if type(value) == "number" and value % 1 ~= 0 and types.is_a(self:field(), "IntegerField") then value = math.ceil(value) end
  return Lookup.prepare(self, value)
end

local In = Lookup:extend("In", { many = true })

function In:prepare_query(right)
  if not right.is_query then return right end
  right = right:without_ordering()
  if right:has_select_fields() then return right end
  return right:selecting_key(self.left.related_target)
end

---The name of a value's type in Python.
local function type_name(value)
  local kind = type(value)
  if value == nil or value == null then return "NoneType" end
  if kind == "table" then return class.of(value).name end
  if kind == "userdata" then return "decimal.Decimal" end
  return kind == "boolean" and "bool" or kind == "number" and value % 1 ~= 0 and "float" or "int"
end

---A list of the value's items: of a text, as Python takes it, its characters.
local function items_of(value)
  local kind = type(value)
  if kind == "table" and class.of(value) == nil then return value end
  if kind ~= "string" then error(exceptions.TypeError(("'%s' object is not iterable"):format(type_name(value))), 0) end
  local list = {}
  for character in value:gmatch "[%z\1-\127\194-\244][\128-\191]*" do list[#list + 1] = character end
  return list
end

function In:prepare(value)
  value = items_of(value)
  local list, n, seen = {}, 0, {}
  for _, item in ipairs(value) do
    if not is_expression(item) then item = Lookup.prepare(self, item) end
    if item ~= nil and not seen[item] then
      seen[item] = true
      n = n + 1
      list[n] = item
    end
  end
  return list
end

---The list's items may be expressions.
local function get_sources(self)
  if not self:is_direct() then return { self.left, self.right } end
  local list = { self.left }
  for _, item in ipairs(self.right) do
    if is_expression(item) then list[#list + 1] = item end
  end
  return list
end

local function set_sources(self, list)
  self.left = list[1]
  if not self:is_direct() then
    self.right = list[2]
    return
  end
  local right, used = {}, 1
  for i, item in ipairs(self.right) do
    if is_expression(item) then
      used = used + 1
      item = list[used]
    end
    right[i] = item
  end
  self.right = right
end
In.get_sources, In.set_sources = get_sources, set_sources

function In:as_sql(compiler)
  local left = self:left_sql(compiler)
  if not left then return nil end
  if not self:is_direct() then
    local sql = compiler:compile(self.right)
    return sql and left .. " IN " .. (self.right.is_query and sql or "(" .. sql .. ")")
  end
  local list = {}
  for _, value in ipairs(self.right) do
    if is_expression(value) then value = compiler:compile(value) else value = self:value_sql(compiler, value) end
    if value and value ~= "" then list[#list + 1] = value end
  end
  if #list == 0 then return nil end
  return left .. " IN (" .. table.concat(list, ", ") .. ")"
end

local Range = Lookup:extend("Range", { many = true, get_sources = get_sources, set_sources = set_sources })

function Range:prepare(value)
  value = items_of(value)
  if value[2] == nil then error(exceptions.ValueError "a range needs two values", 0) end
  local list = {}
  for i = 1, 2 do list[i] = is_expression(value[i]) and value[i] or Lookup.prepare(self, value[i]) end
  return list
end

function Range:as_sql(compiler)
  local left = self:left_sql(compiler)
  if not left then return nil end
  local list = {}
  for i = 1, 2 do
    local value = self.right[i]
    if is_expression(value) then list[i] = compiler:compile(value)
    elseif value == nil then list[i] = "NULL"
    else list[i] = self:value_sql(compiler, value) end
  end
  return ("%s BETWEEN %s AND %s"):format(left, list[1], list[2])
end

local IsNull = Lookup:extend("IsNull", { many = true })
---Kept as it is: what is no boolean counts as Python counts it, but joins stay inner ones.
function IsNull:prepare(value) -- luacheck: ignore
  if value == null then return nil end
  return value
end

function IsNull:as_sql(compiler)
  local sql = compiler:compile(self.left)
  local yes = self.right and self.right ~= 0 and self.right ~= ""
  return sql and sql .. (yes and " IS NULL" or " IS NOT NULL")
end

-- ---- texts ----

---A text as Python words it.
local function to_text(value)
  if type(value) == "boolean" then return value and "True" or "False" end
  return tostring(value)
end

local Text = Lookup:extend "Text"
function Text:prepare(value) -- luacheck: ignore
  if value == nil or value == null then return nil end
  return to_text(value)
end

local function escaped(text) return (text:gsub("[\\%%_]", "\\%0")) end

local FORMS = { contains = "%%%s%%", startswith = "%s%%", endswith = "%%%s" }
for _, name in ipairs { "contains", "startswith", "endswith" } do FORMS["i" .. name] = FORMS[name] end

local Pattern = Text:extend "Pattern"
---UUIDs are stored without hyphens where there is no type for them.
function Pattern:bound(value, vendor)
  if vendor == "sqlite" and self:field().internal_type == "UUIDField" then value = value:gsub("-", "") end
  return FORMS[self.name]:format(escaped(value))
end

function Pattern:as_sql(compiler)
  if self:is_direct() then return Lookup.as_sql(self, compiler) end
  local left = self:left_sql(compiler)
  local right = left and compiler:compile(self.right)
  return right and compiler.dialect.compare_pattern(self.name, left, right)
end

local IExact = Text:extend "IExact"
function IExact:bound(value, vendor)
  if vendor ~= "sqlite" then return value end
  if self:field().internal_type == "UUIDField" then value = value:gsub("-", "") end
  return escaped(value)
end

local Regex = Text:extend "Regex"
function Regex:bound(value) return value end -- luacheck: ignore
function Regex:as_sql(compiler)
  local left = self:left_sql(compiler)
  local right = left and self:right_sql(compiler)
  return right and compiler.dialect.regex(left, right, self.name == "iregex")
end

-- ---- years ----

---Comparing a year with its first and last moment lets an index be used. (An ISO year is compared as if it were the calendar's, as Django 3 does.)
local Year = Lookup:extend("Year", { many = true })

local function bound(field, year, last)
  local month, day = last and 12 or 1, last and 31 or 1
  if field.internal_type == "DateField" then return datetime.Date(year, month, day) end
  local tz = timezone.current()
  if last then return datetime.DateTime(year, 12, 31, 23, 59, 59, 999999, tz) end
  return datetime.DateTime(year, month, day, 0, 0, 0, 0, tz)
end

local LAST = { gt = true, lte = true }

function Year:as_sql(compiler)
  if not self:is_direct() then return Lookup.as_sql(self, compiler) end
  local source = self.left.sources[1]
  local field = source:output_field()
  local left = compiler:compile(source)
  if not left then return nil end
  local function moment(last)
    return compiler:param(field:get_db_prep_value(bound(field, self.right, last), compiler.vendor), field:placeholder(compiler.vendor))
  end
  if self.name == "exact" then return ("%s BETWEEN %s AND %s"):format(left, moment(false), moment(true)) end
  return compiler.dialect.compare(self.name, left, moment(LAST[self.name]))
end

-- ---- which lookups there are ----

local LOOKUPS = { exact = Exact, gt = Comparison, gte = Rounding, lt = Rounding, lte = Comparison, ["in"] = In, range = Range, isnull = IsNull, iexact = IExact,
  contains = Pattern, icontains = Pattern, startswith = Pattern, istartswith = Pattern, endswith = Pattern, iendswith = Pattern, regex = Regex,
  iregex = Regex }
local YEARS = { exact = Year, gt = Year, gte = Year, lt = Year, lte = Year }
local RELATED = { exact = true, gt = true, gte = true, lt = true, lte = true, ["in"] = true, isnull = true }

---Transforms by the kind of field that they are for. What a kind extends counts, too.
local TRANSFORMS = {
  DateField = { year = dates.ExtractYear, month = dates.ExtractMonth, day = dates.ExtractDay, week_day = dates.ExtractWeekDay,
    iso_week_day = dates.ExtractIsoWeekDay, week = dates.ExtractWeek, iso_year = dates.ExtractIsoYear, quarter = dates.ExtractQuarter },
  DateTimeField = { date = dates.TruncDate, time = dates.TruncTime, hour = dates.ExtractHour, minute = dates.ExtractMinute, second = dates.ExtractSecond },
  TimeField = { hour = dates.ExtractHour, minute = dates.ExtractMinute, second = dates.ExtractSecond },
}
local REGISTERED = {}

---Make a lookup or a transform known for a kind of field, as Django's register_lookup: a Lookup class, or a Func of one argument.
---@param kind string "CharField"; "Field" for all
---@param name string
---@param what tidewire.Class
function M.register(kind, name, what)
  local into = class.is_subclass(what, Lookup) and REGISTERED or TRANSFORMS
  into[kind] = into[kind] or {}
  into[kind][name] = what
end

local function registered(tables, field, name)
  for kind, list in pairs(tables) do
    if list[name] and (kind == "Field" or types.is_a(field, kind)) then return list[name] end
  end
end

---The lookup of that name for an expression; nil when there is none.
---@return tidewire.Class?
function M.find(left, name)
  local field = left:output_field()
  if field.is_relation then return RELATED[name] and LOOKUPS[name] or nil end
  if left.is_year and YEARS[name] then return YEARS[name] end
  return registered(REGISTERED, field, name) or LOOKUPS[name]
end

---@return tidewire.Class?
function M.find_transform(left, name) return registered(TRANSFORMS, left:output_field(), name) end

local function similarity(a, b)
  local previous = {}
  for j = 0, #b do previous[j] = 0 end
  for i = 1, #a do
    local current = { [0] = 0 }
    for j = 1, #b do
      current[j] = a:byte(i) == b:byte(j) and previous[j - 1] + 1 or math.max(previous[j], current[j - 1])
    end
    previous = current
  end
  return 2 * previous[#b] / (#a + #b)
end

---Names near one that does not exist, the nearest first; three at most.
local function suggestions(field, name)
  local list = {}
  local function consider(known)
    local ratio = similarity(name, known)
    if ratio >= 0.6 then list[#list + 1] = { known, ratio } end
  end
  for known in pairs(LOOKUPS) do consider(known) end
  for kind, transforms in pairs(TRANSFORMS) do
    for known in pairs(types.is_a(field, kind) and transforms or {}) do consider(known) end
  end
  table.sort(list, function(a, b) return a[2] > b[2] or a[2] == b[2] and a[1] > b[1] end)
  local names = {}
  for i = 1, math.min(3, #list) do names[i] = list[i][1] end
  return #names > 0 and ", perhaps you meant " .. table.concat(names, " or ") .. "?" or "."
end

---Apply the transform of that name; raises FieldError when there is none.
---@return tidewire.Expression
function M.transform(left, name)
  local Transform = M.find_transform(left, name)
  if Transform then
    local made = Transform(left)
    return made
  end
  local field = left:output_field()
  error(exceptions.FieldError(("Unsupported lookup '%s' for %s or join on the field not permitted%s"):format(name, types.name(field),
    suggestions(field, name))), 0)
end

---The lookup that the names behind a column mean: `{ "year", "gte" }`.
---@param names string[]
---@param left tidewire.Expression
---@param right any
---@return tidewire.Lookup?
function M.build(names, left, right)
  local name = names[#names] or "exact"
  for i = 1, #names - 1 do left = M.transform(left, names[i]) end
  local kind = M.find(left, name)
  if not kind then
    if left:output_field().is_relation then error(exceptions.FieldError("Related Field got invalid lookup: " .. name), 0) end
    left, name = M.transform(left, name), "exact"
    kind = M.find(left, name)
  end
  local lookup = kind(name, left, right)
  if lookup.right == nil then
    if name ~= "exact" and name ~= "iexact" then error(exceptions.ValueError "Cannot use None as a query value", 0) end
    return IsNull("isnull", left, true)
  end
  return lookup
end

---`left IS NULL`, or with false `IS NOT NULL`.
function M.is_null(left, yes) return IsNull("isnull", left, yes) end

return M
