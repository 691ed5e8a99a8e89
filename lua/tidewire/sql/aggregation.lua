---count(), exists() and aggregate(): the part of Query (query.lua) that asks about rows instead of for them.
local class = require "tidewire.class"
local expression = require "tidewire.sql.expression"
local aggregates = require "tidewire.sql.aggregates"

---@class tidewire.Query
local Aggregation = class.mixin "Aggregation"

---Make an aggregate that is asked around a subquery refer to columns that the subquery selects, adding those it does not.
local function rewrite(inner, node, count)
  local sources = {}
  for i, source in ipairs(node:get_sources() or {}) do
    local selected
    for _, name in ipairs(inner:selected_annotations()) do
      if inner.annotations[name] == source then selected = name end
    end
    if class.is_instance(source, expression.Ref) then
      sources[i] = source
    elseif selected then
      sources[i] = expression.Ref(selected, source)
    elseif class.is_instance(source, expression.Col) or (not source.is_where and not source.is_lookup and source:has_aggregate() and not source.is_summary) then
      count = count + 1
      local name = "__col" .. count
      inner:add_resolved_annotation(source, name)
      sources[i] = expression.Ref(name, source)
    else
      sources[i], count = rewrite(inner, source, count)
    end
  end
  if #sources == 0 then return node, count end
  local copy
  if node.is_where then
    copy = node:node(sources, node.connector, node.negated)
    copy.resolved = node.resolved
  else
    copy = node:copy()
    copy:set_sources(sources)
  end
  return copy, count
end

---Select an expression that is resolved already.
function Aggregation:add_resolved_annotation(annotation, name)
  if next(self.annotations) == nil then self.annotations, self.annotation_names = {}, {} end
  self.annotations[name] = annotation
  self.annotation_names[#self.annotation_names + 1] = name
  if self.mask then self.mask[name] = true end
end

local function needs_subquery(self, added)
  if type(self.group_by) == "table" or self:is_sliced() or self.distinct or self.combinator then return true end
  for _, name in ipairs(self.annotation_names) do
    if not added[name] then return true end
  end
  return false
end

---The rows that are aggregated over, as a query of their own.
local function inner_query(self, added)
  local inner = self:clone()
  inner.subquery, inner.lock, inner.select_related = true, nil, false
  inner:set_mask(self:selected_annotations())
  if not self:is_sliced() and #self.distinct_fields == 0 then inner:clear_ordering() end
  if inner.distinct then return inner end
  local has_aggregate = false
  for _, name in ipairs(self.annotation_names) do
    if not added[name] and self.annotations[name]:has_aggregate() then has_aggregate = true end
  end
  if inner.default_columns and has_aggregate then inner.group_by = { expression.column(inner:initial_alias(), self.meta.pk) } end
  inner.default_columns = false
  return inner
end

---A query that answers one row with the values of the aggregates named in `added`.
---@param added table<string, boolean>
---@return tidewire.Query
function Aggregation:aggregation(added)
  if not needs_subquery(self, added) then
    self.select, self.default_columns, self.select_related, self.lock = {}, false, false, nil
    self:clear_ordering()
    self:clear_limits()
    return self
  end
  local inner, outer = inner_query(self, added), self:fresh()
  outer.annotations, outer.annotation_names, outer.default_columns = {}, {}, false
  local count = 0
  for _, name in ipairs(inner:selected_annotations()) do
    local annotation = inner.annotations[name]
    if annotation.is_summary and added[name] then
      annotation, count = rewrite(inner, annotation, count)
      outer.annotations[name] = annotation
      outer.annotation_names[#outer.annotation_names + 1] = name
      inner:remove_annotation(name)
    end
  end
  if #inner.select == 0 and not inner.default_columns and next(inner.mask) == nil then
    inner.select = { expression.column(inner:initial_alias(), self.meta.pk) }
  end
  outer.inner = inner
  outer:clear_ordering()
  return outer
end

---A query whose one row has the number of rows.
function Aggregation:count_query()
  local copy = self:clone()
  copy:add_annotation(aggregates.Count "*", "__count", { summary = true })
  return copy:aggregation { __count = true }
end

---A query that answers a row when this one has any.
---@param unlimited boolean? as a part of a UNION it may have no LIMIT
function Aggregation:exists_query(unlimited)
  local copy = self:clone()
  if not copy.distinct then
    if copy.group_by == true then
      local names = {}
      for i, field in ipairs(self.meta.concrete_fields) do names[i] = field.attname end
      copy:add_fields(names)
      copy:set_group_by(true)
    end
    copy:clear_select()
  end
  if copy.combinator == "union" then
    local combined = {}
    for i, query in ipairs(copy.combined) do combined[i] = query:exists_query(true) end
    copy.combined = combined
  end
  copy:clear_ordering()
  if not unlimited then copy:set_limits(nil, 1) end
  copy.select_one = not copy.distinct
  return copy
end

return Aggregation
