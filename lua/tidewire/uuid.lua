---UUIDs, as Python's uuid has them.
---
---    uuid.uuid4()                                     -- a random one
---    uuid.UUID "825d7aeb05a945b5a5b705df87923cda"     -- 825d7aeb-05a9-45b5-a5b7-05df87923cda
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"

local M = {}

local sub = string.sub

---@class tidewire.UUID: tidewire.Class
---@field text string 36 characters, in lower case
---@field hex string 32 digits
---@field urn string
local UUID = class.new "UUID"
M.UUID = UUID

local function with_hyphens(hex)
  return sub(hex, 1, 8) .. "-" .. sub(hex, 9, 12) .. "-" .. sub(hex, 13, 16) .. "-" .. sub(hex, 17, 20) .. "-" .. sub(hex, 21, 32)
end

---The canonical text of all that Python's UUID() reads; nil when it is none.
local function canonical(text)
  if type(text) ~= "string" then return nil end
  local hex = text:gsub("urn:", ""):gsub("uuid:", ""):gsub("^[{}]+", ""):gsub("[{}]+$", ""):gsub("%-", "")
  return #hex == 32 and not hex:find "%X" and with_hyphens(hex:lower()) or nil
end

---Raises ValueError when the text is none. Case, hyphens, braces and "urn:uuid:" do not matter.
---@param text string|tidewire.UUID
function UUID:init(text)
  self.text = getmetatable(text) == getmetatable(self) and text.text or canonical(text)
  if not self.text then
    error(exceptions.ValueError(type(text) == "string" and "badly formed hexadecimal UUID string" or "a UUID is made from a text, not a " .. type(text)), 0)
  end
end

local NIL_TEXT = ("0"):rep(32)
local META = getmetatable(UUID(NIL_TEXT))
local methods = class.flat(UUID)

---The forms that are seldom asked for are not kept.
function META.__index(self, key)
  if key == "hex" then return (self.text:gsub("%-", "")) end
  if key == "urn" then return "urn:uuid:" .. self.text end
  return methods[key]
end

---@param value any
---@return boolean
function M.is(value) return getmetatable(value) == META end

---The UUID that is meant; nil when it is none.
---@param text any
---@return tidewire.UUID?
function M.parse(text)
  if M.is(text) then return text end
  local whole = canonical(text)
  return whole and setmetatable({ text = whole }, META)
end

---From what a database holds: 36 characters or 32 digits, in lower case. Anything else raises DataError.
---@param text string
---@return tidewire.UUID
function M.from_db(text)
  if #text == 36 then return setmetatable({ text = text }, META) end
  local whole = #text == 32 and with_hyphens(text) or canonical(text)
  if not whole then error(exceptions.DataError(("the database holds %q, which is not a UUID"):format(text)), 0) end
  return setmetatable({ text = whole }, META)
end

local BASE = 10000000

---From a number's decimal digits, up to 2^128 - 1. Raises ValueError when they are none.
---@param digits string|integer|table text, a number, an int64_t, or a large number of JSON
---@return tidewire.UUID
function M.from_int(digits)
  if type(digits) == "table" then digits = digits[1] end
  digits = type(digits) == "number" and ("%.0f"):format(digits) or tostring(digits):gsub("U?LL$", "")
  local parts = { 0, 0, 0, 0, 0, 0, 0, 0 } -- 16 bits each, the highest first
  for digit in digits:gmatch "." do
    local carry = tonumber(digit)
    for i = 8, 1, -1 do
      local value = parts[i] * 10 + (carry or 0)
      parts[i], carry = value % 65536, math.floor(value / 65536)
    end
    if carry > 0 then digits = "" end
  end
  if not digits:find "^%d+$" then error(exceptions.ValueError "int is out of range (need a 128-bit value)", 2) end
  return M.parse(("%04x%04x%04x%04x%04x%04x%04x%04x"):format(unpack(parts)))
end

---Its value as decimal digits; json.number() makes a number of them that JSON has exactly.
---@return string
function UUID:int()
  local groups = { 0 } -- of seven decimal digits, the lowest first
  for digit in self.hex:gmatch "." do
    local carry = tonumber(digit, 16)
    for i, group in ipairs(groups) do
      local value = group * 16 + carry
      groups[i], carry = value % BASE, math.floor(value / BASE)
    end
    if carry > 0 then groups[#groups + 1] = carry end
  end
  local text = { tostring(groups[#groups]) }
  for i = #groups - 1, 1, -1 do text[#text + 1] = ("%07d"):format(groups[i]) end
  return table.concat(text)
end

---The version that its digits name; nil when it is of another variant.
---@return integer?
function UUID:version()
  return self.text:find("^[89ab]", 20) and tonumber(self.text:sub(15, 15), 16) or nil
end

function UUID:__tostring() return self.text end
function UUID:__tojson() return self.text end
function UUID.__eq(a, b) return a.text == b.text end
function UUID.__lt(a, b) return a.text < b.text end
function UUID.__le(a, b) return a.text <= b.text end

local random

---A random UUID.
---@return tidewire.UUID
function M.uuid4()
  random = random or assert(io.open("/dev/urandom", "rb")) -- buffered: a system call for many
  local a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p = random:read(16):byte(1, 16)
  return setmetatable({
    text = ("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x"):format(
      a, b, c, d, e, f, 64 + g % 16, h, 128 + i % 64, j, k, l, m, n, o, p),
  }, META)
end

return M
