---Fields of booleans and numbers.
local base = require "tidewire.fields.base"
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local integers = require "tidewire.integers"
local json = require "tidewire.json"
local settings = require "tidewire.settings"
local text = require "tidewire.fields.text"
local validators = require "tidewire.validators"

local M = {}

local Field = base.Field
local floor, type = math.floor, type
local null = json.null

local MOST = 1000 -- characters of a number

local function is_null(value) return value == nil or value == null end

-- ---- booleans ----

---@class tidewire.serializers.BooleanField: tidewire.SerializerField
---@field TRUE_VALUES table<any, true> texts in lower case
---@field FALSE_VALUES table<any, true>
---@field NULL_VALUES table<any, true>
local BooleanField = Field:extend("BooleanField", {
  default_error_messages = { invalid = "Must be a valid boolean." },
  default_empty_html = false,
  initial = false,
  TRUE_VALUES = { t = true, y = true, yes = true, ["true"] = true, on = true, ["1"] = true, [1] = true, [true] = true },
  FALSE_VALUES = { f = true, n = true, no = true, ["false"] = true, off = true, ["0"] = true, [0] = true, [false] = true },
  NULL_VALUES = { null = true, [""] = true, [null] = true },
})
M.BooleanField = BooleanField

function BooleanField:prepare()
  if not self.allow_null then return end
  if self.given.default == nil then self.default_empty_html = null end
  if self.given.initial == nil then self.initial = null end
end

---What a value says; nil when it says nothing.
local function meaning(self, value)
  if type(value) == "string" then value = value:lower()
  elseif decimal.is(value) then value = value:to_number() end
  if self.TRUE_VALUES[value] then return true end
  if self.FALSE_VALUES[value] then return false end
  if self.allow_null and self.NULL_VALUES[value] then return null end
end

---@param data any
---@return any
function BooleanField:to_internal_value(data)
  local value = meaning(self, data)
  if value == nil then self:fail("invalid", { input = data }) end
  return value
end

---Python's bool().
local function truth(value)
  if is_null(value) or value == false or value == "" then return false end
  if type(value) == "number" or type(value) == "cdata" then return value ~= 0 end
  if decimal.is(value) then return not value:is_zero() end
  if type(value) == "table" and (text.is_list(value) or text.is_object(value)) then return next(value) ~= nil end
  return true
end

---@param value any
---@return any
function BooleanField:to_representation(value)
  if value == nil then value = null end
  local meant = meaning(self, value)
  if meant ~= nil then return meant end
  return truth(value)
end

-- ---- integers ----

local LIMITS = {
  max_value = "Ensure this value is less than or equal to {max_value}.",
  min_value = "Ensure this value is greater than or equal to {min_value}.",
  max_string_length = "String value too large.",
}

local function with_limits(messages)
  for key, message in pairs(LIMITS) do messages[key] = message end
  return messages
end

local function add_limits(self)
  self:add_limit(validators.MaxValueValidator, "max_value")
  self:add_limit(validators.MinValueValidator, "min_value")
end

---@class tidewire.serializers.IntegerField: tidewire.SerializerField
---@field max_value any
---@field min_value any
local IntegerField = Field:extend("IntegerField", {
  options = { max_value = "any", min_value = "any" },
  default_error_messages = with_limits { invalid = "A valid integer is required." },
  prepare = add_limits,
})
M.IntegerField = IntegerField

local function is_too_long(data) return #data > MOST and validators.length(data) > MOST end

---The integer that a text without signs of a fraction spells; nil when it spells none.
local function read_integer(data)
  local sign, digits = text.strip(text.ascii_digits(data)):match "^([+-]?)(%d[%d_]*)$"
  if not digits or digits:find("__", 1, true) or digits:find "_$" then return nil end
  digits = digits:gsub("_", ""):gsub("^0+(%d)", "%1")
  if sign ~= "-" then sign = "" end
  if #digits <= 15 then return tonumber(sign .. digits) + 0 end
  return integers.parse(sign .. digits) or json.number(sign .. digits)
end

---What int(re.sub(r'\.0*\s*$', '', str(data))) gives; nil when that raises.
local function to_integer(data)
  if type(data) == "string" then
    return read_integer(text.strip(data):match "^(.*)%.0*$" or data) -- "1.0" is one, "1.2" is not
  end
  if type(data) == "cdata" then return data end
  if decimal.is(data) or text.is_number_object(data) then return to_integer(tostring(data)) end
end

