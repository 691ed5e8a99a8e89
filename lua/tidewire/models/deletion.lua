---delete(): of instances and of querysets, with what happens to the rows that refer to them. Django's Collector.
---
---First everything is collected: rows to delete by model, columns to change, querysets that one DELETE can do away with because nobody listens and nothing
---refers to their rows. Then it is done, in one transaction: signals, quick deletes, changes, deletes in an order that foreign keys allow.
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local expressions = require "tidewire.expressions"
local json = require "tidewire.json"
local Model = require "tidewire.models.base"
local on_delete = require "tidewire.models.on_delete"
local queryset = require "tidewire.queryset"
local signals = require "tidewire.signals"
local writes = require "tidewire.sql.writes"

---Rows in one question about what refers to them.
local BATCH = 10000

---@class (private) tidewire.Collector: tidewire.Class
---@field models tidewire.Model[] in the order they were met
---@field rows table<tidewire.Model, { list: table[], seen: table<any, boolean> }>
---@field updates { field: tidewire.ForeignKey, value: any, rows: table[] }[]
---@field quick tidewire.QuerySet[]
---@field restricted { field: tidewire.ForeignKey, rows: table[] }[]
---@field dependencies table<tidewire.Model, table<tidewire.Model, boolean>>
local Collector = class.new "Collector"

function Collector:init()
  self.models, self.rows, self.updates, self.quick, self.restricted, self.dependencies = {}, {}, {}, {}, {}, {}
end

local function key_of(row)
  local pk = row.pk
  local kind = type(pk)
  return (kind == "number" or kind == "string") and pk or tostring(pk)
end

local function batches_of(rows)
  local batches = {}
  for from = 1, #rows, BATCH do batches[#batches + 1] = { unpack(rows, from, math.min(from + BATCH - 1, #rows)) } end
  return batches
end

-- ---- what may be deleted without looking ----

local function is_heard(model) return signals.pre_delete:has_listeners(model) or signals.post_delete:has_listeners(model) end

