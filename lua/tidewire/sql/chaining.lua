---What a queryset is and how one is made of another. Nothing here asks the database.
---
---A queryset never changes: each method gives another one. What it says stands in `query` (query.lua), of which each has its own clone. One that only compares
---columns of its own with plain values has none until it is needed: see sql/lookup_cache.lua.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local conditions = require "tidewire.sql.conditions"
local expression = require "tidewire.sql.expression"
local lookup_cache = require "tidewire.sql.lookup_cache"
local Query = require "tidewire.query"
local repr = require "tidewire.repr"

local null = json.null
local NONE = {}

---@class tidewire.QuerySet: tidewire.Class
---@field model tidewire.Model
---@field query tidewire.Query `tostring(queryset.query)` is its SQL
local QuerySet = class.new("QuerySet", { __is_expression = true, __is_queryset = true })

-- ---- making and copying ----

---Instances look for `query` too, which is made when somebody asks for it: lookups by plain columns often do without.
local metas = setmetatable({}, { __mode = "k" })

local function build_query(self)
  local query
  local make = rawget(self, "__make_query")
  if make then
    query = make(self)
  elseif rawget(self, "__form") then
    query = self:__replay()
  else
    query = Query(self.model)
    local lookups = rawget(self, "__lookups")
    if lookups then query:add_q(conditions.Q(lookups)) end
  end
  rawset(self, "query", query)
  return query
end

local function meta_of(object)
  local own = getmetatable(object)
  local meta = metas[own]
  if meta then return meta end
  local flat = own.__index
  meta = {}
  for key, value in pairs(own) do meta[key] = value end
  meta.__index = function(self, key)
    local value = flat[key]
    if value == nil and key == "query" then return build_query(self) end
    return value
  end
  metas[own], metas[meta] = meta, meta
  return meta
end

---@param model tidewire.Model
function QuerySet:init(model)
  setmetatable(self, meta_of(self))
  self.model, self.__rows, self.__prefetch_lookups = model, "model", NONE
end

---`QuerySet:new(model)` is the same as `QuerySet(model)`.
function QuerySet.new(kind, model) return kind(model) end

---A copy with the same query, not to be changed.
---@return tidewire.QuerySet
function QuerySet:_clone()
  local copy = setmetatable({
    model = self.model, query = rawget(self, "query"), __rows = self.__rows, __fields = self.__fields, __prefetch_lookups = self.__prefetch_lookups,
    known_related = self.known_related, __lookups = rawget(self, "__lookups"), __plan = rawget(self, "__plan"), __params = rawget(self, "__params"),
    __make_query = rawget(self, "__make_query"), __form = rawget(self, "__form"), __values = self.__values, __steps = self.__steps,
  }, getmetatable(self))
  return copy
end

---A copy with a query of its own.
---@return tidewire.QuerySet
function QuerySet:_chain()
  local query = self.query
  local copy = self:_clone()
  copy.__lookups, copy.__plan, copy.__params, copy.__make_query, copy.__form = nil, nil, nil, nil, nil
  copy.query = query:chain()
  if self.__sticky then copy.query.sticky = true end
  return copy
end

---The next filter() and the one behind it may use the same joins; for managers of related rows.
function QuerySet:next_is_sticky()
  local copy = self:_clone()
  copy.__sticky = true
  return copy
end

---A copy that has its rows already; `make_query` makes its query when it is asked something else.
function QuerySet:_with_result(rows, make_query)
  local copy = self:_clone()
  if make_query then copy.query, copy.__make_query, copy.__lookups, copy.__plan, copy.__form = nil, make_query, nil, nil, nil end
  copy.__result_cache, copy.__prefetch_done = rows, true
  return copy
end

---A copy whose rows have a column besides their own.
function QuerySet:_with_column(name, column)
  local copy = self:_chain()
  copy.query:add_resolved_annotation(column, name)
  return copy
end

---Has nothing been asked of it yet?
local function is_pristine(self)
  return rawget(self, "query") == nil and rawget(self, "__lookups") == nil and rawget(self, "__form") == nil and rawget(self, "__make_query") == nil
    and self.__rows == "model"
end

---The query if there is one yet, or has to be: that of a queryset whose form is known is made when a step asks that is not.
local function made_query(self) return rawget(self, "query") or rawget(self, "__form") and self.query or nil end

local function refuse_combined(self, name)
  local query = rawget(self, "query") -- of a form that is known, none is combined
  if query and query.combinator then
    error(exceptions.NotSupportedError(("Calling QuerySet.%s() after %s() is not supported."):format(name, query.combinator)), 0)
  end
