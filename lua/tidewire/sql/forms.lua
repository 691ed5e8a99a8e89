---Querysets of a form that was seen before: their SQL is known, only the values are new.
---
---A form is what a chain of steps says apart from its values: "filter by title startswith a text, order by -id, slice 0 to 20". Forms of a model make up a
---tree, a step deeper for each method. The first queryset of a form is built and compiled as any other; while that is done it is noted which lookup each
---parameter came from. The next ones have no query at all (it is made again from the steps when somebody asks for it): the values go through their lookups,
---which convert them and refuse those that make no sense, and then into the parameters.
---
---Only what leaves the SQL as it is may be a value here: not lists, expressions, or Q objects. A plan whose parameters do not all come from such values is
---not kept.
local class = require "tidewire.class"
local db = require "tidewire.db"
local decimal = require "tidewire.decimal"
local json = require "tidewire.json"
local expression = require "tidewire.sql.expression"
local lookup_cache = require "tidewire.sql.lookup_cache"
local QuerySet = require "tidewire.sql.chaining"

local M = {}
local null = json.null
local NONE = {}

---@class (private) tidewire.sql.Form
---@field children table<string, tidewire.sql.Form>
---@field lookups table<integer, tidewire.Lookup|false> of the values that the last step brings, by their place among all; false: NULL, part of the form
---@field plans table<string, table|false>
---@field rows string?
---@field fields string[]?
---@field sliced boolean?
---@field ordered boolean? nil: as the model is

local roots, count = setmetatable({}, { __mode = "k" }), 0
---Forms come from code, not from clients; but code may make names up.
local MOST = 20000

local function new_form(parent)
  return { children = {}, lookups = NONE, plans = {}, sliced = parent and parent.sliced, ordered = parent and parent.ordered }
end

local function root_of(model)
  local root = roots[model]
  if not root or count > MOST then
    if count > MOST then roots, count = setmetatable({}, { __mode = "k" }), 0 end
    root = new_form()
    roots[model] = root
  end
  return root
end

-- ---- keys of steps ----

---What a value contributes to the form: nil when it cannot be left open.
local function tag_of(name, value)
  local kind = type(value)
  if kind == "boolean" then return value and "=t" or "=f" end
  if kind == "number" or kind == "string" or kind == "cdata" then return name:sub(-6) ~= "isnull" and "" or nil end
  if value == null then return "=n" end
  if kind == "userdata" then return decimal.is(value) and "" or nil end
  if kind == "table" and class.of(value) and not expression.is_expression(value) then return "" end
end

---@return string? key
---@return string[] names sorted
local function lookups_key(step, lookups)
  if type(lookups) ~= "table" or getmetatable(lookups) then return nil end
  local names, n = {}, 0
  for name in pairs(lookups) do
    if type(name) ~= "string" then return nil end
    n = n + 1
    names[n] = name
  end
  if n == 0 then return nil end
  if n > 1 then table.sort(names) end
  local parts = { step }
  for i, name in ipairs(names) do
    local tag = tag_of(name, lookups[name])
    if not tag then return nil end
    parts[i + 1] = name .. tag
  end
  return table.concat(parts, "\1"), names
end

local function strings_key(step, ...)
  for i = 1, select("#", ...) do
    if type((select(i, ...))) ~= "string" then return nil end
  end
  return table.concat({ step, ... }, "\1")
end

-- ---- steps ----

local filter

---The form of a queryset that has one, its values, and the steps that lead to it.
local function form_of(self)
  local form = rawget(self, "__form")
  if form then return form, self.__values, self.__steps end
  if rawget(self, "__sticky") then return nil end
  if self:__is_pristine() then return root_of(self.model), NONE, nil end
  local lookups = rawget(self, "__lookups")
  if not lookups or rawget(self, "query") then return nil end
  local same = filter(QuerySet(self.model), "filter", lookups) -- what sql/lookup_cache.lua took in at first
  return rawget(same, "__form"), same.__values, same.__steps
end

---The values of a step, converted, behind those there are; nil when they cannot be values of the form after all.
local function bind(form, values, names, lookups)
  local all, n, vendor = {}, #values, db.vendor()
  for i = 1, n do all[i] = values[i] end
  for i, name in ipairs(names) do
    local lookup, given, value = form.lookups[n + i], lookups[name], false
    if lookup then
      value = lookup:rebind(given, vendor)
      if value == nil then
        if type(given) ~= "boolean" then return nil end
        value = false -- `WHERE open`, or IS NULL: part of the form
      end
    end
    all[n + i] = value
  end
  return all
end

local function set_form(copy, form, values, steps, method, ...)
  copy.__form, copy.__values = form, values
  copy.__steps = { before = steps, method = method, n = select("#", ...), ... }
end

---A queryset of a form that is known.
local function follow(self, form, values, steps, method, ...)
  local copy = self:_clone()
  copy.query, copy.__lookups, copy.__plan, copy.__params, copy.__sticky = nil, nil, nil, nil, nil
  copy.__rows, copy.__fields = form.rows or copy.__rows, form.fields or copy.__fields
  set_form(copy, form, values, steps, method, ...)
  return copy
