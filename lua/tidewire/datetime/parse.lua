---Values from text: what clients send (Django's django.utils.dateparse) and what databases send.
local duration = require "tidewire.datetime.duration"
local exceptions = require "tidewire.exceptions"
local format = require "tidewire.datetime.format"
local timezone = require "tidewire.timezone"
local types = require "tidewire.datetime.types"

local M = {}

local byte, setmetatable, tonumber = string.byte, setmetatable, tonumber
local DATE, TIME, DATETIME = types.metatables.date, types.metatables.time, types.metatables.datetime

-- ---- Django's ----

---"2021-3-4".
---@param text string
---@return tidewire.Date? date nil when the text has another form; ValueError is raised when there is no such day
function M.parse_date(text)
  local year, month, day = text:match "^(%d%d%d%d)%-(%d%d?)%-(%d%d?)\n?$"
  return year and types.Date(tonumber(year), tonumber(month), tonumber(day)) or nil
end

---Hour, minute, second, microsecond at the front of a text, and where they end.
local function take_time(text, at)
  local hour, minute, finish = text:match("^(%d%d?):(%d%d?)()", at)
  if not hour then return nil end
  local second, behind = text:match("^:(%d%d?)()", finish)
  if not second then return finish, tonumber(hour), tonumber(minute), 0, 0 end
  local digits, last = text:match("^[.,](%d+)()", behind)
  if not digits then return behind, tonumber(hour), tonumber(minute), tonumber(second), 0 end
  if #digits > 12 then last = last - (#digits - 12) end
  local micros = tonumber((digits:sub(1, 6) .. "00000"):sub(1, 6))
  return last, tonumber(hour), tonumber(minute), tonumber(second), micros
end

---"13:45", "13:45:10.25"; whatever follows is not looked at, as in Django 3.2.
---@param text string
---@return tidewire.Time? time nil when the text has another form; ValueError is raised when there is no such time
function M.parse_time(text)
  local finish, hour, minute, second, micros = take_time(text, 1)
  return finish and types.Time(hour, minute, second, micros) or nil
end

---nil for none, false for what is no offset.
local function parse_offset(text)
  if text == "" then return nil end
  if text == "Z" then return timezone.utc end
  local sign, hours, minutes = text:match "^([+-])(%d%d):?(%d%d)$"
  if not sign then sign, hours = text:match "^([+-])(%d%d)$" end
  if not sign then return false end
  local seconds = hours * 3600 + (minutes or 0) * 60
  return timezone.fixed(sign == "-" and -seconds or seconds)
end

---"2021-03-04T13:45:10.5+02:00": the offset may be missing, Z, +02, +0200.
---@param text string
---@return tidewire.DateTime? moment nil when the text has another form; ValueError is raised when there is no such moment
function M.parse_datetime(text)
  local year, month, day, at = text:match "^(%d%d%d%d)%-(%d%d?)%-(%d%d?)[T ]()"
  if not year then return nil end
  local finish, hour, minute, second, micros = take_time(text, at)
  if not finish then return nil end
  local zone = parse_offset((text:sub(finish):gsub("\n$", "")))
  if zone == false then return nil end
  return types.DateTime(tonumber(year), tonumber(month), tonumber(day), hour, minute, second, micros, zone)
end

local function signed(sign, parts) return sign == "-" and -duration.Duration(parts) or duration.Duration(parts) end

local function micros_of(digits) return digits and tonumber((digits:sub(1, 6) .. "00000"):sub(1, 6)) or 0 end

---"4 15:30:01.5", "1 day, 1:00:00", "-08:01", "13".
local function standard_duration(text)
  local days, rest = text:match "^(%-?%d+) (.*)$"
  rest = days and (rest:match "^days?, (.*)$" or rest) or text
  local sign, body = rest:match "^(%-?)(.*)$"
  local hours, minutes, seconds, tail = body:match "^(%d+):(%d+):(%d+)(.*)$"
  if not hours then minutes, seconds, tail = body:match "^(%d+):(%d+)(.*)$" end
  if not minutes then seconds, tail = body:match "^(%d+)(.*)$" end
  local digits = tail and tail:match "^[.,](%d+)\n?$"
  if not seconds or not digits and tail ~= "" and tail ~= "\n" or digits and #digits > 12 then return nil end
  return duration.Duration { days = tonumber(days or 0) }
    + signed(sign, { hours = tonumber(hours or 0), minutes = tonumber(minutes or 0), seconds = tonumber(seconds), microseconds = micros_of(digits) })
end

---The number before a unit, and what follows it.
local function take_unit(text, unit)
  local whole, fraction, rest = text:match("^(%d+)[.,](%d+)" .. unit .. "(.*)$")
  if not whole then whole, rest = text:match("^(%d+)" .. unit .. "(.*)$") end
  if not whole then return 0, text end
  return tonumber(fraction and whole .. "." .. fraction or whole), rest
end

---"P3DT08H32M01.000123S", "-PT1H".
local function iso_duration(text)
  local sign, rest = text:match "^([+-]?)P(.*)$"
  if not sign then return nil end
  local parts = {}
  parts.days, rest = take_unit(rest, "D")
  local time = rest:match "^T(.*)$"
  if time then
    parts.hours, rest = take_unit(time, "H")
    parts.minutes, rest = take_unit(rest, "M")
    parts.seconds, rest = take_unit(rest, "S")
  end
  if rest ~= "" and rest ~= "\n" then return nil end
  return signed(sign, parts)
end

---"3 days 04:05:06", "3 days", and "".
local function postgres_duration(text)
  local days, rest = text:match "^(%-?%d+) days? ?(.*)$"
  rest = days and rest or text
  local whole = duration.Duration { days = tonumber(days or 0) }
  if rest == "" or rest == "\n" then return whole end
  local sign, hours, minutes, seconds, tail = rest:match "^([+-]?)(%d+):(%d%d):(%d%d)(.*)$"
  local digits = tail and tail:match "^%.(%d+)$"
  if not hours or tail ~= "" and not (digits and #digits <= 6) then return nil end
  return whole + signed(sign, { hours = tonumber(hours), minutes = tonumber(minutes), seconds = tonumber(seconds), microseconds = micros_of(digits) })
end

---Durations as Django writes them, in ISO 8601, or as PostgreSQL writes them.
---@param text string
---@return tidewire.Duration? duration nil when the text has another form; OverflowError is raised when it is too long
function M.parse_duration(text) return standard_duration(text) or iso_duration(text) or postgres_duration(text) end

---Python's strptime. Raises ValueError for a bad format, or when there is no such moment.
---@param text string
---@param layout string
---@return tidewire.DateTime? moment nil when the text has another form
function M.strptime(text, layout)
  local f = format.strptime(text, layout)
  if not f then return nil end
  return types.DateTime(f.year, f.month, f.day, f.hour, f.minute, f.second, f.microsecond, f.utcoffset and timezone.fixed(f.utcoffset) or nil)
end

-- ---- from databases: once a value and row, so what is usual is taken byte by byte ----

---What a database sends and Lua has no value for: years beyond 9999 or before 1, infinity, 24:00, or any text in SQLite's columns.
local function unreadable(text, what)
  error(exceptions.DataError(("the database holds the %s %q, which is not one between the years 1 and 9999"):format(what, tostring(text))), 0)
end

local function slow(text, what, parse)
  local ok, value = pcall(parse, text)
  if not ok or value == nil then unreadable(text, what) end
  return value
end

---@param text string YYYY-MM-DD
---@return tidewire.Date
function M.date_from_db(text)
  local a, b, c, d, dash, e, f, dash2, g, h, more = byte(text, 1, 11)
  if dash ~= 45 or dash2 ~= 45 or more or not h then return slow(text, "date", M.parse_date) end
  local year, month, day = a * 1000 + b * 100 + c * 10 + d - 53328, e * 10 + f - 528, g * 10 + h - 528
  if month < 1 or month > 12 or day < 1 or day > 31 or year < 1 or year > 9999 then return slow(text, "date", M.parse_date) end
  return setmetatable({ year = year, month = month, day = day }, DATE)
end

---Microseconds and the rest of a text behind its seconds.
local function take_fraction(text, at)
  local digits, behind = text:match("^%.(%d+)()", at)
  if not digits then return 0, at end
  return micros_of(digits), behind
end

local function datetime_slow(text)
  local value = M.parse_datetime(text)
  if value and not value.utcoffset then return value:replace { tz = timezone.utc } end
  return value and value:astimezone(timezone.utc)
end

---A moment in UTC: YYYY-MM-DD HH:MM:SS[.ffffff][+00].
---@param text string
---@return tidewire.DateTime
function M.datetime_from_db(text)
  local a, b, c, d, dash, e, f, dash2, g, h, _, i, j, colon, k, l, colon2, m, n, more = byte(text, 1, 20)
  if dash ~= 45 or dash2 ~= 45 or colon ~= 58 or colon2 ~= 58 or not n then return slow(text, "moment", datetime_slow) end
  local micros = 0
  if more == 46 then
    local at
    micros, at = take_fraction(text, 20)
    if byte(text, at) and text:sub(at) ~= "+00" then return slow(text, "moment", datetime_slow) end
  elseif more and text:sub(20) ~= "+00" then
    return slow(text, "moment", datetime_slow)
  end
  local year, month, day = a * 1000 + b * 100 + c * 10 + d - 53328, e * 10 + f - 528, g * 10 + h - 528
  local hour = i * 10 + j - 528
  if month < 1 or month > 12 or day < 1 or day > 31 or hour > 23 or year < 1 or year > 9999 then return slow(text, "moment", datetime_slow) end
  return setmetatable({
    year = year, month = month, day = day, hour = hour, minute = k * 10 + l - 528, second = m * 10 + n - 528, microsecond = micros, utcoffset = 0,
  }, DATETIME)
end

---@param text string HH:MM:SS[.ffffff]
---@return tidewire.Time
function M.time_from_db(text)
  local a, b, colon, c, d, colon2, e, f, more = byte(text, 1, 9)
  if colon ~= 58 or colon2 ~= 58 or not f then return slow(text, "time", M.parse_time) end
  local micros, at = 0, 9
  if more then micros, at = take_fraction(text, 9) end
  local hour = a * 10 + b - 528
  if hour < 0 or hour > 23 or at <= #text then unreadable(text, "time") end
  return setmetatable({ hour = hour, minute = c * 10 + d - 528, second = e * 10 + f - 528, microsecond = micros }, TIME)
end

M.duration_from_microseconds = duration.from_microseconds

---PostgreSQL's interval in IntervalStyle iso_8601: P1Y2M3DT4H5M6.7S, each number with a sign of its own. A year is taken for 365 days, a month for 30.
---@param text string
---@return tidewire.Duration
function M.duration_from_interval(text)
  local date, time = text:match "^P([^T]*)T?(.*)$"
  if not date then unreadable(text, "interval") end
  local days, seconds, micros = 0, 0, 0
  for number, unit in date:gmatch "(%-?%d+)(%a)" do
    days = days + number * (unit == "Y" and 365 or unit == "M" and 30 or unit == "W" and 7 or 1)
  end
  for sign, number, digits, unit in time:gmatch "(%-?)(%d+)%.?(%d*)(%a)" do
    local factor = sign == "-" and -1 or 1
    seconds = seconds + factor * number * (unit == "H" and 3600 or unit == "M" and 60 or 1)
    if digits ~= "" then micros = micros + factor * micros_of(digits) end
  end
  return duration.make(days, seconds, micros)
end

-- ---- to databases ----

local function moment_to_db(value, vendor)
  local utc = value:astimezone(timezone.utc)
  local text = utc:isoformat " "
  return vendor == "postgresql" and text or text:sub(1, -7) -- without +00:00
end

local function duration_to_db(value, vendor)
  if vendor ~= "postgresql" then return value:to_microseconds() end
  local sign = value.days < 0 and "-" or ""
  local rest = value.days < 0 and -value or value
  return ("%s%d days %s%d.%06d seconds"):format(sign, rest.days, sign, rest.seconds, rest.microseconds)
end

---What is bound for a value. A naive DateTime is local time of the current zone. Raises TypeError for anything else.
---@param value tidewire.Date|tidewire.Time|tidewire.DateTime|tidewire.Duration
---@param vendor "sqlite"|"postgresql"
---@return string|number|ffi.cdata*
function M.to_db(value, vendor)
  local meta = getmetatable(value)
  if meta == DATETIME then return moment_to_db(value, vendor) end
  if meta == DATE or meta == TIME then return tostring(value) end
  if duration.is_duration(value) then return duration_to_db(value, vendor) end
  error(exceptions.TypeError("to_db: a date, a time, a moment or a duration was expected, got a " .. type(value)), 2)
end

return M
