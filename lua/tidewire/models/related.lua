---Relations: ForeignKey and OneToOneField, and the objects that stand for their other ends. ManyToManyField stands in models/many.lua.
---
---A relation may name its target before that exists, so what depends on the target (`related_model`, `target_field`, the reverse end) is filled in
---when the registry has both.
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local Field = require "tidewire.models.field"
local json = require "tidewire.json"
local on_delete = require "tidewire.models.on_delete"
local registry = require "tidewire.models.registry"
local repr = require "tidewire.repr"

local M = {}

---@class tidewire.JoinStep
---@field from_column string
---@field to_model tidewire.Model
---@field to_table string
---@field to_column string
---@field nullable boolean there may be no row at the other end
---@field multiple boolean there may be several
---@field direct boolean along a foreign key, so that the other end's key is known without a join
---@field m2m boolean to the table between the two

-- ---- the other end ----

---The end of a relation that is not declared: what Django calls ForeignObjectRel.
---@class tidewire.Relation: tidewire.Class
---@field field tidewire.ForeignKey|tidewire.ManyToManyField
---@field model tidewire.Model whose rows have it: the target of the field
---@field related_model tidewire.Model the model that declares the field
---@field name string the name it is looked up by
---@field accessor_name string? the instances' attribute; nil when related_name ends with "+"
---@field cache_name string?
---@field multiple boolean
---@field hidden boolean
local Relation = class.new("Relation", {
  is_relation = true, concrete = false, auto_created = true, editable = false, null = true, primary_key = false,
  many_to_many = false, one_to_many = false, one_to_one = false, many_to_one = false, hidden = false,
})
M.Relation = Relation

local function fill_in(name, model)
  return name and (name:gsub("%%%(class%)s", model._meta.model_name):gsub("%%%(app_label%)s", model._meta.app_label))
end

local function accessor_of(rel)
  if rel.related_name then return not rel.hidden and rel.related_name or nil end
  if rel.symmetrical and rel.model == rel.related_model then return nil end
  return rel.related_model._meta.model_name .. (rel.multiple and "_set" or "")
end

---@param field table the relation field, whose model and target are known
---@param kind "one_to_many"|"one_to_one"|"many_to_many"
function Relation:init(field, kind)
  local given, model = field.given, field.model
  self.field, self.model, self.related_model = field, field.related_model, model
  self[kind] = true
  self.multiple = kind ~= "one_to_one"
  self.on_delete, self.symmetrical = field.on_delete, field.symmetrical
  self.limit_choices_to = field.limit_choices_to
  self.related_name = fill_in(given.related_name or model._meta.default_related_name, model)
  self.hidden = self.related_name ~= nil and self.related_name:sub(-1) == "+"
  self.related_query_name = fill_in(given.related_query_name, model)
  self.accessor_name = accessor_of(self)
  self.cache_name = self.accessor_name or model._meta.model_name
  self.name = self.related_query_name or self.related_name or model._meta.model_name
end

---@return tidewire.JoinStep[]
function Relation:path()
  local field = self.field
  return { {
    from_column = field.target_field.column, to_model = field.model, to_table = field.model._meta.db_table, to_column = field.column,
    nullable = true, multiple = self.multiple, direct = false, m2m = false,
  } }
end

---The field of the declaring model that refers to this one, as Django's rel.remote_field.
function Relation:get_remote_field() return self.field end

function Relation:__tostring() return ("%s.%s"):format(self.related_model._meta.label, self.field.name) end

-- ---- declaring a relation ----

---A label for the registry: "self", "Room" of the same app, or "chat.Room".
local function label_of(field)
  local to, meta = field.to, field.model._meta
  if type(to) == "table" then return to._meta.label end
  if to == "self" then return meta.label end
  return to:find(".", 1, true) and to or meta.app_label .. "." .. to
end
M.label_of = label_of

local function target_problem(self, to)
  local name = class.of(self).name
  if type(to) == "string" then return nil end
  if not class.is_class(to) or to._meta == nil then
    return ("%s: the target comes first: a model, its name, or \"self\"; got a %s"):format(name, type(to))
  end
  if to._meta.abstract then return ("%s cannot refer to %s, which is abstract"):format(name, to.name) end
end

---Names of the other end have to be free there: neither a field nor another relation's end may have them.
local function check_clashes(field, rel)
  local meta = rel.model._meta
  for _, name in ipairs { rel.accessor_name or false, not rel.hidden and rel.name or false } do
    if name and (meta.fields_by_name[name] or meta.relations_by_name[name] or meta.descriptors[name] or class.flat(rel.model)[name] ~= nil) then
      error(("%s%s: its other end would be called %s.%s, which is taken; give another related_name"):format(field.position, tostring(field),
        meta.object_name, name), 0)
    end
  end
end
M.check_clashes = check_clashes

---@class tidewire.RelatedField: tidewire.Field
local RelatedField = Field:kind("RelatedField", {
  is_relation = true, empty_strings_allowed = false,
  options = { related_name = "string", related_query_name = "string", limit_choices_to = "any", db_constraint = "boolean" },
})
M.RelatedField = RelatedField

---@param to tidewire.Model|string
---@param options table
function RelatedField:init(to, options)
  self.to = to
  Field.init(self, options)
  self.problem = target_problem(self, to) or self.problem
  self.position = caller.position()
