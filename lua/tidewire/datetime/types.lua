---Dates, times and moments: Python's date, time and datetime. Values are never changed once made.
local calendar = require "tidewire.datetime.calendar"
local class = require "tidewire.class"
local duration = require "tidewire.datetime.duration"
local exceptions = require "tidewire.exceptions"
local format = require "tidewire.datetime.format"
local timezone = require "tidewire.timezone"

local M = {}

local floor = math.floor

---@class tidewire.Date: tidewire.Class
---@field year integer 1 to 9999
---@field month integer
---@field day integer
local Date = class.new "Date"

---@class tidewire.Time: tidewire.Class
---@field hour integer
---@field minute integer
---@field second integer
---@field microsecond integer
local Time = class.new "Time"

---@class tidewire.DateTime: tidewire.Class
---@field year integer 1 to 9999
---@field month integer
---@field day integer
---@field hour integer
---@field minute integer
---@field second integer
---@field microsecond integer
---@field utcoffset integer? seconds east of UTC; nil when it is naive
---@field tz tidewire.TimeZone? a zone whose offset changes; see tzinfo()
---@field fold 0|1
local DateTime = class.new("DateTime", { fold = 0 })

M.Date, M.Time, M.DateTime = Date, Time, DateTime

local function invalid(text, ...) error(exceptions.ValueError(text:format(...)), 0) end

local function overflow() error(duration.OverflowError "date value out of range", 0) end

local function check(value, name, low, high)
  if type(value) ~= "number" or value % 1 ~= 0 then
    error(exceptions.TypeError(("%s: a whole number was expected, got %s"):format(name, tostring(value))), 0)
  end
  if value < low or value > high then invalid("%s must be in %d..%d", name, low, high) end
  return value
end

local function check_date(year, month, day)
  if type(year) == "number" and (year < 1 or year > 9999) then invalid("year %d is out of range", year) end
  check(year, "year", 1, 9999)
  check(month, "month", 1, 12)
  if check(day, "day", -math.huge, math.huge) < 1 or day > calendar.days_in_month(year, month) then invalid "day is out of range for month" end
end

local function check_time(hour, minute, second, microsecond)
  check(hour, "hour", 0, 23)
  check(minute, "minute", 0, 59)
  check(second, "second", 0, 59)
  check(microsecond, "microsecond", 0, 999999)
end

-- ---- construction ----

---Raises ValueError when there is no such day.
---@param year integer
---@param month integer
---@param day integer
function Date:init(year, month, day)
  check_date(year, month, day)
  self.year, self.month, self.day = year, month, day
end

---Raises ValueError when there is no such time.
---@param hour? integer
---@param minute? integer
---@param second? integer
---@param microsecond? integer
function Time:init(hour, minute, second, microsecond)
  hour, minute, second, microsecond = hour or 0, minute or 0, second or 0, microsecond or 0
  check_time(hour, minute, second, microsecond)
  self.hour, self.minute, self.second, self.microsecond = hour, minute, second, microsecond
end

---Seconds from 1970-01-01 00:00 of its own clock.
local function local_seconds(v)
  return calendar.days(v.year, v.month, v.day) * 86400 + v.hour * 3600 + v.minute * 60 + v.second
end

---Fill in zone and offset of a DateTime whose other fields stand.
local function place(v, zone, fold)
  if fold == 1 then v.fold = 1 end
  if not zone then return v end
  v.utcoffset = zone.fixed or zone:local_offset(local_seconds(v), fold)
  if not zone.fixed then v.tz = zone end
  return v
end

---Raises ValueError when there is no such moment. Without a zone it is naive.
---@param year integer
---@param month integer
---@param day integer
---@param hour? integer
---@param minute? integer
---@param second? integer
---@param microsecond? integer
---@param tz? tidewire.TimeZone
---@param fold? 0|1 1: the second of two equal local times
function DateTime:init(year, month, day, hour, minute, second, microsecond, tz, fold)
  hour, minute, second, microsecond = hour or 0, minute or 0, second or 0, microsecond or 0
  check_date(year, month, day)
  check_time(hour, minute, second, microsecond)
  self.year, self.month, self.day = year, month, day
  self.hour, self.minute, self.second, self.microsecond = hour, minute, second, microsecond
  place(self, tz, fold)
