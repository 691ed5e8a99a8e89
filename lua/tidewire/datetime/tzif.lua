---TZif files (RFC 8536): the transitions of a time zone, and the rule in their footer for all times after the last one.
local calendar = require "tidewire.datetime.calendar"

local M = {}

---What holds for a while.
---@class (private) tidewire.tzif.Info
---@field offset integer seconds east of UTC
---@field dst boolean
---@field abbreviation string

---@class (private) tidewire.tzif.Rules
---@field times number[] seconds since 1970 at which another Info begins to hold
---@field infos tidewire.tzif.Info[] which one
---@field walls number[][] by fold: the local times from which on the Info holds
---@field before tidewire.tzif.Info
---@field after table? the footer's rule
local Rules = {}
Rules.__index = Rules

-- ---- the footer: a rule as in the environment variable TZ, such as CET-1CEST,M3.5.0,M10.5.0/3 ----

local Footer = {}
Footer.__index = Footer

local function take_name(text)
  local name, rest = text:match "^<([%w+-]+)>(.*)$"
  if not name then name, rest = text:match "^(%a+)(.*)$" end
  return name, rest
end

---Hours, minutes and seconds as seconds.
local function take_time(text)
  local sign, hours, rest = text:match "^([+-]?)(%d+)(.*)$"
  if not hours then return nil, text end
  local seconds = hours * 3600
  for _, unit in ipairs { 60, 1 } do
    local part, behind = rest:match "^:(%d+)(.*)$"
    if part then seconds, rest = seconds + part * unit, behind end
  end
  return sign == "-" and -seconds or seconds, rest
end

---A function that says on which day of a year it is.
local function parse_day(text)
  local month, week, weekday = text:match "^M(%d+)%.(%d+)%.(%d+)$"
  if month then
    month, week, weekday = tonumber(month), tonumber(week), tonumber(weekday)
    return function(year)
      local first = calendar.days(year, month, 1)
      local day = 1 + (weekday - (calendar.weekday(first) + 1)) % 7 + (week - 1) * 7
      if day > calendar.days_in_month(year, month) then day = day - 7 end
      return first + day - 1
    end
  end
  local julian = tonumber(text:match "^J(%d+)$") -- without leap days
  if julian then
    return function(year) return calendar.days(year, 1, 1) + julian - 1 + (calendar.is_leap(year) and julian >= 60 and 1 or 0) end
  end
  local day = tonumber(text:match "^%d+$")
  return day and function(year) return calendar.days(year, 1, 1) + day end
end

local function parse_change(text)
  local day, time = text:match "^([^/]+)/?(.*)$"
  return { day = parse_day(day), time = time ~= "" and take_time(time) or 7200 }
end

local function parse_footer(text)
  local name, rest = take_name(text)
  if not name then return nil end
  local west
  west, rest = take_time(rest)
  if not west then return nil end
  local self = setmetatable({ std = { offset = -west, dst = false, abbreviation = name }, years = {} }, Footer)
  if rest == "" then return self end
  name, rest = take_name(rest)
  west, rest = take_time(rest)
  local from, to = rest:match "^,([^,]+),([^,]+)$"
  if not from then return nil end
  self.dst = { offset = west and -west or self.std.offset + 3600, dst = true, abbreviation = name }
  self.from, self.to = parse_change(from), parse_change(to)
  return self
end

---Local times in a year at which summer time begins (in winter time) and ends (in summer time).
function Footer:changes(year)
  local pair = self.years[year]
  if not pair then
    pair = { self.from.day(year) * 86400 + self.from.time, self.to.day(year) * 86400 + self.to.time }
    self.years[year] = pair
  end
  return pair[1], pair[2]
end

local function within(when, from, to)
  if from < to then return when >= from and when < to end
  return not (when >= to and when < from)
end

local function year_of(seconds) return (calendar.date(math.floor(seconds / 86400))) end

function Footer:at(utc)
  if not self.dst then return self.std, 0 end
  local from, to = self:changes(year_of(utc))
  from, to = from - self.std.offset, to - self.dst.offset
  local saved = self.dst.offset - self.std.offset
  local again = saved > 0 and to or from -- from here on local times come for the second time
  local fold = utc >= again and utc < again + math.abs(saved) and 1 or 0
  return within(utc, from, to) and self.dst or self.std, fold
