---What changes rows: create, update, bulk_create and their like. (delete() is put here by models.deletion.)
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local conditions = require "tidewire.sql.conditions"
local expression = require "tidewire.sql.expression"
local functions = require "tidewire.sql.functions"
local QuerySet = require "tidewire.sql.chaining"
local compiler = require "tidewire.compiler"
local writes = require "tidewire.sql.writes"

local null = json.null
local NONE = {}

-- ---- one row ----

---Make an object and save it.
---@async
---@param values table<string, any>
---@return tidewire.Model
function QuerySet:create(values)
  local object = self.model(values or {})
  object:save { force_insert = true }
  return object
end

---Values for a new object from lookups and defaults: lookups of more than a name are left out.
local function model_params(self, lookups, defaults)
  local params, unknown = {}, {}
  for name, value in pairs(lookups) do
    if not name:find("__", 1, true) then params[name] = value end
  end
  for name, value in pairs(defaults or NONE) do params[name] = value end
  for name in pairs(params) do
    if name ~= "pk" and not self.model._meta:get_field(name) then unknown[#unknown + 1] = name end
  end
  if #unknown > 0 then
    table.sort(unknown)
    error(exceptions.FieldError(("Invalid field name(s) for model %s: '%s'."):format(self.model._meta.object_name, table.concat(unknown, "', '"))), 0)
  end
  return params
end

---Values that are functions are called.
local function called(values)
  local result = {}
  for name, value in pairs(values) do
    if type(value) == "function" then value = value() end
    result[name] = value
  end
  return result
end

---@return boolean found
local function try_get(self, lookups)
  local ok, object = pcall(self.get, self, lookups)
  if ok then return true, object end
  if not class.is_instance(object, self.model.DoesNotExist) then error(object, 0) end
  return false, object
end

---The row that meets the lookups, or a new one made of them and the defaults.
---@async
---@param lookups table<string, any>
---@param defaults? table<string, any> functions among the values are called
---@return tidewire.Model
---@return boolean created
function QuerySet:get_or_create(lookups, defaults)
  local found, object = try_get(self, lookups)
  if found then return object, false end
  local params = model_params(self, lookups, defaults)
  local ok, made = pcall(db.atomic, function() return self:create(called(params)) end)
  if ok then return made, true end
  if class.is_instance(made, exceptions.IntegrityError) then
    found, object = try_get(self, lookups) -- somebody else may have made it in the meantime
    if found then return object, false end
  end
  error(made, 0)
end

---Change the row that meets the lookups, or make one of them and the defaults.
---@async
---@param lookups table<string, any>
---@param defaults? table<string, any> functions among the values are called
---@return tidewire.Model
---@return boolean created
function QuerySet:update_or_create(lookups, defaults)
  local object, created
  db.atomic(function()
    object, created = self:select_for_update():get_or_create(lookups, defaults)
    if created then return end
    for name, value in pairs(called(defaults or NONE)) do
      if value == null then value = nil end
      object[name] = value
    end
    object:save()
  end)
  return object, created
end

-- ---- many rows ----

---Change all rows: values by the names of fields, F and other expressions among them. Sends no signals.
---@async
---@param values table<string, any>
---@return integer count
function QuerySet:update(values)
  self:__refuse_combined "update"
  self:__refuse_sliced "Cannot update a query once a slice has been taken."
  local query = self.query:chain()
  local changes = writes.changes(query, values)
  query.annotations, query.annotation_names, query.mask = NONE, NONE, nil
  self.__result_cache = nil
  return writes.update(query, changes)
end

local function split_by_pk(objects)
  local with, without = {}, {}
  for _, object in ipairs(objects) do
    local list = object.pk ~= nil and with or without
    list[#list + 1] = object
  end
  return with, without
end

local function is_auto(field) return field.is_auto or field.internal_type:find "AutoField$" ~= nil end

local function rows_of(objects, fields)
  local rows = {}
  for i, object in ipairs(objects) do
    local row = {}
    for j, field in ipairs(fields) do row[j] = field:pre_save(object, true) end
    rows[i] = row
  end
  return rows
end

---Insert objects that share which columns they give; the new keys become the objects'.
local function insert_all(model, objects, fields, wants_keys, options)
  if #objects == 0 then return end
  local keys = writes.insert(model, fields, rows_of(objects, fields), wants_keys, options)
  for i, object in ipairs(objects) do
    if keys and keys[i] ~= nil then object[model._meta.pk.attname] = keys[i] end
    object.__adding = nil
  end
end

---A related object that is not saved has no key to be stored.
local function check_related(object, fields)
  for _, field in ipairs(fields) do
    local other = field.is_relation and rawget(object, "__related") and rawget(object, "__related")[field.cache_name]
    if other then
      if other.pk == nil then
        error(exceptions.ValueError(("bulk_create() prohibited to prevent data loss due to unsaved related object '%s'."):format(field.name)), 0)
      end
      if object[field.attname] == nil then object[field.attname] = other[field.target_field.attname] end
    end
  end
end

---Insert objects with as few statements as possible. Sends no signals. The objects get their primary keys, except with ignore_conflicts.
---@async
---@param objects tidewire.Model[]
---@param options? { batch_size?: integer, ignore_conflicts?: boolean }
---@return tidewire.Model[] objects
function QuerySet:bulk_create(objects, options)
  options = options or NONE
  if options.batch_size and options.batch_size <= 0 then error(exceptions.AssertionError "batch_size has to be positive", 0) end
  if #objects == 0 then return objects end
  local model, fields = self.model, self.model._meta.concrete_fields
  local pk = model._meta.pk
  for _, object in ipairs(objects) do
    if object.pk == nil and pk.default ~= nil then object[pk.attname] = pk:get_default() end
    check_related(object, fields)
  end
  local with, without = split_by_pk(objects)
  local own = {}
  for _, field in ipairs(fields) do
    if not is_auto(field) then own[#own + 1] = field end
  end
  local function insert()
    insert_all(model, with, fields, false, options)
    insert_all(model, without, own, not options.ignore_conflicts, options)
  end
  db.atomic(insert, { savepoint = false })
  return objects
end

local function check_bulk_update(self, objects, names, batch_size)
  if batch_size and batch_size <= 0 then error(exceptions.ValueError "Batch size must be a positive integer.", 0) end
  if #names == 0 then error(exceptions.ValueError "Field names must be given to bulk_update().", 0) end
  for _, object in ipairs(objects) do
    if object.pk == nil then error(exceptions.ValueError "All bulk_update() objects must have a primary key set.", 0) end
  end
  local fields = {}
  for i, name in ipairs(names) do
    local field = name ~= "pk" and self.model._meta:get_field(name)
    if not field then error(exceptions.FieldDoesNotExist(("%s has no field named '%s'"):format(self.model._meta.object_name, name)), 0) end
    if field.concrete == false or field.many_to_many then error(exceptions.ValueError "bulk_update() can only be used with concrete fields.", 0) end
    if field.primary_key then error(exceptions.ValueError "bulk_update() cannot be used with primary key fields.", 0) end
    fields[i] = field
  end
  return fields
end

---The new value of a field for each object: CASE WHEN pk = 1 THEN …
local function case_of(objects, field, typed)
  local branches = {}
  for i, object in ipairs(objects) do
    local value = object[field.attname]
    if not expression.is_expression(value) then value = expression.Value(value, field) end
    branches[i] = conditions.When({ pk = object.pk }, value)
  end
  branches[#branches + 1] = { output_field = field }
  local case = conditions.Case(unpack(branches))
  return typed and functions.Cast(case, field) or case
end

---Save some fields of many objects with as few statements as possible. Sends no signals.
---@async
---@param objects tidewire.Model[]
---@param names string[]
---@param options? { batch_size?: integer }
function QuerySet:bulk_update(objects, names, options)
  local size = options and options.batch_size
  local fields = check_bulk_update(self, objects, names, size)
  if #objects == 0 then return end
  local most = math.max(1, math.floor(900 / (#fields * 2 + 1)))
  size = size and math.min(size, most) or most
  local typed = compiler.dialect().typed_case
  db.atomic(function()
    for from = 1, #objects, size do
      local batch = { unpack(objects, from, math.min(from + size - 1, #objects)) }
      local keys, values = {}, {}
      for i, object in ipairs(batch) do keys[i] = object.pk end
      for _, field in ipairs(fields) do values[field.attname] = case_of(batch, field, typed) end
      self:filter { pk__in = keys }:update(values)
    end
  end, { savepoint = false })
end

---Delete the rows at once, without signals and without regard to what refers to them.
---@async
---@return integer count
function QuerySet:_raw_delete() return writes.delete(self.query:chain()) end

return QuerySet
