---ModelSerializer: a serializer whose fields, validators, create() and update() follow from a model.
---
---    local ItemSerializer = serializers.ModelSerializer:extend("ItemSerializer", {
---      Meta = { model = Item, fields = { "id", "name", "price" }, read_only_fields = { "id" }, extra_kwargs = { price = { min_value = 0 } } },
---    })
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local json = require "tidewire.json"
local mapping = require "tidewire.serializers.field_mapping"
local model_info = require "tidewire.serializers.model_info"
local ordered = require "tidewire.serializers.ordered"
local relations = require "tidewire.relations"
local saving = require "tidewire.serializers.saving"
local Serializer = require "tidewire.serializers.serializer"
local text = require "tidewire.fields.text"
local uniqueness = require "tidewire.serializers.uniqueness"

---@class tidewire.ModelSerializerMeta
---@field model tidewire.Model
---@field fields? string[]|"__all__"
---@field exclude? string[]
---@field read_only_fields? string[]
---@field extra_kwargs? table<string, table<string, any>> arguments of fields
---@field depth? integer how deep relations are represented as objects instead of keys
---@field validators? table[] instead of those that follow from the model
---@field list_serializer_class? tidewire.Class

---@class tidewire.ModelSerializer: tidewire.Serializer
---@field Meta tidewire.ModelSerializerMeta
---@field serializer_field_mapping table<tidewire.Class, tidewire.Class>
---@field serializer_related_field tidewire.Class
---@field serializer_related_to_field tidewire.Class
---@field serializer_choice_field tidewire.Class
local ModelSerializer = Serializer:extend("ModelSerializer", {
  serializer_field_mapping = mapping.classes,
  serializer_related_field = relations.PrimaryKeyRelatedField,
  serializer_related_to_field = relations.SlugRelatedField,
  serializer_choice_field = fields.ChoiceField,
})

-- ---- complaints ----

local function refuse(kind, message, ...) error(exceptions[kind](message:format(...)), 0) end

local function name_of(self) return class.of(self).name end

local function is_list(value) return type(value) == "table" and (text.is_list(value) or next(value) == nil) end

local function check_meta(self)
  local meta = self.Meta
  if not meta then refuse("AssertionError", 'Class %s missing "Meta" attribute', name_of(self)) end
  if not meta.model then refuse("AssertionError", 'Class %s missing "Meta.model" attribute', name_of(self)) end
  if meta.model._meta.abstract then refuse("ValueError", "Cannot use ModelSerializer with Abstract Models.") end
  local depth = meta.depth or 0
  if depth < 0 then refuse("AssertionError", "'depth' may not be negative.") end
  if depth > 10 then refuse("AssertionError", "'depth' may not be greater than 10.") end
  return meta, depth
end

-- ---- names ----

local function check_lists(self, chosen, exclude)
  if chosen ~= nil and chosen ~= "__all__" and not is_list(chosen) then
    refuse("TypeError", 'The `fields` option must be a list or tuple or "__all__". Got %s.', text.type_name(chosen))
  end
  if exclude ~= nil and not is_list(exclude) then refuse("TypeError", "The `exclude` option must be a list or tuple. Got %s.", text.type_name(exclude)) end
  if chosen and exclude and #chosen > 0 and #exclude > 0 then
    refuse("AssertionError", "Cannot set both 'fields' and 'exclude' options on serializer %s.", name_of(self))
  end
  if chosen == nil and exclude == nil then
    refuse("AssertionError", "Creating a ModelSerializer without either the 'fields' attribute or the 'exclude' attribute has been deprecated since 3.3.0, and "
      .. "is now disallowed. Add an explicit fields = '__all__' to the %s serializer.", name_of(self))
  end
end

local function contains(list, name)
  for _, member in ipairs(list) do
    if member == name then return true end
  end
  return false
end

---Fields that the class itself declares, and none of those that it extends, have to be named.
local function check_declared(self, declared, chosen)
  local inherited, order = {}, class.order(class.of(self))
  for i = 2, #order do
    for _, name in ipairs(order[i]._declared_fields and ordered.names(order[i]._declared_fields) or {}) do inherited[name] = true end
  end
  for _, name in ipairs(ordered.names(declared)) do
    if not inherited[name] and not contains(chosen, name) then
      refuse("AssertionError", "The field '%s' was declared on serializer %s, but has not been included in the 'fields' option.", name, name_of(self))
    end
  end
end

local function take_excluded(self, names, exclude)
  for _, name in ipairs(exclude) do
    if self._declared_fields[name] then
      refuse("AssertionError", "Cannot both declare the field '%s' and include it in the %s 'exclude' option. Remove the field or, if inherited from a parent "
        .. "serializer, disable with `%s = None`.", name, name_of(self), name)
    end
    if not contains(names, name) then
      refuse("AssertionError", "The field '%s' was included on serializer %s in the 'exclude' option, but does not match any model field.", name, name_of(self))
    end
    for i = #names, 1, -1 do
      if names[i] == name then table.remove(names, i) end
    end
  end
  return names
end

---Names of the fields that the serializer has, in their order.
---@param declared tidewire.FieldMap
---@param info tidewire.ModelInfo
---@return string[]
function ModelSerializer:get_field_names(declared, info)
  local chosen, exclude = self.Meta.fields, self.Meta.exclude
  check_lists(self, chosen, exclude)
  if chosen ~= nil and chosen ~= "__all__" then
    check_declared(self, declared, chosen)
    return chosen
  end
  return take_excluded(self, self:get_default_field_names(declared, info), exclude or {})
end

