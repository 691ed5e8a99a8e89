---What serializers want to know of a model: its fields, its relations in both directions. DRF's utils.model_meta.
local M = {}

---@class tidewire.RelationInfo
---@field model_field tidewire.Field? nil: the other end of a relation
---@field related_model tidewire.Model
---@field to_many boolean
---@field to_field string?
---@field has_through_model boolean the model between the two is the app's own
---@field reverse boolean
---@field relation table the field or its other end

---@class tidewire.ModelInfo
---@field pk tidewire.Field
---@field fields string[] names of fields that are no relations, in their order, without the primary key
---@field forward_relations string[]
---@field fields_and_pk table<string, tidewire.Field> with the primary key as "pk", too
---@field relations table<string, tidewire.RelationInfo>

local function is_own(through) return through._meta.auto_created == nil end

local function forward_info(field)
  return {
    model_field = field, relation = field, related_model = field.related_model, reverse = false,
    to_many = field.many_to_many, to_field = not field.many_to_many and field.to_field or nil,
    has_through_model = field.many_to_many and is_own(field.through),
  }
end

local function reverse_info(relation)
  return {
    relation = relation, related_model = relation.related_model, reverse = true, to_many = relation.multiple or relation.many_to_many,
    to_field = not relation.many_to_many and relation.field.to_field or nil,
    has_through_model = relation.many_to_many and is_own(relation.through),
  }
end

local function add_forward(info, field)
  info.forward_relations[#info.forward_relations + 1] = field.name
  info.relations[field.name] = forward_info(field)
end

local function collect(meta)
  local info = { pk = meta.pk, fields = {}, forward_relations = {}, fields_and_pk = { pk = meta.pk, [meta.pk.name] = meta.pk }, relations = {} }
  for _, field in ipairs(meta.concrete_fields) do
    if field.is_relation and not field.primary_key then
      add_forward(info, field)
    elseif not field.primary_key then
      info.fields[#info.fields + 1] = field.name
      info.fields_and_pk[field.name] = field
    end
  end
  for _, field in ipairs(meta.many_to_many) do add_forward(info, field) end
  for _, relation in ipairs(meta.related_objects) do
    if relation.accessor_name then info.relations[relation.accessor_name] = reverse_info(relation) end
  end
  return info
end

local known = setmetatable({}, { __mode = "k" })

---@param model tidewire.Model whose relations are complete
---@return tidewire.ModelInfo
function M.of(model)
  local meta = model._meta
  local info = known[meta]
  if not info or info.count ~= #meta.related_objects then
    info = collect(meta)
    info.count = #meta.related_objects -- another model may have been declared
    known[meta] = info
  end
  return info
end

return M