end

---A gap belongs to what was before it with fold 0, to what comes after it with fold 1; a time that comes twice the other way round.
function Footer:at_local(when, fold)
  if not self.dst then return self.std end
  local from, to = self:changes(year_of(when))
  local saved = self.dst.offset - self.std.offset
  if (fold == 1) == (saved >= 0) then to = to - saved else from = from + saved end
  return within(when, from, to) and self.dst or self.std
end

-- ---- the transitions ----

---The last index whose time is not after `when`, 0 when there is none.
local function search(times, when)
  local low, high = 0, #times
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if times[middle] <= when then low = middle else high = middle - 1 end
  end
  return low
end

---@param utc number
---@return tidewire.tzif.Info
---@return 0|1 fold
function Rules:at(utc)
  local times = self.times
  local n = #times
  if self.after and (n == 0 or utc >= times[n]) then return self.after:at(utc) end
  local i = search(times, utc)
  if i == 0 then return self.before, 0 end
  local info, previous = self.infos[i], self.infos[i - 1] or self.before
  return info, previous.offset - info.offset > utc - times[i] and 1 or 0
end

---@param when number
---@param fold 0|1
---@return tidewire.tzif.Info
function Rules:at_local(when, fold)
  local wall = self.walls[fold + 1]
  local n = #wall
  if self.after and (n == 0 or when >= wall[n]) then return self.after:at_local(when, fold) end
  return self.infos[search(wall, when)] or self.before
end

---Local times from which on each Info holds: across a gap or a doubled hour the later or the earlier reading of the clock, by fold.
local function make_walls(self)
  local first, second = {}, {}
  for i, time in ipairs(self.times) do
    local old, new = (self.infos[i - 1] or self.before).offset, self.infos[i].offset
    first[i], second[i] = time + math.max(old, new), time + math.min(old, new)
  end
  self.walls = { first, second }
end

-- ---- the file ----

local function unsigned(data, at)
  local a, b, c, d = data:byte(at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function signed(data, at)
  local value = unsigned(data, at)
  return value < 2147483648 and value or value - 4294967296
end

local function signed64(data, at) return signed(data, at) * 4294967296 + unsigned(data, at + 4) end

---Where each part of a block begins; `size` is that of a time in bytes.
local function layout(data, at, size)
  local counts = {}
  for i = 1, 6 do counts[i] = unsigned(data, at + 16 + i * 4) end
  local times, kinds, chars = counts[4], counts[5], counts[6]
  local b = { count = times, kind_count = kinds, times = at + 44 }
  b.indices = b.times + times * size
  b.kinds = b.indices + times
  b.chars = b.kinds + kinds * 6
  b.finish = b.chars + chars + counts[3] * (size + 4) + counts[2] + counts[1]
  return b
end

local function read_kinds(data, b)
  local kinds = {}
  for i = 1, b.kind_count do
    local at = b.kinds + (i - 1) * 6
    local name = b.chars + data:byte(at + 5)
    kinds[i] = { offset = signed(data, at), dst = data:byte(at + 4) ~= 0, abbreviation = data:match("^[^%z]*", name) }
  end
  return kinds
end

local function first_standard(kinds)
  for _, info in ipairs(kinds) do
    if not info.dst then return info end
  end
  return kinds[1]
end

---@param data string a file's content
---@return tidewire.tzif.Rules? rules nil when it is no such file
function M.parse(data)
  if data:sub(1, 4) ~= "TZif" or #data < 44 then return nil end
  local old = data:byte(5) == 0 -- has 32-bit times only
  local b = layout(data, 1, 4)
  if not old then b = layout(data, b.finish, 8) end
  local kinds, size, number = read_kinds(data, b), old and 4 or 8, old and signed or signed64
  local self = setmetatable({ times = {}, infos = {}, before = first_standard(kinds) }, Rules)
  for i = 1, b.count do
    self.times[i] = number(data, b.times + (i - 1) * size)
    self.infos[i] = kinds[data:byte(b.indices + i - 1) + 1]
  end
  make_walls(self)
  self.after = not old and parse_footer(data:match("^\n([^\n]*)\n", b.finish) or "") or nil
  return self
end

return M
