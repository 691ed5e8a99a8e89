---What constraints of a model mean for its serializers: fields that become required or get a default, and validators. Methods of ModelSerializer.
local class = require "tidewire.class"
local conditions = require "tidewire.serializers.conditions"
local datetime = require "tidewire.datetime"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local json = require "tidewire.json"
local ordered = require "tidewire.serializers.ordered"
local timezone = require "tidewire.timezone"
local validators = require "tidewire.serializers.validators"

local M = {}

local empty = fields.empty

-- ---- constraints of a model ----

---@class (private) tidewire.Together
---@field fields string[]
---@field condition tidewire.Q?
---@field condition_fields string[]
---@field constraint table?

---Groups of fields that are unique together.
---@param model tidewire.Model
---@return tidewire.Together[]
local function groups_of(model)
  local groups = {}
  for _, names in ipairs(model._meta.unique_together) do groups[#groups + 1] = { fields = names, condition_fields = {} } end
  for _, constraint in ipairs(model._meta.constraints) do
    if constraint.kind == "unique" and #constraint.fields > 1 then
      local condition = constraint.condition
      groups[#groups + 1] = { fields = constraint.fields, condition = condition, condition_fields = condition and conditions.fields(condition) or {},
        constraint = constraint }
    end
  end
  return groups
end

local function all_names(group)
  local names = { unpack(group.fields) }
  for _, name in ipairs(group.condition_fields) do names[#names + 1] = name end
  return names
end

-- ---- arguments ----

---The model's fields that the serializer's lead to, by their names.
local function model_fields(self, names, declared, extra)
  local meta, found = self.Meta.model._meta, {}
  for _, name in ipairs(names) do
    local source
    if declared[name] then source = declared[name].source or name else source = extra[name] and extra[name].source or name end
    local field = not source:find(".", 1, true) and source ~= "*" and (meta.fields_by_name[source])
    if field and field.name == source then found[source] = field end
  end
  return found
end

---Names that some constraint is about, in the order of the model's fields.
local function constrained(self, found)
  local set = {}
  for _, field in pairs(found) do
    for _, key in ipairs { "unique_for_date", "unique_for_month", "unique_for_year" } do
      if field[key] then set[field[key]] = true end
    end
  end
  for _, group in ipairs(groups_of(self.Meta.model)) do
    local names, complete = all_names(group), true
    for _, name in ipairs(names) do complete = complete and found[name] ~= nil end
    for _, name in ipairs(complete and names or {}) do set[name] = true end
  end
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

local function now() return datetime.now(timezone.utc) end

---What the field gets where nothing comes in; fields.empty: nothing.
local function default_of(field)
  if field.auto_now_add then return fields.CreateOnlyDefault(now) end
  if field.auto_now then return now end
  if field:has_default() then return field.default end
  return field.null and json.null or empty
end

---Arguments that follow from constraints, and hidden fields for those whose fields the serializer does not have.
---@param names string[]
---@param declared tidewire.FieldMap
---@param extra table<string, table>
---@return table<string, table> extra
---@return tidewire.FieldMap hidden
function M.extra_kwargs(self, names, declared, extra)
  local hidden = ordered.map()
  if self.Meta.validators ~= nil then return extra, hidden end
  local found = model_fields(self, names, declared, extra)
  for _, name in ipairs(constrained(self, found)) do
    local default = default_of(self.Meta.model._meta:get_field(name))
    if found[name] then
      local kwargs = {}
      if default == empty then kwargs.required = true else kwargs.default = default end
      for key, value in pairs(extra[name] or {}) do kwargs[key] = value end
      extra[name] = kwargs
    elseif default ~= empty then
      hidden[name] = fields.HiddenField { default = default }
    end
  end
  return extra, hidden
end

-- ---- validators ----

---Names of the serializer's fields by what they lead to: those that are written, and read-only ones with a default.
local function names_by_source(self)
  local by_source = {}
  for _, name in ipairs(ordered.names(self.fields)) do
    local field = self.fields[name]
    if (not field.read_only or field.default ~= empty) and #field.source_attrs == 1 then
      by_source[field.source] = by_source[field.source] or {}
      table.insert(by_source[field.source], name)
    end
  end
  return by_source
end

local function check_single(self, source, names)
  if #names == 1 then return end
  error(exceptions.AssertionError(("Unable to create `UniqueTogetherValidator` for `%s.%s` as `%s` has multiple fields (%s) that map to this model field. "
    .. "Either remove the extra fields, or override `Meta.validators` with a `UniqueTogetherValidator` using the desired field names."):format(
    self.Meta.model._meta.object_name, source, class.of(self).name, table.concat(names, ", "))), 0)
end

---The serializer's names of a group's fields; nil when it does not have all of them.
local function names_of_group(self, group, by_source)
  for _, source in ipairs(all_names(group)) do
    if not by_source[source] then return nil end
  end
  local lists = {}
  for _, list in ipairs { group.fields, group.condition_fields } do
    local names = {}
    for i, source in ipairs(list) do
      check_single(self, source, by_source[source])
      names[i] = by_source[source][1]
    end
    lists[#lists + 1] = names
  end
  return lists[1], lists[2]
end

---@return tidewire.UniqueTogetherValidator[]
function M.together_validators(self)
  local list, by_source = {}, names_by_source(self)
  for _, group in ipairs(groups_of(self.Meta.model)) do
    local names, condition_names = names_of_group(self, group, by_source)
    if names then
      list[#list + 1] = validators.UniqueTogetherValidator {
        queryset = self.Meta.model._default_manager, fields = names, condition = group.condition, condition_fields = condition_names,
        message = group.constraint and group.constraint.violation_error_message, code = group.constraint and group.constraint.violation_error_code,
      }
    end
  end
  return list
end

local RANGES = {
  { "unique_for_date", validators.UniqueForDateValidator }, { "unique_for_month", validators.UniqueForMonthValidator },
  { "unique_for_year", validators.UniqueForYearValidator },
}

---@return tidewire.BaseUniqueForValidator[]
function M.date_validators(self)
  local list, sources = {}, {}
  for _, name in ipairs(ordered.names(self.fields)) do sources[self.fields[name].source] = true end
  for _, field in ipairs(self.Meta.model._meta.concrete_fields) do
    for _, range in ipairs(sources[field.name] and not field.is_relation and RANGES or {}) do
      if field[range[1]] then
        list[#list + 1] = range[2] { queryset = self.Meta.model._default_manager, field = field.name, date_field = field[range[1]] }
      end
    end
  end
  return list
end

return M
