---Parts of dates and times, and dates cut to a part. Parts of a DateTimeField are those of the current time zone.
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local timezone = require "tidewire.timezone"
local types = require "tidewire.sql.types"

local M = {}
local Func = expression.Func

local MOMENT = { DateField = true, DateTimeField = true, TimeField = true, DurationField = true }
local CLOCK = { hour = true, minute = true, second = true }
local PARTS = { year = true, iso_year = true, quarter = true, month = true, week = true, week_day = true, iso_week_day = true, day = true,
  hour = true, minute = true, second = true }

---A part of a date or time as a whole number: `Extract("published", "year")`, `ExtractYear "published"`.
---@class tidewire.Extract: tidewire.Func
local Extract = Func:extend("Extract", { output_field_name = "IntegerField" })
M.Extract = Extract

---@param what any a name or an expression
---@param part? string year, iso_year, quarter, month, week, week_day, iso_week_day, day, hour, minute or second
---@param options? { tzinfo?: table }
function Extract:init(what, part, options)
  if type(part) == "table" then part, options = nil, part end
  self.part = self.part or part
  if not self.part then error(exceptions.ValueError "lookup_name must be provided", 0) end
  if not PARTS[self.part] then error(exceptions.ValueError("Invalid lookup_name: " .. tostring(self.part)), 0) end
  Func.init(self, what, options)
end

function Extract:resolve(query, context)
  local copy = Func.resolve(self, query, context)
  local field = copy.sources[1]:output_field()
  if not MOMENT[field.internal_type] then
    error(exceptions.ValueError "Extract input expression must be DateField, DateTimeField, TimeField, or DurationField.", 0)
  end
  if field.internal_type == "DateField" and CLOCK[self.part] then
    error(exceptions.ValueError(("Cannot extract time component '%s' from DateField '%s'. "):format(self.part, field.name or "")), 0)
  end
  return copy
end

function Extract:as_sql(compiler)
  local source = self.sources[1]
  local sql = compiler:compile(source)
  return sql and compiler.dialect.extract(self.part, sql, source:output_field().internal_type, self.tzinfo or timezone.current())
end

local function parts(list)
  for name, part in pairs(list) do M["Extract" .. name] = Extract:extend("Extract" .. name, { part = part }) end
end
parts { Year = "year", IsoYear = "iso_year", Quarter = "quarter", Month = "month", Week = "week", WeekDay = "week_day", IsoWeekDay = "iso_week_day",
  Day = "day", Hour = "hour", Minute = "minute", Second = "second" }
---Comparing a year is comparing with its first and last day, which an index can do.
M.ExtractYear.is_year, M.ExtractIsoYear.is_year = true, true

---A date or time with the parts below `kind` at their least: `Trunc("created", "month")`, `TruncMonth "created"`.
---@class tidewire.Trunc: tidewire.Func
local Trunc = Func:extend "Trunc"
M.Trunc = Trunc

---@param what any
---@param kind? string year, quarter, month, week, day, hour, minute or second
---@param options? { output_field?: table, tzinfo?: table }
function Trunc:init(what, kind, options)
  if type(kind) == "table" then kind, options = nil, kind end
  self.kind = self.kind or kind
  if not (PARTS[self.kind] or self.kind == "date" or self.kind == "time") then error(exceptions.ValueError("Invalid kind: " .. tostring(self.kind)), 0) end
  Func.init(self, what, options)
end

function Trunc:resolve(query, context)
  local copy = Func.resolve(self, query, context)
  local field, kind = copy.sources[1]:output_field(), self.kind
  local name = field.internal_type
  if not (types.is_a(field, "DateField") or name == "TimeField") then
    error(exceptions.AssertionError(("'%s' isn't a DateField, TimeField, or DateTimeField."):format(field.name or "")), 0)
  end
  local output = copy:output_field()
  if name == "DateField" and (output.internal_type == "DateTimeField" or CLOCK[kind] or kind == "time") then
    local as = self.output and output.internal_type or "DateTimeField"
    error(exceptions.ValueError(("Cannot truncate DateField '%s' to %s. "):format(field.name or "", as)), 0)
  end
  return copy
end

function Trunc:as_sql(compiler)
  local source = self.sources[1]
  local sql = compiler:compile(source)
  if not sql then return nil end
  return compiler.dialect.truncate(self.kind, sql, source:output_field().internal_type, self:output_field().internal_type, self.tzinfo or timezone.current())
end

---Times come out in the zone that they were cut in.
function Trunc:converter(dialect)
  local convert = Func.converter(self, dialect)
  local tz = self.tzinfo or timezone.current()
  if self:output_field().internal_type ~= "DateTimeField" or tz == timezone.utc then return convert end
  return function(value) return convert(value):astimezone(tz) end
end

local function kinds(list)
  for name, kind in pairs(list) do M["Trunc" .. name] = Trunc:extend("Trunc" .. name, { kind = kind }) end
end
kinds { Year = "year", Quarter = "quarter", Month = "month", Week = "week", Day = "day", Hour = "hour", Minute = "minute", Second = "second" }
M.TruncDate = Trunc:extend("TruncDate", { kind = "date", output_field_name = "DateField" })
M.TruncTime = Trunc:extend("TruncTime", { kind = "time", output_field_name = "TimeField" })

---The time of the statement.
---@class tidewire.Now: tidewire.Func
M.Now = Func:extend("Now", { output_field_name = "DateTimeField", arity = 0 })
function M.Now:as_sql(compiler) return compiler.dialect.now() end -- luacheck: ignore

return M
