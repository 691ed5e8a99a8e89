---Fields of moments, dates, times and durations.
local base = require "tidewire.fields.base"
local datetime = require "tidewire.datetime"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local settings = require "tidewire.settings"
local text = require "tidewire.fields.text"
local timezone = require "tidewire.timezone"
local class = require "tidewire.class"
local validators = require "tidewire.validators"

local M = {}

local Field = base.Field
local null = json.null

M.ISO_8601, M.DJANGO_DURATION_FORMAT = "iso-8601", "django"
local ISO_8601 = M.ISO_8601

local function is_empty(value) return value == nil or value == null or value == "" end

local function check_format(self, given)
  if given.format ~= nil and given.format ~= null and type(given.format) ~= "string" then
    self:refuse("format is a %s; expected a format of strftime, \"iso-8601\", or tidewire.null for values as they are", type(given.format))
  end
  for i, format in ipairs(given.input_formats or {}) do
    if type(format) ~= "string" then self:refuse("input_formats[%d] is a %s; expected a format of strptime or \"iso-8601\"", i, type(format)) end
  end
end

-- ---- what the formats are called in messages ----

local DIRECTIVES = {
  ["%Y"] = "YYYY", ["%y"] = "YY", ["%m"] = "MM", ["%b"] = "[Jan-Dec]", ["%B"] = "[January-December]", ["%d"] = "DD", ["%H"] = "hh", ["%I"] = "hh",
  ["%M"] = "mm", ["%S"] = "ss", ["%f"] = "uuuuuu", ["%a"] = "[Mon-Sun]", ["%A"] = "[Monday-Sunday]", ["%p"] = "[AM|PM]", ["%z"] = "[+HHMM|-HHMM]",
}

local function humanize(formats, iso)
  local list = table.concat(formats, ", "):gsub("iso%-8601", iso)
  return (list:gsub("%%%a", DIRECTIVES))
end

---What one of the formats makes of a text: `parse` reads ISO 8601, `convert` takes the wanted part of what another format gives. nil: none fits.
local function read(data, formats, parse, convert)
  if type(data) ~= "string" then return nil end
  for i = 1, #formats do
    local format = formats[i]
    local ok, value
    if format:lower() == ISO_8601 then
      ok, value = pcall(parse, data)
    else
      ok, value = pcall(datetime.strptime, data, format)
      if ok and value then value = convert(value) end
    end
    if ok and value then return value end
  end
end

-- ---- moments ----

---@class tidewire.serializers.DateTimeField: tidewire.SerializerField
---@field format any of strftime, "iso-8601", or null: as it is. The setting datetime_format when nil
---@field input_formats string[]? the setting datetime_input_formats when nil
---@field timezone tidewire.TimeZone? the current one when nil
local DateTimeField = Field:extend("DateTimeField", {
  options = { format = "any", input_formats = "list", default_timezone = "any" },
  default_error_messages = {
    invalid = "Datetime has wrong format. Use one of these formats instead: {format}.",
    date = "Expected a datetime but got a date.",
    make_aware = 'Invalid datetime for the timezone "{timezone}".',
    overflow = "Datetime value out of range.",
  },
})
M.DateTimeField = DateTimeField

function DateTimeField:check_arguments(given)
  check_format(self, given)
  local zone = given.default_timezone
  if zone == null then given.default_timezone = nil
  elseif type(zone) == "string" then given.default_timezone = timezone.get(zone)
  elseif zone ~= nil and not timezone.is(zone) then self:refuse("default_timezone is a %s; expected a zone or its name", type(zone)) end
end

---The method of DRF's that may be overridden goes by the name of the argument, so the argument stands elsewhere.
function DateTimeField:prepare()
  self.timezone, self.default_timezone = rawget(self, "default_timezone"), nil
end

---The zone of a field that was given none.
---@return tidewire.TimeZone?
function DateTimeField:default_timezone() return settings.use_tz and timezone.current() or nil end

local function astimezone(value, zone) return value:astimezone(zone) end

---A moment in the field's zone; without the zone where there is none.
---@param value tidewire.DateTime
---@return tidewire.DateTime
function DateTimeField:enforce_timezone(value)
  local zone = self.timezone or self:default_timezone()
  if not zone then return value.utcoffset and timezone.make_naive(value, timezone.utc) or value end
  if not value.utcoffset then return timezone.make_aware(value, zone) end
  if zone.fixed == value.utcoffset and not value.tz then return value end
  local ok, moved = pcall(astimezone, value, zone)
  if ok then return moved end
  if class.is_instance(moved, datetime.OverflowError) then self:fail "overflow" end
  error(moved, 0)
end

local function as_moment(value) return value end

---@param data any
---@return tidewire.DateTime
function DateTimeField:to_internal_value(data)
  if datetime.is_datetime(data) then return self:enforce_timezone(data) end
  if datetime.is_date(data) then self:fail "date" end
  local formats = self.input_formats or settings.datetime_input_formats
  local value = read(data, formats, datetime.parse_datetime, as_moment)
  if not value then self:fail("invalid", { format = humanize(formats, "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]") }) end
  return self:enforce_timezone(value)
end

local to_iso = datetime.DateTime.__tojson