---Relations by which rows refer to this model's.
local function referring(model)
  local list = {}
  for _, relation in ipairs(model._meta.related_objects) do
    if relation.one_to_many or relation.one_to_one then list[#list + 1] = relation end
  end
  return list
end

local function can_delete_quickly(model, from_field)
  if from_field and from_field.on_delete ~= on_delete.CASCADE or is_heard(model) then return false end
  for _, relation in ipairs(referring(model)) do
    if relation.on_delete ~= on_delete.DO_NOTHING then return false end
  end
  return true
end

-- ---- collecting ----

function Collector:rows_of(model)
  local rows = self.rows[model]
  if not rows then
    rows = { list = {}, seen = {} }
    self.rows[model] = rows
    self.models[#self.models + 1] = model
  end
  return rows
end

---`model` can only be deleted after `dependency`.
function Collector:add_dependency(model, dependency)
  self.dependencies[model] = self.dependencies[model] or {}
  self.dependencies[model][dependency] = true
  self:rows_of(dependency)
end

---@return table[] new rows that were not collected yet
function Collector:add(list, source, nullable)
  local new = {}
  if #list == 0 then return new end
  local model = class.of(list[1])
  local rows = self:rows_of(model)
  for _, row in ipairs(list) do
    local key = key_of(row)
    if not rows.seen[key] then
      rows.seen[key] = true
      new[#new + 1], rows.list[#rows.list + 1] = row, row
    end
  end
  if source and not nullable then self:add_dependency(source, model) end
  return new
end

---Rows that refer to `rows` by any of these fields.
local function related_rows(model, fields, rows)
  local qs = model._base_manager:all()
  if #fields == 1 then return qs:filter { [fields[1].name .. "__in"] = rows } end
  local Q = expressions.Q
  local condition
  for _, field in ipairs(fields) do
    local one = Q { [field.name .. "__in"] = rows }
    condition = condition and condition + one or one
  end
  return qs:filter(condition)
end

---Only columns that others refer to have to be read when nobody hears of it.
local function narrowed(qs, model)
  if is_heard(model) then return qs end
  local names = { model._meta.pk.attname }
  for _, relation in ipairs(referring(model)) do names[#names + 1] = relation.field.target_field.attname end
  return qs:only(unpack(names))
end

local ACTIONS = {
  CASCADE = function(collector, field, rows) collector:collect(rows, { source = field.related_model, nullable = field.null }) end,
  PROTECT = function(_, _, rows) return rows end,
  RESTRICT = function(collector, field, rows)
    table.insert(collector.restricted, { field = field, rows = rows })
    collector:add_dependency(field.related_model, field.model)
  end,
  SET_NULL = function(collector, field, rows) collector:add_update(field, nil, rows) end,
  SET_DEFAULT = function(collector, field, rows) collector:add_update(field, field:get_default(), rows) end,
  SET = function(collector, field, rows)
    local value = field.on_delete.value
    if type(value) == "function" then value = value() end
    collector:add_update(field, field:key_of(value), rows)
  end,
}

function Collector:add_update(field, value, rows) table.insert(self.updates, { field = field, value = value, rows = rows }) end

local function key_name(field) return ("'%s.%s'"):format(field.model._meta.object_name, field.name) end

---Refusals by foreign key as one error.
local function refuse(kind, word, model, refusals)
  local names, rows, seen = {}, {}, {}
  for _, refusal in ipairs(refusals) do
    local name = key_name(refusal.field)
    if not seen[name] then names[#names + 1], seen[name] = name, true end
    for _, row in ipairs(refusal.rows) do rows[#rows + 1] = row end
  end
  error(kind(("Cannot delete some instances of model '%s' because they are referenced through %s foreign keys: %s."):format(model._meta.object_name, word,
    table.concat(names, ", ")), rows), 0)
end

---Do what on_delete says; the rows that refuse it, also where they do so further on: then they protect what leads to them, as Django words it.
local function rows_that_refuse(collector, field, found)
  local ok, rows = pcall(ACTIONS[field.on_delete.name], collector, field, found)
  if ok then return rows end
  if not class.is_instance(rows, exceptions.ProtectedError) then error(rows, 0) end
  return rows.protected_objects
end

---What one relation's rows do: they go quickly, or are read and treated as on_delete says.
function Collector:follow(relation, rows, quick, protected)
  local field, model = relation.field, relation.related_model
  if field.on_delete == on_delete.DO_NOTHING then return end
  if can_delete_quickly(model, field) then
    quick[model] = quick[model] or {}
    table.insert(quick[model], field)
    if #quick[model] == 1 then quick[#quick + 1] = model end
    return
  end
  for _, batch in ipairs(batches_of(rows)) do
    local found = narrowed(related_rows(model, { field }, batch), model):list()
    local refused = #found > 0 and rows_that_refuse(self, field, found)
    if refused then protected[#protected + 1] = { field = field, rows = refused } end
  end
end

---Collect rows, and what becomes of those that refer to them.
---@async
---@param list table[]
---@param options? { source?: tidewire.Model, nullable?: boolean } source: the model whose deletion leads here
function Collector:collect(list, options)
  options = options or {}
  local new = self:add(list, options.source, options.nullable)
  if #new == 0 then return end
  local model = class.of(new[1])
  local quick, protected = {}, {}
  for _, relation in ipairs(referring(model)) do self:follow(relation, new, quick, protected) end
  if #protected > 0 then refuse(exceptions.ProtectedError, "protected", model, protected) end
  for _, related_model in ipairs(quick) do
    for _, batch in ipairs(batches_of(new)) do
      self.quick[#self.quick + 1] = related_rows(related_model, quick[related_model], batch)
    end
  end
end

-- ---- what is restricted ----

---Rows of `model` among the restricted ones that are deleted anyway.
local function quickly_deleted(qs, rows)
  local keys, gone = {}, {}
  for i, row in ipairs(rows) do keys[i] = row.pk end
  for _, row in ipairs(qs:filter { pk__in = keys }:list()) do gone[key_of(row)] = true end
  return gone
end

local function still_there(rows, gone)
  local list = {}
  for _, row in ipairs(rows) do
    if not gone[key_of(row)] then list[#list + 1] = row end
  end
  return list
end

---Raise RestrictedError unless everything that restricts is deleted on another way.
---@async
function Collector:check_restricted(model)
  local refusals = {}
  for _, entry in ipairs(self.restricted) do
    local owner = entry.field.model
    local rows = self.rows[owner] and still_there(entry.rows, self.rows[owner].seen) or entry.rows
    for _, qs in ipairs(self.quick) do
      if qs.model == owner and #rows > 0 then rows = still_there(rows, quickly_deleted(qs, rows)) end
    end
    if #rows > 0 then refusals[#refusals + 1] = { field = entry.field, rows = rows } end
  end
  if #refusals > 0 then refuse(exceptions.RestrictedError, "restricted", model, refusals) end
end

-- ---- doing it ----

---Models in an order in which each comes after those that refer to it; as they were met when there is none.
function Collector:sorted_models()
  local sorted, done = {}, {}
  local function is_free(model)
    for dependency in pairs(self.dependencies[model] or {}) do
      if not done[dependency] then return false end
    end
    return true
  end
  while #sorted < #self.models do
    local found = false
    for _, model in ipairs(self.models) do
      if not done[model] and is_free(model) then
        sorted[#sorted + 1], done[model], found = model, true, true
      end
    end
    if not found then return self.models end
  end
  return sorted
end

local function send(signal, model, rows)
  if model._meta.auto_created then return end
  for _, row in ipairs(rows) do signal:send(model, { instance = row }) end
end

local function keys_of(rows)
  local keys = {}
  for i, row in ipairs(rows) do keys[i] = row.pk end
  return keys
end

local function count(counts, model, n)
  if n > 0 then counts[model._meta.label] = (counts[model._meta.label] or 0) + n end
end

local function by_key(rows)
  local keys = {}
  for _, row in ipairs(rows) do keys[row] = row.pk end
  table.sort(rows, function(a, b)
    a, b = keys[a], keys[b]
    if type(a) == "number" and type(b) == "number" then return a < b end
    return tostring(a) < tostring(b)
  end)
end

local function update(entry)
  for _, batch in ipairs(batches_of(entry.rows)) do
    local value = entry.value
    if value == nil then value = json.null end
    entry.field.model._base_manager:filter { pk__in = keys_of(batch) }:update { [entry.field.name] = value }
  end
end

local function backwards(list)
  local copy = {}
  for i = #list, 1, -1 do copy[#copy + 1] = list[i] end
  return copy
end

function Collector:execute(models, counts)
  for _, model in ipairs(models) do send(signals.pre_delete, model, self.rows[model].list) end
  for _, qs in ipairs(self.quick) do count(counts, qs.model, writes.delete(qs.query:chain())) end
  for _, entry in ipairs(self.updates) do update(entry) end
  for _, model in ipairs(models) do
    local rows = backwards(self.rows[model].list)
    if #rows > 0 then count(counts, model, writes.delete_pks(model, model._meta.pk, keys_of(rows))) end
    send(signals.post_delete, model, rows)
  end
end

---Instances show what has happened to their rows.
function Collector:update_instances(models)
  for _, entry in ipairs(self.updates) do
    for _, row in ipairs(entry.rows) do rawset(row, entry.field.attname, entry.value) end
  end
  for _, model in ipairs(models) do
    for _, row in ipairs(self.rows[model].list) do rawset(row, model._meta.pk.attname, nil) end
  end
end

---The only row, when nothing else is to be done.
function Collector:only_row()
  local model = self.models[1]
  if #self.models ~= 1 or #self.quick + #self.updates > 0 or #self.rows[model].list ~= 1 then return nil end
  return can_delete_quickly(model) and self.rows[model].list[1] or nil
end

---@async
---@return integer total
---@return table<string, integer> by_label
function Collector:delete()
  local models, counts = self:sorted_models(), {}
  for _, model in ipairs(models) do by_key(self.rows[model].list) end
  local row = self:only_row()
  if row then
    count(counts, models[1], writes.delete_pks(models[1], models[1]._meta.pk, { row.pk }))
  else
    db.atomic(function() self:execute(models, counts) end, { savepoint = false })
  end
  self:update_instances(models)
  local total = 0
  for _, n in pairs(counts) do total = total + n end
  return total, counts
end

---Delete the row, and do with those that refer to it what their on_delete says.
---@async
---@return integer total
---@return table<string, integer> by_label { ["chat.Room"] = 1, … }
---Raises ProtectedError, RestrictedError, IntegrityError.
function Model:delete()
  local meta = self._meta
  if self.pk == nil then
    error(exceptions.AssertionError(("%s object can't be deleted because its %s attribute is set to None."):format(meta.object_name, meta.pk.attname)), 0)
  end
  local collector = Collector()
  collector:collect { self }
  collector:check_restricted(meta.model)
  return collector:delete()
end

-- ---- querysets ----

local function check_deletable(qs)
  local query = qs.query
  if query:is_sliced() then error(exceptions.AssertionError "Cannot use 'limit' or 'offset' with delete.", 0) end
  if query.combinator then
    error(exceptions.NotSupportedError(("Calling QuerySet.delete() after %s() is not supported."):format(query.combinator)), 0)
  end
  if query.distinct then error(exceptions.TypeError "Cannot call delete() after .distinct().", 0) end
  if rawget(qs, "__fields") ~= nil then error(exceptions.TypeError "Cannot call delete() after .values() or .values_list()", 0) end
end

---Delete the rows, and do with those that refer to them what their on_delete says. Signals are sent for each row; when nobody listens and nothing refers
---to the rows, it is one statement.
---@async
---@return integer total
---@return table<string, integer> by_label { ["chat.Room"] = 1, … }
---Raises ProtectedError, RestrictedError, IntegrityError.
function queryset.QuerySet:delete()
  check_deletable(self)
  local qs, collector = self:order_by(), Collector()
  qs.query.select_related, qs.query.select_for_update = false, false
  if can_delete_quickly(self.model) then
    collector.quick[1] = qs
  else
    collector:collect(qs:list())
    collector:check_restricted(self.model)
  end
  rawset(self, "__result_cache", nil)
  return collector:delete()
end

return Model
