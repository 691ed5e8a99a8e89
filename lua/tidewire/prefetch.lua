---prefetch_related(): related rows of many objects in one query a relation, instead of one an object.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local Joins = require "tidewire.sql.joins"

local M = {}
local split = Joins.split

---A relation to prefetch with a queryset of its own: `Prefetch("books", { queryset = Book.objects:filter { pages__gt = 9 }, to_attr = "long_books" })`.
---@class tidewire.Prefetch: tidewire.Class
---@field through string
---@field to string where the rows are put: the path, with `to_attr` at its end
---@field queryset table?
---@field to_attr string?
local Prefetch = class.new "Prefetch"
M.Prefetch = Prefetch

---@param path string
---@param options? { queryset?: table, to_attr?: string }
function Prefetch:init(path, options)
  options = options or {}
  if options.queryset and (options.queryset.is_raw or options.queryset.__rows ~= "model") then
    error(exceptions.ValueError "Prefetch querysets cannot use raw(), values(), and values_list().", 0)
  end
  self.through, self.to, self.queryset, self.to_attr = path, path, options.queryset, options.to_attr
  if self.to_attr then
    local parts = { unpack(split(path)) }
    parts[#parts] = self.to_attr
    self.to = table.concat(parts, "__")
  end
end

local function prefixed(prefetch, prefix)
  local copy = Prefetch(prefetch.through)
  copy.queryset, copy.to_attr = prefetch.queryset, prefetch.to_attr
  copy.through, copy.to = prefix .. "__" .. prefetch.through, prefix .. "__" .. prefetch.to
  return copy
end

local function first_parts(path, count) return table.concat(split(path), "__", 1, count) end

-- ---- one relation ----

---@class (private) tidewire.Prefetcher
---@field single boolean
---@field link string the name by which related rows refer to the object
---@field key string where the rows are put
---@field query fun(objects: table[], queryset: table): table the related rows
---@field of_row fun(row: table): any what links a related row to its object
---@field of_object fun(object: table): any
---@field is_fetched fun(object: table): boolean

local function related_of(object, key)
  local related = rawget(object, "__related")
  return related and related[key]
end

local function is_cached(key) return function(object) return related_of(object, key) ~= nil end end

local function has_list(key)
  return function(object)
    local lists = rawget(object, "__prefetched")
    return lists ~= nil and lists[key] ~= nil
  end
end

local function values_of(objects, attname)
  local list, seen = {}, {}
  for _, object in ipairs(objects) do
    local value = object[attname]
    local key = value ~= nil and tostring(value)
    if key and not seen[key] then
      seen[key] = true
      list[#list + 1] = value
    end
  end
  return list
end

local function forward(field)
  local target = field.target_field
  return {
    single = true, key = field.cache_name, relation = field, is_fetched = is_cached(field.cache_name),
    query = function(objects, queryset) return queryset:filter { [target.name .. "__in"] = values_of(objects, field.attname) } end,
    of_row = function(row) return row[target.attname] end,
    of_object = function(object) return object[field.attname] end,
    back = field.one_to_one and field.remote_field.cache_name or nil,
  }
end

local function reverse(relation)
  local field = relation.field
  local target = field.target_field
  return {
    link = field.name, single = relation.one_to_one, key = relation.one_to_one and relation.cache_name or relation.accessor_name, relation = relation,
    is_fetched = relation.one_to_one and is_cached(relation.cache_name) or has_list(relation.accessor_name),
    query = function(objects, queryset) return queryset:filter { [field.name .. "__in"] = objects } end,
    of_row = function(row) return row[field.attname] end,
    of_object = function(object) return object[target.attname] end,
    back = field.cache_name,
  }
end

---Rows across the table between the two come with the key of the object that they belong to.
local function many(relation)
  local field = relation.field or relation
  local source = relation.field and field.destination_field or field.source_field
  local back = relation.field and field.name or field.remote_field.name
  local key = relation.accessor_name or relation.name
  local attribute = "_prefetch_related_val_" .. source.attname
  return {
    link = back, single = false, key = key, relation = relation, is_fetched = has_list(key),
    query = function(objects, queryset)
      queryset = queryset:next_is_sticky():filter { [back .. "__in"] = objects }
      local query = queryset.query
      for _, alias in ipairs(query.aliases) do
        if query.joins[alias].table == source.model._meta.db_table and query.refs[alias] > 0 then
          return queryset:_with_column(attribute, expression.Col(alias, source))
        end
      end
    end,
    of_row = function(row) return row[attribute] end,
    of_object = function(object) return object[source.target_field.attname] end,
  }
end

---The relation that an attribute of a model is; nil when it is none.
local function relation_named(meta, name)
  local field = meta:get_field(name)
  if field and field.is_relation and (field.name == name or field.accessor_name == name) then return field end
  for _, relation in ipairs(meta.related_objects) do
    if relation.accessor_name == name then return relation end
  end
end

---@return tidewire.Prefetcher?
local function prefetcher_for(meta, name)
  local relation = relation_named(meta, name)
  if not relation then return nil end
  if relation.many_to_many then return many(relation) end
  return relation.field and reverse(relation) or forward(relation)
end

-- ---- one level ----

local function group(rows, of_row)
  local groups = {}
  for _, row in ipairs(rows) do
    local value = of_row(row)
    local key = value ~= nil and tostring(value)
    if key then
      groups[key] = groups[key] or {}
      table.insert(groups[key], row)
    end
  end
  return groups
end

local function check_to_attr(object, to_attr)
  if object._meta:get_field(to_attr) then
    error(exceptions.ValueError(("to_attr=%s conflicts with a field on the %s model."):format(to_attr, object._meta.object_name)), 0)
  end
end

---A table that an instance keeps beside its columns.
local function slot(object, name)
  local found = rawget(object, name)
  if not found then
    found = {}
    rawset(object, name, found)
  end
  return found
end

local function put_single(object, prefetcher, row, to_attr)
  if to_attr then
    rawset(object, to_attr, row)
    return
  end
  slot(object, "__related")[prefetcher.key] = row or false
end

local function put_list(object, prefetcher, rows, to_attr, queryset)
  if to_attr then
    rawset(object, to_attr, rows)
    return
  end
  -- what is asked of the object's rows later, beyond listing them, is asked of the database
  slot(object, "__prefetched")[prefetcher.key] = queryset:_with_result(rows, function() return queryset:filter { [prefetcher.link] = object }.query end)
end

local function link_back(prefetcher, object, row)
  if not prefetcher.back then return end
  slot(row, "__related")[prefetcher.back] = object
end

---Ask for the related rows and give each object its own.
---@async
---@return table[] rows all of them
---@return any[] more lookups that the related rows' queryset wants to prefetch itself
local function fetch_level(objects, prefetcher, queryset, to_attr)
  local model = prefetcher.relation.related_model
  queryset = queryset or (prefetcher.single and model._base_manager or model._default_manager or model.objects):all()
  local found = prefetcher.query(objects, queryset)
  local more = found.__prefetch_lookups
  found.__prefetch_lookups = {}
  local rows = found:list()
  local groups = group(rows, prefetcher.of_row)
  if to_attr then check_to_attr(objects[1], to_attr) end
  for _, object in ipairs(objects) do
    local value = prefetcher.of_object(object)
    local own = value ~= nil and groups[tostring(value)] or {}
    for _, row in ipairs(own) do link_back(prefetcher, object, row) end
    if prefetcher.single then put_single(object, prefetcher, own[1], to_attr) else put_list(object, prefetcher, own, to_attr, queryset) end
  end
  return rows, more
end

---The objects that an attribute leads to, which is there already.
local function step_over(objects, name, prefetcher)
  local list = {}
  for _, object in ipairs(objects) do
    local lists = rawget(object, "__prefetched")
    local value
    if prefetcher and lists and lists[prefetcher.key] then
      value = lists[prefetcher.key]:list()
    else
      local ok, found = pcall(function() return object[name] end)
      if ok then value = found elseif not class.is_instance(found, exceptions.ObjectDoesNotExist) then error(found, 0) end
    end
    if type(value) == "table" and class.of(value) == nil then
      for _, item in ipairs(value) do list[#list + 1] = item end
    elseif value ~= nil and value ~= false then
      list[#list + 1] = value
    end
  end
  return list
end

-- ---- all of them ----

local function cannot_find(name, object, path)
  error(exceptions.AttributeError(("Cannot find '%s' on %s object, '%s' is an invalid parameter to prefetch_related()"):format(name,
    object._meta.object_name, path)), 0)
end

---@class (private) tidewire.PrefetchState
---@field done table<string, table[]> rows by path
---@field waiting tidewire.Prefetch[] the next one last

local function follow(state, objects, prefetch)
  local names = split(prefetch.through)
  for level, name in ipairs(names) do
    if #objects == 0 then return end
    local path = first_parts(prefetch.to, level)
    if state.done[path] then
      objects = state.done[path]
    else
      local last = level == #names
      local prefetcher = prefetcher_for(objects[1]._meta, name)
      if not prefetcher and (last or objects[1][name] == nil) then
        if objects[1][name] == nil then cannot_find(name, objects[1], prefetch.through) end
        error(exceptions.ValueError(("'%s' does not resolve to an item that supports prefetching - this is an invalid parameter to prefetch_related().")
          :format(prefetch.through)), 0)
      end
      local to_attr = last and prefetch.to_attr or nil
      local wanting = {}
      for _, object in ipairs(prefetcher and objects or {}) do
        local there
        if to_attr then there = rawget(object, to_attr) ~= nil else there = prefetcher.is_fetched(object) end
        if not there then wanting[#wanting + 1] = object end
      end
      if #wanting > 0 then
        local more
        objects, more = fetch_level(wanting, prefetcher, path == prefetch.to and prefetch.queryset or nil, to_attr)
        state.done[path] = objects
        for i = #more, 1, -1 do state.waiting[#state.waiting + 1] = prefixed(M.normal(more[i]), path) end
      else
        objects = step_over(objects, to_attr or name, prefetcher)
      end
    end
  end
end

---@param lookup string|tidewire.Prefetch
---@return tidewire.Prefetch
function M.normal(lookup) return class.is_instance(lookup, Prefetch) and lookup or Prefetch(lookup) end

---Fetch related rows of objects that are there.
---@async
---@param objects table[]
---@param ... string|tidewire.Prefetch
function M.prefetch_related_objects(objects, ...)
  if #objects == 0 then return end
  local lookups = { ... }
  local state = { done = {}, waiting = {} }
  for i = #lookups, 1, -1 do state.waiting[#state.waiting + 1] = M.normal(lookups[i]) end
  while #state.waiting > 0 do
    local prefetch = table.remove(state.waiting)
    if not state.done[prefetch.to] then
      follow(state, objects, prefetch)
    elseif prefetch.queryset then
      error(exceptions.ValueError(("'%s' lookup was already seen with a different queryset. You may need to adjust the ordering of your lookups.")
        :format(prefetch.to)), 0)
    end
  end
end

return M