end

local function add_form(parent, key, copy)
  local form = new_form(parent)
  parent.children[key], count = form, count + 1
  form.rows, form.fields = copy.__rows, copy.__fields
  return form
end

local plain = {}

---@param lookups table
function filter(self, method, lookups)
  local form, values, steps = form_of(self)
  local key, names
  if form and not form.sliced then key, names = lookups_key(method, lookups) end
  if not key then return plain[method](self, lookups) end
  local child = form.children[key]
  if child then
    local all = bind(child, values, names, lookups)
    return all and follow(self, child, all, steps, method, lookup_cache.copied(lookups)) or plain[method](self, lookups)
  end
  local record = { slots = {}, lookups = {} }
  for i, name in ipairs(names) do record.slots[name] = #values + i end
  local copy = self:__filtered(method == "exclude", record, lookups)
  child = { lookups = {} }
  for i, name in ipairs(names) do
    local value = lookups[name]
    child.lookups[#values + i] = value ~= null and record.lookups[#values + i]
    if child.lookups[#values + i] == nil then return copy end
  end
  local all = bind(child, values, names, lookups)
  if not all then return copy end
  local added = add_form(form, key, copy)
  added.lookups = child.lookups
  set_form(copy, added, all, steps, method, lookup_cache.copied(lookups))
  return copy
end

for _, method in ipairs { "filter", "exclude" } do
  plain[method] = class.flat(QuerySet)[method]
  QuerySet[method] = function(self, ...)
    if select("#", ...) ~= 1 then return plain[method](self, ...) end
    if method == "filter" and self:__is_pristine() then
      local copy = self:__by_plan(...)
      if copy then return copy end
    end
    return filter(self, method, ...)
  end
end

---Wrap a method without values.
---@param key_of fun(...): string?
---@param change? fun(form: tidewire.sql.Form, ...)
local function wrap(method, key_of, change)
  plain[method] = class.flat(QuerySet)[method]
  QuerySet[method] = function(self, ...)
    local form, values, steps = form_of(self)
    local key = form and key_of(self, form, ...)
    if not key then return plain[method](self, ...) end
    local child = form.children[key]
    if child then return follow(self, child, values, steps, method, ...) end
    local copy = plain[method](self, ...)
    child = add_form(form, key, copy)
    if change then change(child, ...) end
    set_form(copy, child, values, steps, method, ...)
    return copy
  end
end

local function unsliced(step)
  return function(_, form, ...) return not form.sliced and strings_key(step, ...) or nil end
end

wrap("order_by", unsliced "order_by", function(form, ...) form.ordered = select("#", ...) > 0 end)
wrap("reverse", unsliced "reverse")
wrap("distinct", function(_, form, ...) return not form.sliced and select("#", ...) == 0 and "distinct" or nil end)
wrap("select_related", function(self, _, ...) return not self.__fields and strings_key("select_related", ...) or nil end)
wrap("values", function(_, _, ...) return strings_key("values", ...) end)
wrap("values_list", function(_, _, ...)
  local n = select("#", ...)
  local options = n > 0 and select(n, ...)
  if type(options) ~= "table" then return strings_key("values_list", ...) end
  if getmetatable(options) or not options.flat or options.named or n ~= 2 or type((...)) ~= "string" then return nil end
  return "values_list_flat\1" .. (...)
end)
wrap("slice", function(self, form, start, stop)
  if self.__result_cache or form.sliced or (start or 0) < 0 or not stop or stop == null or stop <= (start or 0) then return nil end
  return ("slice\1%d\1%d"):format(start or 0, stop)
end, function(form) form.sliced = true end)

-- ---- plans ----

---The query of a queryset by its steps, as if none of this were there.
function M.replay(self)
  local list, step = {}, self.__steps
  while step do
    table.insert(list, 1, step)
    step = step.before
  end
  local queryset = QuerySet(self.model)
  for _, one in ipairs(list) do queryset = plain[one.method](queryset, unpack(one, 1, one.n)) end
  return queryset.query
end
QuerySet.__replay = M.replay

---What was noted when a query of this form was compiled before, and the parameters for this queryset's values.
---@param what "list"|"count"|"exists"
---@return table? plan
---@return { n: integer }? params
function M.plan(self, what)
  local form = rawget(self, "__form")
  local plan = form and form.plans[what]
  if not plan then return nil end
  local values, slots = self.__values, plan.slots
  local params = { n = #slots }
  for i, slot in ipairs(slots) do params[i] = values[slot] end
  return plan, params
end

---Keep what a query of the queryset's form was compiled to, when all its parameters are values of the form.
---@param plan table sql, and whatever its caller wants back
---@param compiler tidewire.Compiler
function M.keep(self, what, plan, compiler)
  local form = rawget(self, "__form")
  if not form or form.plans[what] ~= nil then return end
  local slots = {}
  for i = 1, compiler.params.n do
    slots[i] = compiler.slots[i]
    if not slots[i] then
      form.plans[what] = false
      return
    end
  end
  plan.slots = slots
  form.plans[what] = plan
end

return M
