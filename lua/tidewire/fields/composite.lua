---Fields of lists, objects and JSON.
local base = require "tidewire.fields.base"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local strings = require "tidewire.fields.strings"
local text = require "tidewire.fields.text"
local validators = require "tidewire.validators"

local M = {}

local Field = base.Field
local null = json.null
local pcall = pcall

---What a list or an object has as child when it is given none: anything.
local Unvalidated = Field:extend("_UnvalidatedField", {
  allow_null = true, allow_blank = true,
  to_internal_value = function(_, data) return data end,
  to_representation = function(_, value) return value end,
})

-- ---- children ----

---Lists and objects: fields with a child that each member is given to.
local Composite = Field:extend("Composite", {
  options = { child = "table", allow_empty = "boolean" },
  allow_empty = true,
})

function Composite:default_child() return Unvalidated() end

function Composite:check_arguments(given)
  if given.child == nil then return end
  if class.is_class(given.child) then self:refuse "`child` has not been instantiated." end
  if not class.is_instance(given.child, Field) then self:refuse "child is not a field" end
  if given.child.source ~= nil then
    self:refuse "The `source` argument is not meaningful when applied to a `child=` field. Remove `source=` from the field declaration."
  end
end

---The child of a class of the app's own may stand among its members.
function Composite:prepare()
  if not rawget(self, "child") then self.child = self.child and self.child:clone() or self:default_child() end
  self.child:bind("", self)
end

function Composite:set_parent(parent)
  Field.set_parent(self, parent)
  if rawget(self, "child") then self.child:set_parent(self) end
end

function Composite:attach(parent)
  local copy = Field.attach(self, parent)
  copy.child = self.child:attach(copy)
  return copy
end

---The details of a child's error. Others are raised at once.
local function details_of(err)
  if class.is_class(err) and class.is_subclass(err, exceptions.ValidationError) then err = err() end
  if class.is_instance(err, exceptions.ValidationError) then return err.detail end
  if class.is_instance(err, exceptions.ModelValidationError) then return exceptions.get_error_detail(err) end
  error(err, 0)
end

-- ---- lists ----

---@class tidewire.serializers.ListField: tidewire.SerializerField
---@field child tidewire.SerializerField
---@field allow_empty boolean
---@field max_length integer?
---@field min_length integer?
local ListField = Composite:extend("ListField", {
  options = { max_length = "count", min_length = "count" },
  initial = json.array {},
  default_error_messages = {
    not_a_list = 'Expected a list of items but got type "{input_type}".',
    empty = "This list may not be empty.",
    min_length = "Ensure this field has at least {min_length} elements.",
    max_length = "Ensure this field has no more than {max_length} elements.",
  },
})
M.ListField = ListField

function ListField:prepare()
  Composite.prepare(self)
  self:add_limit(validators.MaxLengthValidator, "max_length")
  self:add_limit(validators.MinLengthValidator, "min_length")
end

---A list of JSON, or a plain table with members at 1, 2, …; an empty plain table is an object, as JSON's are, unless json.array() marked it.
---@param data any
---@return any[]
function ListField:to_internal_value(data)
  if not text.is_list(data) then self:fail("not_a_list", { input_type = text.type_name(data) }) end
  if not self.allow_empty and #data == 0 then self:fail "empty" end
  return self:run_child_validation(data)
end

---Errors stand in an object by the positions of the members, which clients count from 0.
---@param data any[]
---@return any[]
function ListField:run_child_validation(data)
  local result, errors, child = json.array {}, nil, self.child
  for i = 1, #data do
    local ok, value = pcall(child.run_validation, child, data[i])
    if ok then
      result[i] = value
    else
      errors = errors or {}
      errors[tostring(i - 1)] = details_of(value)
    end
  end
  if errors then error(exceptions.ValidationError(errors), 0) end
  return result
end

local function represent(child, value)
  if value == nil or value == null then return null end
  value = child:to_representation(value)
  return value == nil and null or value
end

