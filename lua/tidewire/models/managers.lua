---Managers of models, and related managers: `author.books`, `book.tags`.
---
---A related manager is made anew whenever the attribute is read. Its class extends that of the other model's default manager, so that what an app has put
---there works on related rows, too.
local accessors = require "tidewire.models.accessors"
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local queryset = require "tidewire.queryset"
local repr = require "tidewire.repr"
local signals = require "tidewire.signals"

local M = {}

local Manager = queryset.Manager

-- ---- a model's own ----

local function copy_for(manager, model, name)
  local copy = setmetatable({}, getmetatable(manager))
  for key, value in pairs(manager) do copy[key] = value end
  copy.model, copy.name = model, name
  return copy
end

---Managers among the members of a model and of the abstract ones that it extends.
local function find_managers(model)
  local found = {}
  for name, value in pairs(class.flat(model)) do
    if class.is_instance(value, Manager) then found[name] = value end
  end
  return found
end

---`objects`, or the one that Meta names, or the first by name.
local function default_of(model, found)
  local meta = model._meta
  local chosen = meta.given.default_manager_name
  if chosen then return found[chosen] end
  if found.objects then return found.objects end
  local names = {}
  for name in pairs(found) do names[#names + 1] = name end
  table.sort(names)
  return found[names[1]]
end

---Give a model its managers: those it declares or inherits, else `objects`.
---@param model tidewire.Model
function M.add_managers(model)
  local found = find_managers(model)
  found._base_manager, found._default_manager = nil, nil
  if next(found) == nil then found.objects = Manager() end
  for name, manager in pairs(found) do
    found[name] = copy_for(manager, model, name)
    model[name] = found[name]
  end
  model._default_manager = default_of(model, found)
  model._base_manager = found[model._meta.given.base_manager_name] or copy_for(Manager(), model, "_base_manager")
end

-- ---- what both kinds of related managers do ----

---@class tidewire.RelatedManager: tidewire.Manager
---@field instance table whose related rows they are
---@field cache_name string under which prefetched rows stand
local Related = class.mixin "RelatedManager"

function Related:init(relation, instance)
  self.relation, self.instance = relation, instance
  self:prepare(relation, instance)
end

---The rows: those that were prefetched, or a query.
function Related:get_queryset()
  return accessors.recall(self.instance, "__prefetched", self.cache_name) or self:related_queryset(class.super(Related, self).get_queryset(self))
end

---The other model's rows as its manager sees them, related or not.
function Related:unrelated() return class.super(Related, self).get_queryset(self) end

function Related:forget_prefetched() accessors.remember(self.instance, "__prefetched", self.cache_name, nil) end

---Rows of a call `add(a, b, { bulk = false })`, and its options.
local function objects_and_options(...)
  local objects = { ... }
  local last = objects[#objects]
  if type(last) == "table" and class.of(last) == nil then return objects, table.remove(objects) end
  return objects, {}
end

---What has to be the other model's row.
local function check_object(self, object)
  if class.is_instance(object, self.model) then return end
  error(exceptions.TypeError(("'%s' instance expected, got %s"):format(self.model._meta.object_name, repr.repr(object))), 0)
end

---A list, a queryset, or anything with `list`.
local function to_list(objects)
  if class.of(objects) == nil then return objects end
  return objects.list and objects:list() or { objects }
end

local function with(values, name, value)
  local all = { [name] = value }
  for key, given in pairs(values or {}) do all[key] = given end
  return all
end

---Values as keys of a table.
local function key_of(value)
  local kind = type(value)
  return (kind == "number" or kind == "string") and value or tostring(value)
end

local function atomic(fn) return db.atomic(fn, { savepoint = false }) end

-- classes of related managers by the class of the default manager that they extend
local made = { one = setmetatable({}, { __mode = "k" }), many = setmetatable({}, { __mode = "k" }) }

local function manager_class(kind, model, members)
  local base = class.of(model._default_manager)
  local existing = made[kind][base]
  if existing then return existing end
  made[kind][base] = base:extend("RelatedManager", members, Related)
  return made[kind][base]
end

-- ---- the rows that refer to one ----

local OneToMany = class.mixin "OneToMany"

function OneToMany:prepare(relation, instance)
  self.model, self.field, self.cache_name = relation.related_model, relation.field, relation.accessor_name
  self.key = instance[self.field.target_field.attname]
end

function OneToMany:related_queryset(qs)
  if self.key == nil then return qs:none() end
  local related = qs:filter { [self.field.name] = self.instance }
  related.known_related = { name = self.field.name, instance = self.instance }
  return related
end

local function set_relation(self, object)
  check_object(self, object)
  object[self.field.name] = self.instance
end

local function add_in_bulk(self, objects)
  local keys = {}
  for i, object in ipairs(objects) do
    set_relation(self, object)
    if rawget(object, "__adding") then
      error(exceptions.ValueError(repr.repr(object) .. " instance isn't saved. Use bulk=False or save the object first."), 0)
    end
    keys[i] = object.pk
  end
  self.model._base_manager:filter { pk__in = keys }:update { [self.field.name] = self.instance }
end

---Make rows refer to this one. `{ bulk = false }` as the last argument saves each of them, with its signals, instead of one UPDATE.
---@async
---@param ... tidewire.Model|{ bulk?: boolean }
function OneToMany:add(...)
  local objects, options = objects_and_options(...)
  self:forget_prefetched()
  if options.bulk ~= false then return add_in_bulk(self, objects) end
  atomic(function()
    for _, object in ipairs(objects) do
      set_relation(self, object)
      object:save()
    end
  end)
end

---@async
---@param values? table
---@return tidewire.Model
function OneToMany:create(values)
  self:forget_prefetched()
  return class.super(OneToMany, self).create(self, with(values, self.field.name, self.instance))
end

---@async
---@param lookups table
---@param defaults? table
---@return tidewire.Model
---@return boolean created
function OneToMany:get_or_create(lookups, defaults)
  self:forget_prefetched()
  return class.super(OneToMany, self).get_or_create(self, with(lookups, self.field.name, self.instance), defaults)
end

---@async
---@param lookups table
---@param defaults? table
---@return tidewire.Model
---@return boolean created
function OneToMany:update_or_create(lookups, defaults)
  self:forget_prefetched()
  return class.super(OneToMany, self).update_or_create(self, with(lookups, self.field.name, self.instance), defaults)
end

local function check_nullable(self, what)
  if self.field.null then return end
  error(exceptions.TypeError(("%s:%s() needs null = true on %s"):format(self.cache_name, what, tostring(self.field))), 0)
end

local function set_null(self, rows, bulk)
  self:forget_prefetched()
  if bulk ~= false then return rows:update { [self.field.name] = json.null } end
  atomic(function()
    for _, object in ipairs(rows:list()) do
      object[self.field.name] = nil
      object:save { update_fields = { self.field.name } }
    end
  end)
end

---Make rows refer to none. Raises DoesNotExist when one does not refer to this row.
---@async
---@param ... tidewire.Model|{ bulk?: boolean }
function OneToMany:remove(...)
  check_nullable(self, "remove")
  local objects, options = objects_and_options(...)
  local keys = {}
  for i, object in ipairs(objects) do
    check_object(self, object)
    if object[self.field.attname] ~= self.key then
      error(self.field.related_model.DoesNotExist(("%s is not related to %s."):format(repr.repr(object), repr.repr(self.instance))), 0)
    end
    keys[i] = object.pk
  end
  set_null(self, self:filter { pk__in = keys }, options.bulk)
end

---Make all rows that refer to this one refer to none.
---@async
---@param options? { bulk?: boolean }
function OneToMany:clear(options)
  check_nullable(self, "clear")
  self:forget_prefetched()
  set_null(self, self:all(), options and options.bulk)
end

local function replace(self, objects, options)
  local old, new = {}, {}
  for _, object in ipairs(self:all():list()) do old[key_of(object.pk)] = object end
  for _, object in ipairs(objects) do
    local key = key_of(object.pk)
    if old[key] then old[key] = nil else new[#new + 1] = object end
  end
  local gone = {}
  for _, object in pairs(old) do gone[#gone + 1] = object end
  gone[#gone + 1], new[#new + 1] = options, options
  self:remove(unpack(gone))
  self:add(unpack(new))
end

---Make these rows, and no others, refer to this one; others are left alone when they have to refer to some row.
---@async
---@param objects tidewire.Model[]|tidewire.QuerySet
---@param options? { bulk?: boolean, clear?: boolean }
function OneToMany:set(objects, options)
  local list = to_list(objects)
  options = options or {}
  local bulk = { bulk = options.bulk ~= false }
  self:forget_prefetched()
  if not self.field.null then
    list = { unpack(list) }
    list[#list + 1] = bulk
    return self:add(unpack(list))
  end
  atomic(function()
    if options.clear then self:clear(bulk) end
    replace(self, list, bulk)
  end)
end

---@param relation tidewire.Relation
---@param instance table
---@return tidewire.RelatedManager
function M.one_to_many(relation, instance) return manager_class("one", relation.related_model, OneToMany)(relation, instance) end

-- ---- many to many ----

local ManyToMany = class.mixin "ManyToMany"

---The end that the instance is at: source is its key in the model between, target the other.
function ManyToMany:prepare(relation, instance)
  local field, reverse = relation.field or relation, relation.field ~= nil
  self.field, self.reverse, self.through, self.symmetrical = field, reverse, field.through, field.symmetrical and not reverse
  self.source, self.target = field.source_field, field.destination_field
  if reverse then self.source, self.target = self.target, self.source end
  self.model = self.target.related_model
  self.query_name = reverse and field.name or field.remote_field.name
  self.cache_name = reverse and relation.accessor_name or field.name
  self.key = instance[self.source.target_field.attname]
  if self.key ~= nil then return end
  error(exceptions.ValueError(('"%s" needs to have a value for field "%s" before this many-to-many relationship can be used.'):format(
    repr.repr(instance), self.source.target_field.name)), 0)
end

function ManyToMany:related_queryset(qs)
  return qs:next_is_sticky():filter { [self.query_name] = self.instance }
end

---The key of a row of the other model, given as such or as its key.
local function target_key(self, target, object)
  if class.is_instance(object, self.model) then
    local key = object[target.target_field.attname]
    if key ~= nil then return key end
    error(exceptions.ValueError(('Cannot add "%s": the value for field "%s" is None'):format(repr.repr(object), target.name)), 0)
  end
  if type(object) == "table" and object._meta then check_object(self, object) end
  return target:get_prep_value(object)
end

---Keys without repetitions, in their order.
local function keys_of(self, target, objects)
  local keys, seen = {}, {}
  for _, object in ipairs(objects) do
    local key = target_key(self, target, object)
    if not seen[key_of(key)] then
      seen[key_of(key)] = true
      keys[#keys + 1] = key
    end
  end
  return keys
end

local function send(self, action, keys)
  signals.m2m_changed:send(self.through, {
    action = action, instance = self.instance, reverse = self.reverse, model = self.model, pk_set = keys and { unpack(keys) },
  })
end

local function links(self, source, target, keys, defaults)
  local rows = {}
  for i, key in ipairs(keys) do
    local values = { [source.attname] = self.key, [target.attname] = key }
    for name, value in pairs(defaults or {}) do
      if type(value) == "function" then value = value() end
      values[name] = value
    end
    rows[i] = self.through(values)
  end
  return rows
end

---Keys that are not linked yet.
local function missing(self, source, target, keys)
  local there = {}
  local linked = self.through._base_manager:filter { [source.attname] = self.key, [target.attname .. "__in"] = keys }
  for _, key in ipairs(linked:values_list(target.attname, { flat = true }):list()) do there[key_of(key)] = true end
  local list = {}
  for _, key in ipairs(keys) do
    if not there[key_of(key)] then list[#list + 1] = key end
  end
  return list
end

---A model between that the app declares may want several links between two rows, so conflicts are not ignored there.
local function add_links(self, source, target, objects, defaults)
  local keys = keys_of(self, target, objects)
  if #keys == 0 then return end
  local heard = (self.reverse or source == self.source) and signals.m2m_changed:has_listeners(self.through)
  local ignore = { ignore_conflicts = self.through._meta.auto_created ~= nil }
  if not heard and ignore.ignore_conflicts then
    self.through._base_manager:bulk_create(links(self, source, target, keys, defaults), ignore)
    return
  end
  keys = missing(self, source, target, keys)
  if heard then send(self, "pre_add", keys) end
  self.through._base_manager:bulk_create(links(self, source, target, keys, defaults), ignore)
  if heard then send(self, "post_add", keys) end
end

---Link rows, given as such or as their keys, to this one. `{ through_defaults = { … } }` as the last argument gives the model between other values.
---@async
---@param ... tidewire.Model|any
function ManyToMany:add(...)
  local objects, options = objects_and_options(...)
  self:forget_prefetched()
  atomic(function()
    add_links(self, self.source, self.target, objects, options.through_defaults)
    if self.symmetrical then add_links(self, self.target, self.source, objects, options.through_defaults) end
  end)
end

---The links of this row, to `keys` or to all.
local function links_to(self, keys)
  local through, target, source = self.through._base_manager, self.target.attname, self.source.attname
  local rows = through:filter { [source] = self.key, [target .. "__in"] = keys }
  if not self.symmetrical then return { rows } end
  return { rows, through:filter { [target] = self.key, [source .. "__in"] = keys } }
end

local function unlink(self, action, keys)
  send(self, "pre_" .. action, keys)
  for _, rows in ipairs(links_to(self, keys)) do rows:delete() end
  send(self, "post_" .. action, keys)
end

---Unlink rows, given as such or as their keys. What is not linked is passed over.
---@async
---@param ... tidewire.Model|any
function ManyToMany:remove(...)
  local objects = { ... }
  self:forget_prefetched()
  if #objects == 0 then return end
  local keys = keys_of(self, self.target, objects)
  atomic(function() unlink(self, "remove", keys) end)
end

---Unlink all.
---@async
function ManyToMany:clear()
  self:forget_prefetched()
  atomic(function() unlink(self, "clear") end)
end

local function change(self, objects, options)
  local old, new = {}, {}
  local qs = self:get_queryset()
  for _, key in ipairs(qs:values_list(self.target.target_field.attname, { flat = true }):list()) do old[key_of(key)] = key end
  for _, object in ipairs(objects) do
    local key = key_of(target_key(self, self.target, object))
    if old[key] ~= nil then old[key] = nil else new[#new + 1] = object end
  end
  local gone = {}
  for _, key in pairs(old) do gone[#gone + 1] = key end
  self:remove(unpack(gone))
  new[#new + 1] = { through_defaults = options.through_defaults }
  self:add(unpack(new))
end

---Link these rows and no others.
---@async
---@param objects any[]|tidewire.QuerySet rows or keys
---@param options? { clear?: boolean, through_defaults?: table }
function ManyToMany:set(objects, options)
  local list = to_list(objects)
  options = options or {}
  self:forget_prefetched()
  atomic(function()
    if options.clear then self:clear() end
    change(self, list, options)
  end)
end

local function add_created(self, object, options)
  self:add(object, { through_defaults = options and options.through_defaults })
  return object
end

---@async
---@param values? table
---@param options? { through_defaults?: table }
---@return tidewire.Model
function ManyToMany:create(values, options)
  return add_created(self, self.model._default_manager:create(values or {}), options)
end

---@async
---@param lookups table
---@param defaults? table
---@param options? { through_defaults?: table }
---@return tidewire.Model
---@return boolean created
function ManyToMany:get_or_create(lookups, defaults, options)
  local object, created = class.super(ManyToMany, self).get_or_create(self, lookups, defaults)
  if created then add_created(self, object, options) end
  return object, created
end

---@async
---@param lookups table
---@param defaults? table
---@param options? { through_defaults?: table }
---@return tidewire.Model
---@return boolean created
function ManyToMany:update_or_create(lookups, defaults, options)
  local object, created = class.super(ManyToMany, self).update_or_create(self, lookups, defaults)
  if created then add_created(self, object, options) end
  return object, created
end

---@param relation tidewire.ManyToManyField|tidewire.ManyRelation
---@param instance table
---@return tidewire.RelatedManager
function M.many_to_many(relation, instance)
  local other = relation.field and relation.field.model or relation.related_model
  return manager_class("many", other, ManyToMany)(relation, instance)
end

return M
