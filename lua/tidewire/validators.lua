---Django's validators: called with a value, they raise ModelValidationError when they do not like it. Any function that does so is one.
---
---    validators = { validators.MinValueValidator(1), validators.RegexValidator { regex = "^[a-z]+$", message = "Only small letters." } }
local class = require "tidewire.class"
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local ip = require "tidewire.ip"
local json = require "tidewire.json"
local regex = require "tidewire.regex"
local repr = require "tidewire.repr"

local M = {}

local NUMBER = getmetatable(json.number "100000000000000000000")

local function invalid(message, code, params) error(exceptions.ModelValidationError(message, code, params), 0) end

---Characters of a UTF-8 text, members of a list.
---@param value string|table
---@return integer
function M.length(value)
  if type(value) ~= "string" or not value:find "[\128-\255]" then return #value end
  return select(2, value:gsub("[^\128-\191]", ""))
end

local function is_plain(value) return type(value) == "number" or type(value) == "cdata" end

---What compares with a number by its value: a Decimal, or a number that is too large for Lua.
local function as_decimal(value)
  return type(value) == "userdata" and value or decimal.parse(value) or error(exceptions.TypeError(("a %s is compared with a number"):format(type(value))), 0)
end

local function is_number_object(value) return type(value) == "table" and getmetatable(value) == NUMBER end

---Decimals and numbers that are too large for Lua are compared by a method: operators want two of a kind.
local function less(a, b)
  if type(a) == type(b) and not is_number_object(a) or is_plain(a) and is_plain(b) then return a < b end
  return as_decimal(a):compare(as_decimal(b)) == -1
end

---One that is asked without an error to catch answers `accepts(value)`, and raises in `refuse(value)` what a call raises.
---@class tidewire.Validator: tidewire.Class
---@field message string
---@field code string
---@operator call(any): nil
local Validator = class.new("Validator", { code = "invalid" })
M.BaseValidator = Validator

---@param limit any a value, or a function that gives one
---@param message? string
function Validator:init(limit, message)
  self.limit_value = limit
  if message then self.message, self.message_one = message, message end
end

function Validator:clean(value) return value end

function Validator:text(limit) return limit == 1 and self.message_one or self.message end

local function limit_of(validator)
  local limit = validator.limit_value
  if type(limit) == "function" then return limit() end
  return limit
end

---@param value any
---@return boolean
function Validator:accepts(value) return not self.refuses(self:clean(value), limit_of(self)) end

---@param value any
function Validator:refuse(value)
  local limit = limit_of(self)
  invalid(self:text(limit), self.code, { limit_value = limit, show_value = self:clean(value), value = value })
end

function Validator:__call(value)
  if not self:accepts(value) then self:refuse(value) end
end

M.MaxValueValidator = Validator:extend("MaxValueValidator", {
  message = "Ensure this value is less than or equal to %(limit_value)s.", code = "max_value",
  refuses = function(value, limit) return less(limit, value) end,
})

M.MinValueValidator = Validator:extend("MinValueValidator", {
  message = "Ensure this value is greater than or equal to %(limit_value)s.", code = "min_value",
  refuses = function(value, limit) return less(value, limit) end,
})

local function length_of(_, value) return M.length(value) end

M.MaxLengthValidator = Validator:extend("MaxLengthValidator", {
  message = "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
  message_one = "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
  code = "max_length",
  clean = length_of,
  refuses = function(value, limit) return value > limit end,
})

M.MinLengthValidator = Validator:extend("MinLengthValidator", {
  message = "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
  message_one = "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
  code = "min_length",
  clean = length_of,
  refuses = function(value, limit) return value < limit end,
})

-- ---- patterns ----

---@class tidewire.RegexValidator: tidewire.Validator
local RegexValidator = Validator:extend("RegexValidator", { message = "Enter a valid value.", regex = "", inverse_match = false })
M.RegexValidator = RegexValidator

---@class tidewire.RegexOptions
---@field regex string|tidewire.Regex|fun(text: string): boolean a regular expression that is looked for (tidewire.regex), or a function
---@field flags { ignore_case?: boolean }?
---@field message string?
---@field code string?
---@field inverse_match boolean?

---@param options string|tidewire.RegexOptions the text is the regular expression alone
---@param message? string
---@param code? string
function RegexValidator:init(options, message, code)
  if type(options) ~= "table" then options = { regex = options, message = message, code = code } end
  for _, name in ipairs { "regex", "message", "code", "inverse_match" } do
    if options[name] ~= nil then self[name] = options[name] end
  end
  if type(self.regex) == "string" then self.regex = regex.compile(self.regex, options.flags) end
end

function RegexValidator:matches(text)
  if type(self.regex) == "function" then return self.regex(text) and true or false end
  return self.regex:matches(text)
end

local function refuse_value(self, value) invalid(self.message, self.code, { value = value }) end

