---ManyToManyField: a relation through a table between the two, which is a model of its own.
local class = require "tidewire.class"
local Field = require "tidewire.models.field"
local registry = require "tidewire.models.registry"
local related = require "tidewire.models.related"

---`make_through(field)` declares the table between when the app does not: models/base.lua puts it here, since it takes a model class to do so.
local M = {}

---@class tidewire.ManyRelation: tidewire.Relation
local ManyRelation = related.Relation:extend "ManyRelation"

---@class tidewire.ManyToManyField: tidewire.RelatedField
---@field through tidewire.Model the model between the two
---@field source_field tidewire.ForeignKey of the model between: to the declaring model
---@field destination_field tidewire.ForeignKey of the model between: to the target
---@field symmetrical boolean
local ManyToManyField = related.RelatedField:kind("ManyToManyField", {
  internal_type = "ManyToManyField", many_to_many = true, concrete = false, multiple = true, other_end = "many_to_many",
  db_constraint = true, symmetrical = false,
  options = { through = "any", through_fields = "list", symmetrical = "boolean", db_table = "string", unique = false, primary_key = false,
    db_index = false, db_column = false, default = false, null = false },
})
M.ManyToManyField = ManyToManyField

function ManyToManyField:check_options(options)
  local through = options.through
  if through and type(through) ~= "string" and not class.is_class(through) then
    return ("through is a %s; expected a model or its name"):format(type(through))
  end
  if through and options.db_table then return "db_table and through exclude one another: the model between has a table of its own" end
  if options.through_fields and not through then return "through_fields needs through" end
  if options.through_fields and #options.through_fields ~= 2 then return "through_fields has two names: to this model, and to the target" end
  return Field.check_options(self, options)
end

function ManyToManyField:init(to, options)
  related.RelatedField.init(self, to, options)
  if self.problem then return end
  if self.given.symmetrical == nil then self.symmetrical = to == "self" end
end

---An end that nobody sees has a name nevertheless, by which managers look for rows.
function ManyToManyField:name_hidden_end(model, name)
  local given = self.given
  if self.symmetrical then
    given.related_name = given.related_name or name .. "_rel_+"
  elseif given.related_name == "+" then
    given.related_name = ("_%s_%s_%s_+"):format(model._meta.app_label, model._meta.model_name, name)
  end
end

function ManyToManyField:contribute_to_class(model, name)
  if not self.problem and not model._meta.abstract then self:name_hidden_end(model, name) end
  related.RelatedField.contribute_to_class(self, model, name)
  self.column = nil
end

---The model between stands in `through` once it is there.
function ManyToManyField:prepare() self.through = nil end

local function through_label(field)
  local through = field.given.through
  if not through then return nil end
  return related.label_of { to = through, model = field.model }
end

function ManyToManyField:resolve(target)
  self.related_model = target
  local rel = ManyRelation(self, "many_to_many")
  self.remote_field = rel
  related.check_clashes(self, rel)
  local label = through_label(self)
  if label then
    registry.when({ label }, function(through) self:connect_through(through, rel) end)
  else
    self:connect_through(M.make_through(self), rel)
  end
end

---Foreign keys of the model between to `model`, in their order.
local function keys_to(through, model)
  local list = {}
  for _, field in ipairs(through._meta.concrete_fields) do
    if field.is_relation and related.label_of(field):lower() == model._meta.label:lower() then list[#list + 1] = field end
  end
  return list
end

local function fail(field, text, ...) error(("%s%s: "):format(field.position, tostring(field)) .. text:format(...), 0) end

local function only_key(field, through, model)
  local keys = keys_to(through, model)
  if #keys == 0 then fail(field, "%s has no foreign key to %s", through._meta.label, model._meta.label) end
  if #keys > 1 then fail(field, "%s has several foreign keys to %s; name them in through_fields", through._meta.label, model._meta.label) end
  return keys[1]
end

local function named_key(field, through, i, model)
  local key = through._meta.fields_by_name[field.through_fields[i]]
  if not key or not key.is_relation or related.label_of(key):lower() ~= model._meta.label:lower() then
    fail(field, "through_fields[%d]: %s.%s is no foreign key to %s", i, through._meta.label, tostring(field.through_fields[i]), model._meta.label)
  end
  return key
end

local function find_keys(field, through)
  local model, target = field.model, field.related_model
  if field.through_fields then return named_key(field, through, 1, model), named_key(field, through, 2, target) end
  if model ~= target then return only_key(field, through, model), only_key(field, through, target) end
  local keys = keys_to(through, model)
  if #keys ~= 2 then fail(field, "%s needs two foreign keys to %s, or through_fields", through._meta.label, model._meta.label) end
  return keys[1], keys[2]
end

---The model between the two is there. Its keys may not be resolved yet; only their names are looked at.
function ManyToManyField:connect_through(through, rel)
  self.through, rel.through = through, through
  self.source_field, self.destination_field = find_keys(self, through)
  self.related_model._meta:add_relation(rel)
  self.model._meta:connect_many(self)
end

---The steps over the model between: to it by `first`, on by `second`.
local function steps(first, second)
  local through = first.model._meta
  return {
    {
      from_column = first.target_field.column, to_model = first.model, to_table = through.db_table, to_column = first.column,
      nullable = true, multiple = true, direct = false, m2m = true,
    },
    {
      from_column = second.column, to_model = second.related_model, to_table = second.related_model._meta.db_table,
      to_column = second.target_field.column, nullable = second.null, multiple = false, direct = true, m2m = false,
    },
  }
end

---@return tidewire.JoinStep[]
function ManyToManyField:path() return steps(self.source_field, self.destination_field) end

---@return tidewire.JoinStep[]
function ManyRelation:path() return steps(self.field.destination_field, self.field.source_field) end

function ManyToManyField:db_type() end

function ManyToManyField:validate() end

return M