end

local DATE, TIME, DATETIME = getmetatable(Date(1, 1, 1)), getmetatable(Time()), getmetatable(DateTime(1, 1, 1))

---Metatables, for constructors that need no checks.
M.metatables = { date = DATE, time = TIME, datetime = DATETIME }

---@return boolean
function M.is_date(value) return getmetatable(value) == DATE end

---@return boolean
function M.is_time(value) return getmetatable(value) == TIME end

---@return boolean
function M.is_datetime(value) return getmetatable(value) == DATETIME end

---@param days integer since 1970-01-01
local function date_from_days(days)
  if days < calendar.FIRST_DAY or days > calendar.LAST_DAY then overflow() end
  local year, month, day = calendar.date(days)
  return setmetatable({ year = year, month = month, day = day }, DATE)
end

---A naive DateTime from seconds of its clock.
local function from_local(seconds, microsecond)
  local days = floor(seconds / 86400)
  if days < calendar.FIRST_DAY or days > calendar.LAST_DAY then overflow() end
  local year, month, day = calendar.date(days)
  local rest = seconds - days * 86400
  return setmetatable({
    year = year, month = month, day = day, hour = floor(rest / 3600), minute = floor(rest / 60) % 60, second = rest % 60, microsecond = microsecond,
  }, DATETIME)
end

---A moment as a zone's clock shows it.
local function from_utc(seconds, microsecond, zone)
  local offset, fold = zone:offset_at(seconds)
  local v = from_local(seconds + offset, microsecond)
  v.utcoffset = offset
  if not zone.fixed then v.tz = zone end
  if fold == 1 then v.fold = 1 end
  return v
end

---The moment of a number of seconds since 1970.
---@param seconds number
---@param zone? tidewire.TimeZone UTC when nil
---@return tidewire.DateTime
function M.from_timestamp(seconds, zone)
  local whole = floor(seconds)
  local micros = floor((seconds - whole) * 1000000 + 0.5)
  if micros == 1000000 then whole, micros = whole + 1, 0 end
  return from_utc(whole, micros, zone or timezone.utc)
end

---A date and a time of day together.
---@param date tidewire.Date
---@param time tidewire.Time
---@param zone? tidewire.TimeZone
---@return tidewire.DateTime
function M.combine(date, time, zone)
  return DateTime(date.year, date.month, date.day, time.hour, time.minute, time.second, time.microsecond, zone)
end

-- ---- what dates and moments share ----

local function days_of(v) return calendar.days(v.year, v.month, v.day) end

local shared = {}

---Monday is 0.
---@return integer
function shared:weekday() return calendar.weekday(days_of(self)) end

---Monday is 1.
---@return integer
function shared:isoweekday() return calendar.weekday(days_of(self)) + 1 end

---@return integer year
---@return integer week
---@return integer weekday
function shared:isocalendar() return calendar.iso(days_of(self)) end

---Days since 0001-01-01, which is 1.
---@return integer
function shared:toordinal() return days_of(self) - calendar.FIRST_DAY + 1 end

shared.strftime = format.strftime
Time.strftime = format.strftime
for name, method in pairs(shared) do Date[name], DateTime[name] = method, method end

---The fields of `self` with those of `changes` in their place.
local function changed(self, changes, ...)
  local values = {}
  for i, name in ipairs { ... } do
    local value = changes[name]
    if value == nil then value = self[name] end
    values[i] = value
  end
  return unpack(values, 1, select("#", ...))
end

---@param changes { year?: integer, month?: integer, day?: integer }
---@return tidewire.Date
function Date:replace(changes) return Date(changed(self, changes, "year", "month", "day")) end

---@param changes { hour?: integer, minute?: integer, second?: integer, microsecond?: integer }
---@return tidewire.Time
function Time:replace(changes) return Time(changed(self, changes, "hour", "minute", "second", "microsecond")) end

---Change fields; with another zone the clock shows the same, and the moment is another one.
---@param changes table<string, any> fields; `tz` is a zone, or false to make it naive
---@return tidewire.DateTime
function DateTime:replace(changes)
  local zone = changes.tz
  if zone == nil then zone = self:tzinfo() end
  local year, month, day, hour, minute, second, microsecond, fold =
    changed(self, changes, "year", "month", "day", "hour", "minute", "second", "microsecond", "fold")
  return DateTime(year, month, day, hour, minute, second, microsecond, zone or nil, fold)
