---Subqueries as expressions: `Subquery(queryset)` and `Exists(queryset)`, with OuterRef for what belongs to the query around them.
local conditions = require "tidewire.sql.conditions"
local expression = require "tidewire.sql.expression"
local types = require "tidewire.sql.types"

local M = {}
local Expression = expression.Expression

---A queryset's one column of its one row as a value.
---@class tidewire.Subquery: tidewire.Expression
local Subquery = Expression:extend("Subquery")
M.Subquery = Subquery

---@param queryset table a queryset
---@param options? { output_field?: table }
function Subquery:init(queryset, options)
  self.inner, self.output = queryset.query or queryset, options and options.output_field
end

---A queryset of several columns has no value; raises FieldError.
function Subquery:converter(dialect) return dialect.converter(self:output_field()) end

function Subquery:get_sources() return nil end -- luacheck: ignore
function Subquery:has_aggregate() return false end -- luacheck: ignore
function Subquery:resolve_output() return self.inner:output_or_nil() end

function Subquery:resolve(query, context)
  local copy = self:copy()
  copy.is_summary = context and context.summarize
  copy.inner = self.inner:resolve(query, context)
  return copy
end

function Subquery:relabeled(aliases)
  local copy = self:copy()
  copy.inner = self.inner:relabeled(aliases)
  return copy
end

function Subquery:as_sql(compiler)
  local sql = compiler:compile_subquery(self.inner)
  return sql and "(" .. sql .. ")"
end

function Subquery:group_by_columns(alias)
  if alias then return { expression.Ref(alias, self) } end
  return self.inner:group_by_columns()
end

---Does the queryset have a row? `-Exists(…)` is its negation.
---@class tidewire.Exists: tidewire.Subquery
local Exists = Subquery:extend "Exists"
M.Exists = Exists

function Exists:resolve_output() return types.field "BooleanField" end -- luacheck: ignore
function Exists:is_conditional() return true end -- luacheck: ignore

function Exists.__unm(a)
  local copy = a:copy()
  copy.negated = not a.negated
  return copy
end

---Beside a Q it is a condition: `Exists(…) * Q { … }`.
function Exists.__mul(a, b) return conditions.Q(a) * conditions.Q(b) end
function Exists.__add(a, b) return conditions.Q(a) + conditions.Q(b) end

function Exists:as_sql(compiler)
  local sql = compiler:compile_subquery(self.inner:exists_query())
  if not sql then return self.negated and "" or nil end
  return (self.negated and "NOT EXISTS(" or "EXISTS(") .. sql .. ")"
end

return M