end

local function refuse_sliced(self, text)
  local query = made_query(self)
  if query and query:is_sliced() then error(exceptions.AssertionError(text), 0) end
end

-- ---- narrowing ----

---A copy that asks the same.
---@return tidewire.QuerySet
function QuerySet:all()
  local copy = self:_clone()
  copy.__sticky = nil
  return copy
end

---@param record? table notes which lookups its conditions become; see sql/forms.lua
local function filtered(self, negate, record, ...)
  local query = made_query(self)
  if query and query:is_sliced() and (...) ~= nil then
    error(exceptions.AssertionError "Cannot filter a query once a slice has been taken.", 0)
  end
  local copy = self:_chain()
  local q = conditions.Q(...)
  copy.query.record = record
  copy.query:add_q(negate and -q or q)
  copy.query.record = nil
  return copy
end

---A queryset that only compares own columns with plain values; nil when it does more.
function QuerySet:__by_plan(lookups)
  local plan, params = lookup_cache.find(self.model, lookups)
  if not plan then return nil end
  local copy = self:_clone()
  copy.__lookups, copy.__plan, copy.__params = lookup_cache.copied(lookups), plan, params
  return copy
end

---Rows that meet all conditions: tables of lookups, Q objects, expressions that are true or false.
---
---    Book.objects:filter { author__name__startswith = "A", pages__gt = 100 }
---    Book.objects:filter(Q { pages__lt = 60 } + Q { price__gt = 90 })
---
---Raises FieldError for names that do not exist, ValueError for values that make no sense.
---@param ... table
---@return tidewire.QuerySet
function QuerySet:filter(...)
  refuse_combined(self, "filter")
  return filtered(self, false, nil, ...)
end

---Rows that do not meet the conditions; see filter.
---@param ... table
---@return tidewire.QuerySet
function QuerySet:exclude(...)
  refuse_combined(self, "exclude")
  return filtered(self, true, nil, ...)
end

---filter() with a Q or a table of lookups that came from elsewhere.
---@param condition table
function QuerySet:complex_filter(condition) return self:filter(condition) end

