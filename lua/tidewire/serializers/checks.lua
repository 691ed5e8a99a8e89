---Names in the declaration of a serializer that stand for nothing: DRF passes over most of them, so that a slip of the pen goes unnoticed.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local model_info = require "tidewire.serializers.model_info"
local nearest = require "tidewire.nearest"
local ordered = require "tidewire.serializers.ordered"
local Serializer = require "tidewire.serializers.serializer"

local M = {}

local META = {
  model = true, fields = true, exclude = true, read_only_fields = true, extra_kwargs = true, depth = true, validators = true, list_serializer_class = true,
}

local function refuse(format, ...) error(exceptions.ImproperlyConfigured(format:format(...)), 0) end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

---Keys of Meta: those above, and what classes name in `meta_options`.
local function known_options(its_class)
  local known = {}
  for key in pairs(META) do known[key] = true end
  for _, each in ipairs(class.order(its_class)) do
    for _, key in ipairs(each.meta_options or {}) do known[key] = true end
  end
  return known
end

local function check_options(its_class)
  local known = known_options(its_class)
  for key in pairs(its_class.Meta or {}) do
    if not known[key] then refuse("Meta has no option %q%s", tostring(key), nearest.hint(tostring(key), known)) end
  end
end

---What the model has, whether the serializer has it or not.
local function add_names_of_model(known, meta)
  if not meta.model then return known end
  local info = model_info.of(meta.model)
  for name in pairs(info.fields_and_pk) do known[name] = true end
  for name in pairs(info.relations) do known[name] = true end
  return known
end

local function check_names(its_class, own)
  local meta = its_class.Meta or {}
  local known = add_names_of_model(set_of(own), meta)
  for _, name in ipairs(meta.read_only_fields or {}) do
    if not known[name] then refuse("Meta.read_only_fields names %q, which is no field%s", tostring(name), nearest.hint(tostring(name), known)) end
  end
  for name in pairs(meta.extra_kwargs or {}) do
    if not known[name] then refuse("Meta.extra_kwargs names %q, which is no field%s", tostring(name), nearest.hint(tostring(name), known)) end
  end
end

local inherited = class.flat(Serializer)

---A method validate_NAME whose name is almost that of a field.
local function check_methods(its_class, own)
  local known = set_of(own)
  for key, value in pairs(class.flat(its_class)) do
    local name = type(key) == "string" and type(value) == "function" and inherited[key] == nil and key:match "^validate_(.+)$"
    if name and not known[name] and nearest.hint(name, known) ~= "" then
      refuse("the method %s is for a field that there is not%s", key, nearest.hint(name, known))
    end
  end
end

local function check_method_fields(its_class, plan)
  for _, entry in ipairs(plan.entries) do
    local field = entry.field
    if class.is_instance(field, fields.SerializerMethodField) and its_class[field.method_name] == nil then
      refuse("there is no method %s for the field %s", field.method_name, entry.name)
    end
  end
end

---@param its_class tidewire.Class
---@param plan tidewire.Plan
---Raises ImproperlyConfigured.
function M.check(its_class, plan)
  local own = ordered.names(plan.map)
  check_options(its_class)
  check_names(its_class, own)
  check_methods(its_class, own)
  check_method_fields(its_class, plan)
end

return M
