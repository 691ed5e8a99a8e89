---Texts as Python sees them: white space, digits of all scripts, str() and the names of types, and DRF's messages with {name} in them.
local class = require "tidewire.class"
local json = require "tidewire.json"
local repr = require "tidewire.repr"

local M = {}

local byte, match, sub = string.byte, string.match, string.sub

local NUMBER = getmetatable(json.number "100000000000000000000")

-- ---- white space ----

---What Python's str.strip() takes away, at the place `at`; nil when there is none.
local function space_at(text, at)
  return match(text, "^[\9-\13\28-\32]+()", at) or match(text, "^\194[\133\160]()", at) or match(text, "^\225\154\128()", at)
    or match(text, "^\226\128[\128-\138\168\169\175]()", at) or match(text, "^\226\129\159()", at) or match(text, "^\227\128\128()", at)
end

---Where the last character begins.
local function last_start(text, finish)
  local start = finish
  while start > 1 and byte(text, start) >= 128 and byte(text, start) < 192 do start = start - 1 end
  return start
end

local function strip_slowly(text)
  local from, to = 1, #text
  while true do
    local behind = space_at(text, from)
    if not behind then break end
    from = behind
  end
  while to >= from do
    local start = last_start(text, to)
    if not space_at(text, start) then break end
    to = start - 1
  end
  return sub(text, from, to)
end

---@param text string
---@return string
function M.strip(text)
  local first, last = byte(text, 1), byte(text, -1)
  if not first or first > 32 and first < 127 and last > 32 and last < 127 then return text end
  return strip_slowly(text)
end

-- ---- digits ----

-- zeros of the scripts that have digits of their own (Unicode's category Nd)
local ZEROS = {
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946,
  0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066,
  0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60, 0x16ac0,
  0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
}

local function code_point(character)
  local a, b, c, d = byte(character, 1, 4)
  if d then return (a - 240) * 262144 + (b - 128) * 4096 + (c - 128) * 64 + d - 128 end
  if c then return (a - 224) * 4096 + (b - 128) * 64 + c - 128 end
  return b and (a - 192) * 64 + b - 128 or a
end

local function ascii_digit(character)
  local code = code_point(character)
  for _, zero in ipairs(ZEROS) do
    if code >= zero and code <= zero + 9 then return tostring(code - zero) end
  end
end

---The text with digits of other scripts as 0 to 9, which Python's numbers read.
---@param text string
---@return string
function M.ascii_digits(text)
  if not text:find "[\128-\255]" then return text end
  return (text:gsub("[\194-\244][\128-\191]+", ascii_digit))
end

-- ---- values as Python shows them ----

local TYPE_NAMES = { string = "str", boolean = "bool", cdata = "int", ["nil"] = "NoneType", userdata = "NoneType", ["function"] = "function" }
local CLASS_NAMES = { Date = "date", DateTime = "datetime", Time = "time", Duration = "timedelta" }

---A plain table that is a list. An empty one is an object unless json.array() marked it, as JSON's are.
---@param value any
---@return boolean
function M.is_list(value)
  if json.is_array(value) then return true end
  return type(value) == "table" and getmetatable(value) == nil and value[1] ~= nil
end

local OBJECT = getmetatable(json.object {})

---A plain table that is an object, or one whose metatable says in which order its members are written.
---@param value any
---@return boolean
function M.is_object(value)
  if type(value) ~= "table" then return false end
  local meta = getmetatable(value)
  if meta == nil then return value[1] == nil end
  return meta == OBJECT or type(meta) == "table" and meta.__fields ~= nil
end

---@param value any
---@return boolean
function M.is_number_object(value) return type(value) == "table" and getmetatable(value) == NUMBER end

---The name of a value's type in Python.
---@param value any
---@return string
function M.type_name(value)
  if type(value) == "number" then return value == math.floor(value) and "int" or "float" end
  if type(value) == "userdata" and getmetatable(value) then return "Decimal" end
  if type(value) ~= "table" then return TYPE_NAMES[type(value)] or type(value) end
  if M.is_number_object(value) then return "int" end
  if M.is_list(value) then return "list" end
  local its_class = class.of(value)
  return its_class and (CLASS_NAMES[its_class.name] or its_class.name) or "dict"
end

---Python's str().
---@param value any
---@return string
function M.str(value)
  if type(value) == "string" then return value end
  if type(value) == "table" and next(value) == nil and M.is_object(value) then return "{}" end
  return repr.str(value)
end

---Fill in {name}, as Python's str.format() does with names alone.
---@param message string
---@param params table<string, any>?
---@return string
function M.fill(message, params)
  if not params then return message end
  local texts = {}
  for name, value in pairs(params) do texts[name] = M.str(value) end -- not in a callback of gsub: a `__tostring` may wait
  return (message:gsub("{([%w_]+)}", texts))
end

return M
