---Durations: Python's timedelta.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local ffi = require "ffi"

local M = {}

local floor, modf = math.floor, math.modf

---What does not fit into the years 1 to 9999, or 999999999 days. A ValueError here.
M.OverflowError = exceptions.ValueError:extend "OverflowError"

---@class tidewire.Duration: tidewire.Class
---@field days integer -999999999 to 999999999
---@field seconds integer 0 to 86399
---@field microseconds integer 0 to 999999
local Duration = class.new "Duration"
M.Duration = Duration

local META = getmetatable(Duration())

---Carry whole microseconds and seconds upwards.
local function make(days, seconds, microseconds)
  seconds = seconds + floor(microseconds / 1000000)
  days = days + floor(seconds / 86400)
  if not (days >= -999999999 and days <= 999999999) then
    error(M.OverflowError(("days=%.0f; must have magnitude <= 999999999"):format(days)), 0)
  end
  return setmetatable({ days = days, seconds = seconds % 86400, microseconds = microseconds % 1000000 }, META)
end

---@return boolean
function M.is_duration(value) return getmetatable(value) == META end

---Half to even.
local function round(x)
  local whole = floor(x + 0.5)
  if whole - x == 0.5 and whole % 2 == 1 then return whole - 1 end
  return whole
end

local UNITS = { -- a factor, and which of the sums below it goes to
  weeks = { 7, 1 }, days = { 1, 1 }, hours = { 3600, 2 }, minutes = { 60, 2 }, seconds = { 1, 2 }, milliseconds = { 1000, 3 }, microseconds = { 1, 3 },
}
local MICROSECONDS = { 86400e6, 1e6, 1 } -- of a day, a second, a microsecond

---From units with fractions. What they leave below a microsecond is added up and rounded once.
local function from_parts(parts)
  local sums, left = { 0, 0, 0 }, 0
  for unit, value in pairs(parts) do
    local scale = UNITS[unit]
    if not scale or type(value) ~= "number" then
      error(exceptions.TypeError(("Duration: %s is not a number of %s"):format(tostring(value), tostring(unit))), 0)
    end
    if not (value > -1e15 and value < 1e15) then
      if value ~= value then error(exceptions.ValueError "cannot convert float NaN to integer", 0) end
      error(M.OverflowError(("%s=%.17g; must have magnitude <= 999999999 days"):format(unit, value)), 0)
    end
    local whole, fraction = modf(value)
    local micros, rest = modf(fraction * scale[1] * MICROSECONDS[scale[2]])
    sums[scale[2]] = sums[scale[2]] + whole * scale[1]
    sums[3] = sums[3] + micros
    left = left + rest
  end
  return make(sums[1], sums[2], round(sums[3] + left))
end

---@param parts? { weeks?: number, days?: number, hours?: number, minutes?: number, seconds?: number, milliseconds?: number, microseconds?: number }
function Duration:init(parts)
  if parts == nil then
    self.days, self.seconds, self.microseconds = 0, 0, 0
    return
  end
  local made = from_parts(parts)
  self.days, self.seconds, self.microseconds = made.days, made.seconds, made.microseconds
end

M.make = make

local BORDER = 104000 -- days whose microseconds a double counts exactly
local DAY, MILLION = ffi.new("int64_t", 86400), ffi.new("int64_t", 1000000)

---All of it in microseconds: a number, or int64 cdata beyond 2^53. Raises OverflowError beyond 106751990 days.
---@return number|ffi.cdata*
function Duration:to_microseconds()
  if self.days > -BORDER and self.days < BORDER then return (self.days * 86400 + self.seconds) * 1000000 + self.microseconds end
  if self.days > 106751990 or self.days < -106751990 then error(M.OverflowError "the duration does not fit into 64 bits of microseconds", 2) end
  return (self.days * DAY + self.seconds) * MILLION + self.microseconds
end

---@param n number|ffi.cdata*
---@return tidewire.Duration
function M.from_microseconds(n)
  if type(n) == "number" then
    local seconds = floor(n / 1000000)
    return make(floor(seconds / 86400), seconds % 86400, n - seconds * 1000000)
  end
  local seconds = n / MILLION -- cut towards zero
  return make(0, tonumber(seconds), tonumber(n - seconds * MILLION))
end

