---The state of a query: what is selected from where, in which order. Querysets change a clone of it; compiler.lua makes SQL of it.
---
---Five files make up the class: this one, sql/joins.lua (tables and names), sql/filters.lua (conditions), sql/aggregation.lua (counting and aggregate()),
---sql/merging.lua (two queries as one).
---Expressions, joins and nodes of the WHERE tree are shared between clones and never changed; lists and tables of them are copied.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local repr = require "tidewire.repr"
local conditions = require "tidewire.sql.conditions"
local Joins = require "tidewire.sql.joins"
local Filters = require "tidewire.sql.filters"
local Aggregation = require "tidewire.sql.aggregation"
local Merging = require "tidewire.sql.merging"

---@class tidewire.Query: tidewire.Class
---@field model tidewire.Model
---@field meta table
---@field aliases string[] tables in the order of FROM
---@field joins table<string, tidewire.sql.Join>
---@field refs table<string, integer>
---@field where tidewire.Where
---@field select tidewire.Expression[] columns of values(); empty: those of the model while default_columns
---@field values_select string[] their names
---@field annotations table<string, tidewire.Expression>
---@field annotation_names string[] in the order they were added
---@field mask table<string, boolean>? which annotations are selected; nil: all
---@field group_by nil|true|tidewire.Expression[] true: by the model's columns
---@field order any[] names and expressions
---@field low integer
---@field high integer?
---@field combinator nil|"union"|"intersection"|"difference"
local Query = class.new("QueryRoot"):extend("Query", Joins, Filters, Aggregation, Merging, { __is_expression = true, is_query = true })

local NONE = {}

function Query:init(model)
  self.model, self.meta = model, model._meta
  self.aliases, self.joins, self.refs, self.table_aliases = {}, {}, {}, {}
  self.alias_prefix, self.prefixes, self.external, self.used_aliases = "T", { T = true }, NONE, {}
  self.where = conditions.Where()
  self.select, self.values_select, self.default_columns = NONE, NONE, true
  self.annotations, self.annotation_names = NONE, NONE
  self.order, self.default_ordering, self.standard_ordering = NONE, true, true
  self.low, self.distinct, self.distinct_fields = 0, false, NONE
  self.select_related, self.deferred, self.combined = false, NONE, NONE
end

local function shallow(from)
  local copy = {}
  for key, value in pairs(from) do copy[key] = value end
  return copy
end
Query.shallow = shallow

---@return tidewire.Query
function Query:clone()
  local copy = setmetatable(shallow(self), getmetatable(self))
  copy.aliases = { unpack(self.aliases) }
  copy.joins, copy.refs, copy.table_aliases = shallow(self.joins), shallow(self.refs), shallow(self.table_aliases)
  if self.annotations ~= NONE then
    copy.annotations, copy.annotation_names = shallow(self.annotations), { unpack(self.annotation_names) }
  end
  copy.used_aliases = shallow(self.used_aliases)
  return copy
end

---A clone for the next operation: the next filter() joins relations to many rows anew.
function Query:chain()
  local copy = self:clone()
  if not copy.sticky then copy.used_aliases = {} end
  copy.sticky = false
  return copy
end

---A query of the same model that asks nothing yet.
function Query:fresh() return Query(self.model) end

-- ---- as a part of another query ----

---@return tidewire.Query
function Query:resolve(outer, context)
  local copy = self:clone()
  copy:bump_prefix(outer)
  copy.subquery = true
  if not self:is_sliced() and #self.distinct_fields == 0 and not self.lock then copy:clear_ordering() end
  copy.where = copy.where:resolve(outer, context)
  local external = shallow(copy.external)
  for name, annotation in pairs(copy.annotations) do
    copy.annotations[name] = annotation:resolve(outer, context)
    for alias, aliased in pairs(annotation.inner and annotation.inner.external or NONE) do external[alias] = aliased end
  end
  for alias, join in pairs(outer.joins) do external[alias] = join.table ~= alias end
  copy.external = external
  return copy
end

function Query:relabeled(aliases)
  local copy = self:clone()
  copy:change_aliases(aliases)
  return copy
end

function Query:has_aggregate() return false end -- luacheck: ignore
function Query:get_sources() return nil end -- luacheck: ignore
function Query:walk(visit) visit(self) end
function Query:is_conditional() return false end -- luacheck: ignore

---The field of the one column that is selected.
function Query:output_or_nil()
  if #self.select == 1 then return self.select[1]:output_or_nil() end
  local names = self:selected_annotations()
  if #names == 1 then return self.annotations[names[1]]:output_field() end
end

function Query:output_field()
  return self:output_or_nil() or error(exceptions.FieldError "Cannot resolve expression type, unknown output_field", 0)
end