function RegexValidator:accepts(value) return self:matches(repr.str(value)) ~= self.inverse_match end
RegexValidator.refuse = refuse_value

M.validate_integer = RegexValidator { regex = [[^-?\d+\Z]], message = "Enter a valid integer." }
M.validate_slug = RegexValidator {
  regex = [[^[-a-zA-Z0-9_]+\Z]], message = "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
}
M.validate_unicode_slug = RegexValidator {
  regex = [[^[-\w]+\Z]], message = "Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens.",
}
M.validate_ipv4_address = RegexValidator { regex = ip.is_ipv4, message = "Enter a valid IPv4 address." }
M.validate_ipv6_address = RegexValidator { regex = ip.is_ipv6, message = "Enter a valid IPv6 address." }
M.validate_ipv46_address = RegexValidator {
  regex = function(text) return ip.is_ipv4(text) or ip.is_ipv6(text) end, message = "Enter a valid IPv4 or IPv6 address.",
}

---@param options? { sep?: string, message?: string, code?: string, allow_negative?: boolean }
---@return tidewire.RegexValidator
function M.int_list_validator(options)
  options = options or {}
  local sep, digits = options.sep or ",", options.allow_negative and "^%-?%d+$" or "^%d+$"
  local function matches(text)
    for part in (text .. sep):gmatch("(.-)" .. sep:gsub("%W", "%%%0")) do
      if not part:find(digits) then return false end
    end
    return true
  end
  return RegexValidator { regex = matches, message = options.message, code = options.code }
end

M.validate_comma_separated_integer_list = M.int_list_validator { message = "Enter only digits separated by commas." }

-- ---- host names, e-mail, URLs ----

---One label of a host name; bytes beyond ASCII stand for what punycode would make of them.
local function is_label(text, most) return #text <= most and text:find "^[%w\128-\255-]+$" and not text:find "^%-" and not text:find "%-$" end

