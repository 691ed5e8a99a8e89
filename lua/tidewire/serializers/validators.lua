---Validators that ask the database whether a value, or several together, are taken: those that `unique`, `unique_together`, UniqueConstraint and
---`unique_for_date` of models give to ModelSerializer. DRF's validators.
---
---    email = fields.EmailField { validators = { validators.UniqueValidator { queryset = User.objects } } }
---    Meta = { validators = { validators.UniqueTogetherValidator { queryset = Slot.objects, fields = { "room", "hour" } } } }
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local conditions = require "tidewire.serializers.conditions"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local repr = require "tidewire.repr"
local text = require "tidewire.fields.text"

local M = {}

local null = json.null
local ValidationError = exceptions.ValidationError

local function is_none(value) return value == nil or value == null end

-- ---- asking ----

---A value that no column can hold is not taken by any row.
local function is_unaskable(err)
  return class.is_instance(err, exceptions.ValueError) or class.is_instance(err, exceptions.TypeError) or class.is_instance(err, exceptions.DataError)
end

local function ask(queryset, lookups, instance)
  local rows = queryset:filter(lookups)
  if not is_none(instance) then rows = rows:exclude { pk = instance.pk } end
  return rows:exists()
end

---@async
local function exists(queryset, lookups, instance)
  local ok, found = pcall(ask, queryset, lookups, instance)
  if ok then return found end
  if is_unaskable(found) then return false end
  error(found, 0)
end

local function check_options(kind, options, known)
  if type(options) ~= "table" or class.of(options) then caller.refuse("%s takes a table of options", kind) end
  for name in pairs(options) do
    if not known[name] then caller.refuse("%s has no option %q", kind, tostring(name)) end
  end
  if options.queryset == nil then caller.refuse("%s needs a queryset", kind) end
end

local function take(object, options)
  for name, value in pairs(options) do object[name] = value end
end

---"Author.objects.all()", as DRF shows managers.
local function shown(queryset)
  local meta = queryset.model and queryset.model._meta
  if not meta then return tostring(queryset) end
  if queryset.__is_manager then return repr.repr(queryset) end
  return ("<QuerySet of %s>"):format(meta.object_name)
end

-- ---- one field ----

---No other row has the value: `unique = true`. Belongs to a field.
---@class tidewire.UniqueValidator: tidewire.Class
---@field message string
local UniqueValidator = class.new("UniqueValidator", { message = "This field must be unique.", requires_context = true, lookup = "exact" })
M.UniqueValidator = UniqueValidator

---@param options { queryset: tidewire.QuerySet|tidewire.Manager, message?: string, lookup?: string }
function UniqueValidator:init(options)
  check_options("UniqueValidator", options, { queryset = true, message = true, lookup = true })
  take(self, options)
end

