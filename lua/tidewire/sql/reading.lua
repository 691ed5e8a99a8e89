---What asks the database for rows: list, iter, get, count and their like.
local class = require "tidewire.class"
local compiler = require "tidewire.compiler"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local forms = require "tidewire.sql.forms"
local lookup_cache = require "tidewire.sql.lookup_cache"
local prefetch = require "tidewire.prefetch"
local QuerySet = require "tidewire.sql.chaining"
local related = require "tidewire.sql.related"

local null = json.null
local NONE = {}

-- ---- the rows' shape ----

---What a row of values() or values_list() calls each of the selected columns, in their order.
local function names_of(query)
  local names = {}
  for _, name in ipairs(query.values_select) do names[#names + 1] = name end
  for _, name in ipairs(query:selected_annotations()) do names[#names + 1] = name end
  return names
end

---Where each value of a list row stands in the result; nil: in the same order.
local function places(self, names)
  if not self.__fields or #self.__fields == 0 then return nil end
  local wanted, position, listed = {}, {}, {}
  for i, name in ipairs(names) do position[name] = i end
  for i, name in ipairs(self.__fields) do
    wanted[i], listed[name] = position[name], true
  end
  for i, name in ipairs(names) do
    if not listed[name] then wanted[#wanted + 1] = i end
  end
  for i, place in ipairs(wanted) do
    if place ~= i then return wanted end
  end
end

---JSON shows all keys of a row of values() in their order, those of NULLs too, which are nil in Lua.
local function row_meta(names)
  local ordered, columns = { __fields = names }, {}
  for _, name in ipairs(names) do columns[name] = true end
  return { columns = columns, __tojson = function(row)
    local copy = {}
    for _, name in ipairs(names) do
      local value = row[name]
      if value == nil then value = null end
      copy[name] = value
    end
    return setmetatable(copy, ordered)
  end }
end

local function value_shape(self, c)
  local names, columns = names_of(c.query), {}
  for i = 1, c.count do columns[i] = { name = names[i], convert = c.selected[i].node:converter(c.dialect) } end
  if self.__rows == "flat" then return db.shape { flat = true, columns = { columns[1] } } end
  if self.__rows == "list" then return db.shape { list = true, columns = columns }, places(self, names) end
  return db.shape { meta = row_meta(names), columns = columns }
end

---@return any shape
---@return integer[]? places of a list row's values
local function shape_of(self, c)
  if self.__rows == "model" then return related.instance_shape(c) end
  return value_shape(self, c)
end

-- ---- after the rows are there ----

---Rows that a manager of related rows gives know the object that they were asked of.
local function link_known(known, rows)
  for _, row in ipairs(rows) do
    local there = rawget(row, "__related")
    if not there then
      rawset(row, "__related", { [known.name] = known.instance })
    elseif there[known.name] == nil then
      there[known.name] = known.instance
    end
  end
end

local function finish(self, c, rows, order)
  if order then
    for i, row in ipairs(rows) do
      local other = setmetatable({ n = row.n }, getmetatable(row))
      for j, place in ipairs(order) do other[j] = row[place] end
      rows[i] = other
    end
  end
  if self.__rows ~= "model" then return rows end
  if self.known_related then link_known(self.known_related, rows) end
  if c and c.tree and related.has_back_links(c.tree) then
    for _, row in ipairs(rows) do related.link_back(c.tree, row) end
  end
  return rows
end

---The plan of sql/lookup_cache.lua for what the queryset says, when it says no more than such a plan can.
local function plan_of(self)
  if rawget(self, "query") or rawget(self, "__form") then return nil end
  local plan = rawget(self, "__plan")
  if plan then return plan, rawget(self, "__params") end
  if self:__is_pristine() then return lookup_cache.all(self.model) end
end

---@async
local function run(self)
  local plan, plan_params = plan_of(self)
  if plan and plan.list then return finish(self, nil, (db.execute(plan.list, plan_params, plan.shape))) end
  plan, plan_params = forms.plan(self, "list")
  if plan then return finish(self, plan.compiler, (db.execute(plan.sql, plan_params, plan.shape)), plan.order) end
  local sql, params, c = compiler.compile(self.query)
  if not sql then return {} end
  local shape, order = shape_of(self, c)
  forms.keep(self, "list", { sql = sql, shape = shape, order = order, compiler = { tree = c.tree } }, c)
  return finish(self, c, (db.execute(sql, params, shape)), order)
end

---The rows, asked for once.
---@async
local function fetch(self)
  local rows = self.__result_cache
  if not rows then
    rows = json.array(run(self))
    self.__result_cache = rows
  end
  if #self.__prefetch_lookups > 0 and not self.__prefetch_done and self.__rows == "model" then
    self.__prefetch_done = true
    prefetch.prefetch_related_objects(rows, unpack(self.__prefetch_lookups))
  end
  return rows
end

-- ---- all rows ----

---The rows as a list. Asks once; the list is the queryset's own, do not change it.
---@async
---@return table
function QuerySet:list() return fetch(self) end

---`for book in queryset:iter() do`.
---@async
---@return fun(): any
function QuerySet:iter()
  local rows, i = fetch(self), 0
  return function()
    i = i + 1
    return rows[i]
  end
end

---How many rows there are, by loading them: Python's len(). See count().
---@async
---@return integer
function QuerySet:len() return #fetch(self) end

---Rows one after the other in bounded memory, without keeping them: `for book in queryset:iterator(500) do`.
---@async
---@param chunk_size? integer how many are loaded at a time, 2000
---@return fun(): any
function QuerySet:iterator(chunk_size)
  if chunk_size and chunk_size <= 0 then error(exceptions.ValueError "Chunk size must be strictly positive.", 0) end
  local sql, params, c = compiler.compile(self.query)
  if not sql then return function() end end
  local shape, order = shape_of(self, c)
  local next_rows = db.iterate(sql, params, shape, chunk_size or 2000)
  local rows, i = NONE, 0
  return function()
    i = i + 1
    if rows and rows[i] == nil then
      rows, i = next_rows(), 1
      if rows then finish(self, c, rows, order) end
    end
    return rows and rows[i]
  end
end

---The row at `index`, counted from 0: Django's [index]. Raises an error when there is none.
---@async
---@param index integer
---@return any
function QuerySet:at(index)
  if index < 0 then error(exceptions.AssertionError "Negative indexing is not supported.", 0) end
  local rows = self:slice(index, index + 1):list()
  if rows[1] == nil then error(exceptions.IndexError "list index out of range", 0) end
  return rows[1]
end

-- ---- one row ----

local function does_not_exist(model)
  error(model.DoesNotExist(("%s matching query does not exist."):format(model._meta.object_name)), 0)
end

local function one_of(model, rows, limit)
  local n = #rows
  if n == 1 then return rows[1] end
  if n == 0 then does_not_exist(model) end
  local many = limit and n >= limit and "more than " .. (limit - 1) or tostring(n)
  error(model.MultipleObjectsReturned(("get() returned more than one %s -- it returned %s!"):format(model._meta.object_name, many)), 0)
end

---Ask by a plan of sql/lookup_cache.lua.
---@async
---@param model tidewire.Model
function QuerySet.__get_by_plan(model, plan, params)
  local rows = db.execute(plan.get, params, plan.shape)
  if #rows == 1 then return rows[1] end
  return one_of(model, rows, lookup_cache.MAX_GET_RESULTS)
end

local function get_by_query(self, ...)
  local query = rawget(self, "query")
  if query and query.combinator and select("#", ...) > 0 then
    error(exceptions.NotSupportedError(("Calling QuerySet.get(...) with filters after %s() is not supported."):format(query.combinator)), 0)
  end
  local copy = select("#", ...) > 0 and self:filter(...) or self
  query = rawget(copy, "query")
  local form = rawget(copy, "__form")
  local sliced
  if form then sliced = form.sliced elseif query then sliced = query:is_sliced() end
  if not sliced and not (query and (#query.distinct_fields > 0 or query.combinator)) then copy = copy:order_by() end
  return one_of(self.model, copy:slice(nil, lookup_cache.MAX_GET_RESULTS):list(), lookup_cache.MAX_GET_RESULTS)
end

---The one row that meets the conditions; see filter(). Raises the model's DoesNotExist or MultipleObjectsReturned.
---@async
---@param ... table
---@return tidewire.Model
function QuerySet:get(...)
  if #self.__prefetch_lookups == 0 and not self.known_related then
    local plan, params = rawget(self, "__plan"), rawget(self, "__params")
    if plan and (rawget(self, "query") or rawget(self, "__form") or select("#", ...) > 0) then
      plan = nil
    elseif not plan and select("#", ...) == 1 and self:__is_pristine() then
      plan, params = lookup_cache.find(self.model, (...))
    end
    if plan then return self.__get_by_plan(self.model, plan, params) end
  end
  return get_by_query(self, ...)
end

---The first row in the queryset's order, or by primary key when it has none; nil when there is no row.
---@async
---@return any?
function QuerySet:first()
  local plan, params = plan_of(self)
  if plan and plan.first and not self.__result_cache and #self.__prefetch_lookups == 0 then
    return finish(self, nil, (db.execute(plan.first, params, plan.shape)))[1]
  end
  return (self:ordered() and self or self:order_by "pk"):slice(0, 1):list()[1]
end

---The last row; see first().
---@async
---@return any?
function QuerySet:last()
  return (self:ordered() and self:reverse() or self:order_by "-pk"):slice(0, 1):list()[1]
end

local function earliest(self, ...)
  local names = { ... }
  if #names == 0 then
    local latest_by = self.model._meta.get_latest_by
    names = type(latest_by) == "table" and latest_by or { latest_by }
  end
  if #names == 0 then
    error(exceptions.ValueError "earliest() and latest() require either fields as positional arguments or 'get_latest_by' in the model's Meta.", 0)
  end
  self:__refuse_sliced "Cannot change a query once a slice has been taken."
  local copy = self:_chain()
  copy.query:clear_ordering(true)
  copy.query:add_ordering(names)
  copy.query:set_limits(nil, 1)
  return copy:get()
end

---The row that is first by these fields, or by the model's `get_latest_by`. Raises DoesNotExist.
---@async
---@param ... string
---@return tidewire.Model
function QuerySet:earliest(...) return earliest(self, ...) end

---The row that is last by these fields; see earliest().
---@async
---@param ... string
---@return tidewire.Model
function QuerySet:latest(...) return earliest(self:reverse(), ...) end

local function check_bulk_name(self, name)
  if name == "pk" then return end
  local field = self.model._meta:get_field(name)
  if not field then error(exceptions.FieldDoesNotExist(("%s has no field named '%s'"):format(self.model._meta.object_name, name)), 0) end
  if field.unique or field.primary_key then return end
  local query = rawget(self, "query")
  if query and query.distinct_fields[1] == name and #query.distinct_fields == 1 then return end
  error(exceptions.ValueError(("in_bulk()'s field_name must be a unique field but '%s' isn't."):format(name)), 0)
end

---Rows by their primary key, or by another unique field.
---@async
---@param ids? any[] nil: all rows
---@param options? { field_name?: string }
---@return table<any, tidewire.Model>
function QuerySet:in_bulk(ids, options)
  self:__refuse_sliced "Cannot use 'limit' or 'offset' with in_bulk"
  if self.__rows ~= "model" then error(exceptions.TypeError "in_bulk() cannot be used with values() or values_list().", 0) end
  local name = options and options.field_name or "pk"
  check_bulk_name(self, name)
  local found = {}
  if ids == null then ids = nil end
  if ids and #ids == 0 then return found end
  local queryset = ids and self:filter { [name .. "__in"] = ids }:order_by() or self:all()
  for _, row in ipairs(queryset:list()) do found[row[name]] = row end
  return found
end

-- ---- about rows ----

local COUNT_SHAPE

local function count_shape()
  COUNT_SHAPE = COUNT_SHAPE or db.shape { flat = true, columns = { { name = "__count" } } }
  return COUNT_SHAPE
end

---How many rows there are.
---@async
---@return integer
function QuerySet:count()
  if self.__result_cache then return #self.__result_cache end
  local plan, plan_params = plan_of(self)
  if plan then return db.execute(plan.count, plan_params, count_shape())[1] end
  plan, plan_params = forms.plan(self, "count")
  if plan then return db.execute(plan.sql, plan_params, count_shape())[1] or 0 end
  local sql, params, c = compiler.compile(self.query:count_query())
  if not sql then return 0 end
  forms.keep(self, "count", { sql = sql }, c)
  local count = db.execute(sql, params, count_shape())[1]
  return count == nil and 0 or count
end

---Is there a row?
---@async
---@return boolean
function QuerySet:exists()
  if self.__result_cache then return #self.__result_cache > 0 end
  local plan, plan_params = plan_of(self)
  if plan then return #db.execute(plan.exists, plan_params, count_shape()) > 0 end
  plan, plan_params = forms.plan(self, "exists")
  if plan then return #db.execute(plan.sql, plan_params, count_shape()) > 0 end
  local sql, params, c = compiler.compile(self.query:exists_query())
  if not sql then return false end
  forms.keep(self, "exists", { sql = sql }, c)
  return #db.execute(sql, params) > 0
end

---Is this object one of the rows?
---@async
---@param object tidewire.Model
---@return boolean
function QuerySet:contains(object)
  if object.pk == nil then error(exceptions.ValueError "QuerySet.contains() cannot be used on unsaved objects.", 0) end
  return self:filter { pk = object.pk }:exists()
end

local function check_no_nested(list, names, query)
  for _, name in ipairs(list) do
    local annotation = query.annotations[name]
    if not annotation:has_aggregate() then error(exceptions.TypeError(name .. " is not an aggregate expression"), 0) end
    for _, source in ipairs(annotation:get_sources() or NONE) do
      local name_of_source = source.reference
      if name_of_source and names[name_of_source] and source:has_aggregate() then
        error(exceptions.FieldError(("Cannot compute %s('%s'): '%s' is an aggregate"):format(class.of(annotation).name, name_of_source, name_of_source)), 0)
      end
    end
  end
end

---What an aggregate says about no rows at all, when it is known without asking.
local function empty_values(names, query)
  local values = {}
  for name in pairs(names) do
    local annotation = query.annotations[name]
    if annotation["function"] == "COUNT" then values[name] = 0 end
  end
  return values
end

---Values over all rows: `aggregate { n = Count "id", most = Max "price" }`. Without rows, Count is 0 and others are nil.
---@async
---@param ... table<string, tidewire.Aggregate>|tidewire.Aggregate
---@return table<string, any>
function QuerySet:aggregate(...)
  self:__refuse_combined "aggregate"
  if #self.query.distinct_fields > 0 then error(exceptions.NotSupportedError "aggregate() + distinct(fields) not implemented.", 0) end
  local list, values = self.__sorted_annotations(...)
  self.__check_expressions(list, values, "aggregate")
  local query, names = self.query:chain(), {}
  for _, name in ipairs(list) do
    query:add_annotation(values[name], name, { summary = true })
    names[name] = true
  end
  check_no_nested(list, names, query)
  local sql, params, c = compiler.compile(query:aggregation(names))
  if not sql then return empty_values(names, query) end
  local columns = {}
  for i, selected in ipairs(c.selected) do columns[i] = { name = selected.alias, convert = selected.node:converter(c.dialect) } end
  return db.execute(sql, params, db.shape { columns = columns })[1] or {}
end

---How the database goes about it: its own words. Options are PostgreSQL's: `{ analyze = true, format = "json" }`.
---@async
---@param options? table
---@return string
function QuerySet:explain(options)
  local sql, params, c = compiler.compile(self.query)
  if not sql then return "" end
  local rows = db.execute(c.dialect.explain(options or NONE) .. sql, params)
  local lines = {}
  for i, row in ipairs(rows) do lines[i] = row["QUERY PLAN"] or ("%s %s %s %s"):format(row.id, row.parent, row.notused, row.detail) end
  return table.concat(lines, "\n")
end



return QuerySet
