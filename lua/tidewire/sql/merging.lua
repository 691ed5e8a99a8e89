---Two queries of one model as one: what `a * b` (and) and `a + b` (or) do with querysets. A part of Query (query.lua).
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"

---@class tidewire.Query
local Merging = class.mixin "Merging"

local function refuse(text) error(exceptions.AssertionError(text), 0) end

local function check(a, b)
  if a.model ~= b.model then refuse "Cannot combine queries on two different base models." end
  if a:is_sliced() then refuse "Cannot combine queries once a slice has been taken." end
  if a.distinct ~= b.distinct then refuse "Cannot combine a unique query with a non-unique query." end
  if table.concat(a.distinct_fields, "\0") ~= table.concat(b.distinct_fields, "\0") then refuse "Cannot combine queries with different distinct fields." end
end

---The other query's joins, with those of their names that are taken changed.
---@return table<string, string> names new ones by old ones
---@return table<string, boolean> inner
local function take_joins(query, other, reuse)
  local names, inner = {}, {}
  for i = 2, #other.aliases do
    local alias = other.aliases[i]
    local join = other.shallow(other.joins[alias])
    local kind = join.kind
    join.parent = names[join.parent] or join.parent
    join.key = table.concat({ join.table, join.parent, join.from_column, join.to_column }, "\0")
    join.alias, join.kind = nil, nil
    local new = query:join(join, reuse, alias)
    if kind == "INNER" then inner[new] = true end
    reuse[new] = nil
    if new ~= alias then names[alias] = new end
    if other.refs[alias] == 0 then query:unref(new) end
  end
  return names, inner
end

---Add what the other query asks, by "AND" or by "OR". Changes this query.
---@param other tidewire.Query
---@param connector "AND"|"OR"
function Merging:combine(other, connector)
  check(self, other)
  self:initial_alias()
  local reuse = {}
  for _, alias in ipairs(connector == "OR" and self.aliases or {}) do reuse[alias] = true end
  local promoter = self.promoter(connector, 2, false)
  promoter:vote(self:inner_aliases())
  local names, inner = take_joins(self, other, reuse)
  promoter:vote(inner)
  promoter:update(self)
  local prefixes = self.shallow(self.prefixes)
  for prefix in pairs(other.prefixes) do prefixes[prefix] = true end
  self.prefixes = prefixes
  local where = other.where:relabeled(names)
  if #where.children > 0 and #self.where.children > 0 then
    self.where = self.where:with(where, connector)
  elseif connector == "AND" then
    self.where = #where.children > 0 and where or self.where
  else
    self.where = self.where:node({}, "AND")
  end
  if #other.select > 0 then
    local select = {}
    for i, column in ipairs(other.select) do select[i] = column:relabeled(names) end
    self.select, self.default_columns = select, false
  else
    self.select = {}
  end
  if #other.order > 0 then self.order = other.order end
end

return Merging