---@async
---@param value any
---@param field tidewire.SerializerField
function UniqueValidator:__call(value, field)
  local attrs = field.source_attrs
  local name = attrs[#attrs]
  if self.lookup ~= "exact" then name = name .. "__" .. self.lookup end
  if exists(self.queryset, { [name] = value }, field.parent.instance) then error(ValidationError(self.message, "unique"), 0) end
end

function UniqueValidator:__repr() return ("<%s(queryset=%s)>"):format(class.of(self).name, shown(self.queryset)) end

-- ---- several together ----

---No other row has the same values of some fields together. Belongs to a serializer: `Meta.validators`.
---@class tidewire.UniqueTogetherValidator: tidewire.Class
---@field fields string[] of the serializer
---@field message string
---@field code string
local UniqueTogetherValidator = class.new("UniqueTogetherValidator", {
  message = "The fields {field_names} must make a unique set.", missing_message = "This field is required.", code = "unique", requires_context = true,
})
M.UniqueTogetherValidator = UniqueTogetherValidator

---@class tidewire.UniqueTogetherOptions
---@field queryset tidewire.QuerySet|tidewire.Manager
---@field fields string[] of the serializer
---@field message? string with {field_names}
---@field code? string
---@field condition? tidewire.Q only rows that meet it count
---@field condition_fields? string[] of the serializer: what the condition asks about
---@field nulls_distinct? boolean false: null is equal to null

---@param options tidewire.UniqueTogetherOptions
function UniqueTogetherValidator:init(options)
  check_options("UniqueTogetherValidator", options,
    { queryset = true, fields = true, message = true, code = true, condition = true, condition_fields = true, nulls_distinct = true })
  if type(options.fields) ~= "table" then caller.refuse "UniqueTogetherValidator needs fields, a list of names" end
  take(self, options)
  self.condition_fields = options.condition_fields or {}
end

---A field of the serializer by its name, without making the serializer have fields of its own.
local function field_named(serializer, name)
  local field = serializer:__plan().map[name]
  if not field then error(exceptions.KeyError(("'%s'"):format(name)), 0) end
  return field
end

local function sources_of(serializer, names)
  local sources = {}
  for i, name in ipairs(names) do sources[i] = field_named(serializer, name).source end
  return sources
end

---The validator makes its fields required, whatever they say themselves.
local function enforce_required(self, attrs, serializer)
  local missing = {}
  for _, names in ipairs { self.fields, self.condition_fields } do
    for i, source in ipairs(sources_of(serializer, names)) do
      if attrs[source] == nil then missing[names[i]] = self.missing_message end
    end
  end
  if next(missing) ~= nil then error(ValidationError(missing, "required"), 0) end
end

local function same(a, b)
  if is_none(a) or is_none(b) then return is_none(a) and is_none(b) end
  return a == b
end

---What the instance has where nothing came in. A relation's key does as well as its row, and costs no query.
local function held(instance, source)
  local meta = instance._meta
  local field = meta and meta.fields_by_name[source]
  local attname = field and field.is_relation and field.attname or source
  local value = instance[attname]
  if value == nil then return null end
  return value
end

local function key_of(instance, source, value)
  local field = instance._meta and instance._meta.fields_by_name[source]
  return field and field.is_relation and field.key_of and field:key_of(value) or value
end

---@return table<string, any> lookups
---@return boolean changed some value is another than the instance's
---@return boolean has_none some changed value is null
local function lookups_of(attrs, sources, instance)
  local lookups, changed, has_none = {}, is_none(instance), false
  for _, source in ipairs(sources) do
    local value = attrs[source]
    local differs = true
    if not is_none(instance) then
      local own = held(instance, source)
      if value == nil then value = own end
      differs = not same(key_of(instance, source, value), own)
    end
    lookups[source] = value
    changed = changed or differs
    has_none = has_none or differs and is_none(value)
  end
  return lookups, changed, has_none
end

local function condition_holds(self, attrs, serializer, instance)
  if self.condition == nil then return true end
  local values = {}
  for _, source in ipairs(sources_of(serializer, self.condition_fields)) do
    values[source] = attrs[source] ~= nil and attrs[source] or held(instance, source)
  end
  return conditions.holds(self.condition, values)
end

---@async
---@param attrs table<string, any>
---@param serializer tidewire.Serializer
function UniqueTogetherValidator:__call(attrs, serializer)
  local instance = serializer.instance
  if is_none(instance) then
    enforce_required(self, attrs, serializer)
  elseif serializer.parent and serializer.parent.many and class.of(instance) == nil then
    error(exceptions.RuntimeError("`UniqueTogetherValidator` cannot determine the current instance during a multiple update. Override "
      .. "`ListSerializer.run_child_validation()` to set `child.instance` before validation."), 0)
  end
  local sources = sources_of(serializer, self.fields)
  local lookups, changed, has_none = lookups_of(attrs, sources, instance)
  if not changed or has_none and self.nulls_distinct ~= false then return end
  if not condition_holds(self, attrs, serializer, instance) then return end
  local queryset = self.condition and self.queryset:filter(self.condition) or self.queryset
  if exists(queryset, lookups, instance) then
    error(ValidationError(text.fill(self.message, { field_names = table.concat(self.fields, ", ") }), self.code), 0)
  end
end

function UniqueTogetherValidator:__repr()
  local names = {}
  for i, name in ipairs(self.fields) do names[i] = repr.repr(name) end
  return ("<%s(queryset=%s, fields=(%s%s))>"):format(class.of(self).name, shown(self.queryset), table.concat(names, ", "), #names == 1 and "," or "")
end

-- ---- for a day, a month, a year ----

---@class tidewire.BaseUniqueForValidator: tidewire.Class
---@field field string of the serializer
---@field date_field string
local UniqueFor = class.new("BaseUniqueForValidator", { missing_message = "This field is required.", requires_context = true })

---@param options { queryset: tidewire.QuerySet|tidewire.Manager, field: string, date_field: string, message?: string }
function UniqueFor:init(options)
  local kind = class.of(self).name
  check_options(kind, options, { queryset = true, field = true, date_field = true, message = true })
  if not options.field or not options.date_field then caller.refuse("%s needs field and date_field", kind) end
  take(self, options)
end

function UniqueFor:check_present(attrs)
  local missing = {}
  for _, name in ipairs { self.field, self.date_field } do
    if attrs[name] == nil then missing[name] = self.missing_message end
  end
  if next(missing) ~= nil then error(ValidationError(missing, "required"), 0) end
end

local function last_attr(serializer, name)
  local attrs = field_named(serializer, name).source_attrs
  return attrs[#attrs]
end

---@async
---@param attrs table<string, any>
---@param serializer tidewire.Serializer
function UniqueFor:__call(attrs, serializer)
  local name, date_name = last_attr(serializer, self.field), last_attr(serializer, self.date_field)
  self:check_present(attrs)
  local date = attrs[self.date_field]
  local lookups = { [name] = attrs[self.field] }
  for _, part in ipairs(self.parts) do lookups[date_name .. "__" .. part] = date[part] end
  if exists(self.queryset, lookups, serializer.instance) then
    error(ValidationError({ [self.field] = text.fill(self.message, { date_field = self.date_field }) }, "unique"), 0)
  end
end

function UniqueFor:__repr()
  return ("<%s(queryset=%s, field=%s, date_field=%s)>"):format(class.of(self).name, shown(self.queryset), repr.repr(self.field), repr.repr(self.date_field))
end

local function unique_for(name, range, parts)
  M[name] = UniqueFor:extend(name, { message = ('This field must be unique for the "{date_field}" %s.'):format(range), parts = parts })
end

unique_for("UniqueForDateValidator", "date", { "day", "month", "year" })
unique_for("UniqueForMonthValidator", "month", { "month" })
unique_for("UniqueForYearValidator", "year", { "year" })

return M
