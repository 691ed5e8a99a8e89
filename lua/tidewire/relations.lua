---Relations in serializers: fields that stand for other rows by their key, by another unique field, or by their text; `many = true` for several.
---
---    author = relations.PrimaryKeyRelatedField { queryset = Author.objects }
---    tags = relations.SlugRelatedField { queryset = Tag.objects, slug_field = "name", many = true }
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local fields_base = require "tidewire.fields.base"
local json = require "tidewire.json"
local text = require "tidewire.fields.text"

local M = {}

local null, empty = json.null, fields.empty
local Field = fields.Field
local getmetatable, setmetatable, type = getmetatable, setmetatable, type

-- ---- what a relation is represented by where its row is not needed ----

---Stands for a row of which only the key is known.
---@class tidewire.PKOnlyObject
---@field pk any
local PKOnlyObject = { is_key = true, __tostring = function(self) return tostring(self.pk) end }
PKOnlyObject.__index = PKOnlyObject

---@param pk any
---@return tidewire.PKOnlyObject
function M.PKOnlyObject(pk) return setmetatable({ pk = pk, is_key = true }, PKOnlyObject) end

-- ---- RelatedField ----

---What all relations have in common. Extend it with `to_representation(row)` and `to_internal_value(data)`.
---@class tidewire.RelatedSerializerField: tidewire.SerializerField
---@field queryset tidewire.QuerySet|tidewire.Manager the rows that may be chosen
local RelatedField = Field:extend("RelatedField", {
  options = { queryset = "table", many = "boolean", allow_empty = "boolean", html_cutoff = "any", html_cutoff_text = "any" },
})
M.RelatedField = RelatedField

---What of the arguments belongs to the list rather than to its child.
local OF_LIST = {
  read_only = true, write_only = true, required = true, default = true, initial = true, source = true, label = true, help_text = true, style = true,
  error_messages = true, allow_empty = true,
}

---With `many` it is the field of a list that is made. Called by the class.
function RelatedField.__new(its_class, ...)
  local first, more = ...
  local given = type(first) == "table" and first or more
  if type(given) ~= "table" or not given.many then return nil end
  return its_class:many_init(given, first ~= given and first or nil)
end

---Make the field of a list. Override it to choose what the list and its child are made with.
---@param given table
---@param positional any an argument that stands for itself
---@return tidewire.ManyRelatedField
function RelatedField:many_init(given, positional)
  local for_list, for_child = {}, {}
  for name, value in pairs(given) do
    if name ~= "many" and name ~= "allow_empty" then for_child[name] = value end
    if OF_LIST[name] then for_list[name] = value end
  end
  if positional ~= nil then for_child[self.positional] = positional end
  for_list.child_relation = self(for_child)
  return M.ManyRelatedField(for_list)
end

function RelatedField:check_arguments(given)
  local queryset = given.queryset
  if queryset == nil then queryset = class.flat(class.of(self)).queryset end
  if self.get_queryset == RelatedField.get_queryset and queryset == nil and not given.read_only then
    self:refuse "Relational field must provide a `queryset` argument, override `get_queryset`, or set read_only=`True`."
  end
  if queryset ~= nil and given.read_only then
    self:refuse "Relational fields should not provide a `queryset` argument, when setting read_only=`True`."
  end
end

---An empty text stands for no row.
---@async
---@param data any
---@return any
function RelatedField:run_validation(data)
  if data == "" then data = null end
  return Field.run_validation(self, data)
end

fields_base.usual[RelatedField.run_validation] = true

---The rows that may be chosen; an app may override it to choose them by `self.context`.
---@return tidewire.QuerySet
function RelatedField:get_queryset()
  local queryset = self.queryset
  if type(queryset) == "table" and queryset.all then return queryset:all() end
  return queryset
end

---Is the key all that to_representation wants to know of the row?
---@return boolean
function RelatedField:use_pk_only_optimization() return false end

---The object that has the relation: what all of `source` but its end leads to.
local function holder_of(self, instance)
  local attrs = self.source_attrs
  for i = 1, #attrs - 1 do
    if type(instance) ~= "table" then return nil end
    instance = instance[attrs[i]]
  end
  return instance
end

