---What all serializers have in common: how they are made, is_valid, save, and what can be read of them when.
---
---A serializer is a field too, so that it can stand in another one. It is made of an object and a table of options:
---
---    ItemSerializer(item)                                   -- an object to be represented
---    ItemSerializer(items, { many = true })                 -- several: a list or a queryset
---    ItemSerializer(nil, { data = args.data })              -- data to be validated: a new object
---    ItemSerializer(item, { data = args.data, partial = true })
---    author = AuthorSerializer { read_only = true }         -- declared in another serializer
---
---A table that stands alone and holds nothing but options is taken for options; everything else for the object.
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local json = require "tidewire.json"
local tracing = require "tidewire.tracing"

local M = {}

local null, empty = json.null, fields.empty
local Field = fields.Field
local getmetatable, next, pairs, select, setmetatable, type = getmetatable, next, pairs, select, setmetatable, type
local NONE = {}

---@class tidewire.BaseSerializer: tidewire.SerializerField
---@field instance any the object; nil: none
---@field initial_data any what came in
---@field partial boolean
---@field context table
---@field data any property: the object, or what was validated, for JSON
---@field errors table property: after is_valid()
---@field validated_data any property: after is_valid()
local BaseSerializer = Field:extend("BaseSerializer", {
  options = {
    instance = "any", data = "any", partial = "boolean", context = "table", many = "boolean", allow_empty = "boolean", min_length = "count",
    max_length = "count",
  },
  lazy_validators = true,
  is_serializer = true,
  partial = false, required = true, style = {}, given = {}, position = "",
})
M.BaseSerializer = BaseSerializer

-- ---- properties ----

local messages = setmetatable({}, { __mode = "k" })

---Messages of a serializer that was made without options of a field.
local function class_messages(self)
  local own = class.of(self)
  if messages[own] then return messages[own] end
  local all, order = {}, class.order(own)
  for i = #order, 1, -1 do
    for key, message in pairs(order[i].default_error_messages or NONE) do all[key] = message end
  end
  messages[own] = all
  return all
end

---What instances compute, by name.
local PROPERTIES = {
  data = function(self) return self:get_data() end,
  errors = function(self) return self:get_errors() end,
  validated_data = function()
    error(exceptions.AssertionError "You must call `.is_valid()` before accessing `.validated_data`.", 0)
  end,
  validators = function(self) return self:class_validators() end,
  fields = function(self) return self:own_fields() end,
  error_messages = class_messages,
}

---Give a class's instances their properties.
---@param its_class tidewire.Class
local function set_index(its_class)
  local flat = class.flat(its_class)
  class.instance_meta(its_class).__index = function(self, key)
    local value = flat[key]
    if value ~= nil then return value end
    local property = PROPERTIES[key]
    if property then return property(self) end
  end
end

local extend = Field.extend

---@param name string
---@param ... tidewire.Class|table mixins, and members last
---@return tidewire.BaseSerializer
function BaseSerializer:extend(name, ...)
  local made = extend(self, name, ...)
  set_index(made)
  return made
end

set_index(BaseSerializer)

-- ---- making one ----

local OPTIONS = {}
for name in pairs(Field.options) do OPTIONS[name] = true end
for name in pairs(BaseSerializer.options) do OPTIONS[name] = true end
OPTIONS.child = true

---Does a table that stands alone hold options?
local function is_options(its_class, value)
  if type(value) ~= "table" or getmetatable(value) ~= nil or next(value) == nil then return false end
  local own = its_class.options
  for name in pairs(value) do
    if not OPTIONS[name] and own[name] == nil then return false end
  end
  return true
end

---Those that the serializer at the top takes; the others are a field's.
local TOP = { instance = true, data = true, partial = true, context = true, many = true }

---Make a serializer, or with `many` the one of a list. Called by the class.
function BaseSerializer.__new(its_class, ...)
  local instance, options = ...
  if select("#", ...) == 1 and is_options(its_class, instance) then instance, options = instance.instance, instance end
  if options == nil then
    options = NONE
  elseif type(options) ~= "table" then
    caller.refuse("%s: options are a table, got a %s", its_class.name, type(options))
  end
  if options.many then return its_class:many_init(instance, options) end
  local object = setmetatable({}, class.instance_meta(its_class))
  object:init(instance, options)
  return object
