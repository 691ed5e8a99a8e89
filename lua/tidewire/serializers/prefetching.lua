---Related rows that a serializer is going to look at are read for all objects of a list at once, when the app's queryset has not done so: never one query an
---object. In debug mode the log says which field would do better with select_related() or prefetch_related().
local class = require "tidewire.class"
local fields = require "tidewire.fields"
local log = require "tidewire.log"
local prefetch = require "tidewire.prefetch"
local relations = require "tidewire.relations"
local settings = require "tidewire.settings"

local M = {}

local Field = fields.Field
local rawget, type = rawget, type

---@class (private) tidewire.RelationPath
---@field path string "author__country"
---@field field string the name of the serializer's field
---@field many boolean

-- ---- what a serializer follows ----

---The relation that a model's attribute is; nil when it is none.
local function relation_of(meta, attr)
  local field = meta.fields_by_name[attr]
  if field then return field.is_relation and field.name == attr and field or nil end
  for _, relation in ipairs(meta.related_objects) do
    if relation.accessor_name == attr then return relation end
  end
end

---How many of the attributes are relations, one after the other, and where they lead.
local function follow(meta, attrs)
  local parts = {}
  local last
  for _, attr in ipairs(attrs) do
    local relation = meta and relation_of(meta, attr)
    if not relation then break end
    parts[#parts + 1], last = attr, relation
    meta = relation.related_model._meta
  end
  return parts, meta, last
end

local paths_of

local function add(list, parts, name, relation)
  if #parts == 0 then return end
  list[#list + 1] = { path = table.concat(parts, "__"), field = name, many = relation.many_to_many or relation.multiple or false }
end

local function add_below(list, parts, name, child, meta)
  for _, below in ipairs(paths_of(child, meta)) do
    local prefix = table.concat(parts, "__")
    list[#list + 1] = { path = prefix == "" and below.path or prefix .. "__" .. below.path, field = name .. "." .. below.field, many = true }
  end
end

---Attributes that a field reads of an object: those of its source, and those of a slug.
local function attrs_of(field)
  local attrs = { unpack(field.source_attrs) }
  local relation = field.child_relation or field
  for attr in (relation.slug_field or ""):gsub("__", "."):gmatch "[^.]+" do attrs[#attrs + 1] = attr end
  return attrs
end

local function add_paths(list, entry, meta)
  local field = entry.field
  if entry.attname or field.find_attribute == nil then return end
  local child = field.is_serializer and (field.child or field)
  local attrs = attrs_of(field)
  if relations.is_key_field(field) and meta.fields_by_name[attrs[#attrs]] then attrs[#attrs] = nil end -- its object has the key
  local parts, target, last = follow(meta, attrs)
  add(list, parts, entry.name, last or {})
  if child and child.is_serializer and #parts == #field.source_attrs then add_below(list, parts, entry.name, child, target) end
end

---@param serializer tidewire.Serializer
---@param meta tidewire.Options of the rows
---@return tidewire.RelationPath[]
function paths_of(serializer, meta)
  if not serializer.__plan then return {} end
  local plan, list = serializer:__plan(), {}
  for _, entry in ipairs(plan.readable) do add_paths(list, entry, meta) end
  return list
end

local known = setmetatable({}, { __mode = "k" }) -- paths of each plan

local function cached_paths(serializer, meta)
  local plan = serializer:__plan()
  if plan.model ~= meta.model then return paths_of(serializer, meta) end
  if not known[plan] then known[plan] = paths_of(serializer, meta) end
  return known[plan]
end

-- ---- what is there already ----

local function is_loaded(row, attr)
  local meta = row._meta
  local relation = relation_of(meta, attr)
  local lists, related = rawget(row, "__prefetched"), rawget(row, "__related")
  if relation.many_to_many or relation.multiple then return lists ~= nil and lists[relation.accessor_name or relation.name] ~= nil end
  if relation.attname and rawget(row, relation.attname) == nil then return true end -- there is no row
  return related ~= nil and related[relation.cache_name] ~= nil
end

---The first related row, where the first part of a path is loaded.
local function step(row, attr)
  local relation = relation_of(row._meta, attr)
  local lists, related = rawget(row, "__prefetched"), rawget(row, "__related")
  if relation.many_to_many or relation.multiple then
    return lists[relation.accessor_name or relation.name]:list()[1]
  end
  return related and related[relation.cache_name] or nil
end

---Is a path loaded, as far as the first row shows?
local function is_path_loaded(row, path)
  for attr in (path .. "__"):gmatch "(.-)__" do
    if not row then return true end
    if not is_loaded(row, attr) then return false end
    row = step(row, attr)
  end
  return true
end

-- ---- loading ----

local warned = {}

local function warn(serializer, found)
  local name = class.of(serializer).name
  local key = name .. "." .. found.field
  if not settings.debug or warned[key] then return end
  warned[key] = true
  log.warning("related rows were not loaded with the queryset", {
    serializer = name, field = found.field,
    hint = ("%s(%q)"):format(found.many and "prefetch_related" or "select_related", found.path),
  })
end

---Load what the serializer of these objects is going to follow.
---@async
---@param serializer tidewire.BaseSerializer the child of a list
---@param rows any
function M.load(serializer, rows)
  if not serializer.__plan or type(rows) ~= "table" or rows[2] == nil then return end
  local its_class = class.of(rows[1])
  local meta = its_class and its_class._meta
  if not meta then return end
  local missing = {}
  for _, found in ipairs(cached_paths(serializer, meta)) do
    if not is_path_loaded(rows[1], found.path) then
      warn(serializer, found)
      missing[#missing + 1] = found.path
    end
  end
  if #missing > 0 then prefetch.prefetch_related_objects(rows, unpack(missing)) end
end

M.Field = Field

return M
