---raw(): instances from SQL of the app's own.
local class = require "tidewire.class"
local compiler = require "tidewire.compiler"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local prefetch = require "tidewire.prefetch"
local QuerySet = require "tidewire.sql.chaining"

---@class tidewire.RawQuerySet: tidewire.Class
local RawQuerySet = class.new("RawQuerySet", { is_raw = true })

function RawQuerySet:init(model, sql, params, options)
  self.model, self.sql, self.params = model, sql, params or {}
  self.translations = options and options.translations or {}
  self.__prefetch_lookups = {}
end

---@param ... string|tidewire.Prefetch
---@return tidewire.RawQuerySet
function RawQuerySet:prefetch_related(...)
  local copy = RawQuerySet(self.model, self.sql, self.params, { translations = self.translations })
  if (...) == json.null then return copy end
  for _, list in ipairs { self.__prefetch_lookups, { ... } } do
    for _, lookup in ipairs(list) do table.insert(copy.__prefetch_lookups, lookup) end
  end
  return copy
end

---A row by columns becomes an instance: known columns are fields, others further attributes.
local function to_instance(self, row, by_column, vendor)
  local instance, loaded = {}, {}
  for column, value in pairs(row) do
    local field = by_column[self.translations[column] or column]
    local convert = field and field:converter(vendor)
    if convert == "bool" then value = value ~= 0 and value ~= false
    elseif type(convert) == "function" then value = convert(value)
    elseif convert == "float" then value = tonumber(value) end
    instance[field and field.attname or column] = value
    if field then loaded[field.attname] = true end
  end
  return instance, loaded
end

---Columns that the SQL did not select are loaded when they are read. A column that is NULL in all rows cannot be told from one that is missing.
local function missing(meta, loaded)
  local set
  for _, field in ipairs(meta.concrete_fields) do
    if not loaded[field.attname] then
      set = set or {}
      set[field.attname] = true
    end
  end
  return set
end

---@async
local function run(self)
  local c = compiler.Compiler()
  local sql = c:raw(self.sql, self.params)
  local meta, by_column = self.model._meta, {}
  for _, field in ipairs(meta.concrete_fields) do by_column[field.column], by_column[field.name] = field, field end
  local rows, seen = db.execute(sql, c.params), {}
  for i, row in ipairs(rows) do
    local loaded
    rows[i], loaded = to_instance(self, row, by_column, c.vendor)
    for name in pairs(loaded) do seen[name] = true end
  end
  if #rows > 0 and not seen[meta.pk.attname] then error(exceptions.FieldDoesNotExist "Raw query must include the primary key", 0) end
  local deferred = missing(meta, seen)
  for _, instance in ipairs(rows) do
    instance.__deferred = deferred
    setmetatable(instance, meta.instance_meta)
  end
  return rows
end

---@async
---@return tidewire.Model[]
function RawQuerySet:list()
  if not self.__result_cache then
    self.__result_cache = json.array(run(self))
    prefetch.prefetch_related_objects(self.__result_cache, unpack(self.__prefetch_lookups))
  end
  return self.__result_cache
end

---@async
---@return fun(): tidewire.Model?
function RawQuerySet:iter()
  local rows, i = self:list(), 0
  return function()
    i = i + 1
    return rows[i]
  end
end

---@async
---@param index integer from 0
function RawQuerySet:at(index) return self:list()[index + 1] end

function RawQuerySet:__tostring() return ("<RawQuerySet: %s>"):format(self.sql) end

---Instances from SQL of your own: `Book.objects:raw("SELECT * FROM app_book WHERE pages > %s", { 100 })`. Values stand for %s, never in the SQL itself.
---@param sql string `%%` for a percent sign
---@param params? any[]
---@param options? { translations?: table<string, string> } names of fields by names of columns
---@return tidewire.RawQuerySet
function QuerySet:raw(sql, params, options)
  local raw = RawQuerySet(self.model, sql, params, options)
  raw.__prefetch_lookups = { unpack(self.__prefetch_lookups) }
  return raw
end

return RawQuerySet