end

function RelatedField:contribute_to_class(model, name)
  self.cache_name = name
  Field.contribute_to_class(self, model, name)
  if model._meta.abstract then return end
  registry.when({ model._meta.label, label_of(self) }, function(_, target) self:resolve(target) end)
end

---The target is there.
function RelatedField:resolve(target)
  self.related_model = target
  local rel = Relation(self, self.other_end)
  self.remote_field = rel
  check_clashes(self, rel)
  self:connect(target, rel)
  target._meta:add_relation(rel)
end

-- ---- ForeignKey ----

---@class tidewire.ForeignKey: tidewire.RelatedField
---@field related_model tidewire.Model nil until the target is declared
---@field target_field tidewire.Field the target's field that is referred to
---@field remote_field tidewire.Relation
---@field on_delete tidewire.OnDelete
local ForeignKey = RelatedField:kind("ForeignKey", {
  internal_type = "ForeignKey", many_to_one = true, one_to_one = false, multiple = false, other_end = "one_to_many", db_constraint = true,
  options = { on_delete = "any", to_field = "string" },
  messages = { invalid = "%(model)s instance with %(field)s %(value)r does not exist." },
})
M.ForeignKey = ForeignKey

local ALL_ON_DELETE = "models.CASCADE, PROTECT, RESTRICT, SET_NULL, SET_DEFAULT, SET(…) or DO_NOTHING"

function ForeignKey:check_options(options)
  local chosen = options.on_delete
  if chosen == nil then return ("%s needs on_delete: %s"):format(class.of(self).name, ALL_ON_DELETE) end
  if not on_delete.is(chosen) then return ("on_delete is a %s; expected %s"):format(type(chosen), ALL_ON_DELETE) end
  if chosen == on_delete.SET_NULL and not options.null then return "on_delete = models.SET_NULL needs null = true" end
  if chosen == on_delete.SET_DEFAULT and options.default == nil then return "on_delete = models.SET_DEFAULT needs a default" end
  return Field.check_options(self, options)
end

function ForeignKey:prepare()
  if self.given.db_index == nil then self.db_index = not self.unique end
end

function ForeignKey:get_attname() return self.name .. "_id" end

---What the target's field makes of a value: a missing to_field or one that is not unique is a mistake of the declaration.
function ForeignKey:connect(target)
  local meta = target._meta
  self.target_field = self.to_field and meta.fields_by_name[self.to_field] or not self.to_field and meta.pk
  if not self.target_field then error(("%s%s: %s has no field %q"):format(self.position, tostring(self), meta.object_name, self.to_field), 0) end
  if not self.target_field.unique then
    error(("%s%s: to_field = %q has to be unique"):format(self.position, tostring(self), self.to_field), 0)
  end
end

---@return tidewire.JoinStep[]
function ForeignKey:path()
  local meta = self.related_model._meta
  return { {
    from_column = self.column, to_model = self.related_model, to_table = meta.db_table, to_column = self.target_field.column,
    nullable = self.null, multiple = false, direct = true, m2m = false,
  } }
end

---The value that is stored for a row of the target; other values as they are.
function ForeignKey:key_of(value)
  if type(value) == "table" and class.is_instance(value, self.related_model) then return value[self.target_field.attname] end
  return value
end

function ForeignKey:get_default() return self:key_of(Field.get_default(self)) end

function ForeignKey:to_python(value) return self.target_field:to_python(value) end

function ForeignKey:get_prep_value(value)
  value = self:key_of(value)
  if value == nil or value == json.null then return nil end
  return self.target_field:get_prep_value(value)
end

function ForeignKey:to_db(value, vendor) return self.target_field:to_db(value, vendor) end
function ForeignKey:to_lookup(value, vendor) return self.target_field:to_lookup(value, vendor) end
function ForeignKey:placeholder(vendor) return self.target_field:placeholder(vendor) end
function ForeignKey:converter(vendor) return self.target_field:converter(vendor) end
function ForeignKey:db_type(vendor) return self.target_field:rel_db_type(vendor) end
function ForeignKey:db_check(vendor, column) return self.target_field:db_check(vendor, column) end

---The rows that may be chosen.
function ForeignKey:choosable()
  local queryset = self.related_model._base_manager:all()
  local limit = self.limit_choices_to
  if type(limit) == "function" then limit = limit() end
  return limit and queryset:filter(limit) or queryset
end

---@async
function ForeignKey:validate(value, instance)
  Field.validate(self, value, instance)
  if value == nil then return end
  local field = self.target_field
  if self:choosable():filter({ [field.attname] = value }):exists() then return end
  self:fail("invalid", { model = self.related_model._meta.verbose_name, pk = value, field = field.name, value = value })
end

---@class tidewire.OneToOneField: tidewire.ForeignKey
M.OneToOneField = ForeignKey:kind("OneToOneField", {
  internal_type = "OneToOneField", many_to_one = false, one_to_one = true, unique = true, other_end = "one_to_one", options = { unique = false },
})

---An object of another model where one of `model` belongs.
function M.check_instance(instance, name, model, value)
  if class.is_instance(value, model) then return end
  error(exceptions.ValueError(('Cannot assign "%s": "%s.%s" must be a "%s" instance.'):format(repr.repr(value), instance._meta.object_name, name,
    model._meta.object_name)), 0)
end

return M
