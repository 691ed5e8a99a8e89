---ListSerializer: several objects by one serializer. `ItemSerializer(items, { many = true })` makes one.
local base = require "tidewire.serializers.base"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local fields_base = require "tidewire.fields.base"
local json = require "tidewire.json"
local ordered = require "tidewire.serializers.ordered"
local prefetching = require "tidewire.serializers.prefetching"
local representation = require "tidewire.serializers.representation"
local rows = require "tidewire.serializers.rows"
local Serializer = require "tidewire.serializers.serializer"
local text = require "tidewire.fields.text"

local null, empty = json.null, fields.empty

---@class tidewire.ListSerializer: tidewire.BaseSerializer
---@field child tidewire.Serializer
---@field allow_empty boolean
---@field min_length integer?
---@field max_length integer?
local ListSerializer = base.BaseSerializer:extend("ListSerializer", {
  many = true,
  allow_empty = true,
  options = { child = "table" },
  default_error_messages = {
    not_a_list = 'Expected a list of items but got type "{input_type}".',
    empty = "This list may not be empty.",
    max_length = "Ensure this field has no more than {max_length} elements.",
    min_length = "Ensure this field has at least {min_length} elements.",
  },
})
base.BaseSerializer.list_serializer_class = ListSerializer

local CHILDREN = { child = true, allow_empty = true, min_length = true, max_length = true }

---@param instance any
---@param options table
function ListSerializer:init(instance, options)
  local rest = {}
  for name, value in pairs(options) do
    if CHILDREN[name] then self[name] = value else rest[name] = value end
  end
  if not self.child then error(exceptions.AssertionError "`child` is a required argument.", 2) end
  if class.is_class(self.child) then error(exceptions.AssertionError "`child` has not been instantiated.", 2) end
  base.BaseSerializer.init(self, instance, rest)
  self.list_options = options
  self.child:bind("", self)
end

function ListSerializer:clone()
  local options = {}
  for name, value in pairs(self.list_options) do options[name] = value end
  options.child = self.child:clone()
  return class.of(self)(nil, options)
end

function ListSerializer:set_parent(parent)
  base.BaseSerializer.set_parent(self, parent)
  self.child:set_parent(self)
end

function ListSerializer:attach(parent)
  local copy = base.BaseSerializer.attach(self, parent)
  copy.child = self.child:attach(copy)
  return copy
end

function ListSerializer:get_validators() return {} end

function ListSerializer:get_initial()
  if self.initial_data == nil then return json.array {} end
  return self:to_representation(self.initial_data)
end

function ListSerializer:no_data() return json.array {} end

---@return table
function ListSerializer:get_errors()
  local errors = base.BaseSerializer.get_errors(self)
  if next(errors) == nil then return json.array {} end
  return errors
end

-- ---- what comes in ----

local function refuse(self, code, params)
  error(exceptions.ValidationError({ non_field_errors = { text.fill(self.error_messages[code], params) } }, code), 0)
end

---A text, an object and a number are no lists; an empty table is one where no JSON has said that it is an object.
local function check_list(self, data)
  if not text.is_list(data) then refuse(self, "not_a_list", { input_type = text.type_name(data) }) end
  local count = #data
  if not self.allow_empty and count == 0 then refuse(self, "empty") end
  if self.max_length and count > self.max_length then refuse(self, "max_length", { max_length = self.max_length }) end
  if self.min_length and count < self.min_length then refuse(self, "min_length", { min_length = self.min_length }) end
end

---Validate one member. Override it to give the child the instance that the data belongs to.
---@async when a validator waits
---@param data any
---@return any
function ListSerializer:run_child_validation(data) return self.child:run_validation(data) end

---Errors by the index of the member, counted from 0, as text.
---@async when a validator waits
---@param data any
---@return table[]
function ListSerializer:to_internal_value(data)
  check_list(self, data)
  local list, errors, names = {}, {}, {}
  for i = 1, #data do
    local ok, result = xpcall(self.run_child_validation, base.keep_trace, self, data[i])
    if ok then
      list[#list + 1] = result
    elseif base.is_validation_error(result) then
      if class.is_class(result) then result = result() end
      names[#names + 1] = tostring(i - 1)
      errors[tostring(i - 1)] = result.detail
    else
      error(result, 0)
    end
  end
  if #names > 0 then error(exceptions.ValidationError(setmetatable(errors, ordered.meta(names))), 0) end
  return json.array(list)
end

---@async when a validator waits
---@param data any
---@return any
function ListSerializer:run_validation(data)
  if data == nil or data == null or data == empty or self.read_only then
    local is_final, value = self:validate_empty_values(data)
    if is_final then return value end
    data = value
  end
  return Serializer.__check_whole(self, self:to_internal_value(data))
end

fields_base.usual[ListSerializer.run_validation] = true

---The app's checks of the whole list.
---@param attrs table[]
---@return table[]
function ListSerializer:validate(attrs) return attrs end

-- ---- what goes out ----

local child_represents = Serializer.to_representation

---Rows of a list, a queryset or a manager.
local function rows_of(data)
  if type(data) == "table" and data.__is_manager then data = data:all() end
  if type(data) == "table" and data.__is_queryset then return data:list() end
  return data
end

local own_representation, own_data

---The whole list as JSON (tidewire.json.raw), straight from the database's rows. Nil when it takes more than that: the rows of the queryset are there already,
---a field is not a plain column, or some method has been overridden. For lists that are sent as they are: `serializer:data_json() or serializer.data`.
---@async
---@return table?
function ListSerializer:data_json()
  local child, data = self.child, self.instance
  if self.initial_data ~= nil or self.to_representation ~= own_representation or self.get_data ~= own_data then return nil end
  if child.to_representation ~= child_represents then return nil end
  return rows.encode(child:__plan(), data)
end

---@async when the rows, or what they refer to, have to be read from the database
---@param data table a list, a queryset or a manager
---@return table[]
function ListSerializer:to_representation(data)
  local objects, child, list = rows_of(data), self.child, {}
  prefetching.load(child, objects)
  if child.to_representation == child_represents then
    local plan, represent = child:__plan(), child.__represent
    for i = 1, #objects do list[i] = represent(child, plan, objects[i]) end
  else
    for i = 1, #objects do list[i] = child:to_representation(objects[i]) end
  end
  return json.array(list)
end

function ListSerializer:__repr() return representation.show(self) end

function ListSerializer:__tostring() return representation.show(self) end

own_representation, own_data = ListSerializer.to_representation, ListSerializer.get_data

-- ---- saving ----

---@async
---@param validated_data table[]
---@return table[] instances
function ListSerializer:create(validated_data)
  local list = {}
  for i, attrs in ipairs(validated_data) do list[i] = self.child:create(attrs) end
  return list
end

function ListSerializer:update()
  error(exceptions.NotImplementedError("Serializers with many=True do not support multiple update by default, only multiple create. For updates it is "
    .. "unclear how to deal with insertions and deletions. If you need to support multiple update, use a `ListSerializer` class and override `.update()` so "
    .. "you can specify the behavior exactly."), 2)
end

---@async
---@param extra? table further values of each
---@return table[] instances
function ListSerializer:save(extra)
  self:check_extra(extra)
  local all = {}
  for i, attrs in ipairs(self.validated_data) do all[i] = base.merged(attrs, extra) end
  return self:store(all)
end

return ListSerializer
