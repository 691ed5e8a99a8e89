---Fixtures: rows in a file, as Django's dumpdata writes them, one JSON object a line or one list of them.
---
---    {"model": "bench.item", "pk": 1, "fields": {"name": "lamp", "price": 30, "tags": [1, 2]}}
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local registry = require "tidewire.models.registry"

local M = {}

local BATCH = 500

local function fail(where, text, ...) error(exceptions.ValueError(("%s: " .. text):format(where, ...)), 0) end

local function read(path)
  local file, why = io.open(path, "rb")
  if not file then error(exceptions.ValueError(why), 0) end
  local text, problem = file:read "*a"
  file:close()
  if not text then fail(path, "%s", problem) end -- a folder
  return text
end

local function decode(text, where)
  local value, why = json.decode(text)
  if value == nil then fail(where, "%s", why) end
  return value
end

---Every object of the file with where it stands.
local function entries(path)
  local text, list, number = read(path), {}, 0
  if text:find "^%s*%[" then
    for i, entry in ipairs(decode(text, path)) do list[i] = { entry = entry, where = ("%s: object %d"):format(path, i) } end
    return list
  end
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    local where = ("%s:%d"):format(path, number)
    if line:find "%S" then list[#list + 1] = { entry = decode(line, where), where = where } end
  end
  return list
end

local function model_of(entry, where)
  if type(entry) ~= "table" or type(entry.model) ~= "string" or type(entry.fields) ~= "table" then
    fail(where, 'expected {"model": "app.Model", "pk": …, "fields": {…}}')
  end
  local model = registry.get_model(entry.model)
  if not model then fail(where, "there is no model %q", entry.model) end
  return model
end

local function is_null(value) return value == nil or value == json.null end

local function set_field(object, many, field, value)
  if field.many_to_many then
    many[#many + 1] = { name = field.name, keys = value }
  elseif is_null(value) then
    object[field.attname] = json.null
  else
    object[field.attname] = field:to_python(value)
  end
end

---A row that is not saved yet, and its many-to-many members.
local function build(entry, where)
  local model = model_of(entry, where)
  local meta, object, many = model._meta, model(), {}
  if not is_null(entry.pk) then object[meta.pk.attname] = meta.pk:to_python(entry.pk) end
  for name, value in pairs(entry.fields) do
    local field = meta:get_field(name)
    if not field or not (field.column or field.many_to_many) then fail(where, "%s has no field %q", meta.label, name) end
    local ok, err = pcall(set_field, object, many, field, value)
    if not ok then fail(where, "%s: %s", name, tostring(err)) end
  end
  return object, many
end

---Rows of one model, at most BATCH: new ones together, those whose primary key is there already one by one.
local function store(model, batch)
  local keys, new = {}, {}
  for _, row in ipairs(batch) do
    if not is_null(row.object.pk) then keys[#keys + 1] = row.object.pk end
  end
  local there = model.objects:in_bulk(keys)
  for _, row in ipairs(batch) do
    if is_null(row.object.pk) or not there[row.object.pk] then new[#new + 1] = row.object
    else row.object:save { force_update = true } end
  end
  model.objects:bulk_create(new)
  for _, row in ipairs(batch) do
    for _, many in ipairs(row.many) do row.object[many.name]:set(many.keys) end
  end
end

---PostgreSQL's sequences do not notice keys that were given.
local function advance_sequence(model)
  local meta = model._meta
  if db.vendor() ~= "postgresql" or not meta.pk.is_auto then return end
  db.execute(("SELECT setval(pg_get_serial_sequence($1, $2), coalesce(max(%s), 1), max(%s) IS NOT NULL) FROM %s"):format(
    db.quote_name(meta.pk.column), db.quote_name(meta.pk.column), db.quote_name(meta.db_table)),
    { db.quote_name(meta.db_table), meta.pk.column, n = 2 })
end

---Put a file's rows into the database, all or none; a row whose primary key is there already is replaced. Django's loaddata.
---@async
---@param path string
---@return integer count
---Raises ValueError with the file and line of what is wrong, IntegrityError.
function M.load(path)
  local list = entries(path)
  db.atomic(function()
    local batch, of, loaded = {}, nil, {}
    for _, item in ipairs(list) do
      local object, many = build(item.entry, item.where)
      local model = registry.get_model(item.entry.model)
      if of and (model ~= of or #batch == BATCH) then
        store(of, batch)
        batch = {}
      end
      of, loaded[model] = model, true
      batch[#batch + 1] = { object = object, many = many }
    end
    if of then store(of, batch) end
    for model in pairs(loaded) do advance_sequence(model) end
  end)
  return #list
end

return M
