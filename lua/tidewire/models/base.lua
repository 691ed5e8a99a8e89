---Model: what models extend, and the making of a model's class. What instances do with the database stands in models/saving.lua and
---models/deletion.lua.
---
---An instance is a table with its columns' values, so reading one is reading a table. Its metatable's `__index` is asked for all else: methods first,
---then relations and `pk` (models/accessors.lua), then columns that were not loaded.
local accessors = require "tidewire.models.accessors"
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.models.fields"
local json = require "tidewire.json"
local managers = require "tidewire.models.managers"
local many = require "tidewire.models.many"
local on_delete = require "tidewire.models.on_delete"
local Options = require "tidewire.models.options"
local registry = require "tidewire.models.registry"
local related = require "tidewire.models.related"
local repr = require "tidewire.repr"

local null = json.null

---What is asked of a class and is no member of it: `Book.tags` has the model between as `through`.
local function class_index(model, key)
  local flat = class.flat(model)
  local value = flat[key]
  if value ~= nil then return value end
  local meta = flat._meta
  local accessor = meta and meta.descriptors[key]
  return accessor ~= accessors.pk and accessor or nil
end

---@class tidewire.Model: tidewire.Class
---@field objects tidewire.Manager
---@field DoesNotExist tidewire.Class
---@field MultipleObjectsReturned tidewire.Class
---@field _meta tidewire.Options
---@field _default_manager tidewire.Manager
---@field _base_manager tidewire.Manager
---@field pk any
---@operator call(table): tidewire.Model
local Model = class.new("Model", {}, { __index = class_index })

-- ---- instances ----

local function index_of(model)
  local flat, descriptors = class.flat(model), model._meta.descriptors
  return function(instance, key)
    local value = flat[key]
    if value ~= nil then return value end
    local accessor = descriptors[key]
    if accessor then return accessor:get(instance) end
    local deferred = rawget(instance, "__deferred")
    if deferred and deferred[key] then return instance:load_deferred(key) end
  end
end

---Only asked for keys that have no value: assigning to a column that has one is an ordinary assignment.
local function newindex_of(model)
  local descriptors, names = model._meta.descriptors, model._meta.fields_by_name
  return function(instance, key, value)
    local accessor = descriptors[key]
    if accessor then return accessor:set(instance, value) end
    if value == null and names[key] then value = nil end
    accessors.set_column(instance, key, value)
  end
end

local function unexpected(model, key)
  error(exceptions.TypeError(("%s() got an unexpected keyword argument '%s'"):format(model._meta.object_name, tostring(key))), 0)
end

local function assign(instance, meta, key, value)
  local field = meta.fields_by_name[key]
  if field and field.concrete and key == field.attname then
    if value ~= null then rawset(instance, key, value) end
  elseif meta.descriptors[key] then
    meta.descriptors[key]:set(instance, value)
  else
    unexpected(meta.model, key)
  end
end

