---What a model knows about itself: `Model._meta`, Django's Options.
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local nearest = require "tidewire.nearest"

---@class tidewire.Options: tidewire.Class
---@field model tidewire.Model
---@field object_name string "Book"
---@field model_name string "book"
---@field app_label string
---@field label string "app.Book"
---@field label_lower string
---@field db_table string
---@field verbose_name string
---@field verbose_name_plural string
---@field abstract boolean
---@field ordering any[]
---@field unique_together string[][]
---@field constraints table[]
---@field indexes table[]
---@field get_latest_by string|string[]|nil
---@field pk tidewire.Field
---@field concrete_fields tidewire.Field[] those with a column, in the order of their declaration
---@field many_to_many tidewire.ManyToManyField[]
---@field related_objects tidewire.Relation[] other ends of relations to this model
---@field fields_by_name table<string, tidewire.Field> by name and by attname
---@field relations_by_name table<string, tidewire.Relation>
---@field descriptors table<string, table> attributes of instances that are computed
---@field instance_meta table metatable of instances
---@field auto_created tidewire.Model|nil the model whose relation made it
local Options = class.new("Options", { abstract = false, managed = true })

local KEYS = {
  table = "string", db_table = "string", ordering = "table", unique_together = "table", constraints = "table", indexes = "table", abstract = "boolean",
  app_label = "string", verbose_name = "string", verbose_name_plural = "string", get_latest_by = "any", default_related_name = "string",
  managed = "boolean", auto_created = "any", default_manager_name = "string", base_manager_name = "string",
}

local function check_keys(name, given)
  if type(given) ~= "table" then caller.refuse("%s: Meta is a %s; expected a table", name, type(given)) end
  for key, value in pairs(given) do
    local expected = KEYS[key]
    if not expected then caller.refuse("%s: Meta has no option %q%s", name, tostring(key), nearest.hint(tostring(key), KEYS)) end
    if expected ~= "any" and type(value) ~= expected then
      caller.refuse("%s: Meta.%s is a %s; expected a %s", name, key, type(value), expected)
    end
  end
end

---"BookShelf" as "book shelf".
local function to_words(name)
  return (name:gsub("(%l)(%u)", "%1 %2"):gsub("(%u)(%u%l)", "%1 %2"):lower())
end

---{ "a", "b" } stands for { { "a", "b" } }.
local function normalise_together(together)
  if together[1] ~= nil and type(together[1]) == "string" then return { together } end
  return together
end

---The first part of the name of the module that declares the model: "chat.models" makes chat.
local function label_of_app(given)
  return given.app_label or (caller.module() or "app"):match "^[^.]+"
end

---@param name string
---@param given table the model's Meta
function Options:init(name, given)
  check_keys(name, given)
  self.given = given
  self.object_name, self.model_name = name, name:lower()
  self.app_label = label_of_app(given)
  self.label, self.label_lower = self.app_label .. "." .. name, (self.app_label .. "." .. name):lower()
  self.db_table = given.db_table or given.table or (self.app_label .. "_" .. self.model_name)
  self.verbose_name = given.verbose_name or to_words(name)
  self.verbose_name_plural = given.verbose_name_plural or self.verbose_name .. "s"
  self.abstract, self.managed = given.abstract or false, given.managed ~= false
  self.ordering, self.constraints, self.indexes = given.ordering or {}, given.constraints or {}, given.indexes or {}
  self.unique_together = normalise_together(given.unique_together or {})
  self.get_latest_by, self.default_related_name = given.get_latest_by, given.default_related_name
  self.auto_created = given.auto_created
  self.concrete_fields, self.many_to_many, self.related_objects = {}, {}, {}
  self.fields_by_name, self.relations_by_name, self.descriptors = {}, {}, {}
  self.managers = {}
end

local function put(self, key, field)
  local taken = self.fields_by_name[key]
  if taken and taken ~= field then caller.refuse("%s: the fields %s and %s share the name %q", self.object_name, taken.name, field.name, key) end
  self.fields_by_name[key] = field
end

---Fields come in their order.
---@param field tidewire.Field
function Options:add_field(field)
  put(self, field.name, field)
  if not field.concrete then
    table.insert(self.many_to_many, field)
    return
  end
  put(self, field.attname, field)
  table.insert(self.concrete_fields, field)
  if not field.primary_key then return end
  if self.pk then caller.refuse("%s: both %s and %s are primary keys", self.object_name, self.pk.name, field.name) end
  self.pk = field
end

---@param relation tidewire.Relation
function Options:add_relation(relation)
  table.insert(self.related_objects, relation)
  self.relations_by_name[relation.name] = relation
  self.descriptors_changed(self, relation)
end

---@param field tidewire.ManyToManyField whose model between is known
function Options:connect_many(field) self.descriptors_changed(self, field) end

---Put by models/base.lua: gives instances the attribute that belongs to a relation.
function Options.descriptors_changed() end

---A field or the other end of a relation, by the name it is looked up by; a relation by "author_id", too; "pk" is the primary key.
---@param name string
---@return tidewire.Field|tidewire.Relation|nil
function Options:get_field(name)
  return self.fields_by_name[name] or self.relations_by_name[name] or name == "pk" and self.pk or nil
end

---Names that lookups may begin with, sorted.
---@return string[]
function Options:field_names()
  local names = {}
  for name in pairs(self.fields_by_name) do names[#names + 1] = name end
  for name, relation in pairs(self.relations_by_name) do
    if not relation.hidden then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

local function check_name(self, option, name)
  if self.fields_by_name[name] then return end
  caller.refuse("%s: Meta.%s names %q, which is no field%s", self.object_name, option, tostring(name), nearest.hint(tostring(name), self.fields_by_name))
end

local function check_ordering(self)
  for _, part in ipairs(self.ordering) do
    local name = type(part) == "string" and part:gsub("^[-+]", "")
    -- what another model's fields are called cannot be known yet
    if name and name ~= "?" and name ~= "pk" and not name:find "__" then check_name(self, "ordering", name) end
  end
end

---Names in Meta are those of fields. Called when all fields are there.
function Options:check_names()
  check_ordering(self)
  for _, together in ipairs(self.unique_together) do
    for _, name in ipairs(together) do check_name(self, "unique_together", name) end
  end
  for _, kind in ipairs { "constraints", "indexes" } do
    for _, part in ipairs(self[kind]) do
      for _, name in ipairs(part.fields or {}) do check_name(self, kind, (name:gsub("^%-", ""))) end
    end
  end
end

function Options:__tostring() return self.label end

return Options
