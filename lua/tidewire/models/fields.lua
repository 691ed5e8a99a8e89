---Kinds of fields: keys, booleans, texts, numbers, JSON, bytes, UUIDs and addresses. Dates and times stand in models/temporal.lua, relations in
---models/related.lua.
local class = require "tidewire.class"
local db = require "tidewire.db"
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local Field = require "tidewire.models.field"
local integers = require "tidewire.integers"
local ip = require "tidewire.ip"
local json = require "tidewire.json"
local repr = require "tidewire.repr"
local uuid = require "tidewire.uuid"
local validators = require "tidewire.validators"

local M = {}

local function is_null(value) return value == nil or value == json.null end

-- ---- texts ----

local function positive(options, name)
  if options[name] and options[name] < 1 then return name .. " has to be at least 1" end
end

---@class tidewire.CharField: tidewire.Field
local CharField = Field:kind("CharField", {
  internal_type = "CharField",
  options = { max_length = "integer", db_collation = "string" },
  types = { sqlite = "varchar(%(max_length))", postgresql = "varchar(%(max_length))" },
})
M.CharField = CharField

function CharField:check_options(options)
  if not (options.max_length or self.max_length) then return "CharField needs max_length" end
  return positive(options, "max_length") or Field.check_options(self, options)
end

function CharField:to_python(value)
  if type(value) == "string" or is_null(value) then return value end
  return repr.str(value)
end