---@param value any
---@return any
function DateTimeField:to_representation(value)
  if is_empty(value) then return null end
  local format = self.format
  if format == nil then format = settings.datetime_format end
  if format == null or type(value) == "string" then return value end
  value = self:enforce_timezone(value)
  if format:lower() == ISO_8601 then return to_iso(value) end
  return value:strftime(format)
end

-- ---- dates and times ----

local function refuse_moment(value, what)
  if not datetime.is_datetime(value) then return end
  error(exceptions.AssertionError(("Expected a `%s`, but got a `datetime`. Refusing to coerce, as this may mean losing timezone information. "
    .. "Use a custom read-only field and deal with timezone issues explicitly."):format(what)), 0)
end

local function represent(value, format, what)
  if is_empty(value) then return null end
  if format == null or type(value) == "string" then return value end
  refuse_moment(value, what)
  if format:lower() == ISO_8601 then return value:isoformat() end
  return value:strftime(format)
end

---@class tidewire.serializers.DateField: tidewire.SerializerField
---@field format any of strftime, "iso-8601", or null: as it is. The setting date_format when nil
---@field input_formats string[]?
local DateField = Field:extend("DateField", {
  options = { format = "any", input_formats = "list" },
  default_error_messages = {
    invalid = "Date has wrong format. Use one of these formats instead: {format}.",
    datetime = "Expected a date but got a datetime.",
  },
  check_arguments = check_format,
})
M.DateField = DateField

local function date_of(moment) return moment:date() end

---@param data any
---@return tidewire.Date
function DateField:to_internal_value(data)
  if datetime.is_datetime(data) then self:fail "datetime" end
  if datetime.is_date(data) then return data end
  local formats = self.input_formats or settings.date_input_formats
  return read(data, formats, datetime.parse_date, date_of) or self:fail("invalid", { format = humanize(formats, "YYYY-MM-DD") })
end

---@param value any
---@return any
function DateField:to_representation(value)
  local format = self.format
  if format == nil then format = settings.date_format end
  return represent(value, format, "date")
end

---@class tidewire.serializers.TimeField: tidewire.SerializerField
---@field format any of strftime, "iso-8601", or null: as it is. The setting time_format when nil
---@field input_formats string[]?
local TimeField = Field:extend("TimeField", {
  options = { format = "any", input_formats = "list" },
  default_error_messages = { invalid = "Time has wrong format. Use one of these formats instead: {format}." },
  check_arguments = check_format,
})
M.TimeField = TimeField

local function time_of(moment) return moment:time() end

---@param data any
---@return tidewire.Time
function TimeField:to_internal_value(data)
  if datetime.is_time(data) then return data end
  local formats = self.input_formats or settings.time_input_formats
  return read(data, formats, datetime.parse_time, time_of) or self:fail("invalid", { format = humanize(formats, "hh:mm[:ss[.uuuuuu]]") })
end

---@param value any
---@return any
function TimeField:to_representation(value)
  local format = self.format
  if format == nil then format = settings.time_format end
  return represent(value, format, "time")
end

-- ---- durations ----

---@class tidewire.serializers.DurationField: tidewire.SerializerField
---@field format any "iso-8601", "django", or null: as it is. The setting duration_format when nil
---@field max_value tidewire.Duration?
---@field min_value tidewire.Duration?
local DurationField = Field:extend("DurationField", {
  options = { format = "any", max_value = "any", min_value = "any" },
  default_error_messages = {
    invalid = "Duration has wrong format. Use one of these formats instead: {format}.",
    max_value = "Ensure this value is less than or equal to {max_value}.",
    min_value = "Ensure this value is greater than or equal to {min_value}.",
    overflow = "The number of days must be between {min_days} and {max_days}.",
  },
})
M.DurationField = DurationField

local WRITERS = { [ISO_8601] = datetime.duration_iso_string, [M.DJANGO_DURATION_FORMAT] = datetime.duration_string }

local function unknown_duration_format(format)
  if type(format) ~= "string" then return ("duration format must be either str or `None`, not %s"):format(text.type_name(format)) end
  return ("Unknown duration format provided, got '%s' while expecting 'django', 'iso-8601' or `None`."):format(format)
end

function DurationField:check_arguments(given)
  local format = given.format
  if format == nil or format == null or type(format) == "string" and WRITERS[format:lower()] then return end
  self:refuse("%s", unknown_duration_format(format))
end

function DurationField:prepare()
  self:add_limit(validators.MaxValueValidator, "max_value")
  self:add_limit(validators.MinValueValidator, "min_value")
end

local function parse_duration(self, data)
  local ok, value = pcall(datetime.parse_duration, data)
  if ok then return value end
  if not class.is_instance(value, datetime.OverflowError) then error(value, 0) end
  self:fail("overflow", { min_days = datetime.Duration.min.days, max_days = datetime.Duration.max.days })
end

---@param data any
---@return tidewire.Duration
function DurationField:to_internal_value(data)
  if datetime.is_duration(data) then return data end
  return parse_duration(self, text.str(data)) or self:fail("invalid", { format = "[DD] [HH:[MM:]]ss[.uuuuuu]" })
end

---@param value any
---@return any
function DurationField:to_representation(value)
  local format = self.format
  if format == nil then format = settings.duration_format end
  if format == null then return value == nil and null or value end
  local write = type(format) == "string" and WRITERS[format:lower()]
  if not write then error(exceptions.ValueError(unknown_duration_format(format)), 0) end
  return write(value)
end

return M