---@param data any
---@return number|ffi.cdata*|table
function IntegerField:to_internal_value(data)
  if type(data) == "number" then
    -- beyond 1e16 it was written with a fraction or an exponent, which is no integer for Python either
    if data == floor(data) and data < 1e16 and data > -1e16 then return data end
    self:fail "invalid"
  end
  if type(data) == "string" and is_too_long(data) then self:fail "max_string_length" end
  local value = to_integer(data)
  if value == nil then self:fail "invalid" end
  return value
end

---Python's int() of what an object holds.
local function to_int(value)
  if type(value) == "number" and value == floor(value) or type(value) == "cdata" or text.is_number_object(value) then return value end
  if type(value) == "string" then
    return read_integer(value) or error(exceptions.ValueError(("invalid literal for int() with base 10: '%s'"):format(value)), 0)
  end
  if decimal.is(value) then return value:to_integer() end
  local whole = not is_null(value) and integers.parse(value)
  if not whole then
    local name = text.type_name(value)
    error(exceptions.TypeError(("int() argument must be a string, a bytes-like object or a real number, not '%s'"):format(name)), 0)
  end
  return whole
end

---@param value any
---@return number|ffi.cdata*|table
function IntegerField:to_representation(value)
  if type(value) == "number" and value == floor(value) then return value end
  return to_int(value)
end

---@class tidewire.serializers.BigIntegerField: tidewire.serializers.IntegerField
---@field coerce_to_string boolean? the setting coerce_bigint_to_string when nil
local BigIntegerField = IntegerField:extend("BigIntegerField", {
  options = { coerce_to_string = "boolean" },
  default_error_messages = with_limits { invalid = "A valid biginteger is required." },
})
M.BigIntegerField = BigIntegerField

---@param value any
---@return any
function BigIntegerField:to_representation(value)
  local coerce = self.coerce_to_string
  if coerce == nil then coerce = settings.coerce_bigint_to_string end
  if not coerce then return IntegerField.to_representation(self, value) end
  return is_null(value) and "" or text.str(value)
end

-- ---- floats ----

---@class tidewire.serializers.FloatField: tidewire.SerializerField
---@field max_value any
---@field min_value any
local FloatField = Field:extend("FloatField", {
  options = { max_value = "any", min_value = "any" },
  default_error_messages = with_limits { invalid = "A valid number is required.", overflow = "Integer value too large to convert to float" },
  prepare = add_limits,
})
M.FloatField = FloatField

local WORDS = { nan = 0 / 0, inf = math.huge, infinity = math.huge }

---What Python's float() reads; nil when it reads nothing.
local function read_float(data)
  local sign, body = text.strip(text.ascii_digits(data)):lower():match "^([+-]?)(.*)$"
  local word = WORDS[body]
  if word then return sign == "-" and -word or word end
  if body:find("_", 1, true) then
    if body:find "^_" or body:find "_$" or body:find "_[^%d]" or body:find "[^%d]_" then return nil end
    body = body:gsub("_", "")
  end
  local mantissa = body:match "^(.-)e[+-]?%d+$" or body
  if not mantissa:find "^%d+%.?%d*$" and not mantissa:find "^%.%d+$" then return nil end
  return tonumber(sign == "-" and "-" .. body or body)
end

---@param data any
---@return number
function FloatField:to_internal_value(data)
  if type(data) == "number" then return data end
  local value
  if type(data) == "string" then
    if is_too_long(data) then self:fail "max_string_length" end
    value = read_float(data)
  elseif type(data) == "boolean" then value = data and 1 or 0
  elseif type(data) == "cdata" then value = tonumber(data)
  elseif decimal.is(data) then value = data:to_number()
  elseif text.is_number_object(data) then
    value = tonumber(tostring(data))
    if value - value ~= 0 and not tostring(data):find "[.eE]" then self:fail "overflow" end
  end
  return value or self:fail "invalid"
end

---@param value any
---@return number
function FloatField:to_representation(value)
  if type(value) == "number" then return value end
  if type(value) == "string" then
    return read_float(value) or error(exceptions.ValueError(("could not convert string to float: '%s'"):format(value)), 0)
  end
  if type(value) == "boolean" then return value and 1 or 0 end
  if type(value) == "cdata" then return tonumber(value) end
  if decimal.is(value) then return value:to_number() end
  if text.is_number_object(value) then return tonumber(tostring(value)) end
  error(exceptions.TypeError(("float() argument must be a string or a real number, not '%s'"):format(text.type_name(value))), 0)
end

-- ---- decimals ----

local ROUNDINGS = {
  ROUND_DOWN = true, ROUND_HALF_UP = true, ROUND_HALF_EVEN = true, ROUND_CEILING = true, ROUND_FLOOR = true, ROUND_UP = true, ROUND_HALF_DOWN = true,
  ROUND_05UP = true,
}

