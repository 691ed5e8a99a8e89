---Dates, times, moments and durations, as Python's datetime and Django's dateparse have them.
---
---    local datetime = require "tidewire.datetime"
---    local due = datetime.now() + datetime.Duration { days = 14 }
local duration = require "tidewire.datetime.duration"
local format = require "tidewire.datetime.format"
local parse = require "tidewire.datetime.parse"
local time = require "tidewire.time"
local timezone = require "tidewire.timezone"
local types = require "tidewire.datetime.types"

local M = {
  Date = types.Date, Time = types.Time, DateTime = types.DateTime, Duration = duration.Duration,
  is_date = types.is_date, is_time = types.is_time, is_datetime = types.is_datetime, is_duration = duration.is_duration,
  OverflowError = duration.OverflowError,
  from_timestamp = types.from_timestamp, combine = types.combine,
  parse_date = parse.parse_date, parse_time = parse.parse_time, parse_datetime = parse.parse_datetime, parse_duration = parse.parse_duration,
  strptime = parse.strptime,
  duration_string = format.duration_string, duration_iso_string = format.duration_iso_string,
  date_from_db = parse.date_from_db, datetime_from_db = parse.datetime_from_db, time_from_db = parse.time_from_db,
  duration_from_microseconds = parse.duration_from_microseconds, duration_from_interval = parse.duration_from_interval,
  to_db = parse.to_db,
}

---@param zone? tidewire.TimeZone UTC when nil
---@return tidewire.DateTime
function M.now(zone) return types.from_timestamp(time.now(), zone) end

---@param zone? tidewire.TimeZone the current one when nil
---@return tidewire.Date
function M.today(zone) return M.now(zone or timezone.current()):date() end

return M
