---The proleptic Gregorian calendar as arithmetic: days are counted from 1970-01-01.
local M = {}

local floor = math.floor

---Days of 0001-01-01 and 9999-12-31: what dates can be.
M.FIRST_DAY, M.LAST_DAY = -719162, 2932896

local MONTH_DAYS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

---@return boolean
function M.is_leap(year) return year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0) end

---@return integer
function M.days_in_month(year, month)
  if month == 2 and M.is_leap(year) then return 29 end
  return MONTH_DAYS[month]
end

---Days since 1970-01-01. Years begin in March here, so that a leap day is a year's last.
---@return integer
function M.days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return year * 365 + floor(year / 4) - floor(year / 100) + floor(year / 400) + floor((153 * month - 457) / 5) + day - 719469
end

---The date of a day.
---@return integer year
---@return integer month
---@return integer day
function M.date(days)
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  return yoe + era * 400 + (month <= 2 and 1 or 0), month, doy - floor((153 * mp + 2) / 5) + 1
end

---Monday is 0.
---@return integer
function M.weekday(days) return (days + 3) % 7 end

---Day of the year, from 1.
---@return integer
function M.year_day(year, month, day) return M.days(year, month, day) - M.days(year, 1, 1) + 1 end

---The Monday of a year's first ISO week: the week of January 4.
local function first_monday(year)
  local days = M.days(year, 1, 4)
  return days - M.weekday(days)
end

---@return integer year
---@return integer week
---@return integer weekday Monday is 1
function M.iso(days)
  local year = M.date(days)
  if days < first_monday(year) then year = year - 1
  elseif days >= first_monday(year + 1) then year = year + 1 end
  return year, floor((days - first_monday(year)) / 7) + 1, M.weekday(days) + 1
end

return M