local function labels_of(host)
  local labels = {}
  for label in (host .. "."):gmatch "([^.]*)%." do labels[#labels + 1] = label end
  return labels
end

local function are_labels(labels, last)
  for i = 1, last do
    if not is_label(labels[i], 63) then return false end
  end
  return true
end

local function is_mail_domain(domain)
  local literal = domain:match "^%[([%x:.]+)%]$"
  if literal then return ip.is_ipv4(literal) or ip.is_ipv6(literal) end
  local labels = labels_of(domain)
  local top = labels[#labels]
  return #labels >= 2 and are_labels(labels, #labels - 1) and #top >= 2 and #top <= 63 and top:find "^[%w\128-\255-]+$" and not top:find "%-$"
end

local ATOM = "^[-!#$%%&'*+/=?^_`{}|~%w]+$"

local function is_mail_user(user)
  local quoted = user:match '^"(.*)"$'
  if quoted then
    local rest = quoted:gsub("\\[\1-\9\11\12\14-\127]", "")
    return not rest:find '[%z\9\10\13 "\\\128-\255]'
  end
  for _, atom in ipairs(labels_of(user)) do
    if not atom:find(ATOM) then return false end
  end
  return true
end

local MAIL_LENGTH = 320 -- RFC 3696

---@class tidewire.EmailValidator: tidewire.Validator
local EmailValidator = Validator:extend("EmailValidator", { message = "Enter a valid email address.", allowlist = { "localhost" } })
M.EmailValidator = EmailValidator

---@param options? { message?: string, code?: string, allowlist?: string[] } allowlist: domains that are taken although they are none
function EmailValidator:init(options)
  for _, name in ipairs { "message", "code", "allowlist" } do
    if options and options[name] ~= nil then self[name] = options[name] end
  end
end

function EmailValidator:allows(domain)
  for _, allowed in ipairs(self.allowlist) do
    if allowed == domain then return true end
  end
  return is_mail_domain(domain)
end

function EmailValidator:accepts(value)
  local text = type(value) == "string" and value or ""
  local user, domain = text:match "^(.*)@([^@]*)$"
  return user ~= nil and #text <= MAIL_LENGTH and is_mail_user(user) and self:allows(domain) and true or false
end

EmailValidator.refuse = refuse_value

M.validate_email = EmailValidator()

---The top level of a URL's host: no digits, unless it is punycode.
local function is_top_level(label)
  return is_label(label, 63) and #label >= 2 and (label:find "^[%a\128-\255-]+$" or label:find "^[xX][nN]%-%-%w+$")
end

local function is_url_host(host)
  if host:lower() == "localhost" or ip.is_ipv4(host) then return true end
  local labels = labels_of((host:gsub("%.$", "")))
  return #labels >= 2 and are_labels(labels, #labels - 1) and is_top_level(labels[#labels])
end

---Host and port of a URL's authority are what they should be.
local function is_authority(authority)
  local user, rest = authority:match "^([^%s:@/]+)@(.*)$"
  if not user then user, rest = authority:match "^([^%s:@/]+:[^%s:@/]*)@(.*)$" end
  if user then authority = rest end
  local literal, port = authority:match "^%[(.+)%](.*)$"
  if not literal then authority, port = authority:match "^([^:]*)(.*)$" end
  if port ~= "" and not port:find "^:%d%d%d?%d?%d?$" then return false end
  if literal then return ip.is_ipv6(literal) end
  return is_url_host(authority)
end

local URL_LENGTH = 2048

---@class tidewire.URLValidator: tidewire.Validator
local URLValidator = Validator:extend("URLValidator", { message = "Enter a valid URL.", schemes = { "http", "https", "ftp", "ftps" } })
M.URLValidator = URLValidator

---@param options? { schemes?: string[], message?: string, code?: string }
function URLValidator:init(options)
  for _, name in ipairs { "schemes", "message", "code" } do
    if options and options[name] ~= nil then self[name] = options[name] end
  end
end

function URLValidator:allows(scheme)
  for _, allowed in ipairs(self.schemes) do
    if allowed == scheme then return true end
  end
  return false
end

function URLValidator:accepts(value)
  if type(value) ~= "string" or M.length(value) > URL_LENGTH then return false end
  local scheme, authority, rest = value:match "^([%w.+-]+)://([^/?#]*)(.*)$"
  return scheme ~= nil and self:allows(scheme:lower()) and not rest:find "%s" and #authority <= 253 and is_authority(authority) and true or false
end

URLValidator.refuse = refuse_value

-- ---- decimals and characters ----

---@class tidewire.DecimalValidator: tidewire.Validator
local DecimalValidator = Validator:extend "DecimalValidator"
M.DecimalValidator = DecimalValidator

local DECIMAL_MESSAGES = {
  max_digits = { "Ensure that there are no more than %(max)s digit in total.", "Ensure that there are no more than %(max)s digits in total." },
  max_decimal_places = { "Ensure that there are no more than %(max)s decimal place.", "Ensure that there are no more than %(max)s decimal places." },
  max_whole_digits = {
    "Ensure that there are no more than %(max)s digit before the decimal point.",
    "Ensure that there are no more than %(max)s digits before the decimal point.",
  },
}

---@param max_digits integer?
---@param decimal_places integer?
function DecimalValidator:init(max_digits, decimal_places)
  self.max_digits, self.decimal_places = max_digits, decimal_places
end

local function too_many(code, max, value) invalid(DECIMAL_MESSAGES[code][max == 1 and 1 or 2], code, { max = max, value = value }) end

---@return integer digits in all
---@return integer decimals behind the point
local function count_digits(value)
  local parts = value:as_tuple()
  local digits, exponent = #parts.digits, parts.exponent
  if exponent < 0 then return math.max(digits, -exponent), -exponent end
  if digits == 1 and (parts.digits[1] == 0 or parts.digits == "0") then return 1, 0 end
  return digits + exponent, 0
end

---@param value tidewire.Decimal
function DecimalValidator:__call(value)
  if not value:is_finite() then invalid("Enter a number.", "invalid", { value = value }) end
  local digits, decimals = count_digits(value)
  local most, places = self.max_digits, self.decimal_places
  if most and digits > most then too_many("max_digits", most, value) end
  if places and decimals > places then too_many("max_decimal_places", places, value) end
  if most and places and digits - decimals > most - places then too_many("max_whole_digits", most - places, value) end
end

---@class tidewire.ProhibitNullCharactersValidator: tidewire.Validator
M.ProhibitNullCharactersValidator = Validator:extend("ProhibitNullCharactersValidator", {
  message = "Null characters are not allowed.", code = "null_characters_not_allowed",
  init = function(self, options)
    self.message, self.code = options and options.message or self.message, options and options.code or self.code
  end,
  accepts = function(_, value) return not repr.str(value):find("\0", 1, true) end,
  refuse = refuse_value,
})

---DRF's: halves of a character that JSON can spell (\\ud800) and no other encoding can.
---@class tidewire.ProhibitSurrogateCharactersValidator: tidewire.Validator
M.ProhibitSurrogateCharactersValidator = Validator:extend("ProhibitSurrogateCharactersValidator", {
  message = "Surrogate characters are not allowed: U+%(code_point)s.", code = "surrogate_characters_not_allowed",
  init = function() end,
  accepts = function(_, value) return not repr.str(value):find "\237[\160-\191]" end,
  refuse = function(self, value)
    local second, third = repr.str(value):match("\237([\160-\191])(.)")
    local code_point = 0xd000 + (second:byte() - 128) * 64 + third:byte() - 128
    invalid(self.message, self.code, { code_point = ("%X"):format(code_point) })
  end,
})

return M
