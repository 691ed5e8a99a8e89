---Time zones, as Python's zoneinfo has them: from the TZif files of the package tzdata.
---
---    local berlin = timezone.get "Europe/Berlin"
---    berlin:offset_at(1625133600)          -- 7200, 0, "CEST"
local calendar = require "tidewire.datetime.calendar"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local host = require "tidewire.host"
local tzif = require "tidewire.datetime.tzif"

local M = {}

---Where Debian's tzdata puts the zones.
M.FOLDER = "/usr/share/zoneinfo"

---@class tidewire.TimeZone: tidewire.Class
---@field name string
---@field fixed integer? seconds east of UTC, when they never change
local TimeZone = class.new("TimeZone", { __tostring = function(self) return self.name end })

M.TimeZone = TimeZone

---What holds at a moment.
---@param utc number seconds since 1970
---@return integer offset seconds east of UTC
---@return 0|1 fold 1 when the local time comes for the second time
---@return string abbreviation "CEST"
function TimeZone:offset_at(utc)
  if self.fixed then return self.fixed, 0, self.name end
  local info, fold = self.rules:at(utc)
  return info.offset, fold, info.abbreviation
end

---What holds at a local time. One that comes twice is the first with fold 0, the second with fold 1; one that is skipped has the offset from before the gap
---with fold 0, the one from after it with fold 1.
---@param when number|table seconds from 1970-01-01 of local time, or its fields (year, month, day, hour, minute, second)
---@param fold? 0|1
---@return integer offset
---@return string abbreviation
function TimeZone:local_offset(when, fold)
  if self.fixed then return self.fixed, self.name end
  if type(when) == "table" then
    when = calendar.days(when.year, when.month, when.day) * 86400 + (when.hour or 0) * 3600 + (when.minute or 0) * 60 + (when.second or 0)
  end
  local info = self.rules:at_local(when, fold or 0)
  return info.offset, info.abbreviation
end

local fixed_zones, zones = {}, {}

local function new_fixed(seconds, name)
  local zone = TimeZone()
  zone.fixed, zone.name = seconds, name
  fixed_zones[seconds] = zone
  return zone
end

---An offset as ISO 8601 writes it: +02:00, -00:00:30.
---@param seconds integer
---@return string
function M.offset_text(seconds)
  local rest = math.abs(seconds)
  local text = ("%s%02d:%02d"):format(seconds < 0 and "-" or "+", math.floor(rest / 3600), math.floor(rest / 60) % 60)
  return rest % 60 == 0 and text or text .. (":%02d"):format(rest % 60)
end

---@type tidewire.TimeZone
M.utc = new_fixed(0, "UTC")

---A zone with one offset. Raises ValueError unless that is less than a day.
---@param seconds integer
---@return tidewire.TimeZone
function M.fixed(seconds)
  if fixed_zones[seconds] then return fixed_zones[seconds] end
  if type(seconds) ~= "number" or math.abs(seconds) >= 86400 or seconds % 1 ~= 0 then
    error(exceptions.ValueError(("offset must be whole seconds strictly between -24 and 24 hours, not %s."):format(tostring(seconds))), 2)
  end
  return new_fixed(seconds, "UTC" .. M.offset_text(seconds))
end

local function read(path)
  local file = io.open(path, "rb")
  local text = file and file:read "*a" -- nil for a folder
  if file then file:close() end
  return text
end

local function is_name(name)
  return type(name) == "string" and name:find "^[%w_][%w_+/-]*$" and not name:find "//" and name:sub(-1) ~= "/"
end

---A zone by its name in the tz database. Raises ValueError when there is none, ImproperlyConfigured when tzdata is not installed. Its file is read
---once a worker.
---@param name string
---@return tidewire.TimeZone
function M.get(name)
  if zones[name] then return zones[name] end
  if name == "UTC" then return M.utc end
  local data = is_name(name) and read(M.FOLDER .. "/" .. name)
  if not data and not read(M.FOLDER .. "/Etc/UTC") then
    error(exceptions.ImproperlyConfigured(("time zone %q: there are no time zones in %s; install the package tzdata"):format(tostring(name), M.FOLDER)), 2)
  end
  local rules = data and tzif.parse(data)
  if not rules then error(exceptions.ValueError(("%q is not a time zone: no such file in %s"):format(tostring(name), M.FOLDER)), 2) end
  local zone = TimeZone()
  zone.name, zone.rules = name, rules
  zones[name] = zone
  return zone
end

---The zone of the setting time_zone.
---@return tidewire.TimeZone
function M.current() return M.get(host.settings.time_zone or "UTC") end

---@return boolean
function M.is(value) return class.is_instance(value, TimeZone) end

---A moment in a zone's local time. Raises ValueError for a naive one, as Django.
---@param value tidewire.DateTime
---@param zone? tidewire.TimeZone the current one when nil
---@return tidewire.DateTime
function M.localtime(value, zone)
  if not value.utcoffset then error(exceptions.ValueError "localtime() cannot be applied to a naive datetime", 2) end
  return value:astimezone(zone or M.current())
end

---Say which zone's local time a naive DateTime is. Raises ValueError when it has one.
---@param value tidewire.DateTime
---@param zone? tidewire.TimeZone the current one when nil
---@return tidewire.DateTime
function M.make_aware(value, zone)
  if value.utcoffset then error(exceptions.ValueError("make_aware expects a naive datetime, got " .. tostring(value)), 2) end
  return value:replace { tz = zone or M.current() }
end

---The local time in a zone, without the zone. Raises ValueError for a naive one.
---@param value tidewire.DateTime
---@param zone? tidewire.TimeZone the current one when nil
---@return tidewire.DateTime
function M.make_naive(value, zone)
  if not value.utcoffset then error(exceptions.ValueError "make_naive() cannot be applied to a naive datetime", 2) end
  return value:astimezone(zone or M.current()):replace { tz = false }
end

---@return boolean
function M.is_aware(value) return value.utcoffset ~= nil end

---@return boolean
function M.is_naive(value) return value.utcoffset == nil end

return M
