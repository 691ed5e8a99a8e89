---What instances do with the database: save, refresh_from_db, columns that were not loaded.
local accessors = require "tidewire.models.accessors"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local Model = require "tidewire.models.base"
local nearest = require "tidewire.nearest"
local repr = require "tidewire.repr"
local signals = require "tidewire.signals"
local writes = require "tidewire.sql.writes"

-- ---- what is saved ----

---A row that was not saved when it was assigned to a relation may be saved by now: its key follows.
local function follow_pending(instance, field)
  local row = accessors.recall(instance, "__pending", field.name) and accessors.recall(instance, "__related", field.name)
  if not row or rawget(instance, field.attname) ~= nil then return end
  local key = row[field.target_field.attname]
  if key == nil then
    error(exceptions.ValueError(("save() prohibited to prevent data loss due to unsaved related object '%s'."):format(field.name)), 0)
  end
  accessors.set_column(instance, field.attname, key)
  accessors.remember(instance, "__pending", field.name, nil)
end

local function follow_all_pending(instance, meta)
  if rawget(instance, "__pending") == nil then return end
  for _, field in ipairs(meta.concrete_fields) do
    if field.is_relation then follow_pending(instance, field) end
  end
end

local function check_update_fields(meta, names)
  local unknown = {}
  for _, name in ipairs(names) do
    local field = meta.fields_by_name[name]
    if not field or not field.concrete or field.primary_key then unknown[#unknown + 1] = tostring(name) end
  end
  if #unknown == 0 then return end
  local hint = #unknown == 1 and nearest.hint(unknown[1], meta.fields_by_name) or ""
  error(exceptions.ValueError("The following fields do not exist in this model, are m2m fields, or are non-concrete fields: "
    .. table.concat(unknown, ", ") .. hint), 0)
end

---Names of the columns that are there, when some are not.
local function loaded_names(instance, meta)
  local deferred = rawget(instance, "__deferred")
  if deferred == nil then return nil end
  local names = {}
  for _, field in ipairs(meta.concrete_fields) do
    if not field.primary_key and not deferred[field.attname] then names[#names + 1] = field.name end
  end
  return names
end

local lists = setmetatable({}, { __mode = "k" })

---The fields of a model that meet a condition, found once.
local function fields_where(meta, name, condition)
  local of_model = lists[meta] or {}
  lists[meta] = of_model
  if not of_model[name] then
    local list = {}
    for _, field in ipairs(meta.concrete_fields) do
      if condition(field) then list[#list + 1] = field end
    end
    of_model[name] = list
  end
  return of_model[name]
end

local function is_no_key(field) return not field.primary_key end
local function is_not_auto(field) return not field.is_auto end

---Fields to be written; all but the key when no names are given.
local function chosen_fields(meta, names)
  local all = fields_where(meta, "update", is_no_key)
  if names == nil then return all end
  local wanted, list = {}, {}
  for _, name in ipairs(names) do wanted[meta.fields_by_name[name]] = true end
  for _, field in ipairs(all) do
    if wanted[field] then list[#list + 1] = field end
  end
  return list
end

local function values_of(instance, fields, add)
  local values = {}
  for i, field in ipairs(fields) do values[i] = field:pre_save(instance, add) end
  return values
end

-- ---- update, then insert ----

---@return boolean found
local function update(instance, meta, key, options)
  local fields = chosen_fields(meta, options.update_fields)
  local values = values_of(instance, fields, false)
  if #fields == 0 then
    return options.update_fields ~= nil or meta.model._base_manager:filter { pk = key }:exists()
  end
  return writes.update_pk(meta.model, key, fields, values) > 0
end

local function insert(instance, meta, has_key)
  local fields = has_key and meta.concrete_fields or fields_where(meta, "insert", is_not_auto)
  local keys = writes.insert(meta.model, fields, { values_of(instance, fields, true) }, not has_key)
  if not has_key then rawset(instance, meta.pk.attname, keys[1]) end
end

---The key of a new row that makes its own.
local function key_of(instance, pk)
  local key = instance[pk.attname]
  if key == json.null then key = nil end
  if key == nil and pk:has_default() then
    key = pk:get_default()
    instance[pk.attname] = key
  end
  return key
end

---A new row whose key comes from a default is not there yet: no UPDATE is tried.
local function is_surely_new(instance, pk, options)
  return not options.raw and rawget(instance, "__adding") == true and pk:has_default() and not options.force_update and not options.update_fields
end

local function save_row(instance, meta, options)
  local pk = meta.pk
  local surely_new = is_surely_new(instance, pk, options)
  local key = key_of(instance, pk)
  if key == nil and (options.force_update or options.update_fields) then
    error(exceptions.ValueError "Cannot force an update in save() with no primary key.", 0)
  end
  if key ~= nil and not options.force_insert and not surely_new then
    if update(instance, meta, key, options) then return false end
    if options.force_update then error(exceptions.DatabaseError "Forced update did not affect any rows.", 0) end
    if options.update_fields then error(exceptions.DatabaseError "Save with update_fields did not affect any rows.", 0) end
  end
  insert(instance, meta, key ~= nil)
  return true
end

---Write the row without looking at pending relations and deferred columns; `raw` for fixtures. Sends the signals.
---@async
---@param options { force_insert?: boolean, force_update?: boolean, update_fields?: string[], raw?: boolean }
function Model:save_base(options)
  local meta, model = self._meta, class.of(self)
  local silent = meta.auto_created ~= nil
  local raw = options.raw or false
  if not silent then signals.pre_save:send(model, { instance = self, raw = raw, update_fields = options.update_fields }) end
  local created = save_row(self, meta, options)
  rawset(self, "__adding", nil)
  if not silent then
    signals.post_save:send(model, { instance = self, created = created, raw = raw, update_fields = options.update_fields })
  end
end

local OPTIONS = { force_insert = true, force_update = true, update_fields = true }

local function check_options(options)
  for key in pairs(options) do
    if not OPTIONS[key] then error(("save: unknown option %s%s"):format(repr.repr(key), nearest.hint(tostring(key), OPTIONS)), 3) end
  end
  if options.force_insert and (options.force_update or options.update_fields) then
    error(exceptions.ValueError "Cannot force both insert and updating in model saving.", 0)
  end
end

---Write the row: an UPDATE when it has a key, an INSERT when it has none or there was no such row. `update_fields` writes only those columns.
---@async
---@param options? { force_insert?: boolean, force_update?: boolean, update_fields?: string[] }
---Raises IntegrityError, DataError; ValueError for a related row that is not saved; DatabaseError when an update that was forced finds no row.
function Model:save(options)
  local meta = self._meta
  options = options or {}
  check_options(options)
  follow_all_pending(self, meta)
  local names = options.update_fields
  if names then
    if #names == 0 then return end
    check_update_fields(meta, names)
  elseif not options.force_insert then
    names = loaded_names(self, meta)
  end
  self:save_base { force_insert = options.force_insert, force_update = options.force_update, update_fields = names }
end

-- ---- loading again ----

local function forget_related(instance, name, cache_name)
  accessors.remember(instance, "__prefetched", name, nil)
  accessors.remember(instance, "__related", cache_name, nil)
  accessors.remember(instance, "__pending", cache_name, nil)
end

---Names of relations among `names` are forgotten; the rest are columns.
local function columns_of(instance, meta, names)
  local columns = {}
  for _, name in ipairs(names) do
    local field = meta:get_field(name)
    if field and field.concrete then
      columns[#columns + 1] = field
    elseif field or meta.descriptors[name] then
      forget_related(instance, name, name)
    else
      error(exceptions.FieldDoesNotExist(("%s has no field named '%s'"):format(meta.object_name, tostring(name))), 0)
    end
  end
  return columns
end

---Columns that are loaded, without the deferred ones.
local function loaded_columns(instance, meta)
  local deferred, columns = rawget(instance, "__deferred") or {}, {}
  for _, field in ipairs(meta.concrete_fields) do
    if not deferred[field.attname] then columns[#columns + 1] = field end
  end
  return columns
end

local function fetch(instance, meta, columns)
  local names = {}
  for i, field in ipairs(columns) do names[i] = field.attname end
  return meta.model._base_manager:filter { pk = instance.pk }:only(unpack(names)):get {}
end

local function take_over(instance, row, columns)
  for _, field in ipairs(columns) do
    accessors.set_column(instance, field.attname, rawget(row, field.attname))
    if field.is_relation then forget_related(instance, field.name, field.name) end
  end
end

---Load the row's columns again, or those named. Related rows that were kept are forgotten.
---@async
---@param options? { fields?: string[] }
---Raises DoesNotExist.
function Model:refresh_from_db(options)
  local meta = self._meta
  local names = options and (options.fields or options[1] and options)
  local columns = names and columns_of(self, meta, names) or loaded_columns(self, meta)
  if not names then rawset(self, "__prefetched", nil) end
  if #columns > 0 then take_over(self, fetch(self, meta, columns), columns) end
  for _, relation in ipairs(names and {} or meta.related_objects) do
    if relation.one_to_one then accessors.remember(self, "__related", relation.cache_name, nil) end
  end
  rawset(self, "__adding", nil)
end

---The value of a column that was not loaded. Called by `__index`.
---@async
---@param attname string
---@return any
function Model:load_deferred(attname)
  self:refresh_from_db { fields = { attname } }
  return rawget(self, attname)
end

---Attnames of columns that were not loaded.
---@return table<string, boolean>
function Model:get_deferred_fields()
  local names = {}
  for name in pairs(rawget(self, "__deferred") or {}) do names[name] = true end
  return names
end

---The value that is stored for a field: of a relation the key.
---@param name string
---@return any
function Model:serializable_value(name)
  local field = self._meta.fields_by_name[name]
  return self[field and field.attname or name]
end

return Model