---Rows from `start` up to `stop`, counted from 0: Django's [start:stop].
---@param start integer?
---@param stop integer?
---@return tidewire.QuerySet
function QuerySet:slice(start, stop)
  if start == null then start = nil end
  if stop == null then stop = nil end
  if (start and start < 0) or (stop and stop < 0) then error(exceptions.AssertionError "Negative indexing is not supported.", 0) end
  if self.__result_cache then
    local rows = json.array { unpack(self.__result_cache, (start or 0) + 1, stop and math.min(stop, #self.__result_cache) or nil) }
    return self:_with_result(rows)
  end
  local copy = self:_chain()
  copy.query:set_limits(start, stop)
  return copy
end

---A queryset of no rows; asks nothing.
---@return tidewire.QuerySet
function QuerySet:none()
  local copy = self:_chain()
  copy.query:set_empty()
  return copy
end

---Is it known without asking that it has no rows?
---@return boolean
function QuerySet:is_none()
  local query = rawget(self, "query")
  return query ~= nil and query:is_empty()
end

-- ---- order ----

---Order the rows: names, with "-" in front for descending, "?" for at random; expressions. Without arguments: in no order. Replaces the order so far.
---@param ... string|tidewire.Expression
---@return tidewire.QuerySet
function QuerySet:order_by(...)
  refuse_sliced(self, "Cannot reorder a query once a slice has been taken.")
  local copy = self:_chain()
  copy.query:clear_ordering(true)
  copy.query:add_ordering { ... }
  return copy
end

---@return tidewire.QuerySet
function QuerySet:reverse()
  local query = made_query(self)
  if query and query:is_sliced() then error(exceptions.TypeError "Cannot reverse a query once a slice has been taken.", 0) end
  local copy = self:_chain()
  copy.query.standard_ordering = not copy.query.standard_ordering
  return copy
end

---Do rows have an order, the queryset's or the model's?
---@return boolean
function QuerySet:ordered()
  local form = rawget(self, "__form")
  if form and form.ordered then return true end
  if is_pristine(self) or form and form.ordered == nil then return #(self.model._meta.ordering or NONE) > 0 end
  local query = self.query
  if query:is_empty() or #query.order > 0 then return true end
  return query.default_ordering and #(query.meta.ordering or NONE) > 0 and not query.group_by
end

---Leave out rows that are the same; with names (PostgreSQL only) all but the first row of those with the same values.
---@param ... string
---@return tidewire.QuerySet
function QuerySet:distinct(...)
  refuse_combined(self, "distinct")
  refuse_sliced(self, "Cannot create distinct fields once a slice has been taken.")
  local copy = self:_chain()
  copy.query.distinct, copy.query.distinct_fields = true, { ... }
  return copy
end

-- ---- what rows are ----

local function split_names(...)
  local names, expressions, n = {}, {}, select("#", ...)
  for i = 1, n do
    local part = select(i, ...)
    if type(part) == "string" then
      names[#names + 1] = part
    elseif type(part) == "table" and getmetatable(part) == nil then
      for name, value in pairs(part) do expressions[name] = value end
    else
      error(exceptions.TypeError(("a name or a table of expressions is expected, not a %s"):format(type(part))), 0)
    end
  end
  local more = {}
  for name in pairs(expressions) do more[#more + 1] = name end
  table.sort(more)
  for _, name in ipairs(more) do names[#names + 1] = name end
  return names, expressions
end

local function with_values(self, names, expressions, rows)
  local copy = self
  if next(expressions) then copy = copy:annotate(expressions) end
  copy = copy:_chain()
  copy.__fields, copy.__rows = names, rows
  copy.query:set_values(names)
  return copy
end

---Rows as tables of the named values: names, across relations too; last may come a table of expressions. Without names: all columns.
---@param ... string|table<string, tidewire.Expression>
---@return tidewire.QuerySet
function QuerySet:values(...)
  local names, expressions = split_names(...)
  return with_values(self, names, expressions, "values")
end

---Rows as lists of the named values. Options in a table at the end: `flat`, rows are the one value itself; `named`, rows are tables.
---@param ... string|tidewire.Expression|{ flat?: boolean, named?: boolean }
---@return tidewire.QuerySet
function QuerySet:values_list(...)
  local arguments, n, options = { ... }, select("#", ...), NONE
  if type(arguments[n]) == "table" and getmetatable(arguments[n]) == nil then
    options, n = arguments[n], n - 1
  end
  if options.flat and options.named then error(exceptions.TypeError "'flat' and 'named' can't be used together.", 0) end
  if options.flat and n > 1 then error(exceptions.TypeError "'flat' is not valid when values_list is called with more than one field.", 0) end
  local names, expressions = {}, {}
  for i = 1, n do
    local part = arguments[i]
    if expression.is_expression(part) then
      local name = (part.default_alias and part:default_alias() or class.of(part).name:lower()) .. i
      expressions[name], part = part, name
    end
    names[i] = part
  end
  return with_values(self, names, expressions, options.flat and "flat" or options.named and "values" or "list")
end

local function sorted_annotations(...)
  local names, values = {}, {}
  for i = 1, select("#", ...) do
    local part = select(i, ...)
    if expression.is_expression(part) then
      local name = part.default_alias and part:default_alias() or error(exceptions.TypeError "Complex annotations require an alias", 0)
      part = { [name] = part }
    end
    local own = {}
    for name in pairs(part) do own[#own + 1] = name end
    table.sort(own)
    for _, name in ipairs(own) do
      if values[name] and values[name] ~= part[name] then
        error(exceptions.ValueError(("The named annotation '%s' conflicts with the default name for another annotation."):format(name)), 0)
      end
      names[#names + 1], values[name] = name, part[name]
    end
  end
  return names, values
end

---Names of other annotations that an expression refers to come first: a table has no order.
local function in_order(names, values)
  local order, state = {}, {}
  local function visit(name)
    if state[name] then return end
    state[name] = true
    local value = values[name]
    if value.walk then
      value:walk(function(node)
        local wanted = class.is_instance(node, expression.F) and type(node.name) == "string" and node.name:match "^(.-)__" or node.name
        if type(wanted) == "string" and values[wanted] then visit(wanted) end
      end)
    end
    order[#order + 1] = name
  end
  for _, name in ipairs(names) do visit(name) end
  return order
end

local function check_expressions(names, values, method)
  local wrong = {}
  for _, name in ipairs(names) do
    if not expression.is_expression(values[name]) then wrong[#wrong + 1] = repr.str(values[name]) end
  end
  if #wrong > 0 then
    table.sort(wrong)
    error(exceptions.TypeError(("QuerySet.%s() received non-expression(s): %s."):format(method, table.concat(wrong, ", "))), 0)
  end
end

local function check_free(self, name)
  local taken = false
  if self.__fields then
    for _, field in ipairs(self.__fields) do taken = taken or field == name end
  else
    taken = self.model._meta:get_field(name) ~= nil
  end
  if taken then error(exceptions.ValueError(("The annotation '%s' conflicts with a field on the model."):format(name)), 0) end
end

local function annotated(self, method, hidden, ...)
  refuse_combined(self, method)
  local names, values = sorted_annotations(...)
  check_expressions(names, values, "annotate") -- Django says so of alias(), too
  local copy = self:_chain()
  local query = copy.query
  for _, name in ipairs(in_order(names, values)) do
    check_free(self, name)
    query:add_annotation(values[name], name, { hidden = hidden })
  end
  for _, name in ipairs(names) do
    if query.annotations[name]:has_aggregate() then
      if self.__fields then query:set_group_by() else query.group_by = true end
      break
    end
  end
  return copy
end

---Give rows more values: `annotate { n = Count "books" }`. What is an aggregate is taken over the related rows of each.
---@param ... table<string, tidewire.Expression>|tidewire.Aggregate
---@return tidewire.QuerySet
function QuerySet:annotate(...) return annotated(self, "annotate", false, ...) end

---As annotate(), but the values are only there to be filtered and ordered by.
---@param ... table<string, tidewire.Expression>
---@return tidewire.QuerySet
function QuerySet:alias(...) return annotated(self, "alias", true, ...) end

local function refuse_values(self, method)
  if self.__fields then error(exceptions.TypeError(("Cannot call %s() after .values() or .values_list()"):format(method)), 0) end
end

---Load these columns only; others when they are read. The primary key is always loaded.
---@param ... string
---@return tidewire.QuerySet
function QuerySet:only(...)
  refuse_combined(self, "only")
  refuse_values(self, "only")
  if (...) == null then error(exceptions.TypeError "Cannot pass None as an argument to only().", 0) end
  local copy = self:_chain()
  copy.query:add_only { ... }
  return copy
end

---Do not load these columns until they are read; `defer(null)` loads all again.
---@param ... string
---@return tidewire.QuerySet
function QuerySet:defer(...)
  refuse_combined(self, "defer")
  refuse_values(self, "defer")
  local copy = self:_chain()
  if (...) == null then copy.query.deferred = NONE else copy.query:add_deferred { ... } end
  return copy
end

---Load related rows in the same query: `select_related "author__mentor"`. Without names: all relations that are never NULL; with null: none.
---@param ... string
---@return tidewire.QuerySet
function QuerySet:select_related(...)
  refuse_combined(self, "select_related")
  refuse_values(self, "select_related")
  local copy = self:_chain()
  if (...) == null then
    copy.query.select_related = false
  elseif select("#", ...) == 0 then
    copy.query.select_related = true
  else
    copy.query:add_select_related { ... }
  end
  return copy
end

---Load related rows in one query a relation, when the rows are loaded: names, or Prefetch objects. With null: none.
---@param ... string|tidewire.Prefetch
---@return tidewire.QuerySet
function QuerySet:prefetch_related(...)
  refuse_combined(self, "prefetch_related")
  local copy = self:_clone()
  local list = {}
  if (...) ~= null then
    list = { unpack(self.__prefetch_lookups) }
    for i = 1, select("#", ...) do list[#list + 1] = (select(i, ...)) end
  end
  copy.__prefetch_lookups = list
  return copy
end

---Lock the rows until the transaction ends (PostgreSQL). Raises TransactionManagementError outside of one.
---@param options? { nowait?: boolean, skip_locked?: boolean, of?: string[], no_key?: boolean }
---@return tidewire.QuerySet
function QuerySet:select_for_update(options)
  options = options or NONE
  if options.nowait and options.skip_locked then error(exceptions.ValueError "The nowait option cannot be used with skip_locked.", 0) end
  local copy = self:_chain()
  copy.query.lock = options
  return copy
end

-- ---- as a value in another queryset ----

function QuerySet:resolve(query, context)
  if self.__fields and #self.__fields > 1 then error(exceptions.TypeError "Cannot use multi-field values as a filter value.", 0) end
  return self.query:resolve(query, context)
end

function QuerySet:has_aggregate() return false end -- luacheck: ignore
function QuerySet:walk() end -- luacheck: ignore

---Methods of the other files.
QuerySet.__is_pristine, QuerySet.__filtered = is_pristine, filtered
QuerySet.__refuse_combined, QuerySet.__refuse_sliced, QuerySet.__refuse_values = refuse_combined, refuse_sliced, refuse_values
QuerySet.__check_expressions, QuerySet.__sorted_annotations = check_expressions, sorted_annotations

return QuerySet
