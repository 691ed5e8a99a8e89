---What filter() and exclude() add to a query: the part of Query (query.lua) that turns Q into WHERE.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local expression = require "tidewire.sql.expression"
local conditions = require "tidewire.sql.conditions"
local subquery = require "tidewire.sql.subquery"
local lookups = require "tidewire.lookups"

local null = json.null
local is_expression, is_q = expression.is_expression, conditions.is_q
local Where = conditions.Where

---@class tidewire.Query
local Filters = class.mixin "Filters"

-- ---- which joins a condition needs ----

---Decides for the joins of a condition's parts whether they are inner or outer ones. A part votes for joins without whose row it cannot hold.
local Promoter = class.new "Promoter"

function Promoter:init(connector, count, negated)
  self.effective = connector
  if negated then self.effective = connector == "AND" and "OR" or "AND" end
  self.count, self.votes = count, {}
end

function Promoter:vote(aliases)
  for alias in pairs(aliases) do self.votes[alias] = (self.votes[alias] or 0) + 1 end
end

---@return table<string, boolean> demoted
function Promoter:update(query)
  local promote, demote = {}, {}
  for alias, votes in pairs(self.votes) do
    if self.effective == "OR" and votes < self.count then promote[alias] = true end
    if self.effective == "AND" or votes == self.count then demote[alias] = true end
  end
  query:promote_joins(promote)
  query:demote_joins(demote)
  return demote
end

Filters.promoter = Promoter

-- ---- values ----

local function model_of(value)
  local kind = type(value) == "table" and class.of(value)
  return kind and kind._meta and kind or nil
end

local function is_plain_list(value) return type(value) == "table" and class.of(value) == nil end

---A value with its expressions resolved for this query.
function Filters:resolve_value(value, context)
  if is_expression(value) then return value:resolve(self, context) end
  if not is_plain_list(value) then return value end
  local list
  for i, item in ipairs(value) do
    if is_expression(item) then
      list = list or { unpack(value) }
      list[i] = item:resolve(self, context)
    end
  end
  return list or value
end

---May rows of that model stand for rows of the related one?
local function is_compatible(model, meta)
  return model == meta.model or class.is_subclass(model, meta.model) or class.is_subclass(meta.model, model)
end

local function check_instance(value, meta)
  local model = model_of(value)
  if model and not is_compatible(model, meta) then
    error(exceptions.ValueError(('Cannot query "%s": Must be "%s" instance.'):format(tostring(value), meta.object_name)), 0)
  end
end

local function check_related(value, meta)
  if is_expression(value) then
    if value.is_query and not value:has_select_fields() and not is_compatible(value.model, meta) then
      error(exceptions.ValueError(('Cannot use QuerySet for "%s": Use a QuerySet for "%s".'):format(value.meta.object_name, meta.object_name)), 0)
    end
    return
  end
  check_instance(value, meta)
  for _, item in ipairs(is_plain_list(value) and value or {}) do check_instance(item, meta) end
end

---Of a row, the value that the relation compares.
local function related_value(value, target)
  if not model_of(value) then return value end
  local found = value[target.attname]
  if found == nil then found = value.pk end
  if found == nil then return null end
  return found
end

local function related_values(value, target)
  if is_expression(value) then return value end
  if not is_plain_list(value) then return related_value(value, target) end
  local list = {}
  for i, item in ipairs(value) do list[i] = related_value(item, target) end
  return list
end

local function check_filterable(node)
  if node.filterable == false then
    error(exceptions.NotSupportedError(class.of(node).name .. " is disallowed in the filter clause."), 0)
  end
end

-- ---- conditions ----