end

---@param instance any
---@param options table
function BaseSerializer:init(instance, options)
  local of_field, at_top
  for name, value in pairs(options) do
    if TOP[name] then
      at_top = true
    else
      of_field = of_field or {}
      of_field[name] = value
    end
  end
  if instance ~= nil and instance ~= null then
    self.instance, at_top = instance, true
  end
  if of_field or not at_top then Field.init(self, of_field) else self.root = self end
  if at_top then
    self.initial_data, self.context = options.data, options.context
    if options.partial then self.partial = true end
  end
end

local LIST_ONLY = { allow_empty = true, min_length = true, max_length = true }
local LIST_TOO = {
  read_only = true, write_only = true, required = true, default = true, initial = true, source = true, label = true, help_text = true, style = true,
  error_messages = true, data = true, partial = true, context = true, allow_null = true,
}

---Make the serializer of a list. Override it to choose what the list and its child are made with.
---@param instance any
---@param options table
---@return tidewire.ListSerializer
function BaseSerializer:many_init(instance, options)
  local for_child, for_list = {}, {}
  for name, value in pairs(options) do
    if LIST_ONLY[name] then
      for_list[name] = value
    elseif name ~= "many" then
      for_child[name] = value
      if LIST_TOO[name] then for_list[name] = value end
    end
  end
  for_list.child = self(instance, for_child)
  local meta = self.Meta
  local list_class = meta and meta.list_serializer_class or self.list_serializer_class
  return list_class(instance, for_list)
end

---A new one with the same options, for another serializer.
function BaseSerializer:clone()
  local given = {}
  for name, value in pairs(self.given) do given[name] = class.is_instance(value, Field) and value:clone() or value end
  local copy = class.of(self)(nil, given)
  copy.position = self.position
  return copy
end

-- what belongs to one serializer and not to its copies
local OWN = { attached = true, own_map = true, own_plan = true, instance = true, initial_data = true, _errors = true, validated_data = true, _data = true,
  copies_meta = true, template = true }

---A light copy that stands in another parent.
function BaseSerializer:attach(parent)
  local copy = setmetatable({}, getmetatable(self))
  for name, value in pairs(self) do
    if not OWN[name] then copy[name] = value end
  end
  copy.parent, copy.root, copy.context = parent, parent.root or parent, parent.context
  return copy
end

-- ---- for those that extend it ----

local function unimplemented(name)
  return function() error(exceptions.NotImplementedError(("`%s()` must be implemented."):format(name)), 2) end
end

BaseSerializer.to_internal_value = unimplemented "to_internal_value"
BaseSerializer.to_representation = unimplemented "to_representation"
BaseSerializer.update = unimplemented "update"
BaseSerializer.create = unimplemented "create"

function BaseSerializer:class_validators() return self:get_validators() end

---What a serializer without valid data shows.
function BaseSerializer:no_data() return {} end

-- ---- validation ----

---@param message string
local function assertion(message) error(exceptions.AssertionError(message), 3) end

local function is_validation_error(err)
  return class.is_instance(err, exceptions.ValidationError) or class.is_class(err) and class.is_subclass(err, exceptions.ValidationError)
end

---Validate `initial_data`, once.
---@async
---@param options? { raise_exception?: boolean } raise ValidationError with the errors
---@return boolean
function BaseSerializer:is_valid(options)
  if self.initial_data == nil then
    assertion "Cannot call `.is_valid()` as no `data=` keyword argument was passed when instantiating the serializer instance."
  end
  if rawget(self, "_errors") == nil then
    local ok, result = xpcall(self.run_validation, M.keep_trace, self, self.initial_data)
    if ok then
      self.validated_data, self._errors = result, NONE
    elseif is_validation_error(result) then
      if class.is_class(result) then result = result() end
      self.validated_data, self._errors = self:no_data(), result.detail
    else
      error(result, 0)
    end
  end
  local valid = next(self._errors) == nil
  if not valid and options and options.raise_exception then error(exceptions.ValidationError(self.errors), 0) end
  return valid
end

---What was wrong with a missing object is said of the whole.
local function descriptive(detail)
  if detail[1] == nil or detail[2] ~= nil or exceptions.get_codes(detail)[1] ~= "null" then return detail end
  return exceptions.ValidationError({ non_field_errors = { "No data provided" } }, "null").detail
