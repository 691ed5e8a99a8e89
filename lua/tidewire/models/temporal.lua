---Fields of dates, times and durations.
local datetime = require "tidewire.datetime"
local Field = require "tidewire.models.field"
local json = require "tidewire.json"
local timezone = require "tidewire.timezone"

local M = {}

local function is_null(value) return value == nil or value == json.null end

---Options of the three that can take the time by themselves: auto_now at every save, auto_now_add when the row is inserted.
local function check_automatic(self, options)
  local set = (options.auto_now and 1 or 0) + (options.auto_now_add and 1 or 0) + (options.default ~= nil and 1 or 0)
  if set > 1 then return "auto_now, auto_now_add and default exclude one another" end
  return Field.check_options(self, options)
end

local function prepare_automatic(self)
  if self.auto_now or self.auto_now_add then self.editable, self.blank = false, true end
end

local function pre_save(self, instance, add)
  if self.auto_now or self.auto_now_add and add then
    local now = self:now()
    instance[self.attname] = now
    return now
  end
  return instance[self.attname]
end

local function temporal(name, members)
  members.internal_type, members.empty_strings_allowed = name, false
  members.auto_now, members.auto_now_add = false, false
  members.options = { auto_now = "boolean", auto_now_add = "boolean" }
  members.check_options, members.prepare, members.pre_save = check_automatic, prepare_automatic, pre_save
  members.to_db = function(_, value, vendor) return datetime.to_db(value, vendor) end
  M[name] = Field:kind(name, members)
  return M[name]
end

---A text's value, or the message that says what is wrong with it.
local function parse(self, parser, value, malformed, impossible)
  local ok, parsed
  if type(value) == "string" then
    ok, parsed = pcall(parser, value)
    if not ok then self:fail(impossible, { value = value }) end
  end
  return parsed or self:fail(malformed, { value = value })
end

local function cast(kind)
  return function(_, vendor) return vendor == "postgresql" and "%s::" .. kind or nil end
end

---@class tidewire.DateField: tidewire.Field
local DateField = temporal("DateField", {
  types = { sqlite = "date", postgresql = "date" },
  placeholder = cast "date",
  converter = function() return datetime.date_from_db end,
  now = function() return datetime.now(timezone.current()):date() end,
  messages = {
    invalid = "“%(value)s” value has an invalid date format. It must be in YYYY-MM-DD format.",
    invalid_date = "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.",
  },
})

---A time with a zone gives the day it is in the current zone.
function DateField:to_python(value)
  if is_null(value) or datetime.is_date(value) and not datetime.is_datetime(value) then return value end
  if datetime.is_datetime(value) then
    if value.utcoffset then value = value:astimezone(timezone.current()) end
    return value:date()
  end
  return parse(self, datetime.parse_date, value, "invalid", "invalid_date")
end

---@class tidewire.DateTimeField: tidewire.Field
local DateTimeField = temporal("DateTimeField", {
  types = { sqlite = "datetime", postgresql = "timestamp with time zone" },
  placeholder = cast "timestamptz",
  converter = function() return datetime.datetime_from_db end,
  now = function() return datetime.now(timezone.utc) end,
  messages = {
    invalid = "“%(value)s” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.",
    invalid_date = "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.",
    invalid_datetime = "“%(value)s” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is an invalid date/time.",
  },
})

local function at_midnight(date) return datetime.DateTime(date.year, date.month, date.day, 0, 0, 0, 0, timezone.current()) end

local function from_text(self, value)
  local ok, parsed = pcall(datetime.parse_datetime, value)
  if not ok then self:fail("invalid_datetime", { value = value }) end
  if parsed then return parsed end
  return at_midnight(parse(self, datetime.parse_date, value, "invalid", "invalid_date"))
end

function DateTimeField:to_python(value)
  if is_null(value) or datetime.is_datetime(value) then return value end
  if datetime.is_date(value) then return at_midnight(value) end
  if type(value) ~= "string" then self:fail("invalid", { value = value }) end
  return from_text(self, value)
end

---A value without a zone is taken in the current one.
function DateTimeField:get_prep_value(value)
  value = self:to_python(value)
  if is_null(value) then return nil end
  if not value.utcoffset then value = timezone.make_aware(value, timezone.current()) end
  return value
end

---@class tidewire.TimeField: tidewire.Field
local TimeField = temporal("TimeField", {
  types = { sqlite = "time", postgresql = "time" },
  placeholder = cast "time",
  converter = function() return datetime.time_from_db end,
  now = function() return datetime.now(timezone.current()):time() end,
  messages = {
    invalid = "“%(value)s” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format.",
    invalid_time = "“%(value)s” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid time.",
  },
})

function TimeField:to_python(value)
  if is_null(value) or datetime.is_time(value) then return value end
  if datetime.is_datetime(value) then return value:time() end
  return parse(self, datetime.parse_time, value, "invalid", "invalid_time")
end

---@class tidewire.DurationField: tidewire.Field
local DurationField = Field:kind("DurationField", {
  internal_type = "DurationField", empty_strings_allowed = false,
  types = { sqlite = "bigint", postgresql = "interval" },
  placeholder = cast "interval",
  messages = { invalid = "“%(value)s” value has an invalid format. It must be in [DD] [[HH:]MM:]ss[.uuuuuu] format." },
})
M.DurationField = DurationField

function DurationField:to_python(value)
  if is_null(value) or datetime.is_duration(value) then return value end
  return parse(self, datetime.parse_duration, value, "invalid", "invalid")
end

function DurationField:to_db(value, vendor) return datetime.to_db(value, vendor) end

function DurationField:converter(vendor)
  return vendor == "sqlite" and datetime.duration_from_microseconds or datetime.duration_from_interval
end

return M