---What an object keeps of a relation without its row being read; nil when it does not keep a key.
local function key_in(holder, name)
  if type(holder) ~= "table" then return nil end
  local its_class = class.of(holder)
  local meta = its_class and its_class._meta
  local field = meta and meta.fields_by_name[name]
  if not field or not field.concrete then return nil end
  local key = holder[field.attname]
  if key == nil then return null end
  return key
end

---@async when the row has to be read from the database
---@param instance any
---@return any
function RelatedField:find_attribute(instance)
  if self.source_attrs[1] and self:use_pk_only_optimization() then
    local ok, holder = pcall(holder_of, self, instance)
    local key = ok and key_in(holder, self.source_attrs[#self.source_attrs])
    if key ~= nil and key ~= false then return M.PKOnlyObject(key) end
  end
  return Field.find_attribute(self, instance)
end

---Rows that may be chosen, by what stands for them: { { value, label }, … }.
---@async
---@return table[]
function RelatedField:get_choices()
  local queryset, list = self:get_queryset(), {}
  if not queryset then return list end
  for _, row in ipairs(queryset:list()) do list[#list + 1] = { self:to_representation(row), self:display_value(row) } end
  return list
end

---@param row any
---@return string
function RelatedField:display_value(row) return text.str(row) end

-- ---- kinds ----

---The row's text, to read only.
---@class tidewire.StringRelatedField: tidewire.RelatedSerializerField
M.StringRelatedField = RelatedField:extend("StringRelatedField", {
  check_arguments = function(self, given)
    given.read_only = true
    RelatedField.check_arguments(self, given)
  end,
  to_representation = function(_, value) return text.str(value) end,
})

---Raise what a row that cannot be found means, be it that no column could hold the value; other errors as they are.
local function refuse(self, err, missing, missing_params, wrong, wrong_params)
  if class.is_instance(err, exceptions.ObjectDoesNotExist) or class.is_instance(err, exceptions.DataError) then self:fail(missing, missing_params) end
  if class.is_instance(err, exceptions.TypeError) or class.is_instance(err, exceptions.ValueError) then self:fail(wrong, wrong_params) end
  error(err, 0)
end

local TEXTS = { CharField = true, SlugField = true, TextField = true }

---A value that rows can be looked for by. An object or a list of JSON is none, unless the model's field makes a text of it, as Python's str() does.
local function lookup_value(queryset, name, value)
  if type(value) ~= "table" or class.of(value) or text.is_number_object(value) then return value end
  local field = queryset.model and queryset.model._meta:get_field(name)
  local kind = field and field.internal_type
  if TEXTS[kind] then return text.str(value) end
  if kind == "UUIDField" then field:fail("invalid", { value = text.str(value) }) end
  error(exceptions.TypeError(("Field '%s' expected a value but got %s."):format(name, text.str(value))), 0)
end

local function get_by(queryset, name, value) return queryset:get { [name] = lookup_value(queryset, name, value) } end

---@class tidewire.PrimaryKeyRelatedField: tidewire.RelatedSerializerField
---@field pk_field tidewire.SerializerField? how keys are written, where not as they are
local PrimaryKeyRelatedField = RelatedField:extend("PrimaryKeyRelatedField", {
  options = { pk_field = "table" },
  default_error_messages = {
    required = "This field is required.",
    does_not_exist = 'Invalid pk "{pk_value}" - object does not exist.',
    incorrect_type = "Incorrect type. Expected pk value, received {data_type}.",
  },
})
M.PrimaryKeyRelatedField = PrimaryKeyRelatedField

function PrimaryKeyRelatedField:use_pk_only_optimization() return true end

---@async
---@param data any
---@return tidewire.Model
function PrimaryKeyRelatedField:to_internal_value(data)
  if self.pk_field then data = self.pk_field:to_internal_value(data) end
  if type(data) == "boolean" then self:fail("incorrect_type", { data_type = "bool" }) end
  local ok, row = pcall(get_by, self:get_queryset(), "pk", data)
  if ok then return row end
  return refuse(self, row, "does_not_exist", { pk_value = data }, "incorrect_type", { data_type = text.type_name(data) })
end

---@param value { pk: any } a row, or what stands for it
---@return any
function PrimaryKeyRelatedField:to_representation(value)
  local key = value.pk
  if key == nil then return null end
  if self.pk_field and key ~= null then return self.pk_field:to_representation(key) end
  return key
end

local own_representation, own_optimization = PrimaryKeyRelatedField.to_representation, PrimaryKeyRelatedField.use_pk_only_optimization

---Does a field represent nothing but the key that its object keeps?
---@param field tidewire.SerializerField
---@return boolean
function M.is_key_field(field)
  return field.to_representation == own_representation and field.use_pk_only_optimization == own_optimization
    and field.find_attribute == RelatedField.find_attribute
end

---A row by another unique field of it; `slug_field` may follow relations to be read: "author__name".
---@class tidewire.SlugRelatedField: tidewire.RelatedSerializerField
---@field slug_field string
local SlugRelatedField = RelatedField:extend("SlugRelatedField", {
  options = { slug_field = "string" },
  positional = "slug_field",
  default_error_messages = { does_not_exist = "Object with {slug_name}={value} does not exist.", invalid = "Invalid value." },
})
M.SlugRelatedField = SlugRelatedField

function SlugRelatedField:check_arguments(given)
  if not given.slug_field then self:refuse "The `slug_field` argument is required." end
  RelatedField.check_arguments(self, given)
end

---@async
---@param data any
---@return tidewire.Model
function SlugRelatedField:to_internal_value(data)
  local ok, row = pcall(get_by, self:get_queryset(), self.slug_field, data)
  if ok then return row end
  return refuse(self, row, "does_not_exist", { slug_name = self.slug_field, value = data }, "invalid")
end

---@param value any
---@return any
function SlugRelatedField:to_representation(value)
  for attr in self.slug_field:gsub("__", "."):gmatch "[^.]+" do
    value = value[attr]
    if value == nil then return null end
  end
  return value
end

-- ---- several ----

---A list of relations. `many = true` makes one.
---@class tidewire.ManyRelatedField: tidewire.SerializerField
---@field child_relation tidewire.RelatedSerializerField
---@field allow_empty boolean
local ManyRelatedField = Field:extend("ManyRelatedField", {
  options = { child_relation = "table", allow_empty = "boolean" },
  initial = json.array {},
  default_empty_html = json.array {},
  allow_empty = true,
  default_error_messages = { not_a_list = 'Expected a list of items but got type "{input_type}".', empty = "This list may not be empty." },
})
M.ManyRelatedField = ManyRelatedField

function ManyRelatedField:check_arguments(given)
  if not given.child_relation then self:refuse "`child_relation` is a required argument." end
end

function ManyRelatedField:prepare() self.child_relation:bind("", self) end

function ManyRelatedField:set_parent(parent)
  Field.set_parent(self, parent)
  self.child_relation:set_parent(self)
end

function ManyRelatedField:attach(parent)
  local copy = Field.attach(self, parent)
  copy.child_relation = self.child_relation:attach(copy)
  return copy
end

---What Python iterates over: the members of a list, the keys of an object.
local function members_of(self, data)
  if text.is_list(data) then return data end
  if not text.is_object(data) then self:fail("not_a_list", { input_type = text.type_name(data) }) end
  local keys = {}
  for key in pairs(data) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

---@async
---@param data any
---@return any[]
function ManyRelatedField:to_internal_value(data)
  local members = members_of(self, data)
  if not self.allow_empty and #members == 0 then self:fail "empty" end
  local list, child = json.array {}, self.child_relation
  for i = 1, #members do list[i] = child:to_internal_value(members[i]) end
  return list
end

---The related rows: a queryset of a manager's rows, or what else `source` leads to.
---@param instance any
---@return any
function ManyRelatedField:find_attribute(instance)
  if type(instance) == "table" and class.of(instance) and instance._meta and instance.pk == nil then return json.array {} end
  local value = Field.find_attribute(self, instance)
  if type(value) == "table" and value ~= empty and getmetatable(value) and value.all then return value:all() end
  return value
end

---@async
---@param rows any a queryset or a list
---@return any[]
function ManyRelatedField:to_representation(rows)
  if rows.__is_queryset then rows = rows:list() end
  local list, child = json.array {}, self.child_relation
  for i = 1, #rows do list[i] = child:to_representation(rows[i]) end
  return list
end

function ManyRelatedField:get_choices() return self.child_relation:get_choices() end

return M
