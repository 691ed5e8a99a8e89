---JSON for comparing: keeps the order of keys and the text of numbers, which the usual decoders lose.
local M = {}

---@class spec.JsonObject keys in order
---@class spec.JsonNumber text
local Object, Array, Number = {}, {}, {}
M.null = setmetatable({}, { __tostring = function() return "null" end })
M.Object, M.Array, M.Number = Object, Array, Number

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

---WTF-8: a lone surrogate stays what it is, so that it can be compared.
local function utf8(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xc0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then return string.char(0xe0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64) end
  return string.char(0xf0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64, 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local function unescape(escape)
  if #escape == 12 then
    return utf8(0x10000 + (tonumber(escape:sub(3, 6), 16) - 0xd800) * 1024 + tonumber(escape:sub(9), 16) - 0xdc00)
  end
  if #escape == 6 then return utf8(tonumber(escape:sub(3), 16)) end
  return assert(ESCAPES[escape:sub(2)], "bad escape " .. escape)
end

local function read_string(text, at)
  local parts, from = {}, at + 1
  while true do
    local stop = text:find('["\\]', from)
    assert(stop, "a string does not end")
    parts[#parts + 1] = text:sub(from, stop - 1)
    if text:sub(stop, stop) == '"' then return table.concat(parts), stop + 1 end
    local escape = text:match("^\\u[dD][89abAB]%x%x\\u[dD][c-fC-F]%x%x", stop) or text:match("^\\u%x%x%x%x", stop) or text:sub(stop, stop + 1)
    parts[#parts + 1] = unescape(escape)
    from = stop + #escape
  end
end

local read

local function skip(text, at) return text:find("[^ \t\r\n]", at) or #text + 1 end

local function read_array(text, at)
  local list = setmetatable({}, Array)
  at = skip(text, at + 1)
  if text:sub(at, at) == "]" then return list, at + 1 end
  while true do
    list[#list + 1], at = read(text, at)
    at = skip(text, at)
    local c = text:sub(at, at)
    if c == "]" then return list, at + 1 end
    assert(c == ",", "expected , or ] at " .. at)
    at = at + 1
  end
end

local function read_object(text, at)
  local object = setmetatable({ keys = {}, values = {} }, Object)
  at = skip(text, at + 1)
  if text:sub(at, at) == "}" then return object, at + 1 end
  while true do
    at = skip(text, at)
    local key
    key, at = read_string(text, at)
    at = skip(text, at)
    assert(text:sub(at, at) == ":", "expected : at " .. at)
    if object.values[key] == nil then table.insert(object.keys, key) end
    object.values[key], at = read(text, at + 1)
    at = skip(text, at)
    local c = text:sub(at, at)
    if c == "}" then return object, at + 1 end
    assert(c == ",", "expected , or } at " .. at)
    at = at + 1
  end
end

local WORDS = { ["true"] = true, ["false"] = false, null = M.null }

function read(text, at)
  at = skip(text, at)
  local c = text:sub(at, at)
  if c == "{" then return read_object(text, at) end
  if c == "[" then return read_array(text, at) end
  if c == '"' then return read_string(text, at) end
  local word = text:match("^%-?[%w%+%-%.]+", at)
  assert(word, "expected a value at " .. at)
  if WORDS[word] ~= nil then return WORDS[word], at + #word end
  assert(tonumber(word) and not word:find "x" or word:find "NaN" or word:find "Infinity", "no number: " .. word)
  return setmetatable({ text = word }, Number), at + #word
end

---Raises when it is not JSON.
function M.decode(text)
  local value, at = read(text, 1)
  assert(skip(text, at) > #text, "something follows the JSON value at " .. at)
  return value
end

---Lua tables as written in specs: { 1, 2 } is a list, M.array{} an empty one, M.object(...) keeps an order.
function M.array(list) return setmetatable(list, Array) end

function M.object(pairs_in_order)
  local object = setmetatable({ keys = {}, values = {} }, Object)
  for _, pair in ipairs(pairs_in_order) do
    table.insert(object.keys, pair[1])
    object.values[pair[1]] = pair[2]
  end
  return object
end

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c) return ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function encode_pairs(keys, values)
  local parts = {}
  for i, key in ipairs(keys) do parts[i] = quote(tostring(key)) .. ":" .. M.encode(values[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function encode_list(list)
  local parts = {}
  for i, value in ipairs(list) do parts[i] = M.encode(value) end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function encode_plain(value)
  if value[1] ~= nil then return encode_list(value) end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  return encode_pairs(keys, value)
end

function M.encode(value)
  if value == M.null then return "null" end
  if type(value) == "string" then return quote(value) end
  if type(value) == "number" then return ("%.17g"):format(value) end
  if type(value) ~= "table" then return tostring(value) end
  local kind = getmetatable(value)
  if kind == Number then return value.text end
  if kind == Array then return encode_list(value) end
  if kind == Object then return encode_pairs(value.keys, value.values) end
  return encode_plain(value)
end

local function same_number(a, b)
  if a.text == b.text then return true end
  local integers = a.text:find "^%-?%d+$" and b.text:find "^%-?%d+$"
  return not integers and tonumber(a.text) ~= nil and tonumber(a.text) == tonumber(b.text)
end

local compare

local UUID = "^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12) .. "$"

---What recordings have in place of a uuid that was made up: any will do.
local function is_any_uuid(expected, got) return expected == "$uuid" and type(got) == "string" and got:find(UUID) ~= nil end

local function compare_objects(a, b, path, ordered)
  for key in pairs(a.values) do
    if b.values[key] == nil then return ("%s.%s is missing"):format(path, key) end
  end
  for i, key in ipairs(b.keys) do
    if a.values[key] == nil then return ("%s.%s was not expected"):format(path, key) end
    if ordered and a.keys[i] ~= key then return ("%s: key %d is %s, expected %s"):format(path, i, key, a.keys[i]) end
    local difference = compare(a.values[key], b.values[key], path .. "." .. key)
    if difference then return difference end
  end
end

local function compare_arrays(a, b, path)
  if #a ~= #b then return ("%s has %d members, expected %d"):format(path, #b, #a) end
  for i in ipairs(a) do
    local difference = compare(a[i], b[i], ("%s[%d]"):format(path, i - 1))
    if difference then return difference end
  end
end

function compare(a, b, path, ordered)
  local kind = getmetatable(a)
  if type(a) == "table" and type(b) == "table" and kind == getmetatable(b) then
    if kind == Object then return compare_objects(a, b, path, ordered) end
    if kind == Array then return compare_arrays(a, b, path) end
    if kind == Number and same_number(a, b) then return nil end
  end
  if a ~= b and not is_any_uuid(a, b) then return ("%s is %s, expected %s"):format(path, M.encode(b), M.encode(a)) end
end

---Where the two differ, nil when they do not. Keys of the outermost object have to stand in order, numbers may be written differently, integers have
---to be the same to the last digit.
function M.difference(expected, got) return compare(expected, got, "frame", true) end

---The members of an object as a Lua table, for specs that look at one key.
function M.plain(value)
  if type(value) ~= "table" then return value end
  local kind = getmetatable(value)
  if kind == Number then return tonumber(value.text) end
  local plain = {}
  if kind == Array then
    for i, member in ipairs(value) do plain[i] = M.plain(member) end
  elseif kind == Object then
    for key, member in pairs(value.values) do plain[key] = M.plain(member) end
  else
    return value
  end
  return plain
end

return M