---@class tidewire.serializers.DecimalField: tidewire.SerializerField
---@field max_digits integer? nil: any number
---@field decimal_places integer? nil: as they come
---@field max_whole_digits integer?
---@field coerce_to_string boolean? the setting coerce_decimal_to_string when nil
---@field rounding tidewire.Rounding?
---@field normalize_output boolean
local DecimalField = Field:extend("DecimalField", {
  options = {
    max_digits = "any", decimal_places = "any", coerce_to_string = "boolean", max_value = "any", min_value = "any", localize = "boolean",
    rounding = "string", normalize_output = "boolean",
  },
  normalize_output = false,
  default_error_messages = with_limits {
    invalid = "A valid number is required.",
    max_digits = "Ensure that there are no more than {max_digits} digits in total.",
    max_decimal_places = "Ensure that there are no more than {max_decimal_places} decimal places.",
    max_whole_digits = "Ensure that there are no more than {max_whole_digits} digits before the decimal point.",
  },
})
M.DecimalField = DecimalField

local function check_count(self, given, name)
  local count = given[name]
  if count == nil then self:refuse("missing required argument '%s' (tidewire.null: no limit)", name) end
  if count == null then return end
  if type(count) ~= "number" or count ~= floor(count) or count < 0 then self:refuse("%s is not a number of digits", name) end
end

function DecimalField:check_arguments(given)
  check_count(self, given, "max_digits")
  check_count(self, given, "decimal_places")
  if given.localize then self:refuse "localize is not supported: numbers are written as JSON has them" end
  if given.rounding and not ROUNDINGS[given.rounding] then
    self:refuse("Invalid rounding option %s. Valid values for rounding are: ROUND_DOWN, ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_CEILING, ROUND_FLOOR, "
      .. "ROUND_UP, ROUND_HALF_DOWN, ROUND_05UP", given.rounding)
  end
end

function DecimalField:prepare()
  if self.max_digits == null then self.max_digits = nil end
  if self.decimal_places == null then self.decimal_places = nil end
  if self.max_digits and self.decimal_places then self.max_whole_digits = self.max_digits - self.decimal_places end
  add_limits(self)
end

---A blank text is null where null is allowed.
function DecimalField:validate_empty_values(data)
  if self.allow_null and type(data) == "string" and text.strip(data) == "" then return true, null end
  return Field.validate_empty_values(self, data)
end

base.usual[DecimalField.validate_empty_values] = true

local function parse_decimal(data)
  if type(data) == "boolean" or type(data) == "table" and not text.is_number_object(data) then return nil end
  if type(data) == "string" then data = text.strip(text.ascii_digits(data)) end
  return decimal.parse(data)
end

---@param data any
---@return tidewire.Decimal
function DecimalField:to_internal_value(data)
  if type(data) == "string" and is_too_long(data) and is_too_long(text.strip(data)) then self:fail "max_string_length" end
  local value = parse_decimal(data)
  if not value or not value:is_finite() then self:fail "invalid" end
  return self:quantize(self:validate_precision(value))
end

---Count digits. May be overridden to check something else.
---@param value tidewire.Decimal
---@return tidewire.Decimal
function DecimalField:validate_precision(value)
  local _, digits, exponent = value:parts()
  local total, whole, places = #digits + exponent, #digits + exponent, 0
  if exponent < 0 then
    places = -exponent
    total = #digits > places and #digits or places
    whole = total - places
  end
  if self.max_digits and total > self.max_digits then self:fail("max_digits", { max_digits = self.max_digits }) end
  if self.decimal_places and places > self.decimal_places then self:fail("max_decimal_places", { max_decimal_places = self.decimal_places }) end
  if self.max_whole_digits and whole > self.max_whole_digits then self:fail("max_whole_digits", { max_whole_digits = self.max_whole_digits }) end
  return value
end

---Round to decimal_places.
---@param value tidewire.Decimal
---@return tidewire.Decimal
function DecimalField:quantize(value)
  if not self.decimal_places then return value end
  return value:quantize(self.decimal_places, self.rounding, self.max_digits)
end

---@param value any
---@return any
function DecimalField:to_representation(value)
  local coerce = self.coerce_to_string
  if coerce == nil then coerce = settings.coerce_decimal_to_string end
  if is_null(value) then return coerce and "" or null end
  if not decimal.is(value) then value = decimal.Decimal(type(value) == "string" and text.strip(value) or value) end
  local quantized = self:quantize(value)
  if self.normalize_output then quantized = quantized:normalize() end
  return coerce and quantized:to_fixed() or quantized
end

return M
