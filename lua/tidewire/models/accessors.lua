---Attributes of instances that are not plain columns: related rows, related managers, `pk`. Django calls them descriptors.
---
---An instance holds its columns under their attnames. Beside them stand, all of them absent from rows that need none:
---  __related     single related rows by cache name; false: there is none
---  __pending     names of relations whose row had no key yet when it was assigned: the key follows when that is saved
---  __prefetched  querysets of related rows by accessor name
---  __deferred    attnames that were not loaded; shared between rows, so it is copied before it changes
---  __adding      true until the row is saved
---A row in __related may be stale, since assigning `author_id` is an ordinary assignment: it counts only while its key is still the one that the
---instance has.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local related = require "tidewire.models.related"

local M = {}

-- ---- what an instance keeps ----

---@param slot "__related"|"__pending"|"__prefetched"
local function remember(instance, slot, name, value)
  local kept = rawget(instance, slot)
  if kept == nil then
    if value == nil then return end
    kept = {}
    rawset(instance, slot, kept)
  end
  kept[name] = value
end

---@return any value nil: unknown; false: there is no row
local function recall(instance, slot, name)
  local kept = rawget(instance, slot)
  return kept and kept[name]
end

M.remember, M.recall = remember, recall

---Note that a deferred column is there now.
function M.undefer(instance, attname)
  local deferred = rawget(instance, "__deferred")
  if not deferred or not deferred[attname] then return end
  local rest = {}
  for name in pairs(deferred) do rest[name] = name ~= attname or nil end
  rawset(instance, "__deferred", next(rest) ~= nil and rest or nil)
end

---Set a column's value without any checks.
function M.set_column(instance, attname, value)
  M.undefer(instance, attname)
  rawset(instance, attname, value)
end

-- ---- to one row ----

---@class tidewire.Accessor: tidewire.Class
---@field get fun(self, instance: table): any
---@field set fun(self, instance: table, value: any)
local ForwardOne = class.new("ForwardOne", { init = function(self, field) self.field = field end })

---@return any row, or false, or nil when it has to be fetched
local function cached_row(self, instance, key)
  local field = self.field
  local row = recall(instance, "__related", field.name)
  if key == nil then return row and recall(instance, "__pending", field.name) and row or false end
  if row and row[field.target_field.attname] == key then return row end
end

local function set_reverse(field, row, instance)
  local rel = field.remote_field
  if rel.one_to_one and row then remember(row, "__related", rel.cache_name, instance) end
end

local function fetch(self, instance, key)
  local field = self.field
  local row = field.related_model._base_manager:get { [field.target_field.attname] = key }
  remember(instance, "__related", field.name, row)
  set_reverse(field, row, instance)
  return row
end

---@async when the row is not there yet
function ForwardOne:get(instance)
  local key = instance[self.field.attname]
  local row = cached_row(self, instance, key)
  if row == nil then row = fetch(self, instance, key) end
  if row then return row end
  if self.field.null then return nil end
  error(self.field.related_model.DoesNotExist(("%s has no %s."):format(instance._meta.object_name, self.field.name)), 0)
end

local function clear(self, instance)
  local field = self.field
  local row = recall(instance, "__related", field.name)
  if row then set_reverse(field, row, nil) end
  M.set_column(instance, field.attname, nil)
  remember(instance, "__related", field.name, false)
end

function ForwardOne:set(instance, value)
  local field = self.field
  if value == nil or value == json.null then return clear(self, instance) end
  related.check_instance(instance, field.name, field.related_model, value)
  local key = value[field.target_field.attname]
  M.set_column(instance, field.attname, key)
  remember(instance, "__related", field.name, value)
  remember(instance, "__pending", field.name, key == nil or nil)
  set_reverse(field, value, instance)
end

M.ForwardOne = ForwardOne

local ReverseOne = class.new("ReverseOne", { init = function(self, rel) self.rel = rel end })

local function fetch_reverse(rel, instance)
  local field = rel.field
  local key = instance[field.target_field.attname]
  if key == nil then return false end
  local row = rel.related_model._base_manager:filter { [field.name] = key }:first() or false
  if row then remember(row, "__related", field.name, instance) end
  return row
end

---@async when the row is not there yet
function ReverseOne:get(instance)
  local rel = self.rel
  local row = recall(instance, "__related", rel.cache_name)
  if row == nil then
    row = fetch_reverse(rel, instance)
    remember(instance, "__related", rel.cache_name, row)
  end
  if row then return row end
  error(rel.related_model.DoesNotExist(("%s has no %s."):format(instance._meta.object_name, rel.accessor_name)), 0)
end

function ReverseOne:set(instance, value)
  local rel = self.rel
  if value == nil or value == json.null then
    local row = recall(instance, "__related", rel.cache_name)
    if row then row[rel.field.name] = nil end
    remember(instance, "__related", rel.cache_name, nil)
    return
  end
  related.check_instance(instance, rel.accessor_name, rel.related_model, value)
  value[rel.field.name] = instance
end

M.ReverseOne = ReverseOne

-- ---- to many rows ----

---`make(instance)` gives the manager; of a class (`Book.tags`) it is the accessor itself, with the model between as `through`.
local Many = class.new "Many"

---@param relation table the field or relation
---@param name string
---@param make fun(relation: table, instance: table): table
---@param side string for the message when it is assigned to
function Many:init(relation, name, make, side)
  self.relation, self.name, self.make, self.side = relation, name, make, side
  self.field, self.rel, self.through = relation.field or relation, relation.field and relation or relation.remote_field, relation.through
end

function Many:get(instance) return self.make(self.relation, instance) end

function Many:set()
  error(exceptions.TypeError(("Direct assignment to the %s is prohibited. Use %s.set() instead."):format(self.side, self.name)), 0)
end

M.Many = Many

---The primary key under its general name.
M.pk = {
  get = function(_, instance) return instance[instance._meta.pk.attname] end,
  set = function(_, instance, value) instance[instance._meta.pk.attname] = value end,
}

return M
