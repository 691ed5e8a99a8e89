---What all fields of serializers have in common: arguments, binding to a serializer, validation in steps, reading of attributes.
---
---A value that comes in passes `validate_empty_values` (missing, null, read only), `to_internal_value` (of the field's kind) and `run_validators`; one
---that goes out is found by `get_attribute` and written by `to_representation`. null is `tidewire.null` on both sides.
---
---TO ADD A KIND: `Field:extend(name, members)` with `options` (its own arguments), `default_error_messages`, `prepare` (what follows from the
---arguments), `to_internal_value` and `to_representation`. `options` and `default_error_messages` are put to those of what it extends.
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local nearest = require "tidewire.nearest"
local repr = require "tidewire.repr"
local text = require "tidewire.fields.text"
local validators = require "tidewire.validators"

local M = {}

local null = json.null
local getmetatable, pcall, rawget, setmetatable, type = getmetatable, pcall, rawget, setmetatable, type

---Stands for no value at all: null is a value.
M.empty = setmetatable({}, { __tostring = function() return "empty" end })
local empty = M.empty

---Raised for a field that is to be left out: `error(fields.SkipField)`.
M.SkipField = class.new "SkipField"
local SkipField = M.SkipField

---@param err any what was raised
---@return boolean
function M.is_skip(err) return err == SkipField or class.is_instance(err, SkipField) end

---@class tidewire.SerializerField: tidewire.Class
---@field field_name string?
---@field parent table? the serializer, or the field this one is a child of
---@field root table the serializer at the top; the field itself while it is not bound
---@field context table what the serializer at the top was given
---@field source string "*": the whole object
---@field source_attrs string[]
---@field read_only boolean
---@field write_only boolean
---@field required boolean
---@field allow_null boolean
---@field default any fields.empty: none
---@field initial any
---@field label string?
---@field help_text string?
---@field style table
---@field error_messages table<string, string>
---@field validators (table|function)[]
---@field given table<string, any> the arguments it was made with
---@field position string where it was declared: "chat/serializers.lua:12: "
---@field creation_counter integer fields stand in the order they were made
---@operator call(table): tidewire.SerializerField
local Field = class.new("Field", {
  options = {
    read_only = "boolean", write_only = "boolean", required = "boolean", default = "any", initial = "any", source = "string", label = "string",
    help_text = "string", style = "table", error_messages = "table", validators = "list", allow_null = "boolean",
  },
  default_error_messages = { required = "This field is required.", null = "This field may not be null." },
  default_validators = {},
  default_empty_html = empty,
  initial = null,
  read_only = false, write_only = false, allow_null = false,
  default = empty,
  context = {},
})
M.Field = Field

-- ---- arguments ----

local function is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

local CHECKS = {
  any = function() return true end,
  list = function(value) return type(value) == "table" and (value[1] ~= nil or next(value) == nil) end,
  integer = function(value) return type(value) == "number" and value == math.floor(value) end,
  count = function(value) return type(value) == "number" and value == math.floor(value) and value >= 0 end,
  callable = is_callable,
}
local DESCRIPTIONS = { list = "a list", integer = "an integer", count = "a number of characters or members", table = "a table" }

local function merged_options(its_class)
  local all = {}
  for _, each in ipairs(class.order(its_class)) do
    for name, kind in pairs(each.options or {}) do
      if all[name] == nil then all[name] = kind end
    end
  end
  return all
end

local function merged_messages(its_class, own)
  local all, order = {}, class.order(its_class)
  for i = #order, 1, -1 do
    for key, message in pairs(order[i].default_error_messages or {}) do all[key] = message end
  end
  for key, message in pairs(own or {}) do all[key] = message end
  return all
end

local function refuse(self, format, ...)
  error(("%s%s: %s"):format(self.position, class.of(self).name, format:format(...)), 0)
end

local function check_argument(self, options, name, value)
  local kind = options[name]
  if not kind then refuse(self, "unexpected argument %s%s", repr.repr(name), nearest.hint(tostring(name), options)) end
  local check = CHECKS[kind]
  if check and check(value) or not check and type(value) == kind then return end
  refuse(self, "%s is a %s; expected %s", name, type(value), DESCRIPTIONS[kind] or "a " .. kind)
end

---The arguments as one table: some kinds take one of them by its place, `SerializerMethodField "get_days"`. None stands for a missing one, except
---where it is a value.
local function arguments_of(self, first, second)
  local given = {}
  local all = type(first) == "table" and first or second or {}
  if type(all) ~= "table" then refuse(self, "takes a table of arguments; got a %s", type(all)) end
  for name, value in pairs(all) do given[name] = value end
  if first ~= nil and first ~= all then
    if not self.positional then refuse(self, "takes a table of arguments; got a %s", type(first)) end
    given[self.positional] = first
  end
  return given
end

local function check_contradictions(self, given)
  local has_default = given.default ~= nil
  local required = given.required
  if given.read_only and given.write_only then refuse(self, "May not set both `read_only` and `write_only`") end
  if given.read_only and required then refuse(self, "May not set both `read_only` and `required`") end
  if required and has_default then refuse(self, "May not set both `required` and `default`") end
  if given.read_only and class.of(self) == Field then refuse(self, "Field(read_only=True) should be ReadOnlyField") end
  for i, validator in ipairs(given.validators or {}) do
    if not is_callable(validator) then refuse(self, "validators[%d] is a %s; expected a function or a validator", i, type(validator)) end
  end
end

local function shallow_copy(given)
  local copy = {}
  for name, value in pairs(given) do copy[name] = value end
  return copy
end

local function copied(list)
  local copy = {}
  for i, member in ipairs(list) do copy[i] = member end
  return copy
end

local counter = 0

---Raises at the app's line when an argument is unknown, of the wrong type, or contradicts another, with DRF's text.
---@param arguments? table
---@param more? table arguments, when the first stands for itself
function Field:init(arguments, more)
  counter = counter + 1
  self.creation_counter, self.position, self.root = counter, caller.position(), self
  local given = arguments_of(self, arguments, more)
  local options = merged_options(class.of(self))
  for name, value in pairs(given) do
    if value == null and options[name] ~= "any" then given[name] = nil else check_argument(self, options, name, value) end
  end
  self.given = shallow_copy(given)
  self:check_arguments(given)
  check_contradictions(self, given)
  for name, value in pairs(given) do self[name] = value end
  if given.required == nil then self.required = given.default == nil and not given.read_only end
  self.style = given.style or {}
  self.error_messages = merged_messages(class.of(self), given.error_messages)
  self.validators = given.validators and copied(given.validators) or not self.lazy_validators and self:get_validators() or nil
  if self.default_empty_html ~= empty and given.default ~= nil then self.default_empty_html = given.default end
  self:prepare()
end

---For kinds: complain about arguments, by `self:refuse(…)`, or put further ones to them.
---@param given table
function Field:check_arguments(given) end

---For kinds: what follows from the arguments, which stand in the field by their names.
function Field:prepare() end

---Raise an error that points at the line where the field was declared.
Field.refuse = refuse

---The field anew from its arguments, not bound to anything. Fields among them are copied, too.
---@return tidewire.SerializerField
function Field:clone()
  local given = {}
  for name, value in pairs(self.given) do
    given[name] = class.is_instance(value, Field) and value:clone() or value
  end
  local copy = class.of(self)(given)
  copy.position = self.position
  return copy
end

-- ---- binding ----

local function capitalized(name)
  local words = name:gsub("_", " "):lower()
  return words:sub(1, 1):upper() .. words:sub(2)
end

---Make it a child of a serializer or another field. Fields with children hand it on.
---@param parent table
function Field:set_parent(parent)
  self.parent, self.root, self.context = parent, parent.root or parent, parent.context or self.context
end

local function attributes_of(source)
  local attrs = {}
  if source == "*" then return attrs end
  for attr in (source .. "."):gmatch "([^.]*)%." do attrs[#attrs + 1] = attr end
  return attrs
end

---Give the field its name in a serializer. Raises when `source` says the same as the name.
---@param field_name string
---@param parent table
function Field:bind(field_name, parent)
  if self.source == field_name then
    local parent_class = class.of(parent)
    self:refuse("It is redundant to specify `source='%s'` on field '%s' in serializer '%s', because it is the same as the field name. "
      .. "Remove the `source` keyword argument.", field_name, class.of(self).name, parent_class and parent_class.name or "?")
  end
  self.field_name = field_name
  self:set_parent(parent)
  if self.label == nil then self.label = capitalized(field_name) end
  if self.source == nil then self.source = field_name end
  self.source_attrs = attributes_of(self.source)
end

local function metatable_of_copies(field)
  local meta = {}
  for key, value in pairs(getmetatable(field)) do meta[key] = value end
  meta.__index = field
  return meta
end

---A light copy for another serializer of the same class: parent, root and context are its own, the rest it reads from this field.
---@param parent table
---@return tidewire.SerializerField
function Field:attach(parent)
  local template = rawget(self, "template") or self.template or self
  local meta = rawget(template, "copies_meta")
  if not meta then
    meta = metatable_of_copies(template)
    template.copies_meta, template.template = meta, template
  end
  return setmetatable({ parent = parent, root = parent.root or parent, context = parent.context }, meta)
end

-- ---- what comes in ----

---@return table[]
function Field:get_validators() return copied(self.default_validators) end

---@return any
function Field:get_initial()
  if is_callable(self.initial) then return self.initial() end
  return self.initial
end

---The field's value in what came in.
---@param data table
---@return any value fields.empty when there is none
function Field:get_value(data)
  local value = data[self.field_name]
  if value == nil then return empty end
  return value
end

---Raises SkipField when there is no default, or when only a part of the object comes in.
---@async when the default waits
---@return any
function Field:get_default()
  local default = self.default
  if default == empty or self.root.partial then error(SkipField, 0) end
  if is_callable(default) then
    if type(default) == "table" and default.requires_context then default = default(self) else default = default() end
  end
  if default == nil then return null end
  return default
end

---@param data any
---@return boolean is_final the value is taken as it is
---@return any value
function Field:validate_empty_values(data)
  if self.read_only then return true, self:get_default() end
  if data == empty or data == nil then
    if self.root.partial then error(SkipField, 0) end
    if self.required then self:fail "required" end
    return true, self:get_default()
  end
  if data == null then
    if not self.allow_null then self:fail "null" end
    return self.source ~= "*", null
  end
  return false, data
end

---Convert and check a value. Raises ValidationError; SkipField when the field is to be left out.
---@async when a validator waits
---@param data any fields.empty, or nil: none came
---@return any
function Field:run_validation(data)
  local is_final, value = self:validate_empty_values(data)
  if is_final then return value end
  value = self:to_internal_value(value)
  self:run_validators(value)
  return value
end

-- Methods that treat a value that did not come as DRF's do; those of a class of the app's own may do something else.
M.usual = {}
for _, name in ipairs { "run_validation", "validate_empty_values", "get_default" } do M.usual[Field[name]] = true end

---Whether run_validation would raise SkipField for a value that did not come. It costs a tenth of raising.
---@param data any
---@return boolean
function Field:is_left_out(data)
  if data ~= empty or not self.root.partial and (self.required or self.default ~= empty) then return false end
  return M.usual[self.run_validation] and M.usual[self.validate_empty_values] and M.usual[self.get_default] or false
end

-- Validators that can say no without raising, and the function that does so; false for the others. Those whose class has a `__call` of its own
-- are asked by that.
local quick = setmetatable({}, { __mode = "k" })
local ordinary_call = class.flat(validators.BaseValidator).__call

local function learn(validator)
  local meta = getmetatable(validator)
  local known = type(validator) == "table" and meta and meta.__call == ordinary_call
  quick[validator] = known and validator.accepts or false
  return quick[validator]
end

---The details of what a validator raised, put to those there are. What concerns single fields, and other errors, are raised at once.
local function collect(errors, err)
  if class.is_class(err) and class.is_subclass(err, exceptions.ValidationError) then err = err() end
  local detail
  if class.is_instance(err, exceptions.ValidationError) then
    if err.detail[1] == nil and next(err.detail) ~= nil then error(err, 0) end
    detail = err.detail
  elseif class.is_instance(err, exceptions.ModelValidationError) then
    detail = exceptions.get_error_detail(err)
    if err.error_dict then error(exceptions.ValidationError(detail), 0) end
  else
    error(err, 0)
  end
  return exceptions.extend_details(errors or {}, detail)
end

---Every validator is asked; what they all say is raised together.
---@async when a validator waits
---@param value any
function Field:run_validators(value)
  local list, errors = self.validators, nil
  for i = 1, #list do
    local validator = list[i]
    local accepts = quick[validator]
    if accepts == nil then accepts = learn(validator) end
    if not (accepts and accepts(validator, value)) then
      local with_field = type(validator) == "table" and validator.requires_context
      local ok, err
      if with_field then ok, err = pcall(validator, value, self) else ok, err = pcall(validator, value) end
      if not ok then errors = collect(errors, err) end
    end
  end
  if errors then error(exceptions.ValidationError(errors), 0) end
end

---@param data any
---@return any
function Field:to_internal_value(data)
  error(("%s.to_internal_value() must be implemented for field %s. If you do not need to support write operations you probably want to subclass "
    .. "`ReadOnlyField` instead."):format(class.of(self).name, tostring(self.field_name)), 2)
end

---Raise one of the field's messages as ValidationError.
---@param key string
---@param params? table<string, any> for {name} in the message
function Field:fail(key, params)
  local message = self.error_messages[key]
  if not message then
    error(exceptions.AssertionError(("ValidationError raised by `%s`, but error key `%s` does not exist in the `error_messages` dictionary."):format(
      class.of(self).name, key)), 2)
  end
  error(exceptions.ValidationError(text.fill(message, params), key), 0)
end

-- ---- what goes out ----

local function index(instance, attr) return instance[attr] end

---Whether an attribute that reads nil is there and NULL: rows of models and of values() have no key for such columns. What a row's model does not name
---may be an annotation that is NULL, which nothing tells from an attribute that there is not: only fields that are read only see it.
local function is_null_column(instance, attr, is_read_only)
  local its_class = class.of(instance)
  local meta = its_class and its_class._meta
  if meta then return is_read_only or meta.fields_by_name[attr] ~= nil or meta.descriptors[attr] ~= nil end
  if its_class then return false end
  local columns = getmetatable(instance).columns
  return columns ~= nil and columns[attr] ~= nil
end

---An attribute of an object; nil when it has none, and true behind it when the whole lookup ends there.
local function read(instance, attr, is_read_only)
  if type(instance) ~= "table" then return nil end
  local value = rawget(instance, attr)
  if value == nil and getmetatable(instance) then
    local ok, found = pcall(index, instance, attr)
    if not ok then
      if class.is_instance(found, exceptions.ObjectDoesNotExist) then return null, true end
      error(found, 0)
    end
    value = found
    if value == nil and is_null_column(instance, attr, is_read_only) then return null end
  end
  if type(value) == "function" then
    value = value(instance)
    if value == nil then return null end
  end
  return value
end

local function explain(instance, attr)
  local name = text.type_name(instance)
  if name == "dict" then return exceptions.KeyError, name, ("'%s'"):format(attr) end
  return exceptions.AttributeError, name, ("'%s' object has no attribute '%s'"):format(name, attr)
end

local function missing(self, top, instance, attr)
  if self.default ~= empty then
    if self.root.partial then return empty end
    return self:get_default()
  end
  if self.allow_null then return null end
  if not self.required then return empty end
  local kind, _, original = explain(instance, attr)
  local parent_class = class.of(self.parent)
  error(kind(("Got %s when attempting to get a value for field `%s` on serializer `%s`.\nThe serializer field might be named incorrectly and not match "
    .. "any attribute or key on the `%s` instance.\nOriginal exception text was: %s."):format(
    kind.name, self.field_name, parent_class and parent_class.name or "?", text.type_name(top), original)), 0)
end

---The field's value in an object, `fields.empty` when the field is to be left out. get_attribute() without an error to catch.
---@async when a relation has to be read from the database
---@param instance any
---@return any
function Field:find_attribute(instance)
  local value, attrs = instance, self.source_attrs
  for i = 1, #attrs do
    local found, is_end = read(value, attrs[i], self.read_only)
    if found == nil then return missing(self, instance, value, attrs[i]) end
    if is_end then return found end
    value = found
  end
  return value
end

---The field's value in an object: `source` is followed, methods are called. Raises SkipField when the field is to be left out; AttributeError or
---KeyError when there is no such attribute and neither default, allow_null nor required = false say what then.
---@async when a relation has to be read from the database
---@param instance any
---@return any
function Field:get_attribute(instance)
  local value = self:find_attribute(instance)
  if value == empty then error(SkipField, 0) end
  return value
end

---@param value any
---@return any
function Field:to_representation(value)
  error(("%s.to_representation() must be implemented for field %s."):format(class.of(self).name, tostring(self.field_name)), 2)
end

-- ---- as text ----

local function shown(value)
  if type(value) == "function" then return "<function>" end
  if text.is_list(value) then
    local parts = {}
    for i, member in ipairs(value) do parts[i] = shown(member) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  local its_class = class.of(value)
  if its_class and getmetatable(value).__repr == nil and getmetatable(value).__tostring == nil then return ("<%s object>"):format(its_class.name) end
  return repr.repr(value)
end

---As DRF: CharField(max_length=100, required=False).
function Field:__repr()
  local parts = {}
  for name, value in pairs(self.given) do parts[#parts + 1] = ("%s=%s"):format(name, shown(value)) end
  table.sort(parts)
  return ("%s(%s)"):format(class.of(self).name, table.concat(parts, ", "))
end

function Field:__tostring() return Field.__repr(self) end

-- ---- defaults that know the field ----

---A default for new objects only: when one is updated the field is left out.
---@class tidewire.CreateOnlyDefault: tidewire.Class
---@operator call(tidewire.SerializerField): any
M.CreateOnlyDefault = class.new("CreateOnlyDefault", {
  requires_context = true,
  init = function(self, default) self.default = default end,
  __call = function(self, field)
    local instance, default = field.parent.instance, self.default
    if instance ~= nil and instance ~= null then error(SkipField, 0) end
    if not is_callable(default) then return default end
    if type(default) == "table" and default.requires_context then return default(field) end
    return default()
  end,
})

---The user of the request, or of the connection: what the context's `request` or `scope` has as `user`.
---@class tidewire.CurrentUserDefault: tidewire.Class
---@operator call(tidewire.SerializerField): any
M.CurrentUserDefault = class.new("CurrentUserDefault", {
  requires_context = true,
  __call = function(_, field)
    local context = field.context
    local holder = context.request or context.scope or error(exceptions.KeyError "'request'", 0)
    return holder.user
  end,
  __repr = function() return "CurrentUserDefault()" end,
})

M.is_callable = is_callable

return M
