---SQL of a query: its text with the database's placeholders, its parameters, and the shape that rows get.
---
---Parameters are numbered as they come up, so the same text may stand in several clauses (an annotation in SELECT, GROUP BY and HAVING), which PostgreSQL
---needs to see that they are the same. What turns out to match nothing gives its parameters back: see mark() and forget().
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local functions = require "tidewire.sql.functions"
local Query = require "tidewire.query"
local related = require "tidewire.sql.related"
local sqlite = require "tidewire.sql.sqlite"
local postgresql = require "tidewire.sql.postgresql"

local M = {}
local DIALECTS = { sqlite = sqlite, postgresql = postgresql }

---The dialect of the process's database.
---@return table
function M.dialect() return DIALECTS[db.vendor()] end

local quoted = {}

local function quote(name)
  local text = quoted[name]
  if not text then
    text = db.quote_name(name)
    quoted[name] = text
  end
  return text
end

---@class tidewire.Compiler: tidewire.Class
---@field query tidewire.Query
---@field dialect table
---@field vendor string
---@field params { n: integer }
local Compiler = class.new("Compiler", { quote = quote })
M.Compiler = Compiler

---@param query tidewire.Query?
---@param parent tidewire.Compiler? of the query around
function Compiler:init(query, parent)
  self.query = query
  self.dialect = parent and parent.dialect or M.dialect()
  self.vendor = self.dialect.vendor
  self.method = "as_" .. self.vendor
  self.params = parent and parent.params or { n = 0 }
  self.slots = parent and parent.slots or {}
  self.texts = {}
end

-- ---- parameters ----

---Add a parameter; the text that stands for it.
---@param value boolean|number|string|ffi.cdata*|nil
---@param format string? as field:placeholder gives it
---@param slot integer? which of a form's values it is; see sql/forms.lua
function Compiler:param(value, format, slot)
  local params = self.params
  local n = params.n + 1
  params.n, params[n], self.slots[n] = n, value, slot
  local text = self.dialect.placeholder(n)
  return format and format:format(text) or text
end

function Compiler:mark() return self.params.n end

---Take back the parameters since `mark`.
function Compiler:forget(mark)
  local params = self.params
  for i = params.n, mark + 1, -1 do params[i] = nil end
  params.n = mark
end

---SQL of the app's own with %s for values.
---@param sql string
---@param values any[]
function Compiler:raw(sql, values)
  local i = 0
  return (sql:gsub("%%([s%%])", function(what)
    if what == "%" then return "%" end
    i = i + 1
    return self:compile(expression.is_expression(values[i]) and values[i] or expression.Value(values[i]))
  end))
end

-- ---- expressions ----

---@param node tidewire.Expression|tidewire.Where|tidewire.Query
---@return string? sql nil: matches nothing
function Compiler:compile(node)
  local text = self.texts[node]
  if text then return text end
  local mark = self.params.n
  if node.is_query then
    text = self:compile_subquery(node)
    text = text and "(" .. text .. ")"
  else
    text = (node[self.method] or node.as_sql)(node, self)
  end
  if not text or text == "" then self:forget(mark) end -- what is inside may have had some
  return text
end

function Compiler:quote_alias(alias) return quote(alias) end -- luacheck: ignore

---The SELECT of another query with this one's parameters.
function Compiler:compile_subquery(query) return Compiler(query, self):select() end

-- ---- the select list ----

---@class (private) tidewire.sql.Selected
---@field node tidewire.Expression
---@field alias string?
---@field sql string