---@return number
function Duration:total_seconds()
  if self.days > -BORDER and self.days < BORDER then return ((self.days * 86400 + self.seconds) * 1000000 + self.microseconds) / 1000000 end
  return self.days * 86400 + self.seconds + self.microseconds / 1000000
end

---@return tidewire.Duration
function Duration:abs() return self.days < 0 and -self or self end

local function expect(value, what)
  if getmetatable(value) ~= META then error(exceptions.TypeError(("%s: a Duration was expected, got a %s"):format(what, type(value))), 3) end
  return value
end

---Durations can be added to dates, too, whatever the order.
function Duration.__add(a, b)
  if getmetatable(a) ~= META then a, b = b, a end
  if getmetatable(b) ~= META then return expect(type(b) == "table" and b.year and b, "addition") + a end
  return make(a.days + b.days, a.seconds + b.seconds, a.microseconds + b.microseconds)
end

function Duration.__sub(a, b)
  expect(a, "subtraction")
  expect(b, "subtraction")
  return make(a.days - b.days, a.seconds - b.seconds, a.microseconds - b.microseconds)
end

function Duration.__unm(a) return make(-a.days, -a.seconds, -a.microseconds) end

function Duration.__mul(a, b)
  if type(a) == "number" then a, b = b, a end
  if type(b) ~= "number" then error(exceptions.TypeError "a Duration can be multiplied with a number only", 2) end
  if b % 1 == 0 and math.abs(b) < 1e9 then return make(a.days * b, a.seconds * b, a.microseconds * b) end
  return from_parts { days = a.days * b, seconds = a.seconds * b, microseconds = a.microseconds * b }
end

---Divide by a whole number above zero, digit by digit as on paper: days, seconds, microseconds.
local function divide_whole(d, n)
  local days = floor(d.days / n)
  local seconds_left = (d.days - days * n) * 86400 + d.seconds
  local seconds = floor(seconds_left / n)
  local micros_left = (seconds_left - seconds * n) * 1000000 + d.microseconds
  local micros = floor(micros_left / n)
  local rest = micros_left - micros * n
  if rest * 2 > n or rest * 2 == n and micros % 2 == 1 then micros = micros + 1 end
  return make(days, seconds, micros)
end

---By a number: a Duration; by a Duration: a number.
function Duration.__div(a, b)
  expect(a, "division")
  if type(b) ~= "number" then return a:total_seconds() / expect(b, "division"):total_seconds() end
  if b == 0 then error(exceptions.ValueError "division by zero", 2) end
  if b < 0 then a, b = -a, -b end
  if b % 1 == 0 and b < 1e9 then return divide_whole(a, b) end
  return from_parts { days = a.days / b, seconds = a.seconds / b, microseconds = a.microseconds / b }
end

function Duration.__mod(a, b)
  local x, y = expect(a, "remainder"):to_microseconds(), expect(b, "remainder"):to_microseconds()
  return M.from_microseconds(x - floor(tonumber(x) / tonumber(y)) * y)
end

local function compare(a, b)
  expect(a, "comparison")
  expect(b, "comparison")
  if a.days ~= b.days then return a.days - b.days end
  if a.seconds ~= b.seconds then return a.seconds - b.seconds end
  return a.microseconds - b.microseconds
end

function Duration.__eq(a, b) return compare(a, b) == 0 end
function Duration.__lt(a, b) return compare(a, b) < 0 end
function Duration.__le(a, b) return compare(a, b) <= 0 end

---As Python: "-1 day, 23:59:59.000001".
function Duration:__tostring()
  local text = ("%d:%02d:%02d"):format(floor(self.seconds / 3600), floor(self.seconds / 60) % 60, self.seconds % 60)
  if self.microseconds ~= 0 then text = text .. (".%06d"):format(self.microseconds) end
  if self.days == 0 then return text end
  return ("%d day%s, %s"):format(self.days, math.abs(self.days) == 1 and "" or "s", text)
end

---The seconds as text, as DRF's encoder has them: "3600.0".
function Duration:__tojson()
  local seconds, text = self:total_seconds(), nil
  if seconds % 1 == 0 then return ("%.1f"):format(seconds) end
  for digits = 15, 17 do
    text = ("%." .. digits .. "g"):format(seconds)
    if tonumber(text) == seconds then break end
  end
  return text
end

Duration.min, Duration.max = make(-999999999, 0, 0), make(999999999, 86399, 999999)
Duration.resolution = make(0, 0, 1)

return M