---Columns of outer queries that this one refers to.
function Query:external_columns()
  local list = {}
  local function visit(node)
    if node.inner and node.inner.is_query then
      for _, column in ipairs(node.inner:external_columns()) do
        if self.external[column.alias] ~= nil then list[#list + 1] = column end
      end
    elseif node.alias and node.target and self.external[node.alias] ~= nil then
      list[#list + 1] = node
    end
  end
  for _, name in ipairs(self.annotation_names) do self.annotations[name]:walk(visit) end
  self.where:walk(visit)
  return list
end

function Query:group_by_columns()
  local columns = self:external_columns()
  for _, column in ipairs(columns) do
    if column.possibly_multivalued then return { self } end
  end
  return columns
end

function Query:has_limit_one() return self.high ~= nil and self.high - self.low == 1 end
function Query:has_select_fields() return #self.select > 0 or (self.mask ~= nil and next(self.mask) ~= nil) end

---A clone that selects the primary key, or the field that a relation refers to.
function Query:selecting_key(field)
  local copy = self:clone()
  copy:clear_select()
  copy:add_fields { field and field.model == self.model and field.name or self.meta.pk.name }
  return copy
end

function Query:without_ordering()
  local copy = self:clone()
  if not self:is_sliced() and #self.distinct_fields == 0 and not self.lock then copy:clear_ordering() end
  return copy
end

---The first table that is used becomes the one that FROM begins with.
function Query:begin_with_used_table()
  for _, alias in ipairs(self.aliases) do
    if self.refs[alias] > 0 then
      local join = self.joins[alias]
      self.joins[alias] = { table = join.table, alias = alias, key = join.table }
      return
    end
  end
end

-- ---- limits ----

---Narrow the rows to those from `low` up to `high` of what the query gives so far.
function Query:set_limits(low, high)
  if high then self.high = self.high and math.min(self.high, self.low + high) or self.low + high end
  if low then self.low = self.high and math.min(self.high, self.low + low) or self.low + low end
  if self.low == self.high then self:set_empty() end
end

function Query:clear_limits() self.low, self.high = 0, nil end
function Query:is_sliced() return self.low ~= 0 or self.high ~= nil end

function Query:set_empty()
  self.where = self.where:with(conditions.NOTHING, "AND")
  local combined = {}
  for i, query in ipairs(self.combined) do
    combined[i] = query:clone()
    combined[i]:set_empty()
  end
  self.combined = combined
end

---Is it known without asking that there is no row?
function Query:is_empty()
  for _, child in ipairs(self.where.children) do
    if child.is_nothing then return true end
  end
  return false
end

-- ---- what is selected ----

---Whether an annotation is among the selected ones.
function Query:is_selected(name) return self.annotations[name] ~= nil and (self.mask == nil or self.mask[name] or false) end

---Names of the annotations that are selected, in order.
---@return string[]
function Query:selected_annotations()
  if not self.mask then return self.annotation_names end
  local list = {}
  for _, name in ipairs(self.annotation_names) do
    if self.mask[name] then list[#list + 1] = name end
  end
  return list
end

function Query:set_mask(names)
  self.mask = {}
  for _, name in ipairs(names) do self.mask[name] = true end
end

function Query:clear_select()
  self.select, self.values_select, self.default_columns, self.select_related, self.mask = NONE, NONE, false, false, {}
end

---Refuse names that are no good as a column's alias: they could end the quotes.
function Query.check_alias(name)
  if type(name) ~= "string" or name == "" or name:find "[%s%c'\"`%[%];#]" or name:find("--", 1, true) or name:find("/*", 1, true)
    or name:find("*/", 1, true) then
    error(exceptions.ValueError("Column aliases cannot contain whitespace characters, hashes, control characters, quotation marks, semicolons, or SQL "
      .. "comments."), 0)
  end
end

---@param options? { summary?: boolean, hidden?: boolean } hidden: alias() instead of annotate()
function Query:add_annotation(annotation, name, options)
  options = options or NONE
  self.check_alias(name)
  annotation = annotation:resolve(self, { summarize = options.summary })
  if self.annotations == NONE then self.annotations, self.annotation_names = {}, {} end
  local is_new = self.annotations[name] == nil
  self.annotations[name] = annotation
  if options.hidden then
    local names = {}
    for _, selected in ipairs(self:selected_annotations()) do
      if selected ~= name then names[#names + 1] = selected end
    end
    self:set_mask(names)
  elseif self.mask then
    self.mask = shallow(self.mask)
    self.mask[name] = true
  end
  if is_new then self.annotation_names[#self.annotation_names + 1] = name end
end

function Query:remove_annotation(name)
  self.annotations[name] = nil
  for i, known in ipairs(self.annotation_names) do
    if known == name then table.remove(self.annotation_names, i) end
  end
  if self.mask then
    self.mask = shallow(self.mask)
    self.mask[name] = nil
  end
end

---Select fields by their names, across relations.
---@param names string[]
function Query:add_fields(names)
  local first, columns = self:initial_alias(), {}
  for i, name in ipairs(names) do
    local parts = self.split(name)
    if #parts == 1 and not (parts[1] == "pk" or self.meta:get_field(parts[1])) then
      if self.annotations[name] then
        error(exceptions.FieldError(("Cannot select the '%s' alias. Use annotate() to promote it."):format(name)), 0)
      end
      error(self:no_such_field(name, self.meta), 0)
    end
    local info = self:setup_joins(parts, self.meta, first)
    local target, alias = self:trim_joins(info)
    columns[i] = self:column_of(info, target, alias)
  end
  if #columns > 0 then self.select, self.default_columns = columns, false end
end

local function attnames(meta)
  local list = {}
  for i, field in ipairs(meta.concrete_fields) do list[i] = field.attname end
  return list
end

---Group by what is selected now.
---@param no_aliases boolean? by the expressions themselves, since the aliases will not be selected
function Query:set_group_by(no_aliases)
  local taken = {}
  for i = 2, #self.aliases do
    local join = self.joins[self.aliases[i]]
    for _, field in ipairs(not no_aliases and join.meta and join.meta.concrete_fields or NONE) do taken[field.column] = true end
  end
  local list = { unpack(self.select) }
  for _, name in ipairs(self:selected_annotations()) do
    local annotation = self.annotations[name]
    local alias = not no_aliases and not taken[name] and name or nil
    local columns
    if alias and not annotation:has_aggregate() and not annotation.alias then
      columns = annotation.value == nil and { expression.Ref(alias, annotation) } or annotation:group_by_columns(alias)
    else
      columns = annotation:group_by_columns()
    end
    for _, column in ipairs(columns) do list[#list + 1] = column end
  end
  self.group_by = list
end

---Select by names: fields, annotations. Without any: all fields of the model.
---@param names string[]
function Query:set_values(names)
  self.select_related, self.deferred, self.select, self.values_select = false, NONE, NONE, NONE
  local fields, annotations, selected = {}, {}, {}
  if #names > 0 then
    for _, name in ipairs(names) do
      if name ~= "" then self.check_alias(name) end -- that one is no field
      selected[name] = true
      local list = self:is_selected(name) and annotations or fields
      list[#list + 1] = name
    end
    if next(self.annotations) then self.default_columns = false end
    self:set_mask(annotations)
  else
    fields = attnames(self.meta)
    for _, name in ipairs(fields) do selected[name] = true end
  end
  if self.group_by == true then
    self:add_fields(attnames(self.meta))
    self:set_group_by(true)
    self.select = NONE
  elseif self.group_by then
    local list = {}
    for i, item in ipairs(self.group_by) do list[i] = item.reference and not selected[item.reference] and self.annotations[item.reference] or item end
    self.group_by = list
  end
  self.values_select = fields
  self:add_fields(fields)
end

---Which of a related model's columns are loaded: see defer() and only().
---@param names string[]
function Query:add_deferred(names)
  local set, deferring = shallow(self.deferred.names or NONE), self.deferred.only ~= true
  for _, name in ipairs(names) do
    set[name] = deferring or nil
  end
  self.deferred = { names = set, only = not deferring }
end

---@param names string[]
function Query:add_only(names)
  local before, set = self.deferred, {}
  for _, name in ipairs(names) do set[name == "pk" and self.meta.pk.name or name] = true end
  for name in pairs(before.names and not before.only and before.names or NONE) do set[name] = nil end
  self.deferred = { names = set, only = true }
end

---@param names string[]
function Query:add_select_related(names)
  local function copied(tree)
    local copy = {}
    for key, value in pairs(tree) do copy[key] = copied(value) end
    return copy
  end
  local tree = type(self.select_related) == "table" and copied(self.select_related) or {}
  for _, name in ipairs(names) do
    local node = tree
    for _, part in ipairs(self.split(name)) do
      node[part] = node[part] or {}
      node = node[part]
    end
  end
  self.select_related = tree
end

-- ---- order ----

---@param items any[] names, with "-" for descending, "?" for at random; expressions
function Query:add_ordering(items)
  if #items == 0 then
    self.default_ordering = false
    return
  end
  local order = { unpack(self.order) }
  for _, item in ipairs(items) do
    if type(item) == "string" then
      local name = item:gsub("^-", "")
      if name ~= "?" and not self.annotations[name] then
        local parts = self.split(name)
        local _, problem = self:names_to_path(parts, #parts, self.meta, true)
        if problem then error(problem, 0) end
      end
    elseif not expression.is_expression(item) then
      error(exceptions.FieldError(("Invalid order_by arguments: [%s]"):format(repr.repr(item))), 0)
    elseif item:has_aggregate() then
      error(exceptions.FieldError("Using an aggregate in order_by() without also including it in annotate() is not allowed: " .. tostring(item)), 0)
    end
    order[#order + 1] = item
  end
  self.order = order
end

---@param keep_default boolean? the model's own order applies again
function Query:clear_ordering(keep_default)
  self.order = NONE
  if not keep_default then self.default_ordering = false end
end

return Query