---Columns of one model that are loaded, and what rows call them.
---@param names table<string, boolean>? attnames; nil: all
function Compiler:model_columns(alias, meta, names) -- luacheck: ignore
  local list = {}
  for _, field in ipairs(meta.concrete_fields) do
    if not names or names[field.attname] then list[#list + 1] = expression.Col(alias, field) end
  end
  return list
end

---What stands for a condition that holds for all rows or for none, and for a subquery without rows.
---@param holds boolean
function Compiler:constant(node, holds)
  if not node:is_conditional() then return "NULL" end
  return holds and self.dialect.TRUE or self.dialect.FALSE
end

function Compiler:add_selected(node, alias)
  if alias then node:output_or_nil() end -- mixed types are refused even where only rows are counted
  local sql = self:compile(node)
  if not sql or sql == "" then sql = self:constant(node, sql ~= nil) end
  self.selected[#self.selected + 1] = { node = node, alias = alias, sql = sql }
  if alias then self.texts[node] = sql end
end

---Fill `selected` and, for rows that are instances, `tree`: which columns make up which instance.
function Compiler:build_select()
  local query = self.query
  self.selected = {}
  if query.select_one then
    self.selected[1] = { node = expression.Star(), alias = "a", sql = "1" }
    return
  end
  if query.default_columns then
    self.tree = related.root(self, query)
    for _, column in ipairs(self.tree.columns) do self:add_selected(column) end
  end
  for _, column in ipairs(query.select) do self:add_selected(column) end
  for _, name in ipairs(query:selected_annotations()) do self:add_selected(query.annotations[name], name) end
  self.own_count = #self.selected
  if query.default_columns and query.select_related then related.descend(self, query, self.tree) end
  self.count = #self.selected
end

-- ---- order ----

local function descending_of(item, reverse)
  local minus = item:sub(1, 1) == "-"
  return minus and item:sub(2) or item, minus ~= reverse
end

local function ordered(node, descending) return expression.OrderBy(node, { descending = descending }) end

---What a name to order by means: a relation's own order when it names one.
function Compiler:order_by_name(item, meta, alias, reverse, seen, list)
  local query = self.query
  local name, descending = descending_of(item, reverse)
  local names = query.split(name)
  local info = query:setup_joins(names, meta, alias or query:initial_alias())
  local own = info.final.is_relation and info.meta.ordering
  if own and #own > 0 and info.final.attname ~= names[#names] and name ~= "pk" then
    local key = table.concat(info.joins, "\0") .. "\0" .. info.meta.label
    if seen[key] then error(exceptions.FieldError "Infinite loop caused by ordering.", 0) end
    seen[key] = true
    for _, part in ipairs(own) do
      if type(part) == "string" then
        self:order_by_name(part, info.meta, info.joins[#info.joins], descending, seen, list)
      else
        list[#list + 1] = { part.expression and part or ordered(part, descending) }
      end
    end
    return
  end
  local target, last = query:trim_joins(info)
  list[#list + 1] = { ordered(query:column_of(info, target, last), descending) }
end

---The order as a list of { OrderBy, is_reference }.
function Compiler:order_items()
  local query, reverse, list = self.query, not self.query.standard_ordering, {}
  local items = query.order
  if #items == 0 and query.default_ordering then
    items = query.meta.ordering or {}
    self.own_order = #items > 0
  end
  for _, item in ipairs(items) do
    if type(item) ~= "string" then
      if class.is_instance(item, expression.Value) then item = functions.Cast(item, item:output_field()) end
      if not class.is_instance(item, expression.OrderBy) then item = item:asc() end
      list[#list + 1] = { reverse and item:reversed() or item }
    elseif item == "?" then
      list[#list + 1] = { ordered(expression.RawSQL "RANDOM()", false) }
    else
      local name, descending = descending_of(item, reverse)
      local annotation = query.annotations[name]
      if annotation and query:is_selected(name) then
        list[#list + 1] = { ordered(expression.Ref(name, annotation), descending), true }
      elseif annotation then
        list[#list + 1] = { ordered(query.combinator and expression.F(name) or annotation, descending) }
      elseif query.combinator then
        list[#list + 1] = { ordered(expression.F(name), descending) }
      else
        self:order_by_name(item, query.meta, nil, reverse, {}, list)
      end
    end
  end
  return list
end

local function same(a, b)
  return a == b or (class.is_instance(a, expression.Col) and class.is_instance(b, expression.Col) and a.alias == b.alias and a.target == b.target)
end

---In a compound query only the place of a column can be ordered by. One that is not selected is, by its name, in each of the parts.
function Compiler:place_of(node, unresolved)
  local query = self.query
  local source = node.sources[1]
  for i, selected in ipairs(self.selected) do
    local wanted = source
    if source.reference and selected.alias == source.reference then wanted = source.sources[1] end
    if same(wanted, selected.node) then return i end
  end
  if self.selected[#self.selected].alias then
    error(exceptions.DatabaseError "ORDER BY term does not match any column in the result set.", 0)
  end
  self.order_columns = self.order_columns or {}
  local place = #self.selected + #self.order_columns + 1
  local name, combined = "__orderbycol" .. place, {}
  table.insert(self.order_columns, name)
  for i, part in ipairs(query.combined) do
    combined[i] = part:clone()
    combined[i]:add_annotation(unresolved.sources[1], name)
  end
  query.combined = combined
  return place
end

---@return table[] list of { node, sql, direction, is_reference }
function Compiler:build_order()
  local result, seen = {}, {}
  for _, item in ipairs(self:order_items()) do
    local node = item[1]:resolve(self.query, {})
    local mark = self:mark()
    local sql, direction = node:parts(self)
    if self.query.combinator then
      self:forget(mark)
      sql = tostring(self:place_of(node, item[1]))
    elseif sql then
      self.texts[node.sources[1]] = sql -- GROUP BY says it with the same parameters
    end
    if sql and not seen[sql] then
      seen[sql] = true
      result[#result + 1] = { node = node, sql = sql, direction = direction, is_reference = item[2] }
    end
  end
  return result
end

-- ---- GROUP BY ----

---Columns of a table whose primary key is grouped by follow from it.
local function without_dependent(list)
  local keys = {}
  for _, node in ipairs(list) do
    if node.target and node.target.primary_key and node.alias then keys[node.alias] = node end
  end
  local kept = {}
  for _, node in ipairs(list) do
    local key = node.target and node.alias and keys[node.alias]
    if not key or node.target.primary_key then kept[#kept + 1] = node end
  end
  return kept
end

---@return string[]
function Compiler:build_group_by(extra, order, having)
  local group_by = self.query.group_by
  if group_by == nil then return {} end
  local list, referenced = {}, {}
  local function add(columns)
    for _, column in ipairs(columns) do list[#list + 1] = column end
  end
  for _, node in ipairs(group_by ~= true and group_by or {}) do
    list[#list + 1] = node
    if node.reference then referenced[node.sources[1]] = true end
  end
  for _, selected in ipairs(self.query.select_one and {} or self.selected) do
    if not referenced[selected.node] then add(selected.node:group_by_columns()) end
  end
  for _, item in ipairs(extra) do add(item.node:group_by_columns()) end
  for _, item in ipairs(order) do
    if not item.is_reference then add(item.node:group_by_columns()) end
  end
  if having then add(having:group_by_columns()) end
  if self.dialect.group_by_key then list = without_dependent(list) end
  local texts, seen = {}, {}
  for _, node in ipairs(list) do
    local sql = self:compile(node)
    if sql and not seen[sql] then
      seen[sql] = true
      texts[#texts + 1] = sql
    end
  end
  return texts
end

-- ---- FROM ----

function Compiler:from_clause()
  local query, parts = self.query, {}
  for _, alias in ipairs(query.aliases) do
    if query.refs[alias] > 0 then
      local join = query.joins[alias]
      local name = quote(join.table)
      if alias ~= join.table then name = name .. " " .. quote(alias) end
      if join.kind then
        local parent, own = quote(join.parent), quote(alias)
        name = ("%s JOIN %s ON (%s.%s = %s.%s)"):format(join.kind, name, parent, quote(join.from_column), own, quote(join.to_column))
      end
      parts[#parts + 1] = name
    end
  end
  return table.concat(parts, " ")
end

-- ---- SELECT ----

local SET_OPERATORS = { union = " UNION ", intersection = " INTERSECT ", difference = " EXCEPT " }

---The parts of a compound query.
function Compiler:compound()
  local query, texts = self.query, {}
  for _, part in ipairs(query.combined) do
    if not part:is_empty() then
      if not self.dialect.order_in_compound then
        if part:is_sliced() then error(exceptions.DatabaseError "LIMIT/OFFSET not allowed in subqueries of compound statements.", 0) end
        if #Compiler(part, self):order_items() > 0 then error(exceptions.DatabaseError "ORDER BY not allowed in subqueries of compound statements.", 0) end
      end
    end
  end
  for _, part in ipairs(query.combined) do
    local mark = self:mark()
    local sql
    if not part:is_empty() then
      if #part.values_select == 0 and #query.values_select > 0 then
        local names = { unpack(query.values_select) }
        for _, name in ipairs(query:selected_annotations()) do names[#names + 1] = name end
        for _, name in ipairs(self.order_columns or {}) do names[#names + 1] = name end
        part = part:clone()
        part:set_values(names)
      end
      sql = Compiler(part, self):select()
    end
    if sql then
      if self.dialect.order_in_compound then sql = "(" .. sql .. ")" elseif part.combinator then sql = "SELECT * FROM (" .. sql .. ")" end
      texts[#texts + 1] = sql
    else
      self:forget(mark)
      if query.combinator ~= "union" and (query.combinator ~= "difference" or #texts == 0) then return nil end
    end
  end
  if #texts == 0 then return nil end
  if #texts == 1 and self.dialect.order_in_compound then return "SELECT * FROM " .. texts[1] .. " subquery" end
  return table.concat(texts, query.combinator == "union" and query.combinator_all and " UNION ALL " or SET_OPERATORS[query.combinator])
end

---DISTINCT, or DISTINCT ON of some fields.
function Compiler:distinct_clause()
  local query = self.query
  if not query.distinct then return "" end
  if #query.distinct_fields == 0 then return "DISTINCT " end
  if self.vendor ~= "postgresql" then error(exceptions.NotSupportedError "DISTINCT ON fields is not supported by this database backend", 0) end
  local texts = {}
  for _, name in ipairs(query.distinct_fields) do
    if query:is_selected(name) then
      texts[#texts + 1] = self:compile(query.annotations[name])
    else
      local info = query:setup_joins(query.split(name), query.meta, query:initial_alias())
      local target, alias = query:trim_joins(info)
      texts[#texts + 1] = self:compile(query:column_of(info, target, alias))
    end
  end
  return "DISTINCT ON (" .. table.concat(texts, ", ") .. ") "
end

---What DISTINCT needs to select besides, because it is ordered by.
function Compiler:extra_select(order)
  local extra, known = {}, {}
  if not self.query.distinct or #self.query.distinct_fields > 0 then return extra end
  for _, selected in ipairs(self.selected) do known[selected.sql] = true end
  for _, item in ipairs(order) do
    if not item.is_reference and not known[item.sql] then extra[#extra + 1] = item end
  end
  return extra
end

function Compiler:for_update()
  local lock = self.query.lock
  if not lock or self.query.subquery then return "" end
  if not db.in_atomic_block() then
    error(exceptions.TransactionManagementError "select_for_update cannot be used outside of a transaction.", 0)
  end
  if self.dialect.locks_rows then return self.dialect.for_update(self.query, related.locked_tables(self, lock.of)) end
  return ""
end

local function column_texts(self, extra, with_aliases)
  local texts = {}
  for i, selected in ipairs(self.selected) do
    local alias = selected.alias or with_aliases and "Col" .. i
    texts[i] = alias and selected.sql .. " AS " .. quote(alias) or selected.sql
  end
  for i, item in ipairs(extra) do texts[#texts + 1] = with_aliases and item.sql .. " AS " .. quote("Extra" .. i) or item.sql end
  return table.concat(texts, ", ")
end

---Around a subquery that had to select more than is wanted of it.
function Compiler:only_wanted(sql)
  local texts = {}
  for i, selected in ipairs(self.selected) do
    local alias = selected.alias or "Col" .. i
    texts[i] = "subquery." .. quote(alias)
  end
  return ("SELECT %s FROM (%s) subquery"):format(table.concat(texts, ", "), sql)
end

---@param with_aliases boolean? every column gets an alias
---@return string? sql nil: no row can match, nothing has to be asked
function Compiler:select(with_aliases)
  local query = self.query
  if query.inner then return self:select_aggregates() end
  local refs = query.shallow(query.refs)
  local sql = self:select_text(with_aliases)
  for alias in pairs(query.refs) do query.refs[alias] = refs[alias] or 0 end
  return sql
end

local function has_used_table(query)
  for _, alias in ipairs(query.aliases) do
    if query.refs[alias] > 0 then return true end
  end
  return false
end

function Compiler:select_text(with_aliases)
  local query = self.query
  if not has_used_table(query) then query:initial_alias() end
  self:build_select()
  local order = self:build_order()
  local extra = self:extra_select(order)
  local sql
  if query.combinator then
    sql = self:compound()
    if not sql then return nil end
  else
    local wraps = query.subquery and #extra > 0
    sql = self:simple_select(order, extra, with_aliases or wraps)
    if not sql then return nil end
  end
  if #order > 0 and not self.order_dropped then
    local texts = {}
    for i, item in ipairs(order) do texts[i] = item.sql .. item.direction end
    sql = sql .. " ORDER BY " .. table.concat(texts, ", ")
  end
  sql = sql .. self.dialect.limit(query.low, query.high) .. self:for_update()
  return query.subquery and #extra > 0 and self:only_wanted(sql) or sql
end

function Compiler:simple_select(order, extra, with_aliases)
  local query = self.query
  local distinct = self:distinct_clause()
  local where, having = query.where:split_having()
  local where_sql, having_sql = "", ""
  if where then where_sql = self:compile(where) end
  if having then having_sql = self:compile(having) end
  if not where_sql or not having_sql then return nil end
  local groups = self:build_group_by(extra, order, having)
  local parts = { "SELECT ", distinct, column_texts(self, extra, with_aliases), " FROM ", self:from_clause() }
  if where_sql ~= "" then parts[#parts + 1] = " WHERE " .. where_sql end
  if #groups > 0 then
    if #query.distinct_fields > 0 then error(exceptions.NotSupportedError "annotate() + distinct(fields) is not implemented.", 0) end
    parts[#parts + 1] = " GROUP BY " .. table.concat(groups, ", ")
    self.order_dropped = self.own_order
  end
  if having_sql ~= "" then parts[#parts + 1] = " HAVING " .. having_sql end
  return table.concat(parts)
end

---aggregate() over a query of its own.
function Compiler:select_aggregates()
  local query, texts = self.query, {}
  self.selected = {}
  for i, name in ipairs(query.annotation_names) do
    self:add_selected(query.annotations[name], name)
    texts[i] = self.selected[i].sql .. " AS " .. quote(name)
  end
  self.count, self.own_count = #texts, #texts
  local inner = Compiler(query.inner, self):select(true)
  return inner and ("SELECT %s FROM (%s) subquery"):format(table.concat(texts, ", "), inner)
end

---A parameter as SQL: for people, never for the database.
local function literal(value, dialect)
  local kind = type(value)
  if value == nil then return "NULL" end
  if kind == "string" then return "'" .. value:gsub("'", "''") .. "'" end
  if kind == "boolean" then return value and dialect.TRUE or dialect.FALSE end
  if kind == "number" then return value % 1 == 0 and ("%.0f"):format(value) or ("%.17g"):format(value) end
  return (tostring(value):gsub("LL$", ""))
end

---The SQL with its values in it, for people to read; "" when it is known without asking that no row matches.
function Query:__tostring()
  local sql, params, compiler = M.compile(self)
  if not sql then return "" end
  return (sql:gsub(compiler.vendor == "sqlite" and "%?(%d+)" or "%$(%d+)", function(n)
    n = tonumber(n)
    if n <= params.n then return literal(params[n], compiler.dialect) end
  end))
end

---@return string? sql nil: no row can match
---@return table params
---@return tidewire.Compiler
function M.compile(query)
  local compiler = Compiler(query)
  local sql = compiler:select()
  return sql, compiler.params, compiler
end

return M