end

-- ---- zones ----

---@return tidewire.TimeZone? zone nil when it is naive
function DateTime:tzinfo() return self.tz or self.utcoffset and timezone.fixed(self.utcoffset) or nil end

---@return string? name "CEST", "UTC", "UTC+02:00"; nil when it is naive
function DateTime:tzname()
  if not self.tz then return self.utcoffset and self:tzinfo().name or nil end
  return (select(2, self.tz:local_offset(local_seconds(self), self.fold)))
end

---Seconds since 1970 without the microseconds; a naive one is local time of the current zone.
local function utc_seconds(v)
  local seconds = local_seconds(v)
  return seconds - (v.utcoffset or timezone.current():local_offset(seconds, v.fold))
end

---The same moment by another zone's clock. Raises OverflowError when that shows no year from 1 to 9999.
---@param zone tidewire.TimeZone
---@return tidewire.DateTime
function DateTime:astimezone(zone)
  if zone.fixed and zone.fixed == self.utcoffset and not self.tz then return self end
  return from_utc(utc_seconds(self), self.microsecond, zone)
end

---Seconds since 1970.
---@return number
function DateTime:timestamp() return (utc_seconds(self) * 1000000 + self.microsecond) / 1000000 end

---@return tidewire.Date
function DateTime:date() return setmetatable({ year = self.year, month = self.month, day = self.day }, DATE) end

---@return tidewire.Time
function DateTime:time()
  return setmetatable({ hour = self.hour, minute = self.minute, second = self.second, microsecond = self.microsecond }, TIME)
end

-- ---- text ----

---@return string
function Date:isoformat() return ("%04d-%02d-%02d"):format(self.year, self.month, self.day) end

local PRECISIONS = {
  hours = function(v) return ("%02d"):format(v.hour) end,
  minutes = function(v) return ("%02d:%02d"):format(v.hour, v.minute) end,
  seconds = function(v) return ("%02d:%02d:%02d"):format(v.hour, v.minute, v.second) end,
  milliseconds = function(v) return ("%02d:%02d:%02d.%03d"):format(v.hour, v.minute, v.second, floor(v.microsecond / 1000)) end,
  microseconds = function(v) return ("%02d:%02d:%02d.%06d"):format(v.hour, v.minute, v.second, v.microsecond) end,
}

function PRECISIONS.auto(v) return PRECISIONS[v.microsecond == 0 and "seconds" or "microseconds"](v) end

local function time_text(v, precision)
  local write = PRECISIONS[precision or "auto"]
  if not write then invalid("Unknown timespec value: %s", tostring(precision)) end
  return write(v)
end

---@param precision? "auto"|"hours"|"minutes"|"seconds"|"milliseconds"|"microseconds" auto leaves microseconds out when there are none
---@return string
function Time:isoformat(precision) return time_text(self, precision) end

local function offset_of(v) return v.utcoffset and timezone.offset_text(v.utcoffset) or "" end

---@param separator? string "T" when nil
---@param precision? string as Time's
---@return string
function DateTime:isoformat(separator, precision)
  return ("%04d-%02d-%02d%s%s%s"):format(self.year, self.month, self.day, separator or "T", time_text(self, precision), offset_of(self))
end

---As DRF's encoder has it: ISO 8601, with Z for UTC.
---@return string
function DateTime:__tojson()
  local zone = self.utcoffset == 0 and "Z" or offset_of(self)
  if self.microsecond == 0 then
    return ("%04d-%02d-%02dT%02d:%02d:%02d%s"):format(self.year, self.month, self.day, self.hour, self.minute, self.second, zone)
  end
  return ("%04d-%02d-%02dT%02d:%02d:%02d.%06d%s"):format(self.year, self.month, self.day, self.hour, self.minute, self.second, self.microsecond, zone)
end

Date.__tostring, Date.__tojson = Date.isoformat, Date.isoformat
function Time:__tostring() return time_text(self) end
Time.__tojson = Time.__tostring
function DateTime:__tostring() return self:isoformat " " end

-- ---- order ----

