---Names that lead across relations, such as "author__name__icontains", followed through the models. For the framework.
local M = {}

---@class tidewire.Path
---@field field tidewire.Field|tidewire.Relation the last field that the name leads to
---@field lookups string[] what stands behind the field: { "icontains" }
---@field many boolean a relation with several rows was crossed

local function split(name)
  local parts, from = {}, 1
  while true do
    local at = name:find("__", from, true)
    parts[#parts + 1] = name:sub(from, at and at - 1)
    if not at then return parts end
    from = at + 2
  end
end

---@param model tidewire.Model
---@param name string
---@return tidewire.Path? path nil when the first part is no field
function M.follow(model, name)
  local parts = split(name)
  local path, at, many = nil, 1, false
  while model and parts[at] do
    local field = model._meta:get_field(parts[at])
    if not field then break end
    path = field
    at = at + 1
    many = many or field.multiple or false
    model = field.is_relation and field.related_model or nil
  end
  if not path then return nil end
  local lookups = {}
  for i = at, #parts do lookups[#lookups + 1] = parts[i] end
  return { field = path, lookups = lookups, many = many }
end

---The field whose values are compared when the path's field is: of a relation, the column that it refers to.
---@param field tidewire.Field|tidewire.Relation
---@return tidewire.Field
function M.value_field(field)
  if not field.is_relation then return field end
  if field.target_field then return M.value_field(field.target_field) end
  return field.related_model._meta.pk
end

return M
