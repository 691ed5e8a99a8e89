---Querysets made of several, and the different dates of one.
local dates = require "tidewire.sql.dates"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local QuerySet = require "tidewire.sql.chaining"
local types = require "tidewire.sql.types"

-- ---- sets ----

local function combined(self, combinator, all, ...)
  local copy = self:_chain()
  local query, parts = copy.query, { self.query }
  query:clear_ordering()
  query:clear_limits()
  for i = 1, select("#", ...) do parts[i + 1] = (select(i, ...)).query end
  query.combined, query.combinator, query.combinator_all = parts, combinator, all
  return copy
end

---Rows of any of the querysets, the same row once; with `{ all = true }` last as often as it comes.
---@param ... tidewire.QuerySet
---@return tidewire.QuerySet
function QuerySet:union(...)
  local others, all = { ... }, false
  if others[#others] and getmetatable(others[#others]) == nil then all = table.remove(others).all end
  if not self:is_none() then return combined(self, "union", all, unpack(others)) end
  local first
  local rest = {}
  for _, other in ipairs(others) do
    if not other:is_none() then
      if first then rest[#rest + 1] = other else first = other end
    end
  end
  if not first then return self end
  return #rest > 0 and combined(first, "union", all, unpack(rest)) or first
end

---Rows of all the querysets.
---@param ... tidewire.QuerySet
---@return tidewire.QuerySet
function QuerySet:intersection(...)
  if self:is_none() then return self end
  for i = 1, select("#", ...) do
    local other = select(i, ...)
    if other:is_none() then return other end
  end
  return combined(self, "intersection", false, ...)
end

---Rows of this queryset that none of the others has.
---@param ... tidewire.QuerySet
---@return tidewire.QuerySet
function QuerySet:difference(...)
  if self:is_none() then return self end
  return combined(self, "difference", false, ...)
end

---`a * b`: rows that both querysets have; `a + b`: rows that either has. In one query, where union() and intersection() ask two.
local function same_fields(a, b)
  if not a or not b then return a == b end
  return table.concat(a, "\0") == table.concat(b, "\0")
end

local function merged(a, b, connector)
  if not same_fields(a.__fields, b.__fields) then
    error(exceptions.TypeError "Merging 'QuerySet' classes must involve the same values in each case.", 0)
  end
  local copy = a:_chain()
  copy.query:combine(b.query, connector)
  return copy
end

function QuerySet.__mul(a, b)
  if b:is_none() then return b end
  return a:is_none() and a or merged(a, b, "AND")
end

local function filterable(queryset)
  if not queryset.query:is_sliced() then return queryset end
  return queryset.model._base_manager:filter { pk__in = queryset:values "pk" }
end

function QuerySet.__add(a, b)
  if a:is_none() then return b end
  return b:is_none() and a or merged(filterable(a), filterable(b), "OR")
end

-- ---- dates ----

local function one_of(list, value, text)
  for _, known in ipairs(list) do
    if known == value then return end
  end
  error(exceptions.AssertionError(text), 0)
end

local function moments(self, name, kind, order, output, tzinfo)
  one_of({ "ASC", "DESC" }, order, "'order' must be either 'ASC' or 'DESC'.")
  local field = output .. "field"
  local kind_of = output == "date" and "DateField" or "DateTimeField"
  local cut = dates.Trunc(name, kind, { output_field = types.field(kind_of), tzinfo = tzinfo })
  local queryset = self:annotate { [field] = cut, plain_field = expression.F(name) }
  return queryset:values_list(field, { flat = true }):distinct():filter { plain_field__isnull = false }:order_by((order == "DESC" and "-" or "") .. field)
end

---The different dates of a field, cut to year, month, week or day.
---@param name string
---@param kind "year"|"month"|"week"|"day"
---@param order? "ASC"|"DESC"
---@return tidewire.QuerySet
function QuerySet:dates(name, kind, order)
  one_of({ "year", "month", "week", "day" }, kind, "'kind' must be one of 'year', 'month', 'week', or 'day'.")
  return moments(self, name, kind, order or "ASC", "date")
end

---The different times of a DateTimeField, cut to year, month, week, day, hour, minute or second.
---@param name string
---@param kind string
---@param order? "ASC"|"DESC"
---@param options? { tzinfo?: table }
---@return tidewire.QuerySet
function QuerySet:datetimes(name, kind, order, options)
  one_of({ "year", "month", "week", "day", "hour", "minute", "second" }, kind,
    "'kind' must be one of 'year', 'month', 'week', 'day', 'hour', 'minute', or 'second'.")
  return moments(self, name, kind, order or "ASC", "datetime", options and options.tzinfo)
end

return QuerySet
