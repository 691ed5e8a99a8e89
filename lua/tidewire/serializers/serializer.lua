---Serializer: fields by name, validated and represented together.
local base = require "tidewire.serializers.base"
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local fields_base = require "tidewire.fields.base"
local json = require "tidewire.json"
local ordered = require "tidewire.serializers.ordered"
local plans = require "tidewire.serializers.plan"
local representation = require "tidewire.serializers.representation"
local text = require "tidewire.fields.text"

local null, empty = json.null, fields.empty
local Field, is_skip = fields.Field, fields.is_skip
local error, getmetatable, pcall, rawget, setmetatable, type, xpcall = error, getmetatable, pcall, rawget, setmetatable, type, xpcall
local keep_trace = base.keep_trace

---@class tidewire.Serializer: tidewire.BaseSerializer
---@field fields tidewire.FieldMap property: this serializer's own fields by name; add to it, or take out of it
---@field _declared_fields tidewire.FieldMap
---@field validate? fun(self: tidewire.Serializer, attrs: table): table the app's checks of the whole
---@operator call: tidewire.Serializer
local Serializer = base.BaseSerializer:extend("Serializer", {
  default_error_messages = { invalid = "Invalid data. Expected a dictionary, but got {datatype}." },
  _declared_fields = ordered.map(),
})

-- ---- declaration ----

local function is_field(value) return class.is_instance(value, Field) end

