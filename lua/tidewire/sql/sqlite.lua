---What SQL is like in SQLite.
---
---Dates and times are texts; functions named tidewire_… are the host's own (src/db/sqlite_functions.c). LIKE ignores the case of ASCII letters, as in Django.
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local types = require "tidewire.sql.types"
local zones = require "tidewire.sql.zones"

local M = {
  vendor = "sqlite", TRUE = "1", FALSE = "0",
  ---ORDER BY and LIMIT inside the parts of a UNION.
  order_in_compound = false,
  ---Columns of a table whose primary key is grouped by need not be.
  group_by_key = false,
  locks_rows = false,
  ---UPDATE … SET x = CASE … needs no cast.
  typed_case = false,
}

---@return string
function M.placeholder(n) return "?" .. n end

-- ---- values ----

---A double as Python's Decimal context of 15 digits makes it: what SQLite computes has no more.
local function from_number(number)
  if number % 1 == 0 and math.abs(number) < 1e15 then return decimal.Decimal(("%.0f"):format(number)) end
  local exact = ("%.40g"):format(number)
  local digits = exact:gsub("[eE].*", ""):gsub("[^%d]", ""):gsub("^0+", "")
  return decimal.Decimal(#digits <= 15 and exact or ("%#.15g"):format(number))
end

local function to_decimal(value)
  return type(value) == "number" and from_number(value) or decimal.Decimal(value)
end

local function to_integer(value)
  if type(value) == "number" then return value % 1 == 0 and value or (value < 0 and math.ceil(value) or math.floor(value)) end
  return type(value) == "string" and tonumber(value) or value
end

---How a computed value of a field's kind comes out of a row.
function M.converter(field)
  if field.internal_type == "DecimalField" then return to_decimal end
  if types.is_a(field, "IntegerField") then return to_integer end
  if field.internal_type == "FloatField" then return "float" end
  return field:converter "sqlite"
end

function M.typed_value(sql, field)
  return field.internal_type == "DecimalField" and not types.is_text_decimal(field) and "CAST(" .. sql .. " AS NUMERIC)" or sql
end

---Computed decimals compare as numbers only when they are declared to be.
function M.numeric(sql, expression)
  local field = expression:known_output()
  if not field or field.internal_type ~= "DecimalField" or types.is_text_decimal(field) then return sql end
  return "CAST(" .. sql .. " AS NUMERIC)"
end
M.unified = M.numeric

local EXACT = { ["+"] = "tidewire_decimal_add", ["-"] = "tidewire_decimal_sub", ["*"] = "tidewire_decimal_mul" }

---@param connector string
function M.combine(connector, left, right, expression)
  local field = expression:known_output()
  if EXACT[connector] and types.is_text_decimal(field) then return ("%s(%s, %s)"):format(EXACT[connector], left, right) end
  local sql = connector == "^" and ("POWER(%s, %s)"):format(left, right) or ("(%s %s %s)"):format(left, connector, right)
  return M.numeric(sql, expression)
end

local SPREAD = { STDDEV_POP = "tidewire_stddev_pop", STDDEV_SAMP = "tidewire_stddev_samp", VAR_POP = "tidewire_var_pop", VAR_SAMP = "tidewire_var_samp" }

local MOMENT = { DateField = true, DateTimeField = true, TimeField = true }

local function refuse_moments(expression)
  for _, source in ipairs(expression.sources) do
    local field = source:output_or_nil()
    if field and MOMENT[field.internal_type] then
      error(exceptions.NotSupportedError("You cannot use Sum, Avg, StdDev, and Variance aggregations on date/time fields in sqlite3 since date/time is "
        .. "saved as text."), 0)
    end
  end
end

---The function's name here, and whether its result needs no cast.
function M.aggregate(name, expression)
  if SPREAD[name] or name == "SUM" or name == "AVG" then refuse_moments(expression) end
  local field = (name == "SUM" or name == "AVG") and expression:output_or_nil()
  if field and types.is_text_decimal(field) then return "tidewire_decimal_" .. name:lower(), true end
  return SPREAD[name] or name
end

function M.cast(sql, field)
  local type_name = field:db_type "sqlite"
  local kind = field.internal_type
  if kind == "DateField" then return "date(" .. sql .. ")" end
  if kind == "DateTimeField" then return "strftime('%Y-%m-%d %H:%M:%f', " .. sql .. ")" end
  if kind == "TimeField" then return "strftime('%H:%M:%f', " .. sql .. ")" end
  if kind == "DecimalField" and not types.is_text_decimal(field) then type_name = "NUMERIC" end
  if types.is_a(field, "IntegerField") then type_name = "integer" end
  return ("CAST(%s AS %s)"):format(sql, type_name)
end

---Part of a concatenation.
function M.concat_part(sql) return "COALESCE(" .. sql .. ", '')" end

-- ---- dates and times ----

local EXTRACT = { DateField = "tidewire_date_extract", DateTimeField = "tidewire_datetime_extract", TimeField = "tidewire_time_extract" }

function M.extract(part, sql, kind, tz)
  if not EXTRACT[kind] then error(exceptions.ValueError "Extract requires native DurationField database support.", 0) end
  if kind == "DateTimeField" then sql = zones.to_local(sql, tz) end
  return ("%s('%s', %s)"):format(EXTRACT[kind], part, sql)
end

local CLOCK = { hour = "%Y-%m-%d %H:00:00", minute = "%Y-%m-%d %H:%M:00", second = "%Y-%m-%d %H:%M:%S" }

local function truncate_date(kind, sql)
  return kind == "day" and "date(" .. sql .. ")" or ("tidewire_date_trunc('%s', %s)"):format(kind, sql)
end

---@param from string the kind of field that `sql` is of
---@param to string the kind that is wanted
function M.truncate(kind, sql, from, to, tz)
  if from == "DateTimeField" then sql = zones.to_local(sql, tz) end
  if kind == "date" then return "substr(" .. sql .. ", 1, 10)" end
  if kind == "time" then return from == "TimeField" and sql or "substr(" .. sql .. ", 12)" end
  if from == "TimeField" then return ("strftime('%s', %s)"):format(CLOCK[kind]:sub(10), sql) end
  if to == "DateField" then return truncate_date(kind, "substr(" .. sql .. ", 1, 10)") end
  if to == "TimeField" then return ("strftime('%s', %s)"):format(CLOCK[kind]:sub(10), sql) end
  local cut = CLOCK[kind] and ("strftime('%s', %s)"):format(CLOCK[kind], sql) or truncate_date(kind, "substr(" .. sql .. ", 1, 10)") .. " || ' 00:00:00'"
  return zones.to_utc("(" .. cut .. ")", tz)
end

---A text date or time as microseconds since 1970: exact, which a double of days is not.
local function microseconds(sql, kind)
  local seconds = "CAST(strftime('%s', " .. sql .. ") AS INTEGER) * 1000000"
  if kind == "DateField" then return seconds end
  return ("(%s + CAST(substr(substr(%s, %d) || '000000', 1, 6) AS INTEGER))"):format(seconds, sql, kind == "TimeField" and 10 or 21)
end

local function from_microseconds(sql, kind)
  local fraction = ("(((%s) %% 1000000 + 1000000) %% 1000000)"):format(sql)
  local seconds = ("((%s) - %s) / 1000000, 'unixepoch'"):format(sql, fraction)
  if kind == "DateField" then return "date(" .. seconds .. ")" end
  return ("(%s(%s) || CASE WHEN %s THEN printf('.%%06d', %s) ELSE '' END)"):format(kind == "TimeField" and "time" or "datetime", seconds, fraction, fraction)
end

function M.subtract_moments(kind, left, right) return ("(%s - %s)"):format(microseconds(left, kind), microseconds(right, kind)) end

function M.combine_duration(connector, left, right, left_kind, right_kind)
  if connector ~= "+" and connector ~= "-" then return ("(%s %s %s)"):format(left, connector, right) end
  local kind = MOMENT[left_kind] and left_kind or right_kind
  if not MOMENT[kind] then return ("(%s %s %s)"):format(left, connector, right) end
  if MOMENT[left_kind] then left = microseconds(left, kind) else right = microseconds(right, kind) end
  return from_microseconds(("%s %s %s"):format(left, connector, right), kind)
end

function M.now() return "strftime('%Y-%m-%d %H:%M:%f', 'now')" end

-- ---- lookups ----

local LIKE = " LIKE %s ESCAPE '\\'"
local OPERATORS = { exact = " = %s", gt = " > %s", gte = " >= %s", lt = " < %s", lte = " <= %s", iexact = LIKE, contains = LIKE, icontains = LIKE,
  startswith = LIKE, istartswith = LIKE, endswith = LIKE, iendswith = LIKE }

function M.lookup_left(_, sql) return sql end

---@param name string the lookup
---@return string
function M.compare(name, left, right) return left .. OPERATORS[name]:format(right) end

local ESCAPED = [[REPLACE(REPLACE(REPLACE(%s, '\', '\\'), '%%', '\%%'), '_', '\_')]]
local PATTERNS = { contains = "'%%' || %s || '%%'", startswith = "%s || '%%'", endswith = "'%%' || %s" }

---A pattern lookup whose right side is SQL: what is special in a pattern is escaped there.
function M.compare_pattern(name, left, right)
  return ("%s LIKE %s ESCAPE '\\'"):format(left, PATTERNS[name:gsub("^i", "")]:format(ESCAPED:format(right)))
end

function M.regex(left, right, ignore_case)
  if ignore_case then return ("iregexp(%s, %s)"):format(right, left) end
  return left .. " REGEXP " .. right
end

---@param low integer
---@param high integer?
function M.limit(low, high)
  local sql = high and " LIMIT " .. (high - low) or low > 0 and " LIMIT -1" or ""
  return low > 0 and sql .. " OFFSET " .. low or sql
end

function M.explain(options)
  if next(options) then error(exceptions.ValueError(("Unknown options: %s"):format(tostring(next(options)))), 0) end
  return "EXPLAIN QUERY PLAN "
end

return M