function CharField:get_validators()
  local all = Field.get_validators(self)
  table.insert(all, #self.default_validators + 1, validators.MaxLengthValidator(self.max_length))
  return all
end

---@class tidewire.SlugField: tidewire.CharField
M.SlugField = CharField:kind("SlugField", {
  internal_type = "SlugField", max_length = 50, allow_unicode = false, options = { allow_unicode = "boolean" },
  default_validators = { validators.validate_slug },
  prepare = function(self)
    if self.given.db_index == nil then self.db_index = true end
    if self.allow_unicode then self.default_validators = { validators.validate_unicode_slug } end
  end,
})

---@class tidewire.EmailField: tidewire.CharField
M.EmailField = CharField:kind("EmailField", { max_length = 254, default_validators = { validators.validate_email } })

---@class tidewire.URLField: tidewire.CharField
M.URLField = CharField:kind("URLField", { max_length = 200, default_validators = { validators.URLValidator() } })

---@class tidewire.TextField: tidewire.Field
M.TextField = Field:kind("TextField", {
  internal_type = "TextField",
  options = { max_length = "integer", db_collation = "string" }, -- max_length is for forms and serializers; the database does not know it
  types = { sqlite = "text", postgresql = "text" },
  to_python = CharField.to_python,
})

-- ---- booleans ----

---@class tidewire.BooleanField: tidewire.Field
local BooleanField = Field:kind("BooleanField", {
  internal_type = "BooleanField",
  empty_strings_allowed = false,
  types = { sqlite = "bool", postgresql = "boolean" },
  messages = {
    invalid = "“%(value)s” value must be either True or False.",
    invalid_nullable = "“%(value)s” value must be either True, False, or None.",
  },
})
M.BooleanField = BooleanField

local BOOLEANS = { t = true, True = true, ["1"] = true, f = false, False = false, ["0"] = false, [1] = true, [0] = false, [true] = true, [false] = false }

function BooleanField:to_python(value)
  if self.null and self.is_empty(value) then return nil end
  local meant
  if value ~= nil then meant = BOOLEANS[value] end
  if meant == nil then self:fail(self.null and "invalid_nullable" or "invalid", { value = value }) end
  return meant
end

---False is no empty value.
function BooleanField:validate(value, instance) return Field.validate(self, value, instance) end

function BooleanField:converter() return "bool" end

-- ---- integers ----

---@class tidewire.IntegerField: tidewire.Field
local IntegerField = Field:kind("IntegerField", {
  internal_type = "IntegerField",
  empty_strings_allowed = false,
  types = { sqlite = "integer", postgresql = "integer" },
  range = { -2147483648, 2147483647 },
  messages = { invalid = "“%(value)s” value must be an integer." },
})
M.IntegerField = IntegerField

function IntegerField:to_python(value)
  if is_null(value) then return nil end
  local whole, why = integers.parse(value)
  if whole then return whole end
  if why == "range" then error(exceptions.DataError("integer out of range: " .. repr.str(value)), 0) end
  self:fail("invalid", { value = value })
end

local function no_number(self, value, why)
  local text = ("Field '%s' expected a number but got %s."):format(self.name, repr.repr(value))
  error(exceptions[why == "type" and "TypeError" or "ValueError"](text), 0)
end

function IntegerField:get_prep_value(value)
  if type(value) == "number" and value == math.floor(value) and value < 2 ^ 53 and value > -2 ^ 53 then return value end
  if is_null(value) then return nil end
  local whole, why = integers.parse(value)
  if whole then return whole end
  if why == "range" then error(exceptions.DataError("integer out of range: " .. repr.str(value)), 0) end
  no_number(self, value, why)
end

---PostgreSQL's range is checked; SQLite's integers have 64 bits whatever the column's type says.
function IntegerField:get_validators()
  local all = Field.get_validators(self)
  if db.vendor() == "postgresql" then
    all[#all + 1] = validators.MinValueValidator(self.range[1])
    all[#all + 1] = validators.MaxValueValidator(self.range[2])
  end
  return all
end

local function integer_kind(name, sqlite, postgresql, range)
  M[name] = IntegerField:kind(name, { internal_type = name, types = { sqlite = sqlite, postgresql = postgresql }, range = range })
  return M[name]
end

integer_kind("SmallIntegerField", "smallint", "smallint", { -32768, 32767 })
integer_kind("BigIntegerField", "bigint", "bigint", { -9223372036854775807LL - 1, 9223372036854775807LL })

local function positive_kind(name, sqlite, postgresql, most)
  local kind = integer_kind(name, sqlite, postgresql, { 0, most })
  function kind:db_check(_, column) return column .. " >= 0" end
  function kind:rel_db_type(vendor) return vendor == "sqlite" and sqlite or postgresql end
end

positive_kind("PositiveSmallIntegerField", "smallint unsigned", "smallint", 32767)
positive_kind("PositiveIntegerField", "integer unsigned", "integer", 2147483647)
positive_kind("PositiveBigIntegerField", "bigint unsigned", "bigint", 9223372036854775807LL)

---@param related string type of a column that refers to it
local function auto_kind(name, postgresql, related)
  local kind = IntegerField:kind(name, {
    internal_type = name, is_auto = true, blank = true, options = { auto_created = "boolean" },
    types = { sqlite = "integer", postgresql = postgresql },
  })
  function kind:check_options(options)
    if not options.primary_key then return name .. " has to be the primary key: primary_key = true" end
    return Field.check_options(self, options)
  end
  function kind:validate() end
  function kind:get_default() end
  function kind:get_validators() return Field.get_validators(self) end
  function kind:rel_db_type() return related end
  function kind:db_suffix(vendor)
    return vendor == "sqlite" and "AUTOINCREMENT" or "GENERATED BY DEFAULT AS IDENTITY"
  end
  M[name] = kind
end

auto_kind("AutoField", "integer", "integer")
auto_kind("BigAutoField", "bigint", "bigint")
auto_kind("SmallAutoField", "smallint", "smallint")

-- ---- other numbers ----

---@class tidewire.FloatField: tidewire.Field
local FloatField = Field:kind("FloatField", {
  internal_type = "FloatField",
  empty_strings_allowed = false,
  types = { sqlite = "real", postgresql = "double precision" },
  messages = { invalid = "“%(value)s” value must be a float." },
})
M.FloatField = FloatField

local WORDS = { inf = math.huge, infinity = math.huge, nan = 0 / 0 }

---What Python's float() makes of a value.
local function to_float(value)
  local kind = type(value)
  if kind == "number" then return value end
  if kind == "boolean" then return value and 1 or 0 end
  if kind == "cdata" then return tonumber(value) end
  if decimal.is(value) then return value:to_number() end
  if kind ~= "string" then return nil, "type" end
  local sign, text = value:match "^%s*([+-]?)(.-)%s*$"
  local number = WORDS[text:lower()] or text:find "^[%d.][%d.eE+-]*$" and tonumber(text)
  return number and (sign == "-" and -number or number)
end

function FloatField:to_python(value)
  if is_null(value) then return nil end
  return to_float(value) or self:fail("invalid", { value = value })
end

function FloatField:get_prep_value(value)
  if type(value) == "number" then return value end
  if is_null(value) then return nil end
  local number, why = to_float(value)
  return number or no_number(self, value, why)
end

function FloatField:converter() return "float" end

---@class tidewire.DecimalField: tidewire.Field
---@field max_digits integer
---@field decimal_places integer
local DecimalField = Field:kind("DecimalField", {
  internal_type = "DecimalField",
  empty_strings_allowed = false,
  options = { max_digits = "integer", decimal_places = "integer" },
  messages = { invalid = "“%(value)s” value must be a decimal number." },
})
M.DecimalField = DecimalField

function DecimalField:check_options(options)
  if not options.max_digits or not options.decimal_places then return "DecimalField needs max_digits and decimal_places" end
  if options.decimal_places < 0 then return "decimal_places cannot be negative" end
  if options.max_digits < options.decimal_places then return "max_digits has to be at least decimal_places" end
  return positive(options, "max_digits") or Field.check_options(self, options)
end

function DecimalField:to_python(value)
  if is_null(value) or decimal.is(value) then return value end
  if type(value) == "number" then
    if value ~= value then self:fail("invalid", { value = value }) end
    return decimal.from_number(value):round(self.max_digits) -- a fraction in binary has as many digits as the field
  end
  if type(value) == "boolean" then value = value and 1 or 0 end
  return decimal.parse(value) or self:fail("invalid", { value = value })
end

function DecimalField:get_validators()
  local all = Field.get_validators(self)
  all[#all + 1] = validators.DecimalValidator(self.max_digits, self.decimal_places)
  return all
end

---SQLite's numbers are exact to 15 digits; longer ones are kept as texts, which a collation of the driver compares.
---@return boolean
function DecimalField:is_text(vendor) return vendor == "sqlite" and self.max_digits > 15 end

function DecimalField:db_type(vendor)
  if self:is_text(vendor) then return "text COLLATE tidewire_decimal" end
  return vendor == "sqlite" and "decimal" or ("numeric(%d, %d)"):format(self.max_digits, self.decimal_places)
end

---Rounded to the field's places. Raises DataError when it has too many digits.
function DecimalField:to_db(value)
  local ok, exact = pcall(value.quantize, value, self.decimal_places, nil, self.max_digits)
  if ok and exact:is_finite() then return exact:to_fixed() end
  error(exceptions.DataError(("numeric field overflow: %s does not fit field '%s', which has %d digits, %d of them behind the point"):format(
    tostring(value), tostring(self.name), self.max_digits, self.decimal_places)), 0)
end

---Neither rounded nor refused: what the column cannot hold can be less or more than what it holds. Huge exponents stay exponents.
function DecimalField:to_lookup(value) -- luacheck: ignore
  local text = tostring(value)
  local exponent = tonumber(text:match "E([+-]%d+)$")
  return exponent and math.abs(exponent) <= 1000 and value:to_fixed() or text
end

function DecimalField:placeholder(vendor) return vendor == "postgresql" and "%s::numeric" or nil end

function DecimalField:converter()
  local Decimal, places, precision = decimal.Decimal, self.decimal_places, math.max(self.max_digits, 28)
  return function(raw) return Decimal(raw):quantize(places, nil, precision) end
end

-- ---- JSON, bytes, UUIDs, addresses ----

---@class tidewire.JSONField: tidewire.Field
local JSONField = Field:kind("JSONField", {
  internal_type = "JSONField",
  empty_strings_allowed = false,
  types = { sqlite = "text", postgresql = "jsonb" },
  messages = { invalid = "Value must be valid JSON." },
})
M.JSONField = JSONField

function JSONField:get_prep_value(value)
  if value == json.null then return nil end -- the database's NULL, as Django's None
  return value
end

function JSONField:to_db(value)
  local ok, text = pcall(json.encode, value)
  if ok then return text end
  error(exceptions.TypeError(("Field '%s' expected what JSON can express: %s"):format(self.name, text)), 0)
end

function JSONField:validate(value, instance)
  Field.validate(self, value, instance)
  if not pcall(json.encode, value) then self:fail("invalid", { value = value }) end
end

function JSONField:placeholder(vendor) return vendor == "postgresql" and "%s::jsonb" or nil end

local function from_json(raw)
  local value = json.decode(raw)
  if value ~= json.null then return value end
end

function JSONField:converter() return from_json end

function JSONField:db_check(vendor, column)
  return vendor == "sqlite" and ("(JSON_VALID(%s) OR %s IS NULL)"):format(column, column) or nil
end

---Bytes are Lua strings.
---@class tidewire.BinaryField: tidewire.Field
local BinaryField = Field:kind("BinaryField", {
  internal_type = "BinaryField", editable = false,
  options = { max_length = "integer" },
  types = { sqlite = "BLOB", postgresql = "bytea" },
})
M.BinaryField = BinaryField

function BinaryField:get_validators()
  local all = Field.get_validators(self)
  local most = self.max_length
  if most then
    all[#all + 1] = function(value) return validators.MaxLengthValidator(most)(("x"):rep(#value)) end -- bytes, not characters
  end
  return all
end

function BinaryField:placeholder(vendor)
  return vendor == "sqlite" and "CAST(%s AS BLOB)" or "decode(%s, 'hex')"
end

---A zero byte has no place in a text parameter of PostgreSQL, so bytes go there in hexadecimal.
function BinaryField:to_db(value, vendor)
  if vendor == "sqlite" then return value end
  return (value:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

---@class tidewire.UUIDField: tidewire.Field
local UUIDField = Field:kind("UUIDField", {
  internal_type = "UUIDField",
  empty_strings_allowed = false,
  max_length = 32,
  types = { sqlite = "char(32)", postgresql = "uuid" },
  messages = { invalid = "“%(value)s” is not a valid UUID." },
})
M.UUIDField = UUIDField

function UUIDField:to_python(value)
  if is_null(value) or uuid.is(value) then return value end
  local id = uuid.parse(value)
  if not id and (type(value) == "number" or type(value) == "cdata") then
    local ok, of_int = pcall(uuid.from_int, value)
    id = ok and of_int
  end
  return id or self:fail("invalid", { value = value })
end

function UUIDField:to_db(value, vendor) return vendor == "sqlite" and value.hex or tostring(value) end

function UUIDField:placeholder(vendor) return vendor == "postgresql" and "%s::uuid" or nil end

function UUIDField:converter() return uuid.from_db end

---@class tidewire.GenericIPAddressField: tidewire.Field
local GenericIPAddressField = Field:kind("GenericIPAddressField", {
  internal_type = "GenericIPAddressField",
  empty_strings_allowed = false,
  max_length = 39, protocol = "both", unpack_ipv4 = false,
  options = { protocol = "string", unpack_ipv4 = "boolean" },
  types = { sqlite = "char(39)", postgresql = "inet" },
})
M.GenericIPAddressField = GenericIPAddressField

local PROTOCOLS = {
  both = { validators.validate_ipv46_address, "Enter a valid IPv4 or IPv6 address." },
  ipv4 = { validators.validate_ipv4_address, "Enter a valid IPv4 address." },
  ipv6 = { validators.validate_ipv6_address, "Enter a valid IPv6 address." },
}

function GenericIPAddressField:check_options(options)
  if options.protocol and not PROTOCOLS[options.protocol:lower()] then return ('protocol is %q; expected "both", "IPv4" or "IPv6"'):format(options.protocol) end
  if options.unpack_ipv4 and (options.protocol or "both"):lower() ~= "both" then return 'unpack_ipv4 needs protocol = "both"' end
  if options.blank and not options.null then return "blank = true needs null = true: an empty address is stored as NULL" end
  return Field.check_options(self, options)
end

function GenericIPAddressField:prepare()
  local validator, message = unpack(PROTOCOLS[self.protocol:lower()])
  self.default_validators = { validator }
  self.error_messages.invalid = self.error_messages.invalid or message
end

function GenericIPAddressField:to_python(value)
  if is_null(value) then return nil end
  local text = repr.str(value):match "^%s*(.-)%s*$"
  if not text:find(":", 1, true) then return text end
  return ip.clean_ipv6(text, self.unpack_ipv4) or self:fail("invalid", { value = value })
end

function GenericIPAddressField:get_prep_value(value)
  if is_null(value) then return nil end
  local text = repr.str(value)
  if text == "" then return nil end
  return text:find(":", 1, true) and ip.clean_ipv6(text, self.unpack_ipv4) or text
end

function GenericIPAddressField:placeholder(vendor) return vendor == "postgresql" and "%s::inet" or nil end

---@return boolean
function M.is_field(value) return class.is_instance(value, Field) end

M.Field = Field

return M
