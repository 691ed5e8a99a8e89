---What a serializer class knows about its fields, found out once: the fields themselves, and for each how it is read, written and represented.
---
---Fields of a class are shared by its serializers. One that looks at its parent (its context, its instance, a method) is copied for each serializer that
---uses it, when it is used; the built-in ones that do not are used as they are. A serializer whose fields are looked at, or that computes them itself
---(get_fields), has fields and a plan of its own.
local class = require "tidewire.class"
local fields = require "tidewire.fields"
local ordered = require "tidewire.serializers.ordered"
local relations = require "tidewire.relations"
local settings = require "tidewire.settings"

local M = {}

local empty = fields.empty
local Field = fields.Field
local usual = require "tidewire.fields.base".usual
local getmetatable, rawget = getmetatable, rawget

---@class (private) tidewire.FieldPlan
---@field name string
---@field field tidewire.SerializerField
---@field shared boolean used as it is
---@field validate_key string name of the serializer's method for it
---@field direct boolean what comes in may go to the field without get_value and validate_empty_values of its own
---@field target string? the one name that its value gets in the validated data
---@field attname string? the column that it represents, when the object is a row of the plan's model
---@field kind string? Lua type that is represented as it is
---@field whole boolean only whole numbers are
---@field found_simply boolean get_attribute is the ordinary one
---@field is_key boolean the key of a relation, represented without its row

---@class (private) tidewire.Plan
---@field map tidewire.FieldMap
---@field entries tidewire.FieldPlan[]
---@field writable tidewire.FieldPlan[]
---@field readable tidewire.FieldPlan[]
---@field defaults tidewire.FieldPlan[] read-only fields with a default
---@field row_meta table? metatable of the model's instances
---@field result_meta table of representations
---@field error_meta table
---@field validators table[]? once somebody asked

-- ---- which fields can be shared ----

local built_in = {}
for _, from in ipairs { fields, relations } do
  for _, value in pairs(from) do
    if class.is_class(value) and class.is_subclass(value, Field) then built_in[value] = true end
  end
end
built_in[fields.SerializerMethodField], built_in[fields.HiddenField] = nil, nil

local function asks_for_field(validators)
  for _, validator in ipairs(validators) do
    if type(validator) == "table" and validator.requires_context then return true end
  end
  return false
end

local function is_shared(field)
  if not built_in[class.of(field)] or field.default ~= empty then return false end
  for _, child in ipairs { field.child or false, field.child_relation or false, field.pk_field or false } do
    if child and not is_shared(child) then return false end
  end
  local validators = rawget(field, "validators")
  return validators == nil or not asks_for_field(validators)
end

-- ---- how a value is represented ----

local KINDS = {
  [fields.CharField] = "string", [fields.EmailField] = "string", [fields.SlugField] = "string", [fields.URLField] = "string",
  [fields.RegexField] = "string", [fields.IPAddressField] = "string", [fields.IntegerField] = "number", [fields.FloatField] = "number",
  [fields.BooleanField] = "boolean", [fields.BigIntegerField] = "number",
}
local WHOLE = { [fields.IntegerField] = true, [fields.BigIntegerField] = true }

local function kind_of(field)
  local kind = KINDS[class.of(field)]
  if class.of(field) == fields.BigIntegerField then
    local coerce = field.coerce_to_string
    if coerce == nil then coerce = settings.coerce_bigint_to_string end
    if coerce then return nil end
  end
  return kind
end

---The column that a field reads; nil when it reads anything else.
local function column_of(meta, field)
  local is_key = relations.is_key_field(field)
  if #field.source_attrs ~= 1 or field.find_attribute ~= Field.find_attribute and not is_key then return nil end
  local model_field = meta.fields_by_name[field.source] or field.source == "pk" and meta.pk
  if not model_field or not model_field.concrete then return nil end
  if is_key then return model_field.is_relation and field.source == model_field.name and model_field.attname or nil end
  return (not model_field.is_relation or field.source == model_field.attname) and model_field.attname or nil
end

-- ---- making one ----

local function entry_of(name, field, is_own, meta)
  local simple = field.get_attribute == Field.get_attribute
  return {
    name = name, field = field, shared = is_own or is_shared(field), validate_key = "validate_" .. name,
    direct = field.get_value == Field.get_value and usual[field.run_validation] and usual[field.validate_empty_values] and usual[field.get_default]
      or false,
    target = #field.source_attrs == 1 and field.source_attrs[1] or nil, found_simply = simple,
    attname = simple and meta and column_of(meta, field) or nil, kind = kind_of(field), whole = WHOLE[class.of(field)] or false,
    is_key = relations.is_key_field(field),
  }
end

local function names_of(entries)
  local names = {}
  for i, entry in ipairs(entries) do names[i] = entry.name end
  return names
end

---@param map tidewire.FieldMap of bound fields
---@param is_own boolean they belong to one serializer
---@param model tidewire.Model?
---@return tidewire.Plan
function M.make(map, is_own, model)
  local meta = model and model._meta
  local plan = { map = map, entries = {}, writable = {}, readable = {}, defaults = {}, model = model, row_meta = meta and meta.instance_meta }
  for i, name in ipairs(ordered.names(map)) do
    local field = map[name]
    local entry = entry_of(name, field, is_own, meta)
    plan.entries[i] = entry
    if not field.read_only then plan.writable[#plan.writable + 1] = entry end
    if not field.write_only then plan.readable[#plan.readable + 1] = entry end
    if field.read_only and field.default ~= empty and #field.source_attrs == 1 then plan.defaults[#plan.defaults + 1] = entry end
  end
  local names = names_of(plan.writable)
  names[#names + 1] = "non_field_errors"
  plan.result_meta, plan.error_meta = ordered.meta(names_of(plan.readable)), ordered.meta(names)
  return plan
end

---Is a plan still that of a map that may have been changed by hand?
function M.is_current(plan, map)
  local names = getmetatable(map).order
  local at = 0
  for i = 1, #names do
    local field = rawget(map, names[i])
    if field ~= nil then
      at = at + 1
      local entry = plan.entries[at]
      if not entry or entry.field ~= field then return false end
    end
  end
  return plan.entries[at + 1] == nil
end

return M
