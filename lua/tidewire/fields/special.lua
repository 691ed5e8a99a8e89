---Fields that take nothing from clients, and the one for a model's field that has no counterpart.
local base = require "tidewire.fields.base"
local class = require "tidewire.class"
local datetime = require "tidewire.datetime"
local decimal = require "tidewire.decimal"
local json = require "tidewire.json"
local text = require "tidewire.fields.text"
local validators = require "tidewire.validators"

local M = {}

local Field = base.Field
local null = json.null

---@class tidewire.serializers.ReadOnlyField: tidewire.SerializerField
M.ReadOnlyField = Field:extend("ReadOnlyField", {
  check_arguments = function(_, given) given.read_only = true end,
  to_representation = function(_, value)
    if value == nil then return null end
    return value
  end,
})

---A value that clients neither send nor see: its default.
---@class tidewire.serializers.HiddenField: tidewire.SerializerField
M.HiddenField = Field:extend("HiddenField", {
  check_arguments = function(self, given)
    if given.default == nil then self:refuse "default is a required argument." end
    given.write_only = true
  end,
  get_value = function() return base.empty end,
  to_internal_value = function(_, data) return data end,
})

---What a method of the serializer says, called with the object: get_NAME unless `method_name` names another.
---@class tidewire.serializers.SerializerMethodField: tidewire.SerializerField
---@field method_name string
local SerializerMethodField = Field:extend("SerializerMethodField", {
  options = { method_name = "string" },
  positional = "method_name",
  check_arguments = function(_, given) given.source, given.read_only = "*", true end,
})
M.SerializerMethodField = SerializerMethodField

function SerializerMethodField:bind(field_name, parent)
  if self.method_name == nil then self.method_name = "get_" .. field_name end
  Field.bind(self, field_name, parent)
end

---@async when the method waits
---@param value any the object
---@return any
function SerializerMethodField:to_representation(value)
  local parent = self.parent
  local method = parent[self.method_name]
  if method == nil then
    local parent_class = class.of(parent)
    self:refuse("%s has no method %s for the field %s", parent_class and parent_class.name or "the serializer", self.method_name, self.field_name)
  end
  value = method(parent, value)
  if value == nil then return null end
  return value
end

---For fields of models that have no field here of their own.
---@class tidewire.serializers.ModelField: tidewire.SerializerField
---@field model_field tidewire.Field
---@field max_length integer?
local ModelField = Field:extend("ModelField", {
  options = { model_field = "table", max_length = "count" },
  default_error_messages = { max_length = "Ensure this field has no more than {max_length} characters." },
})
M.ModelField = ModelField

function ModelField:check_arguments(given)
  if not given.model_field then self:refuse "missing required argument 'model_field'" end
end

function ModelField:prepare() self:add_limit(validators.MaxLengthValidator, "max_length") end

---A relation's field converts as the field that it refers to.
---@param data any
---@return any
function ModelField:to_internal_value(data) return self.model_field:to_python(data) end

---The object itself.
---@param instance any
---@return any
function ModelField:find_attribute(instance) return instance end

local function is_protected(value)
  return type(value) ~= "table" or text.is_number_object(value) or decimal.is(value) or datetime.is_datetime(value) or datetime.is_date(value)
    or datetime.is_time(value)
end

---@param instance any
---@return any
function ModelField:to_representation(instance)
  local field = self.model_field
  local value = instance[field.attname]
  if value == nil then return null end
  if is_protected(value) then return value end
  return field.value_to_string and field:value_to_string(instance) or text.str(value)
end

return M