end

---@return table
function BaseSerializer:get_errors()
  local errors = rawget(self, "_errors")
  if errors == nil then assertion "You must call `.is_valid()` before accessing `.errors`." end
  if errors == NONE then return {} end
  return descriptive(errors)
end

local function has_errors(self)
  local errors = rawget(self, "_errors")
  return errors ~= nil and next(errors) ~= nil
end

---@async
---@return any
function BaseSerializer:get_data()
  local errors = rawget(self, "_errors")
  if self.initial_data ~= nil and errors == nil then
    assertion("When a serializer is passed a `data` keyword argument you must call `.is_valid()` before attempting to access the serialized `.data` "
      .. "representation.\nYou should either call `.is_valid()` first, or access `.initial_data` instead.")
  end
  local data = rawget(self, "_data")
  if data == nil then
    if self.instance ~= nil and not has_errors(self) then
      data = self:to_representation(self.instance)
    elseif errors ~= nil and not has_errors(self) then
      data = self:to_representation(self.validated_data)
    else
      data = self:get_initial()
    end
    self._data = data
  end
  return data
end

-- ---- saving ----

---What save() may not be called on, or with.
---@param extra table?
function BaseSerializer:check_save(extra)
  if rawget(self, "_errors") == nil then assertion "You must call `.is_valid()` before calling `.save()`." end
  if has_errors(self) then assertion "You cannot call `.save()` on a serializer with invalid data." end
  self:check_extra(extra)
  if rawget(self, "_data") ~= nil then
    assertion("You cannot call `.save()` after accessing `serializer.data`.If you need to access data before committing to the database then inspect "
      .. "'serializer.validated_data' instead. ")
  end
end

---@param extra table?
function BaseSerializer:check_extra(extra)
  if extra and extra.commit ~= nil then
    assertion("'commit' is not a valid keyword argument to the 'save()' method. If you need to access data before committing to the database then inspect "
      .. "'serializer.validated_data' instead. You can also pass additional keyword arguments to 'save()' if you need to set extra attributes on the saved "
      .. "model instance. For example: 'serializer.save(owner=request.user)'.'")
  end
end

---One table of both; `extra` counts.
---@return table
function M.merged(data, extra)
  local all = {}
  for name, value in pairs(data) do all[name] = value end
  for name, value in pairs(extra or NONE) do all[name] = value end
  return all
end

---Call create() or update() with what was validated.
---@async
---@param validated_data any
---@return any instance
function BaseSerializer:store(validated_data)
  local method = self.instance ~= nil and "update" or "create"
  local saved
  if method == "update" then saved = self:update(self.instance, validated_data) else saved = self:create(validated_data) end
  if saved == nil then assertion(("`%s()` did not return an object instance."):format(method)) end
  self.instance = saved
  return saved
end

---Make a new object of what was validated, or change the one there is.
---@async
---@param extra? table further values
---@return any instance
function BaseSerializer:save(extra)
  self:check_save(extra)
  return self:store(M.merged(self.validated_data, extra))
end

-- ---- for the framework ----

---Message handler: errors without a class are mistakes of a program, whose traceback is wanted.
function M.keep_trace(err)
  if type(err) == "table" then return err end
  return tracing.keep(err)
end

local as_lists

---Errors of a whole object as an object of lists.
---@param err any a ValidationError, of the API or of a model
---@return table
function M.as_serializer_error(err)
  if class.is_class(err) then err = err() end
  local detail = err.detail or exceptions.get_error_detail(err)
  if type(detail) == "table" and detail[1] == nil and next(detail) ~= nil then return as_lists(detail) end
  return { non_field_errors = type(detail) == "table" and detail or { detail } }
end

---Lone texts become lists of one, with their codes.
function as_lists(detail)
  local codes, lists = exceptions.get_codes(detail), {}
  for name, value in pairs(detail) do
    lists[name] = type(value) == "table" and value or { exceptions.ErrorDetail(value, codes[name]) }
  end
  return lists
end

M.is_validation_error = is_validation_error

---A validator's or a model's refusal, as well as the API's.
function M.is_refusal(err) return is_validation_error(err) or class.is_instance(err, exceptions.ModelValidationError) end

M.empty = empty

return M