---Split a lookup's name in what it is about and what is asked of it.
---@return table? info of names_to_path; nil when it is about an annotation
---@return string[] names of the lookup
---@return tidewire.Expression? annotation
function Filters:solve_lookup(name)
  local names = self.split(name)
  if next(self.annotations) then
    for last = #names, 1, -1 do
      local annotation = self.annotations[table.concat(names, "__", 1, last)]
      if annotation then return nil, { unpack(names, last + 1) }, annotation end
    end
  end
  local info, problem = self:names_to_path(names, #names, self.meta, true)
  if problem then error(problem, 0) end
  return info, { unpack(names, info.rest) }
end

local function leaf(condition)
  local node = Where()
  node.children[1] = condition
  return node
end

local function used_since(self, before)
  local used = {}
  for alias, count in pairs(self.refs) do
    if count > (before[alias] or 0) then used[alias] = true end
  end
  return used
end

---@class (private) tidewire.sql.FilterContext
---@field reuse table<string, boolean>? joins to many rows that may be reused
---@field no_joins boolean?
---@field keep_joins boolean? negated conditions on many rows need no subquery
---@field unchecked boolean?
---@field branch_negated boolean? inside a negation
---@field negated boolean? inside an odd number of negations

---@param child any a Q, an expression, or { name, value }
---@param context tidewire.sql.FilterContext
---@return tidewire.Where
---@return table<string, boolean> needed aliases without whose row it cannot hold
function Filters:build_filter(child, context)
  if is_q(child) then return self:build_q(child, context) end
  if is_expression(child) then
    if not child:is_conditional() and not class.is_instance(child, expression.F) then
      error(exceptions.TypeError "Cannot filter against a non-conditional expression.", 0)
    end
    local left = child:resolve(self, context)
    if not left:is_conditional() then error(exceptions.TypeError "Cannot filter against a non-conditional expression.", 0) end
    return leaf(left.is_where and left or lookups.build({}, left, true)), {}
  end
  return self:build_lookup(child[1], child[2], context)
end

---The columns' part of build_lookup: is NULL to be taken for a row that does not match?
local function add_null_checks(self, clause, condition, info, target, alias, joins, value)
  if self.joins[joins[#joins]].kind == "LEFT OUTER" or target.null then
    clause:add(lookups.is_null(expression.column(alias, target), false), "AND")
  end
  if class.is_instance(value, expression.Col) and value.target.null then clause:add(lookups.is_null(value, false), "AND") end
  return condition, info
end

function Filters:build_lookup(name, value, context)
  if name == "" then error(exceptions.FieldError "Cannot parse keyword query ''", 0) end
  local info, names, annotation = self:solve_lookup(name)
  if context.no_joins and info and info.rest > 2 then error(exceptions.FieldError "Joined field references are not permitted in this query", 0) end
  local used, given = {}, value
  if type(value) == "table" then
    local before = {}
    for alias, count in pairs(self.refs) do before[alias] = count end
    value = self:resolve_value(value, context)
    if is_expression(value) and not context.unchecked then check_filterable(value) end
    used = used_since(self, before)
  end
  if annotation then
    if not context.unchecked then check_filterable(annotation) end
    return leaf(lookups.build(names, annotation, value)), {}
  end
  local first = self:initial_alias()
  local field_names = { unpack(self.split(name), 1, info.rest - 1) }
  local allow_many = not context.branch_negated or context.keep_joins
  local found = self:setup_joins(field_names, self.meta, first, context.reuse, allow_many or false)
  if found.multiple then return self:split_exclude(name, given, context, found.with_path) end
  return self:build_comparison(found, names, value, context, used, name)
end

function Filters:build_comparison(info, names, value, context, used, name)
  local relation = info.final.is_relation and info.final or nil
  if relation then
    check_related(value, info.meta)
    if #names > 1 then error(exceptions.FieldError("Related Field got invalid lookup: " .. names[1]), 0) end
    value = related_values(value, info.target)
  end
  for _, alias in ipairs(info.joins) do used[alias] = true end
  self.lookup_joins = info.joins
  local target, alias, joins = self:trim_joins(info)
  for _, one in ipairs(context.reuse and joins or {}) do context.reuse[one] = true end
  local column_alias = not self.no_alias and alias or nil
  local column
  if relation then
    column = expression.Col(column_alias, target, relation)
    column.related_target = info.target
  else
    column = expression.Col(column_alias, target, info.final)
  end
  local condition = lookups.build(names, column, value)
  local record = self.record
  if record then
    condition.slot = record.slots[name]
    record.lookups[condition.slot or false] = condition
  end
  local clause = leaf(condition)
  local is_null = condition.name == "isnull"
  local outer = is_null and condition.right == true and not context.negated
  if context.negated and not (is_null and condition.right ~= false) then
    outer = true
    if not is_null then add_null_checks(self, clause, condition, info, target, column_alias, joins, value) end
  end
  return clause, outer and {} or used
end

---@param q tidewire.Q
---@param context tidewire.sql.FilterContext
---@return tidewire.Where
---@return table<string, boolean> needed
function Filters:build_q(q, context)
  local inner = {
    reuse = context.reuse, no_joins = context.no_joins, keep_joins = context.keep_joins, unchecked = context.unchecked,
    negated = (context.negated or false) ~= q.negated, branch_negated = context.branch_negated or q.negated,
  }
  local node = Where(q.connector, q.negated)
  local promoter = Promoter(q.connector, #q.children, inner.negated)
  for _, child in ipairs(q.children) do
    local clause, needed = self:build_filter(child, inner)
    promoter:vote(needed)
    if #clause.children > 0 then node:add(clause, q.connector) end
  end
  return node, promoter:update(self)
end

---Add a condition to what the query asks. Changes the query.
---@param q tidewire.Q
function Filters:add_q(q)
  local inner = self:inner_aliases()
  local clause = self:build_q(q, { reuse = self.used_aliases })
  if #clause.children > 0 then self.where = self.where:with(clause, "AND") end
  self:demote_joins(inner)
end

-- ---- exclude() across relations to many rows ----

---The start of a subquery's joins that the outer query has anyway is left out; what then links the two is selected.
---@return string prefix name in the outer query that the selected column is compared with
---@return boolean outer whether that may be NULL
local function trim_start(query, with_path)
  local steps = {}
  for _, entry in ipairs(with_path) do
    for _, step in ipairs(entry[2]) do steps[#steps + 1] = step end
  end
  local tables = query.lookup_joins
  local trimmed, outer = 0, false
  while not steps[trimmed + 1].multiple do
    if query.joins[tables[trimmed + 2]].kind == "LEFT OUTER" then outer = true end
    query:unref(tables[trimmed + 1])
    trimmed = trimmed + 1
  end
  local step, names, in_prefix = steps[trimmed + 1], {}, trimmed
  for _, entry in ipairs(with_path) do
    if in_prefix - #entry[2] < 0 then break end
    names[#names + 1] = entry[1]
    in_prefix = in_prefix - #entry[2]
  end
  names[#names + 1] = step.from_field.name
  local field, alias = step.from_field, tables[trimmed + 1]
  if query.joins[tables[trimmed + 2]].kind ~= "LEFT OUTER" then
    query:unref(tables[trimmed + 1])
    field, alias = step.to_field, tables[trimmed + 2]
  end
  query:begin_with_used_table()
  query.default_columns, query.select = false, { expression.column(alias, field) }
  return table.concat(names, "__"), outer
end

---Rows without any related row for which the condition holds: NOT EXISTS (…). The negation itself is the caller's.
function Filters:split_exclude(name, value, context, with_path)
  if class.is_instance(value, expression.OuterRef) then
    value = expression.OuterRef(value)
  elseif class.is_instance(value, expression.F) and not class.is_instance(value, expression.ResolvedOuterRef) then
    value = expression.OuterRef(value.name)
  end
  local inner = self:fresh()
  inner.record = self.record
  inner:add_q(conditions.Q { [name] = value == nil and null or value })
  inner:clear_ordering()
  local prefix, outer = trim_start(inner, with_path)
  local column = inner.select[1]
  if context.reuse and context.reuse[column.alias] then
    local alias, pk = column.alias, column.target.model._meta.pk
    inner:bump_prefix(self)
    column = inner.select[1]
    inner.where = inner.where:with(lookups.build({}, expression.column(column.alias, pk), expression.column(alias, pk)), "AND")
    inner.external[alias] = true
  end
  local link = lookups.build({}, expression.Col(column.alias, column.target), expression.ResolvedOuterRef(prefix))
  inner.where = inner.where:with(link, "AND")
  local condition, needed = self:build_filter(subquery.Exists(inner), context)
  if outer then
    local missing = self:build_filter({ prefix .. "__isnull", true }, {
      reuse = context.reuse, negated = true, branch_negated = true, keep_joins = context.keep_joins })
    condition = condition:with(missing, "OR")
  end
  return condition, needed
end

return Filters
