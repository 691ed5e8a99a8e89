---Which tables a query reads and how names lead from one to the next: the part of Query (query.lua) that follows relations.
---
---A query's aliases stand in `aliases` in the order of FROM; `joins` has what each of them is, `refs` how often it is used: one that nobody uses stays
---out of the SQL. A join is never changed, only replaced, so that clones of a query share it.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local lookups = require "tidewire.lookups"

local INNER, OUTER = "INNER", "LEFT OUTER"

---@class tidewire.sql.Join
---@field table string
---@field alias string
---@field parent string? alias that it is joined to; nil for the first table
---@field kind "INNER"|"LEFT OUTER"|nil
---@field key string the same for joins that may stand for each other
---@field from_column string?
---@field to_column string?
---@field nullable boolean?

---@class tidewire.Query
local Joins = class.mixin "Joins"

local function split(name)
  local parts, from = {}, 1
  while true do
    local start, stop = name:find("__", from, true)
    if not start then
      parts[#parts + 1] = name:sub(from)
      return parts
    end
    parts[#parts + 1] = name:sub(from, start - 1)
    from = stop + 1
  end
end

local known_parts, known_count = {}, 0

---The names between the `__` of a name. The list is shared: do not change it.
---@param name string
---@return string[]
function Joins.split(name)
  local parts = known_parts[name]
  if parts then return parts end
  if known_count > 5000 then known_parts, known_count = {}, 0 end -- names that clients choose must not pile up
  parts = split(name)
  known_parts[name], known_count = parts, known_count + 1
  return parts
end

-- ---- aliases ----

local function replaced(join, kind)
  local copy = {}
  for key, value in pairs(join) do copy[key] = value end
  copy.kind = kind
  return copy
end

---Count one more use of the first table; its alias.
function Joins:initial_alias()
  local alias = self.aliases[1]
  if alias then
    self.refs[alias] = self.refs[alias] + 1
    return alias
  end
  return self:new_alias { table = self.meta.db_table, key = self.meta.db_table }
end

---The alias that a join gets: the table's name for its first, T3 for others.
function Joins:new_alias(join)
  local name = join.table
  local alias = name
  local of_table = self.table_aliases[name]
  if of_table then alias = self.alias_prefix .. (#self.aliases + 1) end
  local list = { unpack(of_table or {}) }
  list[#list + 1] = alias
  self.table_aliases[name] = list
  join.alias = alias
  self.aliases[#self.aliases + 1] = alias
  self.joins[alias], self.refs[alias] = join, 1
  return alias
end

---The alias of a join, one there is if it may be reused, else a new one.
---@param join tidewire.sql.Join without alias and kind
---@param reuse table<string, boolean>? nil: all may be
---@param preferred string? of several that may be reused
function Joins:join(join, reuse, preferred)
  local found
  for _, alias in ipairs(self.aliases) do
    if self.joins[alias].key == join.key and (not reuse or reuse[alias]) and (not preferred or found ~= preferred) then found = alias end
  end
  if found then
    self.refs[found] = self.refs[found] + 1
    return found
  end
  join.kind = (self.joins[join.parent].kind == OUTER or join.nullable) and OUTER or INNER
  return self:new_alias(join)
end

function Joins:unref(alias) self.refs[alias] = self.refs[alias] - 1 end

---Make joins outer ones, and those behind them, where a row may be missing.
---@param aliases table<string, boolean>
function Joins:promote_joins(aliases)
  local queue = {}
  for _, alias in ipairs(self.aliases) do
    if aliases[alias] then queue[#queue + 1] = alias end
  end
  local i = 1
  while queue[i] do
    local alias = queue[i]
    local join = self.joins[alias]
    local parent = join.parent and self.joins[join.parent]
    if join.kind and join.kind ~= OUTER and (join.nullable or (parent and parent.kind == OUTER)) then
      self.joins[alias] = replaced(join, OUTER)
      for _, other in ipairs(self.aliases) do
        if self.joins[other].parent == alias then queue[#queue + 1] = other end
      end
    end
    i = i + 1
  end
end

---Make outer joins inner ones again, and those before them.
function Joins:demote_joins(aliases)
  for alias in pairs(aliases) do
    while alias and self.joins[alias].kind == OUTER do
      self.joins[alias] = replaced(self.joins[alias], INNER)
      local parent = self.joins[alias].parent
      alias = self.joins[parent].kind and parent
      -- a parent that is INNER already needs nothing; an OUTER one before an INNER one would take rows away in vain
    end
  end
end

---Aliases whose joins are inner ones.
function Joins:inner_aliases()
  local set = {}
  for _, alias in ipairs(self.aliases) do
    if self.joins[alias].kind == INNER then set[alias] = true end
  end
  return set
end

-- ---- names ----

local paths = setmetatable({}, { __mode = "k" })

local function field_of_column(meta, column)
  for _, field in ipairs(meta.concrete_fields) do
    if field.column == column then return field end
  end
end

---A relation's steps with the fields at both ends.
local function steps_of(relation)
  local steps = paths[relation]
  if steps then return steps end
  steps = {}
  local meta = relation.from_meta or relation.model._meta
  for i, step in ipairs(relation:path()) do
    local to = step.to_model._meta
    steps[i] = {
      to_meta = to, table = to.db_table, from_column = step.from_column, to_column = step.to_column, nullable = step.nullable or false,
      multiple = step.multiple or false, direct = step.direct or false,
      from_field = field_of_column(meta, step.from_column), to_field = field_of_column(to, step.to_column),
    }
    meta = to
  end
  local last = steps[#steps]
  steps.target = last.direct and last.to_field or last.to_meta.pk
  paths[relation] = steps
  return steps
end
Joins.steps_of = steps_of

---What a name may be, for a message.
function Joins:no_such_field(name, meta)
  local names = {}
  for _, known in ipairs(meta:field_names()) do names[#names + 1] = known end
  for _, alias in ipairs(self:selected_annotations()) do names[#names + 1] = alias end
  table.sort(names)
  return exceptions.FieldError(("Cannot resolve keyword '%s' into field. Choices are: %s"):format(name, table.concat(names, ", ")))
end

---Follow names through relations.
---@param names string[]
---@param last integer how many of them
---@param whole boolean? every name has to be a field
---@return table? info { path, final, target, meta, rest = index of the first name that is no field, multiple = position of a step with many rows }
---@return table? problem
function Joins:names_to_path(names, last, meta, allow_many, whole)
  local info = { path = {}, with_path = {}, meta = meta, rest = last + 1 }
  for position = 1, last do
    local name = names[position] == "pk" and meta.pk.name or names[position]
    local field = meta:get_field(name)
    if not field and self.annotations[name] and self:is_selected(name) then field = self.annotations[name]:output_field() end
    if not field then
      if position == 1 or whole then return nil, self:no_such_field(names[position], meta) end
      info.rest = position
      return info
    end
    if not field.is_relation or not field.path then
      info.final, info.target, info.rest = field, field, position + 1
      if whole and position < last then
        return nil, exceptions.FieldError(("Cannot resolve keyword '%s' into field. Join on '%s' not permitted."):format(names[position + 1], name))
      end
      return info
    end
    local steps = steps_of(field)
    local of_name = { name, {} }
    info.with_path[#info.with_path + 1] = of_name
    for _, step in ipairs(steps) do
      of_name[2][#of_name[2] + 1] = step
      if step.multiple and not allow_many then
        info.multiple = true
        return info
      end
      info.path[#info.path + 1] = step
    end
    meta = steps[#steps].to_meta
    info.final, info.target, info.meta = field, steps.target, meta
  end
  return info
end

---Join what names lead to. Names behind the last field are transforms.
---@param names string[]
---@param alias string where to begin
---@param reuse table<string, boolean>? which joins with many rows may be reused; nil: all
---@param allow_many boolean? false: stop at a relation to many rows, with info.multiple
---@return table info with `joins`, the aliases on the way, and `transforms`
function Joins:setup_joins(names, meta, alias, reuse, allow_many)
  local info, problem, nearest
  local count = #names
  if allow_many == nil then allow_many = true end
  for pivot = count, 1, -1 do
    info, problem = self:names_to_path(names, pivot, meta, allow_many, true)
    if info then
      info.transforms = { unpack(names, pivot + 1, count) }
      break
    end
    nearest = problem
  end
  if not info then error(problem, 0) end
  if info.multiple then return info end
  info.problem = nearest
  local joins = { alias }
  for i, step in ipairs(info.path) do
    local join = {
      table = step.table, parent = alias, from_column = step.from_column, to_column = step.to_column, meta = step.to_meta,
      nullable = not step.direct or step.nullable, key = table.concat({ step.table, alias, step.from_column, step.to_column }, "\0"),
    }
    alias = self:join(join, step.multiple and reuse or nil)
    joins[i + 1] = alias
  end
  info.joins = joins
  return info
end

---Leave out joins at the end whose table holds nothing that the one before does not: the id that a foreign key refers to.
---@return table target the field, maybe the foreign key itself
---@return string alias
---@return string[] joins
function Joins:trim_joins(info)
  local target, joins = info.target, { unpack(info.joins) }
  for i = #info.path, 1, -1 do
    local step = info.path[i]
    if #joins == 1 or not step.direct or target.column ~= step.to_column then break end
    target = step.from_field
    self:unref(table.remove(joins))
  end
  return target, joins[#joins], joins
end

---The column that trimmed joins end in, with the transforms that were named behind it.
function Joins:column_of(info, target, alias)
  local column = expression.column(not self.no_alias and alias or nil, target)
  for _, name in ipairs(info.transforms) do
    local reverse = info.final.field and not info.final.many_to_many
    if info.problem and not reverse and not lookups.find_transform(column, name) then error(info.problem, 0) end
    column = lookups.transform(column, name)
  end
  return column
end

local function forbid_joins() error(exceptions.FieldError "Joined field references are not permitted in this query", 0) end

---What a name stands for: an annotation, or a column with the joins it needs.
---@param name string
---@param context tidewire.sql.Context
---@return tidewire.Expression
function Joins:resolve_ref(name, context)
  local annotation = self.annotations[name]
  if annotation then
    if context.no_joins then
      annotation:walk(function(node)
        if node.alias and self.joins[node.alias] and self.joins[node.alias].parent then forbid_joins() end
      end)
    end
    if not context.summarize then return annotation end
    if not self:is_selected(name) then
      error(exceptions.FieldError(("Cannot aggregate over the '%s' alias. Use annotate() to promote it."):format(name)), 0)
    end
    return expression.Ref(name, annotation)
  end
  local names = self.split(name)
  annotation = self.annotations[names[1]]
  if annotation then
    for i = 2, #names do annotation = lookups.transform(annotation, names[i]) end
    return annotation
  end
  local info = self:setup_joins(names, self.meta, self:initial_alias(), context.reuse)
  local target, alias, joins = self:trim_joins(info)
  if context.no_joins and #joins > 1 then forbid_joins() end
  local column = self:column_of(info, target, alias)
  for _, used in ipairs(context.reuse and joins or {}) do context.reuse[used] = true end
  return column
end

-- ---- other names for the same tables ----

local function relabeled_join(join, aliases)
  local copy = replaced(join, join.kind)
  copy.alias = aliases[join.alias] or join.alias
  if join.parent then
    copy.parent = aliases[join.parent] or join.parent
    copy.key = table.concat({ join.table, copy.parent, join.from_column, join.to_column }, "\0")
  end
  return copy
end

---Rename tables in everything that the query holds.
---@param aliases table<string, string> new names by old ones
function Joins:change_aliases(aliases)
  local function all(list)
    local copy = {}
    for i, item in ipairs(list) do copy[i] = item:relabeled(aliases) end
    return copy
  end
  self.where = self.where:relabeled(aliases)
  if type(self.group_by) == "table" then self.group_by = all(self.group_by) end
  self.select = all(self.select)
  local annotations = {}
  for name, annotation in pairs(self.annotations) do annotations[name] = annotation:relabeled(aliases) end
  self.annotations = annotations
  local joins, refs, external = {}, {}, {}
  for i, alias in ipairs(self.aliases) do
    local name = aliases[alias] or alias
    self.aliases[i] = name
    joins[name], refs[name] = relabeled_join(self.joins[alias], aliases), self.refs[alias]
  end
  self.joins, self.refs = joins, refs
  for name, list in pairs(self.table_aliases) do
    local renamed = {}
    for i, alias in ipairs(list) do renamed[i] = aliases[alias] or alias end
    self.table_aliases[name] = renamed
  end
  for alias, aliased in pairs(self.external) do external[aliases[alias] or alias] = aliased or aliases[alias] ~= nil end
  self.external = external
end

---The next prefix after `prefix`: U after T, …, Z, AA, AB, ….
local function next_prefix(prefix)
  local letters = { prefix:byte(1, -1) }
  for i = #letters, 1, -1 do
    if letters[i] < 90 then
      letters[i] = letters[i] + 1
      return string.char(unpack(letters))
    end
    letters[i] = 65
  end
  return ("A"):rep(#letters + 1)
end

local function union(a, b)
  local set = {}
  for key in pairs(a) do set[key] = true end
  for key in pairs(b) do set[key] = true end
  return set
end

---Rename all tables so that none has the name of one of the outer query's.
function Joins:bump_prefix(outer)
  if self.alias_prefix ~= outer.alias_prefix then return end
  local prefix = self.alias_prefix
  repeat prefix = next_prefix(prefix) until not self.prefixes[prefix] and not outer.prefixes[prefix]
  self.alias_prefix = prefix
  self.prefixes = union(self.prefixes, { [prefix] = true })
  outer.prefixes = union(outer.prefixes, self.prefixes)
  local aliases = {}
  for i, alias in ipairs(self.aliases) do aliases[alias] = prefix .. (i - 1) end
  self:change_aliases(aliases)
end

return Joins