---Fields of a declaration in the order they were made, and its other members. null (or false) for a name takes away what was inherited.
local function split_members(members, inherited)
  local names, rest, removed = {}, {}, {}
  for name, value in pairs(members) do
    if is_field(value) then
      if type(name) ~= "string" then caller.refuse("a field is called %s; names are texts", tostring(name)) end
      names[#names + 1] = name
    elseif (value == null or value == false) and inherited[name] then
      removed[name] = true
    else
      rest[name] = value
    end
  end
  table.sort(names, function(a, b) return members[a].creation_counter < members[b].creation_counter end)
  return names, rest, removed
end

---Fields of what a class extends: those of the first part count.
local function inherit(parents)
  local order, found = {}, {}
  for _, parent in ipairs(parents) do
    local declared = parent._declared_fields
    for _, name in ipairs(declared and ordered.names(declared) or {}) do
      if found[name] == nil then
        found[name] = declared[name]
        order[#order + 1] = name
      end
    end
  end
  return order, found
end

local function declare(inherited_order, inherited, names, members, rest, removed)
  local declared = ordered.map()
  for _, name in ipairs(inherited_order) do
    if rest[name] == nil and not removed[name] then declared[name] = members[name] and is_field(members[name]) and members[name] or inherited[name] end
  end
  for _, name in ipairs(names) do declared[name] = members[name] end
  return declared
end

local extend = base.BaseSerializer.extend
local declarations = {} ---@type { [1]: tidewire.Class, [2]: string }[] classes with their lines, not checked yet

---Declare a serializer: `Serializer:extend("Item", { name = fields.CharField { … }, validate = function(self, attrs) … end, Meta = { … } })`. Fields
---stand in the order they were made, inherited ones first.
---@param name string
---@param ... tidewire.Class|table
---@return tidewire.Serializer
function Serializer:extend(name, ...)
  local parts = { ... }
  local last = parts[#parts]
  local members = type(last) == "table" and not class.is_class(last) and table.remove(parts) or {}
  if is_field(members) then caller.refuse("%s: a field stands where the table of members belongs", tostring(name)) end
  local parents = { unpack(parts) }
  parents[#parents + 1] = self
  local order, inherited = inherit(parents)
  local names, rest, removed = split_members(members, inherited)
  rest._declared_fields = declare(order, inherited, names, members, rest, removed)
  parts[#parts + 1] = rest
  local made = extend(self, name, unpack(parts))
  declarations[#declarations + 1] = { made, caller.position() }
  return made
end

---For the framework: classes declared since it was asked last, each with its line.
function Serializer.__take_declarations()
  local list = declarations
  declarations = {}
  return list
end

-- ---- fields ----

---The fields, by name and in their order. An app may override it and change what it gets.
---@return tidewire.FieldMap
function Serializer:get_fields()
  local map = ordered.map()
  for _, name in ipairs(ordered.names(self._declared_fields)) do map[name] = self._declared_fields[name]:clone() end
  return map
end

local function bind_all(self, map)
  local bound = ordered.map(function(name, field) field:bind(name, self) end)
  for _, name in ipairs(ordered.names(map)) do
    if not is_field(map[name]) then
      error(exceptions.TypeError(("%s: get_fields() gave a %s for %s; expected a field"):format(class.of(self).name, type(map[name]), name)), 0)
    end
    bound[name] = map[name]
  end
  return bound
end

---The model whose rows a plan is made for.
local function model_of(self)
  local meta = self.Meta
  return meta and meta.model or nil
end

local by_class = setmetatable({}, { __mode = "k" })

---Names of methods that say which fields there are: with one of them overridden, each serializer asks anew.
Serializer.__shapers = { "get_fields" }

---@param its_class tidewire.Class
local function is_dynamic(its_class)
  for _, name in ipairs(its_class.__shapers) do
    local method = its_class[name]
    if method ~= nil and not its_class.__own_shapers[method] then return true end
  end
  return false
end

Serializer.__own_shapers = { [Serializer.get_fields] = true }

---A serializer that stands for its class: what the shared fields are bound to.
local function template_of(its_class)
  local template = setmetatable({ context = {} }, class.instance_meta(its_class))
  template.root = template
  return template
end

---@return tidewire.Plan
local function class_plan(its_class)
  local plan = by_class[its_class]
  if plan then return plan end
  local template = template_of(its_class)
  local map = bind_all(template, template:get_fields())
  plan = plans.make(map, false, model_of(template))
  plan.template = template
  template.own_map, template.own_plan = map, plan
  by_class[its_class] = plan
  return plan
end

---For the framework: find mistakes of the declaration. Classes that compute their fields are not asked.
---@param its_class tidewire.Class
---@return tidewire.Plan?
function Serializer.__prepare(its_class)
  if is_dynamic(its_class) then return nil end
  local plan = class_plan(its_class)
  plan.template:class_validators()
  return plan
end

---For the framework: forget what is known of classes; it is found out again when they are used.
function Serializer.__forget_plans() by_class = setmetatable({}, { __mode = "k" }) end

---The serializer's own fields, bound to it.
function Serializer:own_fields()
  local map = rawget(self, "own_map")
  if map then return map end
  if is_dynamic(class.of(self)) then
    map = bind_all(self, self:get_fields())
  else
    local plan = class_plan(class.of(self))
    map = ordered.map(function(name, field) if rawget(field, "parent") ~= self then field:bind(name, self) end end)
    for _, entry in ipairs(plan.entries) do map[entry.name] = entry.field:attach(self) end
  end
  self.own_map = map
  return map
end

---Fields that were put into the map over others of the same name are not bound yet.
local function bind_new(self, map)
  for _, name in ipairs(ordered.names(map)) do
    local field = rawget(map, name)
    if rawget(field, "parent") ~= self then field:bind(name, self) end
  end
end

---@return tidewire.Plan
local function plan_of(self)
  local map = rawget(self, "own_map")
  if not map then
    local its_class = getmetatable(self).class
    local plan = by_class[its_class]
    if plan then return plan end
    if not is_dynamic(its_class) then return class_plan(its_class) end
    map = self:own_fields()
  end
  local plan = rawget(self, "own_plan")
  if plan and plans.is_current(plan, map) then return plan end
  bind_new(self, map)
  plan = plans.make(map, true, model_of(self))
  self.own_plan = plan
  return plan
end

Serializer.__plan = plan_of

---The field of an entry for this serializer.
local function field_of(self, entry)
  if entry.shared and not self.root.partial then return entry.field end
  if rawget(self, "own_map") and entry.field.parent == self then return entry.field end
  local attached = rawget(self, "attached")
  if not attached then
    attached = {}
    self.attached = attached
  end
  local field = attached[entry]
  if not field then
    field = entry.field:attach(self)
    attached[entry] = field
  end
  return field
end

---@return table[]
function Serializer:get_validators()
  local meta = self.Meta
  local list = {}
  for i, validator in ipairs(meta and meta.validators or {}) do list[i] = validator end
  return list
end

function Serializer:class_validators()
  local plan = plan_of(self)
  if not plan.validators then plan.validators = (plan.template or self):get_validators() end
  return plan.validators
end

-- ---- what comes in ----

---Validate what came in for one field, by the field and the serializer's own method for it.
local function run_field(self, field, value, validate)
  value = field:run_validation(value)
  if validate then value = validate(self, value) end
  if value == nil then return null end
  return value
end

local function run_method(self, validate, value)
  value = validate(self, value)
  if value == nil then return null end
  return value
end

---What came in for a field that has no get_value of its own, when nothing has to be run: whether it is settled, and by which value.
local function settle(field, value, partial)
  if value == nil then
    if partial then return true, empty end
    if not field.required and field.default == empty then return true, empty end
    return false
  end
  if value == null and field.allow_null and field.source ~= "*" then return true, null end
  return false
end

local function detail_of(err)
  if base.is_validation_error(err) then
    if class.is_class(err) then err = err() end
    return err.detail
  end
  if class.is_instance(err, exceptions.ModelValidationError) then return exceptions.get_error_detail(err) end
  error(err, 0)
end

---Put a value where `source` says: `value` becomes part of the whole for "*".
---@param dictionary table
---@param keys string[]
---@param value any
function Serializer:set_value(dictionary, keys, value)
  if #keys == 0 then
    for name, member in pairs(value) do dictionary[name] = member end
    return
  end
  for i = 1, #keys - 1 do
    if dictionary[keys[i]] == nil then dictionary[keys[i]] = {} end
    dictionary = dictionary[keys[i]]
  end
  dictionary[keys[#keys]] = value
end

---One field's value, or fields.empty; nil and its errors.
local function validated(self, entry, data, partial, methods)
  local field, validate = field_of(self, entry), methods[entry.validate_key]
  local value
  if entry.direct then
    value = data[entry.name]
    local settled, result = settle(field, value, partial)
    if settled then
      if result == empty or not validate then return result end
      local ok, made = xpcall(run_method, keep_trace, self, validate, result)
      if ok then return made end
      return nil, made
    end
  else
    value = field:get_value(data)
  end
  local ok, made = xpcall(run_field, keep_trace, self, field, value, validate)
  if ok then return made end
  if is_skip(made) then return empty end
  return nil, made
end

---@async when a validator waits
---@param data any
---@return table validated by `source`
function Serializer:to_internal_value(data)
  if not text.is_object(data) then
    error(exceptions.ValidationError({ non_field_errors = { text.fill(self.error_messages.invalid, { datatype = text.type_name(data) }) } }, "invalid"), 0)
  end
  local plan = plan_of(self)
  local entries, partial, methods = plan.writable, self.root.partial, class.flat(getmetatable(self).class)
  local result, errors = {}, nil
  for i = 1, #entries do
    local entry = entries[i]
    local value, err = validated(self, entry, data, partial, methods)
    if value == nil then
      errors = errors or {}
      errors[entry.name] = detail_of(err)
    elseif value ~= empty then
      if entry.target then result[entry.target] = value else self:set_value(result, entry.field.source_attrs, value) end
    end
  end
  if errors then error(exceptions.ValidationError(setmetatable(errors, plan.error_meta)), 0) end
  return result
end

---Values that read-only fields have by default, for the validators.
local function read_only_defaults(self)
  local values = {}
  for _, entry in ipairs(plan_of(self).defaults) do
    local field = field_of(self, entry)
    local ok, value = pcall(field.get_default, field)
    if ok then values[entry.target] = value elseif not is_skip(value) then error(value, 0) end
  end
  return values
end

---@async when a validator waits
---@param value any
function Serializer:run_validators(value)
  if self.validators[1] == nil then return end
  if type(value) == "table" and class.of(value) == nil then value = base.merged(read_only_defaults(self), value) end
  Field.run_validators(self, value)
end

---The app's checks of all values together. Raise ValidationError, or return the values.
---@param attrs table
---@return table
function Serializer:validate(attrs) return attrs end

local function check_whole(self, value)
  self:run_validators(value)
  value = self:validate(value)
  if value == nil then error(exceptions.AssertionError ".validate() should return the validated data", 0) end
  return value
end

---Validators and validate(), whose errors become an object. Lists of serializers do the same.
function Serializer.__check_whole(self, value)
  local ok, result = xpcall(check_whole, keep_trace, self, value)
  if ok then return result end
  if base.is_refusal(result) then error(exceptions.ValidationError(base.as_serializer_error(result)), 0) end
  error(result, 0)
end

local check_serializer, plain_validate = Serializer.__check_whole, Serializer.validate

---@async when a validator waits
---@param data any
---@return any
function Serializer:run_validation(data)
  if data == nil or data == null or data == empty or self.read_only then
    local is_final, value = self:validate_empty_values(data)
    if is_final then return value end
    data = value
  end
  local value = self:to_internal_value(data)
  if self.validate == plain_validate and self.validators[1] == nil then return value end
  return check_serializer(self, value)
end

fields_base.usual[Serializer.run_validation] = true

---The data as it came, or initial values: for a serializer without valid data.
function Serializer:get_initial()
  local data, values = self.initial_data, {}
  if data ~= nil and not text.is_object(data) then return values end
  for _, entry in ipairs(plan_of(self).entries) do
    local field = field_of(self, entry)
    if not field.read_only then
      local value
      if data ~= nil then value = field:get_value(data) else value = field:get_initial() end
      if value ~= empty then values[entry.name] = value end
    end
  end
  return setmetatable(values, ordered.meta(ordered.names(plan_of(self).map)))
end

-- ---- what goes out ----

local function is_none(value)
  if value == nil or value == null then return true end
  return type(value) == "table" and rawget(value, "is_key") == true and (value.pk == nil or value.pk == null)
end

---What a field finds in an object; fields.empty: it is left out.
local function attribute_of(field, entry, instance)
  if entry.found_simply then return field:find_attribute(instance) end
  local ok, value = xpcall(field.get_attribute, keep_trace, field, instance)
  if ok then return value end
  if is_skip(value) then return empty end
  error(value, 0)
end

local function put(self, result, entry, instance)
  local field = field_of(self, entry)
  local value = attribute_of(field, entry, instance)
  if value == empty then return end
  if is_none(value) then
    result[entry.name] = null
    return
  end
  value = field:to_representation(value)
  if value == nil then value = null end
  result[entry.name] = value
end

local function key_alone(field, key)
  return field.pk_field and field.pk_field:to_representation(key) or key
end

---The object by the plan: columns of rows are taken as they stand.
local function represent(self, plan, instance)
  local entries, result = plan.readable, {}
  local is_row = type(instance) == "table" and plan.row_meta ~= nil and getmetatable(instance) == plan.row_meta and rawget(instance, "__deferred") == nil
  for i = 1, #entries do
    local entry = entries[i]
    if is_row and entry.attname then
      local value = rawget(instance, entry.attname)
      if value == nil or value == null then
        result[entry.name] = null
      elseif type(value) == entry.kind and (not entry.whole or value % 1 == 0) then
        result[entry.name] = value
      else
        if entry.is_key then value = key_alone(entry.field, value) else value = field_of(self, entry):to_representation(value) end
        result[entry.name] = value
      end
    else
      put(self, result, entry, instance)
    end
  end
  return setmetatable(result, plan.result_meta)
end

Serializer.__represent = represent

---With its fields, as DRF shows it.
function Serializer:__repr() return representation.show(self) end

function Serializer:__tostring() return representation.show(self) end

---@async when a relation has to be read from the database
---@param instance any
---@return table
function Serializer:to_representation(instance) return represent(self, plan_of(self), instance) end

return Serializer
