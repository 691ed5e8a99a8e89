---Conditions: Q as an app writes it, the WHERE tree it becomes, and CASE WHEN, which asks them.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local repr = require "tidewire.repr"

local M = {}
local Expression, is_expression = expression.Expression, expression.is_expression

-- ---- trees ----

---Put `data` beside the node's children, or both below `connector` when the node has another one. Changes the node.
local function add(node, data, connector)
  if node.connector ~= connector and #node.children < 2 and not node.negated then node.connector = connector end
  if node.connector ~= connector then
    node.children = { node:node(node.children, node.connector, node.negated), data }
    node.connector, node.negated = connector, false
  elseif class.of(data) == class.of(node) and not data.negated and (data.connector == connector or #data.children == 1) then
    for _, child in ipairs(data.children) do node.children[#node.children + 1] = child end
  else
    node.children[#node.children + 1] = data
  end
  return node
end

-- ---- Q ----

---A condition by names: `Q { name__startswith = "A" } + -Q { active = true }`. `+` is or, `*` is and, `-` is not.
---@class tidewire.Q: tidewire.Class
---@field children any[] Q, expressions, and { name, value }
---@field connector "AND"|"OR"
---@field negated boolean
---@operator add(tidewire.Q): tidewire.Q
---@operator mul(tidewire.Q): tidewire.Q
---@operator unm: tidewire.Q
local Q = class.new("Q", { __is_expression = true, __is_q = true, add = add })
M.Q = Q

---@return boolean
function M.is_q(value)
  local meta = type(value) == "table" and getmetatable(value)
  return meta and meta.__is_q or false
end

---Add a table of lookups to a list of children, by name so that the same lookups give the same SQL.
local function add_lookups(children, lookups)
  local names = {}
  for name in pairs(lookups) do
    if type(name) ~= "string" then error(exceptions.TypeError(("a lookup's name is expected, not %s"):format(tostring(name))), 0) end
    names[#names + 1] = name
  end
  table.sort(names)
  for _, name in ipairs(names) do children[#children + 1] = { name, lookups[name] } end
end

---@param ... table tables of lookups, Q objects, expressions that are true or false
function Q:init(...)
  self.children, self.connector, self.negated = {}, "AND", false
  for i = 1, select("#", ...) do
    local part = select(i, ...)
    if is_expression(part) then
      self.children[#self.children + 1] = part
    elseif type(part) == "table" then
      add_lookups(self.children, part)
    elseif part ~= nil then
      error(exceptions.TypeError(("a table of lookups, a Q or an expression is expected, not a %s"):format(type(part))), 0)
    end
  end
end

function Q:node(children, connector, negated)
  local node = Q()
  node.children, node.connector, node.negated = children, connector, negated or false
  return node
end

local function copied(q)
  local children = {}
  for i, child in ipairs(q.children) do children[i] = child end
  return Q:node(children, q.connector, q.negated)
end

local function combined(a, b, connector)
  if not is_expression(a) or not is_expression(b) then
    error(exceptions.TypeError(("a Q can only be combined with a Q or an expression, not with a %s"):format(type(is_expression(a) and b or a))), 0)
  end
  if M.is_q(a) and #a.children == 0 then return M.is_q(b) and copied(b) or Q(b) end
  if M.is_q(b) and #b.children == 0 then return copied(a) end
  local q = Q()
  q.connector = connector
  return q:add(a, connector):add(b, connector)
end

function Q.__add(a, b) return combined(a, b, "OR") end
function Q.__mul(a, b) return combined(a, b, "AND") end
function Q.__unm(a)
  local q = Q():add(a, "AND")
  q.negated = true
  return q
end

---All in words: `Q.OR(a, b, c)`.
function Q.OR(first, ...)
  for i = 1, select("#", ...) do first = first + select(i, ...) end
  return first
end
function Q.AND(first, ...)
  for i = 1, select("#", ...) do first = first * select(i, ...) end
  return first
end
function Q.NOT(q) return -q end

function Q:is_conditional() return true end -- luacheck: ignore
function Q:has_aggregate() return false end -- luacheck: ignore

---Visit the expressions inside, names as F.
function Q:walk(visit)
  for _, child in ipairs(self.children) do
    if is_expression(child) then
      child:walk(visit)
    else
      visit(expression.F(child[1]))
      if is_expression(child[2]) then child[2]:walk(visit) end
    end
  end
end

---As Python shows it: (AND: ('pages__lt', 5), (NOT (AND: ('active', True)))).
function Q:__tostring()
  local parts = {}
  for i, child in ipairs(self.children) do
    if is_expression(child) then
      parts[i] = tostring(child)
    else
      parts[i] = ("('%s', %s)"):format(child[1], is_expression(child[2]) and tostring(child[2]) or repr.repr(child[2]))
    end
  end
  return (self.negated and "(NOT (%s: %s))" or "(%s: %s)"):format(self.connector, table.concat(parts, ", "))
end

---As an expression: its joins must not take rows away, so they become outer ones.
function Q:resolve(query, context)
  context = context or {}
  local clause, joins = query:build_q(self, { reuse = context.reuse, no_joins = context.no_joins, keep_joins = true, unchecked = true })
  query:promote_joins(joins)
  clause.resolved = true
  return clause
end

-- ---- WHERE ----

---A node of the WHERE tree. Nodes that are part of a query are never changed, so that its clones can share them.
local Where = class.new("Where", { __is_expression = true, is_where = true, add = add })
M.Where = Where

function Where:init(connector, negated) self.children, self.connector, self.negated = {}, connector or "AND", negated or false end

function Where:node(children, connector, negated)
  local node = Where(connector, negated)
  node.children = children
  return node
end

---A node with the same children that may be added to.
function Where:clone()
  local children = {}
  for i, child in ipairs(self.children) do children[i] = child end
  local node = Where:node(children, self.connector, self.negated)
  node.resolved = self.resolved
  return node
end

---A node with `data` added.
function Where:with(data, connector) return self:clone():add(data, connector) end

local function map(node, change)
  local copy = node:clone()
  for i, child in ipairs(copy.children) do copy.children[i] = change(child) end
  return copy
end

function Where:relabeled(aliases) return map(self, function(child) return child:relabeled(aliases) end) end

---Inside a subquery that becomes part of an outer query, the outer references are columns of that one.
function Where:resolve(query, context)
  local copy = map(self, function(child) return child:resolve(query, context) end)
  return copy
end

function Where:get_sources() return self.children end
function Where:is_conditional() return true end -- luacheck: ignore
function Where:output_or_nil() return nil end -- luacheck: ignore

function Where:has_aggregate()
  for _, child in ipairs(self.children) do
    if child:has_aggregate() then return true end
  end
  return false
end

function Where:walk(visit)
  for _, child in ipairs(self.children) do child:walk(visit) end
end

function Where:group_by_columns()
  local list = {}
  for _, child in ipairs(self.children) do
    for _, column in ipairs(child:group_by_columns()) do list[#list + 1] = column end
  end
  return list
end

---Part in what can stand in WHERE and what has to stand in HAVING.
---@return table? where
---@return table? having
function Where:split_having(negated)
  if not self:has_aggregate() then return self, nil end
  local in_negated = (negated or false) ~= self.negated
  if (in_negated and self.connector == "AND") or (not in_negated and self.connector == "OR") then return nil, self end
  local parts = { where = {}, having = {} }
  for _, child in ipairs(self.children) do
    local where, having
    if child.is_where then where, having = child:split_having(in_negated)
    elseif child:has_aggregate() then having = child
    else where = child end
    parts.where[#parts.where + 1], parts.having[#parts.having + 1] = where, having
  end
  local function node(list) return #list > 0 and Where:node(list, self.connector, self.negated) or nil end
  return node(parts.where), node(parts.having)
end

---@return string? sql "" when all rows match, nil when none can
function Where:as_sql(compiler)
  local count, texts = #self.children, {}
  local full_needed = self.connector == "AND" and count or 1
  local empty_needed = self.connector == "AND" and 1 or count
  for _, child in ipairs(self.children) do
    local mark = compiler:mark()
    local sql = compiler:compile(child)
    if sql and sql ~= "" then
      texts[#texts + 1] = sql
    else
      compiler:forget(mark)
      if sql then full_needed = full_needed - 1 else empty_needed = empty_needed - 1 end
    end
    if empty_needed == 0 then return self.negated and "" or nil end
    if full_needed == 0 then
      if self.negated then return nil end
      return ""
    end
  end
  local sql = table.concat(texts, " " .. self.connector .. " ")
  if sql == "" then return "" end
  if self.negated then return "NOT (" .. sql .. ")" end
  return (#texts > 1 or self.resolved) and "(" .. sql .. ")" or sql
end

---Matches nothing.
local Nothing = Expression:extend("Nothing", { as_sql = function() return nil end, group_by_columns = function() return {} end, is_nothing = true })
M.NOTHING = Nothing()
function Nothing:resolve() return self end

-- ---- CASE ----

---One branch of a Case.
---@class tidewire.When: tidewire.Expression
local When = Expression:extend "When"
M.When = When

---@param condition table a table of lookups, a Q, or an expression that is true or false
---@param result any a name, an expression or a value
function When:init(condition, result)
  if type(condition) == "table" and not is_expression(condition) then condition = Q(condition) end
  if not is_expression(condition) or not (M.is_q(condition) or condition:is_conditional()) then
    error(exceptions.TypeError "When() supports a Q object, a boolean expression, or lookups as a condition.", 0)
  end
  if M.is_q(condition) and #condition.children == 0 then error(exceptions.ValueError "An empty Q() can't be used as a When() condition.", 0) end
  self.sources = { condition, expression.parse(result) }
end

function When:source_fields() return { self.sources[2]:output_or_nil() }, 1 end
function When:is_conditional() return false end -- luacheck: ignore

function When:as_sql(compiler)
  local condition = compiler:compile(self.sources[1])
  if not condition then return nil end
  if condition == "" then condition = "1 = 1" end
  local result = compiler:compile(self.sources[2])
  return result and "WHEN " .. condition .. " THEN " .. result
end

function When:group_by_columns()
  local list = {}
  for _, source in ipairs(self.sources) do
    for _, column in ipairs(source:group_by_columns()) do list[#list + 1] = column end
  end
  return list
end

---The result of the first branch whose condition holds: `Case(When({ pages__lt = 100 }, Value "small"), { default = Value "large" })`.
---@class tidewire.Case: tidewire.Expression
local Case = Expression:extend "Case"
M.Case = Case

---@param ... any When objects; last may come options: `default`, `output_field`
function Case:init(...)
  local arguments, options = { ... }, {}
  local last = arguments[#arguments]
  if type(last) == "table" and getmetatable(last) == nil then
    options = last
    arguments[#arguments] = nil
  end
  for _, when in ipairs(arguments) do
    if not class.is_instance(when, When) then error(exceptions.TypeError "Positional arguments must all be When objects.", 0) end
  end
  self.sources, self.output = arguments, options.output_field
  self.sources[#self.sources + 1] = expression.parse(options.default)
end

function Case:as_sql(compiler)
  self:output_or_nil() -- results of several types are refused wherever it stands
  local branches, last = {}, #self.sources
  for i = 1, last - 1 do
    local mark = compiler:mark()
    local sql = compiler:compile(self.sources[i])
    if sql then branches[#branches + 1] = sql else compiler:forget(mark) end
  end
  local default = compiler:compile(self.sources[last])
  if #branches == 0 then return default end
  local sql = "CASE " .. table.concat(branches, " ") .. " ELSE " .. default .. " END"
  return compiler.dialect.unified(sql, self)
end

return M