local function difference(a, b) -- of two dates or times, field by field
  if a.year ~= b.year then return a.year - b.year end
  if a.month ~= b.month then return a.month - b.month end
  if a.day ~= b.day then return a.day - b.day end
  if a.hour ~= b.hour then return a.hour - b.hour end
  if a.minute ~= b.minute then return a.minute - b.minute end
  if a.second ~= b.second then return a.second - b.second end
  return (a.microsecond or 0) - (b.microsecond or 0)
end

---Whether both are read off one clock, so that their fields can be compared. As in Python, two moments of one zone are.
local function same_clock(a, b)
  if a.tz or b.tz then return a.tz == b.tz end
  return a.utcoffset == b.utcoffset
end

local function compare_moments(a, b)
  if same_clock(a, b) then return difference(a, b) end
  if not a.utcoffset or not b.utcoffset then return nil end
  local x, y = utc_seconds(a), utc_seconds(b)
  if x ~= y then return x - y end
  return a.microsecond - b.microsecond
end

local comparers = { [DATE] = difference, [TIME] = difference, [DATETIME] = compare_moments }

local function ordered(a, b)
  local meta = getmetatable(a)
  if meta ~= getmetatable(b) then
    error(exceptions.TypeError(("can't compare %s to %s"):format(tostring(class.of(a) or type(a)), tostring(class.of(b) or type(b)))), 3)
  end
  return comparers[meta](a, b) or error(exceptions.TypeError "can't compare offset-naive and offset-aware datetimes", 3)
end

local function less(a, b) return ordered(a, b) < 0 end
local function less_or_equal(a, b) return ordered(a, b) <= 0 end
local function equal(a, b) return getmetatable(a) == getmetatable(b) and comparers[getmetatable(a)](a, b) == 0 end

for _, each in ipairs { Date, Time, DateTime } do each.__lt, each.__le, each.__eq = less, less_or_equal, equal end

-- ---- arithmetic ----

local is_duration = duration.is_duration

local function unsupported(a, operator, b)
  local x, y = tostring(class.of(a) or type(a)), tostring(class.of(b) or type(b))
  error(exceptions.TypeError(("unsupported operands for %s: %s and %s"):format(operator, x, y)), 3)
end

function Date.__add(a, b)
  if is_duration(a) then a, b = b, a end
  if not is_duration(b) then unsupported(a, "+", b) end
  return date_from_days(days_of(a) + b.days)
end

function Date.__sub(a, b)
  if getmetatable(a) ~= DATE then unsupported(a, "-", b) end
  if is_duration(b) then return date_from_days(days_of(a) - b.days) end
  if getmetatable(b) ~= DATE then unsupported(a, "-", b) end
  return duration.make(days_of(a) - days_of(b), 0, 0)
end

---The clock moves by the duration; the zone then says what moment that is, as in Python.
local function shifted(v, days, seconds, microseconds)
  local micros = v.microsecond + microseconds
  local moved = from_local(local_seconds(v) + days * 86400 + seconds + floor(micros / 1000000), micros % 1000000)
  if v.tz then return place(moved, v.tz) end
  moved.utcoffset = v.utcoffset
  return moved
end

function DateTime.__add(a, b)
  if is_duration(a) then a, b = b, a end
  if not is_duration(b) then unsupported(a, "+", b) end
  return shifted(a, b.days, b.seconds, b.microseconds)
end

function DateTime.__sub(a, b)
  if getmetatable(a) ~= DATETIME then unsupported(a, "-", b) end
  if is_duration(b) then return shifted(a, -b.days, -b.seconds, -b.microseconds) end
  if getmetatable(b) ~= DATETIME then unsupported(a, "-", b) end
  local seconds
  if same_clock(a, b) then seconds = local_seconds(a) - local_seconds(b)
  elseif a.utcoffset and b.utcoffset then seconds = utc_seconds(a) - utc_seconds(b)
  else error(exceptions.TypeError "can't subtract offset-naive and offset-aware datetimes", 2) end
  return duration.make(0, seconds, a.microsecond - b.microsecond)
end

Date.min, Date.max = Date(1, 1, 1), Date(9999, 12, 31)
Time.min, Time.max = Time(), Time(23, 59, 59, 999999)
DateTime.min, DateTime.max = DateTime(1, 1, 1), DateTime(9999, 12, 31, 23, 59, 59, 999999)

return M
