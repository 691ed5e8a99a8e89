---Integers without rounding: Lua numbers up to 2^53, int64 cdata beyond.
local ffi = require "ffi"
local decimal = require "tidewire.decimal"

local M = {}

local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local EXACT = 9007199254740992LL
local LARGEST = 9223372036854775807ULL

---A number where that is exact, as what comes from the database.
local function normal(value)
  if value >= -EXACT and value <= EXACT then return tonumber(value) end
  return value
end

local function of_digits(sign, digits)
  digits = digits:gsub("_", ""):gsub("^0+(%d)", "%1")
  if #digits <= 15 then return tonumber(sign .. digits) end
  if #digits > 19 then return nil, "range" end
  local value = uint64(0)
  for i = 1, #digits do value = value * 10 + (digits:byte(i) - 48) end
  if value > LARGEST + (sign == "-" and 1 or 0) then return nil, "range" end
  return normal(sign == "-" and -int64(value) or int64(value))
end

local function of_text(text)
  local sign, digits = text:match "^%s*([+-]?)(%d[%d_]*)%s*$"
  if not digits or digits:find "__" or digits:find "_$" then return nil, "malformed" end
  return of_digits(sign == "-" and "-" or "", digits)
end

local function of_number(value)
  if value ~= value or value == math.huge or value == -math.huge then return nil, "malformed" end
  local whole = value < 0 and math.ceil(value) or math.floor(value)
  if whole >= 2 ^ 63 or whole < -2 ^ 63 then return nil, "range" end
  return whole
end

local function of_cdata(value)
  if ffi.istype(uint64, value) then
    if value > LARGEST then return nil, "range" end
    value = int64(value)
  end
  if not ffi.istype(int64, value) then return nil, "type" end
  return normal(value)
end

---Decimals, and numbers beyond 64 bits as JSON has them.
local function of_object(value)
  local meta = getmetatable(value)
  if type(meta) ~= "table" or not meta.__tostring then return nil, "type" end
  local text = tostring(value)
  local exponent = tonumber(text:match "E([+-]%d+)$")
  if exponent then
    if exponent > 20 then return nil, "range" end
    text = exponent < -20 and "0" or value:to_fixed()
  end
  local whole = text:match "^([+-]?%d+)%.?%d*$"
  if whole then return of_text(whole) end
  return nil, decimal.is(value) and "malformed" or "type"
end

local PARSERS = {
  number = of_number, string = of_text, cdata = of_cdata, userdata = of_object, table = of_object,
  boolean = function(value) return value and 1 or 0 end,
}

---What Python's int() makes of a value: texts are read, fractions cut off.
---@param value any
---@return number|ffi.cdata*|nil
---@return "malformed"|"range"|"type"|nil why there is none: a text that is no number, more than 64 bits, a value of another kind
function M.parse(value)
  local parser = PARSERS[type(value)]
  if not parser then return nil, "type" end
  return parser(value)
end

return M
