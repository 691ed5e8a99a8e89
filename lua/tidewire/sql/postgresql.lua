---What SQL is like in PostgreSQL. The session's time zone is UTC.
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local types = require "tidewire.sql.types"

local M = { vendor = "postgresql", TRUE = "TRUE", FALSE = "FALSE", order_in_compound = true, group_by_key = true, locks_rows = true, typed_case = true }

---@return string
function M.placeholder(n) return "$" .. n end

-- ---- values ----

local function to_number(value) return type(value) == "string" and tonumber(value) or value end
local function to_decimal(value) return decimal.Decimal(value) end

---How a computed value of a field's kind comes out of a row: sums and averages are numeric, which arrives as text.
function M.converter(field)
  if field.internal_type == "DecimalField" then return to_decimal end
  if field.internal_type == "FloatField" or types.is_a(field, "IntegerField") then return to_number end
  return field:converter "postgresql"
end

---A text whose type nothing around it tells: CONCAT and CASE cannot do without.
function M.typed_value(sql, field)
  if types.is_a(field, "CharField") or field.internal_type == "TextField" then return sql .. "::text" end
  return sql
end

---Sums of whole numbers are numeric in PostgreSQL, whole numbers in Django.
function M.numeric(sql, expression)
  if expression["function"] == "SUM" and types.is_a(expression:known_output(), "IntegerField") then return "(" .. sql .. ")::bigint" end
  return sql
end

local CAST_CASE = { GenericIPAddressField = true, TimeField = true, UUIDField = true }

function M.unified(sql, expression)
  local field = expression:known_output()
  if not field or not CAST_CASE[field.internal_type] then return sql end
  return ("CAST(%s AS %s)"):format(sql, (field:db_type "postgresql"):match "^[^(]+")
end

function M.combine(connector, left, right)
  if connector == "^" then return ("POWER(%s, %s)"):format(left, right) end
  return ("(%s %s %s)"):format(left, connector, right)
end

function M.aggregate(name) return name end

local SERIAL = { AutoField = "integer", BigAutoField = "bigint", SmallAutoField = "smallint" }

function M.cast(sql, field)
  local type_name = SERIAL[field.internal_type] or field:db_type "postgresql"
  if type_name:find("^varchar%(nil") or type_name == "varchar" then type_name = "text" end
  return ("(%s)::%s"):format(sql, type_name)
end

function M.concat_part(sql) return "COALESCE((" .. sql .. ")::text, '')" end

-- ---- dates and times ----

local NAMES = { week_day = "dow", iso_week_day = "isodow", iso_year = "isoyear" }

local function in_zone(sql, tz)
  if tz.fixed then return ("%s AT TIME ZONE INTERVAL '%d seconds'"):format(sql, tz.fixed) end
  return ("%s AT TIME ZONE '%s'"):format(sql, (tz.name:gsub("'", "''")))
end

function M.extract(part, sql, kind, tz)
  if kind == "DateTimeField" then sql = in_zone(sql, tz) end
  if part == "second" then sql = ("DATE_TRUNC('second', %s)"):format(sql) end
  local value = ("EXTRACT(%s FROM %s)"):format(NAMES[part] or part, sql)
  return "(" .. value .. (part == "week_day" and " + 1)" or ")") .. "::integer"
end

---@param from string the kind of field that `sql` is of
---@param to string the kind that is wanted
function M.truncate(kind, sql, from, to, tz)
  if from == "DateTimeField" then sql = "(" .. in_zone(sql, tz) .. ")" end
  if kind == "date" then return sql .. "::date" end
  if kind == "time" then return sql .. "::time" end
  local cut = ("DATE_TRUNC('%s', %s)"):format(kind, sql)
  if to == "DateField" then return cut .. "::date" end
  if to == "TimeField" then return cut .. "::time" end
  return in_zone(cut, tz)
end

function M.subtract_moments(kind, left, right)
  if kind == "DateField" then return ("(interval '1 day' * (%s - %s))"):format(left, right) end
  return ("(%s - %s)"):format(left, right)
end

function M.combine_duration(connector, left, right) return ("(%s %s %s)"):format(left, connector, right) end

function M.now() return "STATEMENT_TIMESTAMP()" end

-- ---- lookups ----

local OPERATORS = { exact = " = %s", gt = " > %s", gte = " >= %s", lt = " < %s", lte = " <= %s", iexact = " = UPPER(%s)", contains = " LIKE %s",
  icontains = " LIKE UPPER(%s)", startswith = " LIKE %s", istartswith = " LIKE UPPER(%s)", endswith = " LIKE %s", iendswith = " LIKE UPPER(%s)" }
local TEXT = { iexact = true, contains = true, icontains = true, startswith = true, istartswith = true, endswith = true, iendswith = true, regex = true,
  iregex = true }
local UPPER = { iexact = true, icontains = true, istartswith = true, iendswith = true }

---A lookup's left side: text lookups are possible on every column.
function M.lookup_left(name, sql, field)
  if not TEXT[name] then return sql end
  sql = field and field.internal_type == "GenericIPAddressField" and "HOST(" .. sql .. ")" or sql .. "::text"
  return UPPER[name] and "UPPER(" .. sql .. ")" or sql
end

function M.compare(name, left, right) return left .. OPERATORS[name]:format(right) end

local ESCAPED = [[REPLACE(REPLACE(REPLACE((%s)::text, E'\\', E'\\\\'), '%%', E'\\%%'), '_', E'\\_')]]
local PATTERNS = { contains = "'%%' || %s || '%%'", startswith = "%s || '%%'", endswith = "'%%' || %s" }

---A pattern lookup whose right side is SQL: what is special in a pattern is escaped there.
function M.compare_pattern(name, left, right)
  local sql = PATTERNS[name:gsub("^i", "")]:format(ESCAPED:format(right))
  return ("%s LIKE %s"):format(left, UPPER[name] and "UPPER(" .. sql .. ")" or sql)
end

function M.regex(left, right, ignore_case) return left .. (ignore_case and " ~* " or " ~ ") .. right end

---@param low integer
---@param high integer?
function M.limit(low, high)
  local sql = high and " LIMIT " .. (high - low) or ""
  return low > 0 and sql .. " OFFSET " .. low or sql
end

local EXPLAIN = { analyze = true, buffers = true, costs = true, settings = true, summary = true, timing = true, verbose = true, wal = true }
local FORMATS = { text = true, json = true, xml = true, yaml = true }

function M.explain(options)
  local list = {}
  for name, value in pairs(options) do
    local known = tostring(name):lower()
    if known == "format" then
      if not FORMATS[tostring(value):lower()] then error(exceptions.ValueError(tostring(value) .. " is not a recognized format."), 0) end
      list[#list + 1] = "FORMAT " .. tostring(value):upper()
    elseif EXPLAIN[known] then
      list[#list + 1] = known:upper() .. (value and " true" or " false")
    else
      error(exceptions.ValueError("Unknown options: " .. tostring(name)), 0)
    end
  end
  table.sort(list)
  return "EXPLAIN " .. (#list > 0 and "(" .. table.concat(list, ", ") .. ") " or "")
end

---@param query table
---@param of string[] quoted tables
function M.for_update(query, of)
  local lock = query.lock
  local sql = lock.no_key and " FOR NO KEY UPDATE" or " FOR UPDATE"
  if #of > 0 then sql = sql .. " OF " .. table.concat(of, ", ") end
  return sql .. (lock.nowait and " NOWAIT" or lock.skip_locked and " SKIP LOCKED" or "")
end

return M
