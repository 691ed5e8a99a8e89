---Fields of texts: CharField and those that extend it, and UUIDField.
local base = require "tidewire.fields.base"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local ip = require "tidewire.ip"
local json = require "tidewire.json"
local regex = require "tidewire.regex"
local repr = require "tidewire.repr"
local text = require "tidewire.fields.text"
local uuid = require "tidewire.uuid"
local validators = require "tidewire.validators"

local M = {}

local Field = base.Field
local strip, type = text.strip, type
local run_validation = Field.run_validation

local no_null_characters = validators.ProhibitNullCharactersValidator()
local no_surrogates = validators.ProhibitSurrogateCharactersValidator()

---Add a validator that says one of the field's messages; {max_length} in it is the argument of that name.
function Field:add_limit(kind, name)
  local limit = self[name]
  if limit == nil then return end
  table.insert(self.validators, kind(limit, text.fill(self.error_messages[name], { [name] = limit })))
end

---@class tidewire.serializers.CharField: tidewire.SerializerField
---@field allow_blank boolean
---@field trim_whitespace boolean
---@field max_length integer? characters
---@field min_length integer?
local CharField = Field:extend("CharField", {
  options = { allow_blank = "boolean", trim_whitespace = "boolean", max_length = "count", min_length = "count" },
  default_error_messages = {
    invalid = "Not a valid string.",
    blank = "This field may not be blank.",
    max_length = "Ensure this field has no more than {max_length} characters.",
    min_length = "Ensure this field has at least {min_length} characters.",
  },
  initial = "",
  allow_blank = false,
  trim_whitespace = true,
})
M.CharField = CharField

function CharField:prepare()
  self:add_limit(validators.MaxLengthValidator, "max_length")
  self:add_limit(validators.MinLengthValidator, "min_length")
  table.insert(self.validators, no_null_characters)
  table.insert(self.validators, no_surrogates)
end

---A blank text passes no validators.
---@param data any
---@return string
function CharField:run_validation(data)
  if data == "" or type(data) == "string" and self.trim_whitespace and strip(data) == "" then
    if not self.allow_blank then self:fail "blank" end
    return ""
  end
  return run_validation(self, data)
end

base.usual[CharField.run_validation] = true

local function is_number(data)
  return type(data) == "number" or type(data) == "cdata" or text.is_number_object(data)
end

---@param data any
---@return string
function CharField:to_internal_value(data)
  if type(data) ~= "string" then
    if not is_number(data) then self:fail "invalid" end
    data = text.str(data)
  end
  return self.trim_whitespace and strip(data) or data
end

---@param value any
---@return string
function CharField:to_representation(value)
  return type(value) == "string" and value or text.str(value)
end

---A kind of text that one validator knows: `make(field)` gives it.
local function kind_of_text(name, members, make)
  members.prepare = function(self)
    CharField.prepare(self)
    table.insert(self.validators, make(self))
  end
  M[name] = CharField:extend(name, members)
end

kind_of_text("EmailField", { default_error_messages = { invalid = "Enter a valid email address." } }, function(field)
  return validators.EmailValidator { message = field.error_messages.invalid }
end)

---Compile a regular expression; what is wrong with one is said at the line of the declaration.
local function compiled(field, expression)
  if type(expression) ~= "string" then return expression end
  local ok, made = pcall(regex.compile, expression)
  if not ok then field:refuse("regex: %s", tostring(made)) end
  return made
end

---`regex` is a regular expression (tidewire.regex) that is looked for, or a function that says whether a text is right.
kind_of_text("RegexField", {
  options = { regex = "any" },
  positional = "regex",
  default_error_messages = { invalid = "This value does not match the required pattern." },
  check_arguments = function(self, given)
    local expression = given.regex
    if type(expression) == "string" or type(expression) == "function" or regex.is(expression) then return end
    self:refuse("regex is a %s; expected a regular expression or a function", type(expression))
  end,
}, function(field) return validators.RegexValidator { regex = compiled(field, field.regex), message = field.error_messages.invalid } end)