---A list of rows, or whatever has `iter()`: a query.
---@async when a query has to be run
---@param data any
---@return any[]
function ListField:to_representation(data)
  if type(data) ~= "table" then error(exceptions.TypeError(("'%s' object is not iterable"):format(text.type_name(data))), 0) end
  local result, child = json.array {}, self.child
  if data.iter then
    for member in data:iter() do result[#result + 1] = represent(child, member) end
    return result
  end
  for i = 1, data.n or #data do result[i] = represent(child, data[i]) end
  return result
end

-- ---- objects ----

---@class tidewire.serializers.DictField: tidewire.SerializerField
---@field child tidewire.SerializerField
---@field allow_empty boolean
local DictField = Composite:extend("DictField", {
  initial = {},
  default_error_messages = {
    not_a_dict = 'Expected a dictionary of items but got type "{input_type}".',
    empty = "This dictionary may not be empty.",
  },
})
M.DictField = DictField

---@param data any
---@return table<string, any>
function DictField:to_internal_value(data)
  if not text.is_object(data) then self:fail("not_a_dict", { input_type = text.type_name(data) }) end
  if not self.allow_empty and next(data) == nil then self:fail "empty" end
  return self:run_child_validation(data)
end

---@param data table
---@return table<string, any>
function DictField:run_child_validation(data)
  local result, errors, child = {}, nil, self.child
  for key, member in pairs(data) do
    key = text.str(key)
    local ok, value = pcall(child.run_validation, child, member)
    if ok then
      result[key] = value
    else
      errors = errors or {}
      errors[key] = details_of(value)
    end
  end
  if errors then error(exceptions.ValidationError(errors), 0) end
  return result
end

---@param value table
---@return table<string, any>
function DictField:to_representation(value)
  if type(value) ~= "table" then error(exceptions.AttributeError(("'%s' object has no attribute 'items'"):format(text.type_name(value))), 0) end
  local result, child = {}, self.child
  for key, member in pairs(value) do result[text.str(key)] = represent(child, member) end
  return result
end

---@class tidewire.serializers.HStoreField: tidewire.serializers.DictField
local HStoreField = DictField:extend("HStoreField", {
  default_child = function() return strings.CharField { allow_blank = true, allow_null = true } end,
})
M.HStoreField = HStoreField

function HStoreField:prepare()
  DictField.prepare(self)
  if not strings.is_text_field(self.child) then
    self:refuse "The `child` argument must be an instance of `CharField`, as the hstore extension stores values as strings."
  end
end

-- ---- JSON ----

---@class tidewire.serializers.JSONField: tidewire.SerializerField
---@field binary boolean a text that holds JSON
local JSONField = Field:extend("JSONField", {
  options = { binary = "boolean", encoder = "any", decoder = "any" },
  binary = false,
  default_error_messages = { invalid = "Value must be valid JSON." },
})
M.JSONField = JSONField

function JSONField:check_arguments(given)
  for _, name in ipairs { "encoder", "decoder" } do
    if given[name] == null then given[name] = nil end
    if given[name] ~= nil then self:refuse("%s is not supported: JSON is read and written by the host", name) end
  end
end

local MOST_LEVELS = 256 -- what the encoder writes

local is_json

local function are_json(members, level)
  if level > MOST_LEVELS then return false end
  for key, member in pairs(members) do
    if type(key) ~= "string" and type(key) ~= "number" or not is_json(member, level) then return false end
  end
  return true
end

---Whether JSON has such a value. Dates and Decimals it has not, though replies have them as texts.
function is_json(value, level)
  local kind = type(value)
  if kind == "string" or kind == "boolean" or kind == "cdata" or value == null then return true end
  if kind == "number" then return value - value == 0 end
  if kind ~= "table" then return false end
  if text.is_number_object(value) then return true end
  return (text.is_list(value) or text.is_object(value)) and are_json(value, level + 1)
end

---@param data any
---@return any
function JSONField:to_internal_value(data)
  if self.binary then
    local value
    if type(data) == "string" then value = json.decode(data) end
    if value == nil then self:fail "invalid" end
    return value
  end
  if not is_json(data, 0) then self:fail "invalid" end
  return data
end

local function escape(character)
  local a, b, c, d = character:byte(1, 4)
  if not c then return ("\\u%04x"):format((a - 192) * 64 + b - 128) end
  if not d then return ("\\u%04x"):format((a - 224) * 4096 + (b - 128) * 64 + c - 128) end
  local code = (a - 240) * 262144 + (b - 128) * 4096 + (c - 128) * 64 + d - 128 - 0x10000
  return ("\\u%04x\\u%04x"):format(0xd800 + math.floor(code / 1024), 0xdc00 + code % 1024)
end

---JSON as Python's json.dumps() lays it out: ", " and ": ", and ASCII alone. Members of objects stand in the alphabet's order.
local function dumps(value)
  if not text.is_list(value) and not text.is_object(value) then return (json.encode(value):gsub("[\194-\244][\128-\191]+", escape)) end
  local parts = {}
  if text.is_list(value) then
    for i = 1, #value do parts[i] = dumps(value[i]) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for key, member in pairs(value) do parts[#parts + 1] = dumps(text.str(key)) .. ": " .. dumps(member) end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

---@param value any
---@return any
function JSONField:to_representation(value)
  if value == nil then value = null end
  return self.binary and dumps(value) or value
end

return M