---@param declared tidewire.FieldMap
---@param info tidewire.ModelInfo
---@return string[]
function ModelSerializer:get_default_field_names(declared, info)
  local names, seen = {}, {}
  for _, list in ipairs { { info.pk.name }, ordered.names(declared), info.fields, info.forward_relations } do
    for _, name in ipairs(list) do
      if not seen[name] then
        seen[name] = true
        names[#names + 1] = name
      end
    end
  end
  return names
end

-- ---- fields ----

local function check_many_default(self, declared, info)
  for _, name in ipairs(ordered.names(declared)) do
    local relation = info.relations[name]
    if relation and relation.to_many and declared[name].default == json.null then
      refuse("ValueError", "The field '%s' on serializer '%s' is a ManyToMany field and cannot have a default value of None.", name, name_of(self))
    end
  end
end

local function build(self, name, info, extra, depth)
  local source = extra.source
  if source == nil or source == "*" then source = name end
  local field_class, kwargs = self:build_field(source, info, self.Meta.model, depth)
  kwargs = mapping.include_extra(kwargs, extra)
  if class.is_subclass(field_class, Serializer) then return field_class(nil, kwargs) end
  return field_class(kwargs)
end

---The fields: those that are declared, and for the other names those of the model.
---@return tidewire.FieldMap
function ModelSerializer:get_fields()
  local meta, depth = check_meta(self)
  local declared = Serializer.get_fields(self)
  local info = model_info.of(meta.model)
  local names = self:get_field_names(declared, info)
  local extra, hidden = self:get_uniqueness_extra_kwargs(names, declared, self:get_extra_kwargs())
  check_many_default(self, declared, info)
  local map = ordered.map()
  for _, name in ipairs(names) do
    if map[name] == nil then map[name] = declared[name] or build(self, name, info, extra[name] or {}, depth) end
  end
  for _, name in ipairs(ordered.names(hidden)) do map[name] = hidden[name] end
  return map
end

---The class and the arguments of a field. Override it, or those below, to have other fields.
---@param name string of the model's field, relation, property or method
---@param info tidewire.ModelInfo
---@param model tidewire.Model
---@param depth integer
---@return tidewire.Class
---@return table
function ModelSerializer:build_field(name, info, model, depth)
  if info.fields_and_pk[name] then return self:build_standard_field(name, info.fields_and_pk[name]) end
  local relation = info.relations[name]
  if relation and depth == 0 then return self:build_relational_field(name, relation) end
  if relation then return self:build_nested_field(name, relation, depth) end
  if model[name] ~= nil or model._meta.fields_by_name[name] then return self:build_property_field(name, model) end
  return self:build_unknown_field(name, model)
end

function ModelSerializer:build_standard_field(name, model_field) return mapping.standard(self, name, model_field) end

function ModelSerializer:build_relational_field(name, relation) return mapping.relational(self, name, relation) end

---@param relation tidewire.RelationInfo
---@param depth integer
function ModelSerializer:build_nested_field(_, relation, depth)
  local nested = ModelSerializer:extend("NestedSerializer", { Meta = { model = relation.related_model, depth = depth - 1, fields = "__all__" } })
  return nested, mapping.nested_kwargs(relation)
end

function ModelSerializer:build_property_field() return fields.ReadOnlyField, {} end

function ModelSerializer:build_unknown_field(name, model)
  refuse("ImproperlyConfigured", "Field name `%s` is not valid for model `%s` in `%s`.", name, model._meta.object_name, name_of(self))
end

-- ---- further arguments ----

---Meta.extra_kwargs, and read_only for Meta.read_only_fields.
---@return table<string, table>
function ModelSerializer:get_extra_kwargs()
  local extra = {}
  for name, kwargs in pairs(self.Meta.extra_kwargs or {}) do
    local copy = {}
    for key, value in pairs(kwargs) do copy[key] = value end
    extra[name] = copy
  end
  local read_only = self.Meta.read_only_fields
  if read_only == nil then
    if self.Meta.readonly_fields ~= nil then
      refuse("AssertionError", "Serializer `%s` has field `readonly_fields`; the correct spelling for the option is `read_only_fields`.", name_of(self))
    end
    return extra
  end
  if not is_list(read_only) then refuse("TypeError", "The `read_only_fields` option must be a list or tuple. Got %s.", text.type_name(read_only)) end
  for _, name in ipairs(read_only) do
    extra[name] = extra[name] or {}
    extra[name].read_only = true
  end
  return extra
end

ModelSerializer.get_uniqueness_extra_kwargs = uniqueness.extra_kwargs

---@return table[]
function ModelSerializer:get_validators()
  local own = self.Meta and self.Meta.validators
  if own ~= nil then return Serializer.get_validators(self) end
  local list = self:get_unique_together_validators()
  for _, validator in ipairs(self:get_unique_for_date_validators()) do list[#list + 1] = validator end
  return list
end

ModelSerializer.get_unique_together_validators = uniqueness.together_validators
ModelSerializer.get_unique_for_date_validators = uniqueness.date_validators

ModelSerializer.create, ModelSerializer.update = saving.create, saving.update

-- ---- what a class may be asked for once ----

ModelSerializer.__shapers = { "get_fields", "get_field_names", "get_default_field_names", "get_extra_kwargs", "get_uniqueness_extra_kwargs" }
local own = {}
for method in pairs(Serializer.__own_shapers) do own[method] = true end
for _, name in ipairs(ModelSerializer.__shapers) do own[ModelSerializer[name]] = true end
ModelSerializer.__own_shapers = own

return ModelSerializer