kind_of_text("SlugField", {
  options = { allow_unicode = "boolean" },
  allow_unicode = false,
  default_error_messages = {
    invalid = 'Enter a valid "slug" consisting of letters, numbers, underscores or hyphens.',
    invalid_unicode = 'Enter a valid "slug" consisting of Unicode letters, numbers, underscores, or hyphens.',
  },
}, function(field)
  if field.allow_unicode then return validators.RegexValidator { regex = [[^[-\w]+\Z]], message = field.error_messages.invalid_unicode } end
  return validators.RegexValidator { regex = "^[-a-zA-Z0-9_]+$", message = field.error_messages.invalid }
end)

kind_of_text("URLField", { default_error_messages = { invalid = "Enter a valid URL." } }, function(field)
  return validators.URLValidator { message = field.error_messages.invalid }
end)

-- ---- addresses ----

local ADDRESS_VALIDATORS = {
  both = validators.validate_ipv46_address, ipv4 = validators.validate_ipv4_address, ipv6 = validators.validate_ipv6_address,
}

---@class tidewire.serializers.IPAddressField: tidewire.serializers.CharField
---@field protocol "both"|"ipv4"|"ipv6"
local IPAddressField = CharField:extend("IPAddressField", {
  options = { protocol = "string" },
  positional = "protocol",
  protocol = "both",
  default_error_messages = { invalid = "Enter a valid IPv4 or IPv6 address." },
})
M.IPAddressField = IPAddressField

function IPAddressField:check_arguments(given)
  if given.protocol and not ADDRESS_VALIDATORS[given.protocol:lower()] then
    self:refuse("The protocol '%s' is unknown. Supported: ['both', 'ipv4', 'ipv6']", given.protocol)
  end
end

function IPAddressField:prepare()
  self.protocol = self.protocol:lower()
  self.unpack_ipv4 = self.protocol == "both"
  CharField.prepare(self)
  table.insert(self.validators, ADDRESS_VALIDATORS[self.protocol])
end

---An IPv6 address is written in its shortest form; a zone behind it (fe80::1%eth0) is dropped.
---@param data any
---@return string
function IPAddressField:to_internal_value(data)
  if type(data) ~= "string" then self:fail("invalid", { value = data }) end
  if self.protocol ~= "ipv4" and data:find(":", 1, true) then
    return ip.clean_ipv6((data:gsub("%%[^%%/]+$", "")), self.unpack_ipv4) or self:fail("invalid", { value = data })
  end
  return CharField.to_internal_value(self, data)
end

-- ---- UUIDs ----

local FORMATS = { hex_verbose = true, hex = true, int = true, urn = true }

---@class tidewire.serializers.UUIDField: tidewire.SerializerField
---@field uuid_format "hex_verbose"|"hex"|"int"|"urn"
local UUIDField = Field:extend("UUIDField", {
  options = { format = "string" },
  format = "hex_verbose",
  default_error_messages = { invalid = "Must be a valid UUID." },
})
M.UUIDField = UUIDField

function UUIDField:check_arguments(given)
  if given.format and not FORMATS[given.format] then
    self:refuse('Invalid format for uuid representation. Must be one of "hex_verbose", "hex", "int", "urn"')
  end
end

function UUIDField:prepare() self.uuid_format = self.format end

local function from_number(data)
  local ok, made = pcall(uuid.from_int, text.str(data))
  return ok and made or nil
end

---@param data any
---@return tidewire.UUID
function UUIDField:to_internal_value(data)
  if uuid.is(data) then return data end
  local made
  if type(data) == "string" then made = uuid.parse(data)
  elseif type(data) == "boolean" then made = uuid.from_int(data and 1 or 0)
  elseif is_number(data) then made = from_number(data) end
  return made or self:fail("invalid", { value = data })
end

---@param value any
---@return any
function UUIDField:to_representation(value)
  if self.uuid_format == "hex_verbose" then return repr.str(value) end
  if not uuid.is(value) then error(exceptions.AttributeError(("'%s' object has no attribute '%s'"):format(text.type_name(value), self.uuid_format)), 0) end
  if self.uuid_format ~= "int" then return value[self.uuid_format] end
  local digits = value:int()
  return #digits <= 15 and tonumber(digits) or json.number(digits)
end

---@param value any
---@return boolean
function M.is_text_field(value) return class.is_instance(value, CharField) end

return M
