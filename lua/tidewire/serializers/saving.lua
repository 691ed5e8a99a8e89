---What ModelSerializer's create() and update() do.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local model_info = require "tidewire.serializers.model_info"

local M = {}

---A value that a nested serializer made, not a row.
local function is_nested_value(value) return type(value) == "table" and class.of(value) == nil end

local NESTED = "The `.%s()` method does not support writable nested fields by default.\nWrite an explicit `.%s()` method for serializer `%s`, or set "
  .. "`read_only=True` on nested serializer fields."
local DOTTED = "The `.%s()` method does not support writable dotted-source fields by default.\nWrite an explicit `.%s()` method for serializer `%s`, or set "
  .. "`read_only=True` on dotted-source serializer fields."

local function refuse(self, message, method) error(exceptions.AssertionError(message:format(method, method, class.of(self).name)), 0) end

---Rows of other models are not written along: what that would mean only the app knows.
local function check_nested(self, method, validated_data, info)
  for _, entry in ipairs(self:__plan().writable) do
    local field = entry.field
    local first = field.source_attrs[1]
    if first and info.relations[first] and is_nested_value(validated_data[first]) then
      if field.is_serializer and field.source == first then refuse(self, NESTED, method) end
      if #field.source_attrs > 1 then refuse(self, DOTTED, method) end
    end
  end
end

---Relations to many rows are set when the row is there.
---@return table values
---@return table many
local function split(validated_data, info)
  local values, many = {}, {}
  for name, value in pairs(validated_data) do
    local relation = info.relations[name]
    if relation and relation.to_many then many[name] = value else values[name] = value end
  end
  return values, many
end

local function set_many(instance, many)
  for name, value in pairs(many) do instance[name]:set(value) end
end

local WRONG = "Got a `TypeError` when calling `%s.%s.create()`. This may be because you have a writable field on the serializer class that is not a valid "
  .. "argument to `%s.%s.create()`. You may need to make the field read-only, or override the %s.create() method to handle this correctly.\nOriginal "
  .. "exception was:\n %s"

local function create(self, model, values)
  local manager = model._default_manager
  local ok, instance = pcall(manager.create, manager, values)
  if ok then return instance end
  if not class.is_instance(instance, exceptions.TypeError) then error(instance, 0) end
  local name, manager_name = model._meta.object_name, manager.name or "objects"
  error(exceptions.TypeError(WRONG:format(name, manager_name, name, manager_name, class.of(self).name, tostring(instance))), 0)
end

---@async
---@param validated_data table
---@return tidewire.Model
function M.create(self, validated_data)
  local model = self.Meta.model
  local info = model_info.of(model)
  check_nested(self, "create", validated_data, info)
  local values, many = split(validated_data, info)
  local instance = create(self, model, values)
  set_many(instance, many)
  return instance
end

---@async
---@param instance tidewire.Model
---@param validated_data table
---@return tidewire.Model
function M.update(self, instance, validated_data)
  local info = model_info.of(instance)
  check_nested(self, "update", validated_data, info)
  local values, many = split(validated_data, info)
  for name, value in pairs(values) do instance[name] = value end
  instance:save()
  set_many(instance, many)
  return instance
end

return M
