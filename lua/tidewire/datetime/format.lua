---strftime and strptime, in English (Python's C locale).
local calendar = require "tidewire.datetime.calendar"
local exceptions = require "tidewire.exceptions"
local timezone = require "tidewire.timezone"

local M = {}

local floor = math.floor

local DAYS = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" }
local MONTHS = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" }

-- ---- writing ----

---The day of what is written; a Time has none, and stands on 1900-01-01 as in Python.
local function days_of(v) return calendar.days(v.year or 1900, v.month or 1, v.day or 1) end

local function year_day(v) return calendar.year_day(v.year or 1900, v.month or 1, v.day or 1) end

---Weeks of the year that begin on `first` (Monday is 0).
local function week(v, first)
  local weekday = (calendar.weekday(days_of(v)) - first) % 7
  return floor((year_day(v) + 6 - weekday) / 7)
end

local function hour12(v) return ((v.hour or 0) + 11) % 12 + 1 end

local function offset(v, colon)
  if not v.utcoffset then return "" end
  local text = timezone.offset_text(v.utcoffset)
  return colon and text or (text:gsub(":", ""))
end

local function iso(v, index) return (select(index, calendar.iso(days_of(v)))) end

local write

local writers = {
  Y = function(v) return ("%04d"):format(v.year or 1900) end,
  m = function(v) return ("%02d"):format(v.month or 1) end,
  d = function(v) return ("%02d"):format(v.day or 1) end,
  e = function(v) return ("%2d"):format(v.day or 1) end,
  H = function(v) return ("%02d"):format(v.hour or 0) end,
  I = function(v) return ("%02d"):format(hour12(v)) end,
  k = function(v) return ("%2d"):format(v.hour or 0) end,
  l = function(v) return ("%2d"):format(hour12(v)) end,
  M = function(v) return ("%02d"):format(v.minute or 0) end,
  S = function(v) return ("%02d"):format(v.second or 0) end,
  f = function(v) return ("%06d"):format(v.microsecond or 0) end,
  p = function(v) return (v.hour or 0) < 12 and "AM" or "PM" end,
  P = function(v) return (v.hour or 0) < 12 and "am" or "pm" end,
  y = function(v) return ("%02d"):format((v.year or 1900) % 100) end,
  C = function(v) return ("%02d"):format(floor((v.year or 1900) / 100)) end,
  j = function(v) return ("%03d"):format(year_day(v)) end,
  a = function(v) return DAYS[calendar.weekday(days_of(v)) + 1]:sub(1, 3) end,
  A = function(v) return DAYS[calendar.weekday(days_of(v)) + 1] end,
  b = function(v) return MONTHS[v.month or 1]:sub(1, 3) end,
  h = function(v) return MONTHS[v.month or 1]:sub(1, 3) end,
  B = function(v) return MONTHS[v.month or 1] end,
  w = function(v) return tostring((calendar.weekday(days_of(v)) + 1) % 7) end,
  u = function(v) return tostring(calendar.weekday(days_of(v)) + 1) end,
  U = function(v) return ("%02d"):format(week(v, 6)) end,
  W = function(v) return ("%02d"):format(week(v, 0)) end,
  G = function(v) return ("%04d"):format(iso(v, 1)) end,
  g = function(v) return ("%02d"):format(iso(v, 1) % 100) end,
  V = function(v) return ("%02d"):format(iso(v, 2)) end,
  z = function(v) return offset(v, false) end,
  [":z"] = function(v) return offset(v, true) end,
  Z = function(v) return v.tzname and v:tzname() or "" end,
  D = function(v) return write(v, "%m/%d/%y") end,
  x = function(v) return write(v, "%m/%d/%y") end,
  F = function(v) return write(v, "%Y-%m-%d") end,
  T = function(v) return write(v, "%H:%M:%S") end,
  X = function(v) return write(v, "%H:%M:%S") end,
  R = function(v) return write(v, "%H:%M") end,
  r = function(v) return write(v, "%I:%M:%S %p") end,
  c = function(v) return write(v, "%a %b %e %H:%M:%S %Y") end,
  s = function(v) return ("%d"):format(floor(v:timestamp())) end,
  n = function() return "\n" end,
  t = function() return "\t" end,
  ["%"] = function() return "%" end,
}

---@param v table a Date, Time or DateTime
---@param format string Python's directives; %Y has four digits always; an unknown one is left as it stands
---@return string
function M.strftime(v, format)
  return (format:gsub("%%(:?.)", function(directive)
    local writer = writers[directive]
    return writer and writer(v)
  end))
end

write = M.strftime

-- ---- reading ----

---Possible readings of a number of at most `width` digits from `low` to `high`, the longest first, as Python's regular expressions try them.
local function number(width, low, high, field)
  return function(text, at)
    local list = {}
    local digits = text:match("^%d+", at) or ""
    for n = math.min(width, #digits), 1, -1 do
      local value = tonumber(digits:sub(1, n))
      if value >= low and value <= high then list[#list + 1] = { at + n, field, value } end
    end
    return list
  end
end

local function exact(width, field)
  return function(text, at)
    local digits = text:match("^" .. ("%d"):rep(width), at)
    return digits and { { at + width, field, tonumber(digits) } } or {}
  end
end

---One of some names in any case, the longest first.
local function name(names, field, length)
  return function(text, at)
    local best
    for i, full in ipairs(names) do
      local wanted = length and full:sub(1, length) or full
      if text:sub(at, at + #wanted - 1):lower() == wanted:lower() and (not best or #wanted > best[1] - at) then best = { at + #wanted, field, i } end
    end
    return { best }
  end
end

local function fraction(text, at)
  local list, digits = {}, text:match("^%d+", at) or ""
  for n = math.min(6, #digits), 1, -1 do list[#list + 1] = { at + n, "microsecond", tonumber(digits:sub(1, n) .. ("0"):rep(6 - n)) } end
  return list
end

local function zone(text, at)
  if text:find("^Z", at) then return { { at + 1, "utcoffset", 0 } } end
  local sign, hours, minutes, finish = text:match("^([+-])(%d%d):?([0-5]%d)()", at)
  if not sign then return {} end
  local seconds, behind = text:match("^:?([0-5]%d)()", finish)
  local value = hours * 3600 + minutes * 60 + (seconds or 0)
  return { { behind or finish, "utcoffset", sign == "-" and -value or value } }
end

local function zone_name(text, at)
  local found = text:match("^[Uu][Tt][Cc]", at) or text:match("^[Gg][Mm][Tt]", at)
  return { found and { at + 3, "zone_name", found:upper() } or { at, "zone_name" } }
end

local readers = {
  Y = exact(4, "year"), y = exact(2, "short_year"), m = number(2, 1, 12, "month"), d = number(2, 1, 31, "day"),
  H = number(2, 0, 23, "hour"), I = number(2, 1, 12, "hour12"), M = number(2, 0, 59, "minute"), S = number(2, 0, 61, "second"),
  f = fraction, j = number(3, 1, 366, "year_day"), p = name({ "AM", "PM" }, "half"), z = zone, Z = zone_name,
  A = name(DAYS, "weekday"), a = name(DAYS, "weekday", 3), B = name(MONTHS, "month"), b = name(MONTHS, "month", 3),
  w = number(1, 0, 6, "weekday"), u = number(1, 1, 7, "weekday"),
}
local SHORTHANDS = { F = "%Y-%m-%d", T = "%H:%M:%S", R = "%H:%M", D = "%m/%d/%y", x = "%m/%d/%y", X = "%H:%M:%S", c = "%a %b %d %H:%M:%S %Y" }

---Parts of a format: readers, texts, and true where any white space may stand.
local function compile(format)
  local parts = {}
  format = format:gsub("%%([FTRDxXc])", SHORTHANDS)
  local at = 1
  while at <= #format do
    local directive, space = format:match("^%%(.)", at), format:match("^%s+", at)
    if directive == "%" then parts[#parts + 1] = "%"
    elseif directive and not readers[directive] then
      error(exceptions.ValueError(("'%s' is a bad directive in format '%s'"):format(directive, format)), 4)
    else parts[#parts + 1] = directive and readers[directive] or space and true or format:sub(at, at) end
    at = at + (directive and 2 or space and #space or 1)
  end
  return parts
end

local function match(parts, i, text, at, fields)
  local part = parts[i]
  if part == nil then return at == #text + 1 end
  if part == true then
    local finish = text:match("^%s+()", at)
    return finish and match(parts, i + 1, text, finish, fields)
  end
  if type(part) == "string" then
    return text:sub(at, at):lower() == part:lower() and match(parts, i + 1, text, at + 1, fields)
  end
  for _, reading in ipairs(part(text, at)) do
    if match(parts, i + 1, text, reading[1], fields) then
      fields[reading[2]] = reading[3]
      return true
    end
  end
  return false
end

local function complete(f)
  if f.short_year then f.year = f.short_year + (f.short_year <= 68 and 2000 or 1900) end
  if f.hour12 then f.hour = f.hour12 % 12 + (f.half == 2 and 12 or 0) end
  if f.zone_name and not f.utcoffset then f.utcoffset = 0 end
  f.year = f.year or 1900
  if f.year_day and not f.month then
    local _
    _, f.month, f.day = calendar.date(calendar.days(f.year, 1, 1) + f.year_day - 1)
  end
  f.month, f.day, f.hour, f.minute = f.month or 1, f.day or 1, f.hour or 0, f.minute or 0
  f.second, f.microsecond = f.second or 0, f.microsecond or 0
  return f
end

local compiled = {}

---@param text string
---@param format string
---@return table? fields year, month, day, hour, minute, second, microsecond, utcoffset; nil when the text has another form. February may have 31 days.
function M.strptime(text, format)
  compiled[format] = compiled[format] or compile(format)
  local fields = {}
  return match(compiled[format], 1, text, 1, fields) and complete(fields) or nil
end

-- ---- durations ----

---Django's duration_string: "3 08:32:01.000123".
---@param d tidewire.Duration
---@return string
function M.duration_string(d)
  local text = ("%02d:%02d:%02d"):format(floor(d.seconds / 3600), floor(d.seconds / 60) % 60, d.seconds % 60)
  if d.days ~= 0 then text = ("%d %s"):format(d.days, text) end
  return d.microseconds ~= 0 and text .. (".%06d"):format(d.microseconds) or text
end

---Django's duration_iso_string: "P3DT08H32M01.000123S", "-P0DT00H00M01S".
---@param d tidewire.Duration
---@return string
function M.duration_iso_string(d)
  local sign = ""
  if d.days < 0 then sign, d = "-", -d end
  local fraction_text = d.microseconds ~= 0 and (".%06d"):format(d.microseconds) or ""
  return ("%sP%dDT%02dH%02dM%02d%sS"):format(sign, d.days, floor(d.seconds / 3600), floor(d.seconds / 60) % 60, d.seconds % 60, fraction_text)
end

return M
