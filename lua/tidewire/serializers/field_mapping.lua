---Which serializer field stands for a model's field, and with which arguments: DRF's utils.field_mapping and ModelSerializer.serializer_field_mapping.
local class = require "tidewire.class"
local fields = require "tidewire.fields"
local json = require "tidewire.json"
local models = require "tidewire.models"
local relations = require "tidewire.relations"
local repr = require "tidewire.repr"
local unique = require "tidewire.serializers.validators"
local validators = require "tidewire.validators"

local M = {}

-- ---- classes ----

---By class of model field; what a class does not name, the one that it extends does.
M.classes = {
  [models.AutoField] = fields.IntegerField, [models.BigAutoField] = fields.BigIntegerField, [models.SmallAutoField] = fields.IntegerField,
  [models.IntegerField] = fields.IntegerField, [models.SmallIntegerField] = fields.IntegerField, [models.BigIntegerField] = fields.BigIntegerField,
  [models.PositiveIntegerField] = fields.IntegerField, [models.PositiveSmallIntegerField] = fields.IntegerField,
  [models.PositiveBigIntegerField] = fields.BigIntegerField,
  [models.BooleanField] = fields.BooleanField, [models.FloatField] = fields.FloatField, [models.DecimalField] = fields.DecimalField,
  [models.CharField] = fields.CharField, [models.TextField] = fields.CharField, [models.EmailField] = fields.EmailField,
  [models.SlugField] = fields.SlugField, [models.URLField] = fields.URLField, [models.UUIDField] = fields.UUIDField,
  [models.GenericIPAddressField] = fields.IPAddressField, [models.JSONField] = fields.JSONField,
  [models.DateField] = fields.DateField, [models.DateTimeField] = fields.DateTimeField, [models.TimeField] = fields.TimeField,
  [models.DurationField] = fields.DurationField,
  [models.Field] = fields.ModelField,
}

---@param mapping table<tidewire.Class, tidewire.Class>
---@param model_field tidewire.Field
---@return tidewire.Class
function M.field_class(mapping, model_field)
  for _, its_class in ipairs(class.order(class.of(model_field))) do
    if mapping[its_class] then return mapping[its_class] end
  end
  return fields.ModelField
end

local function is_a(field, ...)
  for i = 1, select("#", ...) do
    if class.is_instance(field, (select(i, ...))) then return true end
  end
  return false
end

-- ---- arguments ----

local function capitalize_first(words) return (words:gsub("^%l", string.upper)) end

---The label that a field has by its name alone.
local function default_label(name)
  local words = name:gsub("_", " "):lower()
  return capitalize_first(words)
end

local function add_texts(kwargs, name, model_field)
  local label = model_field.verbose_name and capitalize_first(model_field.verbose_name)
  if label and label ~= "" and label ~= default_label(name) then kwargs.label = label end
  if model_field.help_text ~= "" then kwargs.help_text = model_field.help_text end
end

---Take the validators of a kind out of a list; the limit of the first.
local function take_limit(list, kind)
  local limit
  for i = #list, 1, -1 do
    if class.is_instance(list[i], kind) then limit = table.remove(list, i).limit_value end
  end
  return limit
end

local function take_out(list, unwanted)
  for i = #list, 1, -1 do
    if unwanted(list[i]) then table.remove(list, i) end
  end
end

local function equals(...)
  local set = {}
  for i = 1, select("#", ...) do set[select(i, ...)] = true end
  return function(validator) return set[validator] or false end
end

local function kind_of(kind) return function(validator) return class.is_instance(validator, kind) end end

-- validators that a serializer's field has by itself
local BUILT_IN = {
  { models.URLField, kind_of(validators.URLValidator) },
  { models.EmailField, equals(validators.validate_email) },
  { models.SlugField, equals(validators.validate_slug) },
  { models.GenericIPAddressField, equals(validators.validate_ipv46_address, validators.validate_ipv4_address, validators.validate_ipv6_address) },
  { models.DecimalField, kind_of(validators.DecimalValidator) },
}

