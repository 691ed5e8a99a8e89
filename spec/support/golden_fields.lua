---Reads and plays spec/golden/fields: what the real DRF answered to values given to one field.
local datetime = require "tidewire.datetime"
local decimal = require "tidewire.decimal"
local fields = require "tidewire.fields"
local host_json = require "tidewire.json"
local json = require "support.json"
local regex = require "tidewire.regex"
local repr = require "tidewire.repr"
local text = require "tidewire.fields.text"
local timezone = require "tidewire.timezone"
local uuid = require "tidewire.uuid"
local validators = require "tidewire.validators"

local M = {}

local null = host_json.null

-- ---- recorded values as Lua's ----

local convert

local function kind_of(value) return type(value) == "table" and getmetatable(value) or nil end

local function duration(written)
  local days, seconds, microseconds = written:match "^(%-?%d+)d (%d+)s (%d+)us$"
  return datetime.Duration { days = tonumber(days), seconds = tonumber(seconds), microseconds = tonumber(microseconds) }
end

local function from_hex(digits) return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)) end

local function from_pairs(list)
  local object = host_json.object {}
  for _, pair in ipairs(list) do object[convert(pair[1])] = convert(pair[2]) end
  return object
end

local FLOATS = { nan = 0 / 0, inf = math.huge, ["-inf"] = -math.huge }

local TAGS = {
  ["$date"] = datetime.parse_date, ["$time"] = datetime.parse_time, ["$datetime"] = datetime.parse_datetime, ["$duration"] = duration,
  ["$decimal"] = decimal.Decimal, ["$uuid"] = uuid.UUID, ["$bigint"] = host_json.number, ["$bytes_hex"] = from_hex, ["$pairs"] = from_pairs,
  ["$float"] = function(name) return FLOATS[name] end,
  ["$set"] = function(list) return convert(list) end,
  ["$timezone"] = timezone.get,
  ["$regex"] = regex.compile,
}

local function convert_object(object)
  local tag = object.keys[1]
  if TAGS[tag] then return TAGS[tag](object.values[tag]) end
  if tag == "$validator" then return validators[object.values[tag]](convert(object.values.limit_value)) end
  local members = {}
  for key, value in pairs(object.values) do members[key] = convert(value) end
  return members
end

function convert(value)
  local kind = kind_of(value)
  if value == json.null then return null end
  if kind == json.Number then return host_json.decode(value.text) end
  if kind == json.Object then return convert_object(value) end
  if kind ~= json.Array then return value end
  local list = host_json.array {}
  for i, member in ipairs(value) do list[i] = convert(member) end
  return list
end

-- ---- values as one text, to be compared and shown ----

local show

local function show_members(value)
  local parts = {}
  if text.is_list(value) then
    for i = 1, #value do parts[i] = show(value[i]) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for key, member in pairs(value) do parts[#parts + 1] = ("%s: %s"):format(show(tostring(key)), show(member)) end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

function show(value)
  if type(value) == "string" then return ("%q"):format(value) end
  if type(value) == "number" then return repr.number(value) end
  if value == null then return "null" end
  if decimal.is(value) then return ("Decimal(%s)"):format(tostring(value)) end
  if datetime.is_datetime(value) then return ("DateTime(%s)"):format(value:isoformat()) end
  if text.is_list(value) or text.is_object(value) then return show_members(value) end
  return repr.repr(value)
end

M.show = show

---A recorded input as it was written: 1.0 is not 1 there.
local function show_input(value)
  local kind = kind_of(value)
  return kind == json.Number and value.text or show(convert(value))
end

-- ---- fields from what was recorded ----

local make

---A limit of 10.0 is shown as it was written, which a Lua number would not be.
local function is_whole_float(value) return kind_of(value) == json.Number and value.text:find "^%-?%d+%.0$" ~= nil end

local function argument(file, value)
  if kind_of(value) == json.Object and value.values.field then return make(value.values) end
  if kind_of(value) == json.Object and value.values["$other"] then
    return function() return convert(file.missing.values.value) end -- a function; what it returns was not recorded otherwise
  end
  if is_whole_float(value) then return decimal.Decimal(value.text) end
  return convert(value)
end

---@param file table field, kwargs, missing
function make(file)
  local arguments = {}
  for name, value in pairs(file.kwargs and file.kwargs.values or {}) do arguments[name] = argument(file, value) end
  return fields[file.field](arguments)
end

-- ---- cases ----

local function refusal(err)
  if type(err) ~= "table" or not err.get_codes then return "raised " .. tostring(err) end
  return ("refused %s %s"):format(show(err.detail), show(err:get_codes()))
end

local function validate(field, value)
  local ok, result = pcall(field.run_validation, field, value)
  if ok then return show(result) end
  if fields.is_skip(result) then return "skipped" end
  return refusal(result)
end

local function represent(field, value)
  local ok, result = pcall(field.to_representation, field, value)
  return ok and show(result) or "raised " .. tostring(result)
end

local function expected_missing(missing)
  local values = missing.values
  if values.skipped then return "skipped" end
  if values.errors then return ("refused %s %s"):format(show(convert(values.errors)), show(convert(values.codes))) end
  return show(convert(values.value))
end

---Every case of a file: its name, what DRF answered and what the field answers.
---@param path string
---@return { name: string, expected: string, actual: string }[] cases
---@return table settings recorded ones
function M.cases(path)
  local handle = assert(io.open(path, "rb"))
  local file = json.decode(handle:read "*a").values
  handle:close()
  local list = {}
  local function add(name, expected, play) list[#list + 1] = { name = name, expected = expected, play = play } end
  for _, case in ipairs(file.valid or {}) do
    add("valid " .. show_input(case[1]), show(convert(case[2])), function() return validate(make(file), convert(case[1])) end)
  end
  for _, case in ipairs(file.invalid or {}) do
    local expected = ("refused %s %s"):format(show(convert(case[2])), show(convert(case[3])))
    add("invalid " .. show_input(case[1]), expected, function() return validate(make(file), convert(case[1])) end)
  end
  for _, case in ipairs(file.outputs or {}) do
    add("output " .. show_input(case[1]), show(convert(case[2])), function() return represent(make(file), convert(case[1])) end)
  end
  if file.missing then
    add("missing", expected_missing(file.missing), function() return validate(make(file), fields.empty) end)
  end
  return list, file.settings and convert(file.settings) or {}
end

return M