---Fields that give new instances a value when they are given none.
local function defaults_of(meta)
  local list = {}
  for _, field in ipairs(meta.concrete_fields) do
    if field.default ~= nil or field:get_default() ~= nil then list[#list + 1] = field end
  end
  meta.defaults = list
  return list
end

---`Book { title = "x", author = ann }` makes an instance that is not saved yet. Relations take rows, or keys under "author_id"; null is `tidewire.null`.
---@param values? table<string, any>
---Raises TypeError on a name that is no field.
function Model:init(values)
  local meta = self._meta
  if meta.abstract then error(exceptions.TypeError "Abstract models cannot be instantiated.", 0) end
  values = values or {}
  if type(values) ~= "table" then error(exceptions.TypeError(("%s() takes a table of values, got a %s"):format(meta.object_name, type(values))), 0) end
  rawset(self, "__adding", true)
  for _, field in ipairs(meta.defaults or defaults_of(meta)) do
    if values[field.attname] == nil and values[field.name] == nil then rawset(self, field.attname, field:get_default()) end
  end
  for key, value in pairs(values) do assign(self, meta, key, value) end
end

function Model.__eq(a, b)
  if rawequal(a, b) then return true end
  if class.of(a) ~= class.of(b) then return false end
  local key = a.pk
  return key ~= nil and key == b.pk
end

function Model:__tostring()
  return ("%s object (%s)"):format(self._meta.object_name, repr.str(self.pk))
end

function Model:__repr() return ("<%s: %s>"):format(self._meta.object_name, tostring(self)) end

-- ---- making a model ----

local function split_members(members)
  local own, rest = {}, {}
  for name, value in pairs(members) do
    if fields.is_field(value) then own[name] = value else rest[name] = value end
  end
  return own, rest
end

---Fields of abstract parents that the model has no member of that name instead of, as copies.
local function inherit_fields(model, own, members)
  for _, parent in ipairs(class.order(model)) do
    local meta = parent ~= model and class.is_subclass(parent, Model) and parent ~= Model and parent._meta
    for name, field in pairs(meta and meta.own_fields or {}) do
      if own[name] == nil and members[name] == nil then own[name] = field:clone() end
    end
  end
end

local function in_order(own)
  local names = {}
  for name in pairs(own) do names[#names + 1] = name end
  table.sort(names, function(a, b) return own[a].creation_counter < own[b].creation_counter end)
  return names
end

local function check_field_name(model, name)
  local meta = model._meta
  if type(name) ~= "string" or not name:find "^[%a_][%w_]*$" then caller.refuse("%s: a field is called %s", meta.object_name, repr.repr(name)) end
  if name:find "__" then caller.refuse("%s.%s: a field's name cannot hold two underscores, which separate names in lookups", meta.object_name, name) end
  if name:sub(-1) == "_" then caller.refuse("%s.%s: a field's name cannot end with an underscore", meta.object_name, name) end
  if name == "pk" or class.flat(model)[name] ~= nil then
    caller.refuse("%s.%s: models have a member of that name; call the field something else", meta.object_name, name)
  end
end

local function add_fields(model, own)
  local meta = model._meta
  meta.own_fields = own
  local names = in_order(own)
  local has_key = false
  for _, name in ipairs(names) do has_key = has_key or own[name].primary_key end
  if not has_key and not meta.abstract then
    local id = fields.AutoField { primary_key = true, auto_created = true, verbose_name = "ID" }
    id:contribute_to_class(model, "id")
  end
  for _, name in ipairs(names) do
    check_field_name(model, name)
    own[name]:contribute_to_class(model, name)
  end
end

local function meta_of(members, parents)
  if members.Meta then return members.Meta end
  for _, parent in ipairs(parents) do
    if parent._meta and parent._meta.abstract then
      local given = {}
      for key, value in pairs(parent._meta.given) do given[key] = value end
      given.abstract, given.table, given.db_table = nil, nil, nil
      return given
    end
  end
  return {}
end

local function check_parents(name, parents)
  for _, parent in ipairs(parents) do
    if class.is_class(parent) and class.is_subclass(parent, Model) and parent ~= Model and not parent._meta.abstract then
      caller.refuse("%s: %s is not abstract, and a model cannot extend another's table; relate them by a OneToOneField", name, parent.name)
    end
  end
end

local function add_exceptions(model)
  model.DoesNotExist = exceptions.ObjectDoesNotExist:extend "DoesNotExist"
  model.MultipleObjectsReturned = exceptions.MultipleObjectsReturned:extend "MultipleObjectsReturned"
end

local function set_instance_meta(model)
  local meta = class.instance_meta(model)
  model._meta.descriptors.pk = accessors.pk
  model._meta.instance_meta = meta
  meta.__index, meta.__newindex = index_of(model), newindex_of(model)
end

---Single related rows are reached through accessors from the start; what leads to many rows, when the other model is there.
local function add_accessors(meta)
  for _, field in ipairs(meta.concrete_fields) do
    if field.is_relation then meta.descriptors[field.name] = accessors.ForwardOne(field) end
  end
end

local extend = Model.extend

---Declare a model: `Model:extend("Book", { title = models.CharField { max_length = 100 }, Meta = { … }, method = function(self) … end })`. Abstract models and
---mixins stand before the table.
---@param name string
---@param ... tidewire.Class|table
---@return tidewire.Model
---Raises at the app's line when something is wrong with the declaration.
function Model:extend(name, ...)
  if type(name) ~= "string" then caller.refuse("extend: the model's name comes first, as a string; got a %s", type(name)) end
  local parts = { ... }
  local last = parts[#parts]
  local members = type(last) == "table" and not class.is_class(last) and table.remove(parts) or {}
  parts[#parts + 1] = self
  check_parents(name, parts)
  local own, rest = split_members(members)
  local meta = Options(name, meta_of(members, parts))
  rest.Meta, rest._meta = nil, meta
  parts[#parts] = nil
  parts[#parts + 1] = rest
  local model = extend(self, name, unpack(parts))
  meta.model = model
  inherit_fields(model, own, rest)
  add_exceptions(model)
  add_fields(model, own)
  meta:check_names()
  set_instance_meta(model)
  add_accessors(meta)
  managers.add_managers(model)
  if not meta.abstract then
    local problem = registry.register(model)
    if problem then caller.refuse("%s", problem) end
  end
  return model
end

-- ---- relations that are complete ----

local SIDES = { one_to_many = "reverse side of a related set", many_to_many = "reverse side of a many-to-many set" }

---The attribute that a relation gives the instances of the model at its other end, or of its own in the case of many-to-many.
local function connect(meta, relation)
  if relation.field == nil then
    meta.descriptors[relation.name] = accessors.Many(relation, relation.name, managers.many_to_many, "forward side of a many-to-many set")
  elseif not relation.accessor_name then
    return
  elseif relation.one_to_one then
    meta.descriptors[relation.accessor_name] = accessors.ReverseOne(relation)
  else
    local make = relation.many_to_many and managers.many_to_many or managers.one_to_many
    local side = SIDES[relation.many_to_many and "many_to_many" or "one_to_many"]
    meta.descriptors[relation.accessor_name] = accessors.Many(relation, relation.accessor_name, make, side)
  end
end

Options.descriptors_changed = connect

---The model between the two ends of a many-to-many relation that the app does not declare: a foreign key to each.
function many.make_through(field)
  local source, target = field.model._meta, field.related_model._meta
  local from, to = source.model_name, target.model_name
  if from == to then from, to = "from_" .. from, "to_" .. to end
  local function key(model)
    return related.ForeignKey(model, { on_delete = on_delete.CASCADE, related_name = field.name .. "+", db_constraint = field.db_constraint })
  end
  local from_key, to_key = key(field.model), key(field.related_model)
  return Model:extend(source.object_name .. "_" .. field.name, {
    [from] = from_key, [to] = to_key,
    Meta = {
      db_table = field.db_table or source.db_table .. "_" .. field.name, app_label = source.app_label, auto_created = field.model,
      unique_together = { { from, to } },
      verbose_name = ("%s-%s relationship"):format(from, to), verbose_name_plural = ("%s-%s relationships"):format(from, to),
    },
  })
end

return Model