---Bounds that are arguments of the serializer's field rather than validators.
local function take_bounds(kwargs, model_field, list)
  if is_a(model_field, models.IntegerField, models.FloatField, models.DecimalField, models.DurationField) then
    kwargs.max_value, kwargs.min_value = take_limit(list, validators.MaxValueValidator), take_limit(list, validators.MinValueValidator)
  end
  for _, row in ipairs(BUILT_IN) do
    if is_a(model_field, row[1]) then take_out(list, row[2]) end
  end
  if is_a(model_field, models.GenericIPAddressField) then kwargs.protocol = model_field.protocol end
end

local function take_lengths(kwargs, model_field, list)
  if model_field.max_length and is_a(model_field, models.CharField, models.TextField) then
    kwargs.max_length = model_field.max_length
    take_limit(list, validators.MaxLengthValidator)
  end
  if is_a(model_field, models.CharField) then kwargs.min_length = take_limit(list, validators.MinLengthValidator) end
end

---"author with this email already exists."
local function unique_message(model_field)
  local message = model_field.error_messages and model_field.error_messages.unique
  return message and repr.interpolate(message, { model_name = model_field.model._meta.verbose_name, field_label = model_field.verbose_name })
end

---Validators for `unique` and for unique constraints of this field alone.
local function add_unique(list, name, model_field)
  local model = model_field.model
  local querysets = {}
  for _, constraint in ipairs(model._meta.constraints) do
    if constraint.kind == "unique" and #constraint.fields == 1 and constraint.fields[1] == name then
      if constraint.condition then querysets[#querysets + 1] = model._default_manager:filter(constraint.condition) else querysets.all = true end
    end
  end
  if model_field.unique or querysets.all then table.insert(querysets, 1, model._default_manager) end
  for _, queryset in ipairs(querysets) do
    list[#list + 1] = unique.UniqueValidator { queryset = queryset, message = unique_message(model_field) }
  end
end

local function add_kind(kwargs, model_field)
  kwargs.max_digits, kwargs.decimal_places = model_field.max_digits, model_field.decimal_places
  if is_a(model_field, models.SlugField) then kwargs.allow_unicode = model_field.allow_unicode end
  if is_a(model_field, models.TextField) and not model_field.choices or is_a(model_field, models.JSONField) then
    kwargs.style = { base_template = "textarea.html" }
  end
  if model_field.null then kwargs.allow_null = true end
  if model_field.choices then kwargs.choices = model_field.choices end
end

---Arguments for a field that is no relation.
---@param name string
---@param model_field tidewire.Field
---@return table<string, any>
function M.field_kwargs(name, model_field)
  local kwargs = { model_field = model_field }
  add_texts(kwargs, name, model_field)
  add_kind(kwargs, model_field)
  if model_field.is_auto or not model_field.editable then
    kwargs.read_only = true
    return kwargs
  end
  if model_field:has_default() or model_field.blank or model_field.null then kwargs.required = false end
  if model_field.blank and is_a(model_field, models.CharField, models.TextField) then kwargs.allow_blank = true end
  local list = model_field:get_validators()
  if not model_field.choices then take_bounds(kwargs, model_field, list) end
  take_lengths(kwargs, model_field, list)
  add_unique(list, name, model_field)
  if #list > 0 then kwargs.validators = list end
  return kwargs
end

---The rows that a relation may choose from.
local function choosable(info)
  local queryset = info.related_model._default_manager
  local limit = info.model_field and info.model_field.limit_choices_to
  if type(limit) == "function" then limit = limit() end
  if limit and (class.of(limit) or next(limit) ~= nil) then return queryset:filter(limit) end
  return queryset
end

local function add_forward(kwargs, name, info)
  local model_field = info.model_field
  add_texts(kwargs, name, model_field)
  if not model_field.editable then kwargs.read_only, kwargs.queryset = true, nil end
  if model_field.null then kwargs.allow_null = true end
  if kwargs.read_only then return end
  if model_field:has_default() or model_field.blank or model_field.null then kwargs.required = false end
  local list = model_field.many_to_many and {} or model_field:get_validators()
  if model_field.unique then
    list[#list + 1] = unique.UniqueValidator { queryset = model_field.model._default_manager, message = unique_message(model_field) }
  end
  if #list > 0 then kwargs.validators = list end
  if info.to_many and not model_field.blank then kwargs.allow_empty = false end
end

---Arguments for a relation by key.
---@param name string
---@param info tidewire.RelationInfo
---@return table<string, any>
function M.relation_kwargs(name, info)
  local kwargs = { queryset = choosable(info) }
  if info.to_many then kwargs.many = true end
  if info.to_field then kwargs.to_field = info.to_field end
  if info.has_through_model then kwargs.read_only, kwargs.queryset = true, nil end
  if info.model_field then add_forward(kwargs, name, info) end
  return kwargs
end

---Arguments for a relation whose row is represented whole.
---@param info tidewire.RelationInfo
---@return table<string, any>
function M.nested_kwargs(info) return { read_only = true, many = info.to_many or nil } end

-- ---- arguments of the app's own ----

local NOT_READ_ONLY = {
  "required", "default", "allow_blank", "min_length", "max_length", "min_value", "max_value", "validators", "queryset",
}

---Put Meta.extra_kwargs to the arguments, and take away what contradicts them.
---@param kwargs table
---@param extra table
---@return table kwargs
function M.include_extra(kwargs, extra)
  if extra.read_only then
    for _, name in ipairs(NOT_READ_ONLY) do kwargs[name] = nil end
  end
  local has_default = extra.default ~= nil and extra.default ~= json.null and extra.default ~= false and extra.default ~= 0 and extra.default ~= ""
  if has_default and kwargs.required == false then kwargs.required = nil end
  local read_only = extra.read_only
  if read_only == nil then read_only = kwargs.read_only end
  for name, value in pairs(extra) do
    if not (read_only and name == "required") then kwargs[name] = value end
  end
  return kwargs
end

local FOR_CHOICES = {
  read_only = true, write_only = true, required = true, default = true, initial = true, source = true, label = true, help_text = true, style = true,
  error_messages = true, validators = true, allow_null = true, allow_blank = true, choices = true,
}

---The class and the arguments for a field that is no relation.
---@param serializer tidewire.ModelSerializer
---@param name string
---@param model_field tidewire.Field
---@return tidewire.Class
---@return table
function M.standard(serializer, name, model_field)
  local field_class, kwargs = M.field_class(serializer.serializer_field_mapping, model_field), M.field_kwargs(name, model_field)
  if model_field.one_to_one and model_field.primary_key then
    field_class, kwargs.queryset = serializer.serializer_related_field, model_field.related_model._default_manager
  end
  if kwargs.choices then
    field_class = serializer.serializer_choice_field
    for key in pairs(kwargs) do
      if not FOR_CHOICES[key] then kwargs[key] = nil end
    end
  end
  if not class.is_subclass(field_class, fields.ModelField) then kwargs.model_field = nil end
  if not class.is_subclass(field_class, fields.CharField) and not class.is_subclass(field_class, fields.ChoiceField) then kwargs.allow_blank = nil end
  return field_class, kwargs
end

---The class and the arguments for a relation by key, or by the field that it refers to.
---@param serializer tidewire.ModelSerializer
---@param name string
---@param info tidewire.RelationInfo
---@return tidewire.Class
---@return table
function M.relational(serializer, name, info)
  local field_class, kwargs = serializer.serializer_related_field, M.relation_kwargs(name, info)
  local to_field = kwargs.to_field
  kwargs.to_field = nil
  if to_field and not info.reverse and not info.related_model._meta:get_field(to_field).primary_key then
    field_class, kwargs.slug_field = serializer.serializer_related_to_field, to_field
  end
  return field_class, kwargs
end

M.relations = relations

return M
