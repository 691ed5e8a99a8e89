---Which columns of which models a query of instances loads: only(), defer(), select_related(), and the shape that makes instances of them.
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"

local M = {}
local MAX_DEPTH = 5

-- ---- only() and defer() ----

---Split the names of only() or defer() below a relation's path in those of fields and those of relations passed through.
local function names_below(names, prefix)
  local fields, through = {}, {}
  for name in pairs(names) do
    if name:sub(1, #prefix) == prefix then
      local rest = name:sub(#prefix + 1)
      local head = rest:match "^(.-)__"
      if head then through[head] = true else fields[rest] = true end
    end
  end
  return fields, through
end

local function attname_of(meta, name)
  local field = name ~= "pk" and meta:get_field(name)
  if not field then error(exceptions.FieldDoesNotExist(("%s has no field named '%s'"):format(meta.object_name, name)), 0) end
  return field.concrete ~= false and field.attname or nil
end

---The attnames to load of the model at `prefix` ("" or "author__"); nil: all.
local function loaded(query, meta, prefix)
  local deferred = query.deferred
  if not deferred.names or next(deferred.names) == nil then return nil end
  local fields, through = names_below(deferred.names, prefix)
  if next(fields) == nil and (not deferred.only or next(through) == nil) then return nil end
  local set = { [meta.pk.attname] = true }
  local function add(names)
    for name in pairs(names) do
      local attname = attname_of(meta, name)
      if attname then set[attname] = true end
    end
  end
  if deferred.only then
    add(fields)
  else
    local left_out = {}
    for name in pairs(fields) do left_out[attname_of(meta, name) or false] = true end
    for _, field in ipairs(meta.concrete_fields) do
      if not left_out[field.attname] then set[field.attname] = true end
    end
  end
  add(through)
  return set
end

local function deferred_set(meta, set)
  if not set then return nil end
  local list
  for _, field in ipairs(meta.concrete_fields) do
    if not set[field.attname] then
      list = list or {}
      list[field.attname] = true
    end
  end
  return list
end

-- ---- the tree of models ----

---@class (private) tidewire.sql.Tree
---@field meta table
---@field alias string
---@field columns tidewire.Expression[]
---@field deferred table<string, boolean>?
---@field related tidewire.sql.Tree[]
---@field relation table? that leads here
---@field first integer? its first column in the result, from 1

local function node(compiler, query, meta, alias, prefix)
  local names = loaded(query, meta, prefix)
  return {
    meta = meta, alias = alias, names = names, prefix = prefix, deferred = deferred_set(meta, names), related = {},
    columns = compiler:model_columns(alias, meta, names),
  }
end

---Refuse names in only() and defer() that lead nowhere, followed or not.
local function check_deferred(query)
  for name in pairs(query.deferred.names or {}) do
    local meta, parts = query.meta, query.split(name)
    for i = 1, #parts - 1 do
      attname_of(meta, parts[i])
      local relation = meta:get_field(parts[i])
      meta = relation.is_relation and relation.related_model._meta or meta
    end
    attname_of(meta, parts[#parts])
  end
end

---The model that is asked for.
---@return tidewire.sql.Tree
function M.root(compiler, query)
  check_deferred(query)
  return node(compiler, query, query.meta, query:initial_alias(), "")
end

---A model's columns and its relations from one row, in the order in which select_related() sees them.
local function candidates(meta)
  local list = { unpack(meta.concrete_fields) }
  for _, relation in ipairs(meta.related_objects) do
    if not relation.multiple then list[#list + 1] = relation end
  end
  return list
end

---Relations of a model that select_related can follow: to one row.
local function single_relations(meta)
  local list = {}
  for _, field in ipairs(candidates(meta)) do
    if field.is_relation then list[#list + 1] = field end
  end
  return list
end

local function choices(meta)
  local names = {}
  for i, field in ipairs(single_relations(meta)) do names[i] = field.name end
  return #names > 0 and table.concat(names, ", ") or "(none)"
end

---Refuse names in select_related() that are no relations of the model to one row.
local function check_requested(meta, requested)
  local known, unknown = {}, {}
  for _, field in ipairs(single_relations(meta)) do known[field.name] = true end
  for name in pairs(requested) do
    if not known[name] then unknown[#unknown + 1] = "'" .. name .. "'" end
  end
  table.sort(unknown)
  if #unknown > 0 then
    error(exceptions.FieldError(("Invalid field name(s) given in select_related: %s. Choices are: %s"):format(table.concat(unknown, ", "), choices(meta))), 0)
  end
end

local function refuse_column(meta, name)
  error(exceptions.FieldError(("Non-relational field given in select_related: '%s'. Choices are: %s"):format(name, choices(meta))), 0)
end

local function is_followed(tree, field, requested)
  if not field.is_relation then
    if requested and requested[field.name] then refuse_column(tree.meta, field.name) end
    return false
  end
  if not requested then return field.attname ~= nil and field.concrete ~= false and not field.null end
  if not requested[field.name] then return false end
  if field.concrete ~= false and field.attname and tree.names and not tree.names[field.attname] then
    error(exceptions.FieldError(("Field %s.%s cannot be both deferred and traversed using select_related at the same time."):format(
      tree.meta.object_name, field.name)), 0)
  end
  return true
end

---Join and select what select_related() names; nil: all relations that are never NULL.
---@param tree tidewire.sql.Tree
function M.descend(compiler, query, tree, requested, depth)
  depth = depth or 1
  if depth == 1 and type(query.select_related) == "table" then requested = query.select_related end
  if not requested and depth > MAX_DEPTH then return end
  for _, field in ipairs(candidates(tree.meta)) do
    if is_followed(tree, field, requested) then
      local info = query:setup_joins({ field.name }, tree.meta, tree.alias)
      local child = node(compiler, query, info.meta, info.joins[#info.joins], tree.prefix .. field.name .. "__")
      child.relation, child.first = field, #compiler.selected + 1
      for _, column in ipairs(child.columns) do compiler:add_selected(column) end
      tree.related[#tree.related + 1] = child
      M.descend(compiler, query, child, requested and requested[field.name] or nil, depth + 1)
    end
  end
  if requested then check_requested(tree.meta, requested) end
end

-- ---- select_for_update() ----

---The tree that a path like "author__mentor" leads to.
local function tree_at(compiler, name)
  local tree = compiler.tree
  if name == "self" then return tree end
  for _, part in ipairs(compiler.query.split(name)) do
    local found
    for _, child in ipairs(tree and tree.related or {}) do
      if child.relation.name == part then found = child end
    end
    tree = found
  end
  return tree
end

local function lockable(tree, prefix, list)
  for _, child in ipairs(tree and tree.related or {}) do
    list[#list + 1] = prefix .. child.relation.name
    lockable(child, prefix .. child.relation.name .. "__", list)
  end
  return list
end

---Tables that FOR UPDATE OF names, quoted.
---@param of string[]?
---@return string[]
function M.locked_tables(compiler, of)
  local tables, unknown = {}, {}
  for _, name in ipairs(of or {}) do
    local tree = tree_at(compiler, name)
    if tree then tables[#tables + 1] = compiler:quote_alias(tree.alias) else unknown[#unknown + 1] = name end
  end
  if #unknown > 0 then
    error(exceptions.FieldError(("Invalid field name(s) given in select_for_update(of=(...)): %s. Only relational fields followed in the query are "
      .. "allowed. Choices are: %s."):format(table.concat(unknown, ", "), table.concat(lockable(compiler.tree, "", { "self" }), ", "))), 0)
  end
  return tables
end

-- ---- shapes ----

local function columns_of(compiler, list)
  local columns = {}
  for i, column in ipairs(list) do
    columns[i] = { name = column.target.attname, convert = column:converter(compiler.dialect) }
  end
  return columns
end

local function primary_key_place(tree)
  for i, column in ipairs(tree.columns) do
    if column.target.primary_key then return tree.first + i - 1 end
  end
end

local function related_shapes(compiler, tree)
  local list = {}
  for i, child in ipairs(tree.related) do
    list[i] = {
      name = child.relation.cache_name, first = child.first, pk = primary_key_place(child),
      shape = db.shape { meta = child.meta.instance_meta, columns = columns_of(compiler, child.columns), deferred = child.deferred,
        related = related_shapes(compiler, child) },
    }
  end
  return #list > 0 and list or nil
end

local plain = setmetatable({}, { __mode = "k" })

---The shape of rows that are instances with all their columns and nothing else.
---@param model tidewire.Model
function M.plain_shape(model, dialect)
  local shapes = plain[model]
  if not shapes then
    shapes = {}
    plain[model] = shapes
  end
  local shape = shapes[dialect.vendor]
  if not shape then
    local columns = {}
    for i, field in ipairs(model._meta.concrete_fields) do columns[i] = { name = field.attname, convert = field:converter(dialect.vendor) } end
    shape = db.shape { meta = model._meta.instance_meta, columns = columns }
    shapes[dialect.vendor] = shape
  end
  return shape
end

---The shape of rows that are instances.
---@param compiler tidewire.Compiler that has selected
function M.instance_shape(compiler)
  local tree, query = compiler.tree, compiler.query
  if not tree.names and #tree.related == 0 and compiler.own_count == #tree.columns then return M.plain_shape(query.model, compiler.dialect) end
  local columns = columns_of(compiler, tree.columns)
  for i = #tree.columns + 1, compiler.own_count do
    local selected = compiler.selected[i]
    columns[i] = { name = selected.alias, convert = selected.node:converter(compiler.dialect) }
  end
  return db.shape { meta = tree.meta.instance_meta, columns = columns, deferred = tree.deferred, related = related_shapes(compiler, tree) }
end

---Links back from what is reached by one-to-one relations, which shapes do not set.
---@return boolean
function M.has_back_links(tree)
  for _, child in ipairs(tree.related) do
    if child.relation.one_to_one or M.has_back_links(child) then return true end
  end
  return false
end

---Set them in one instance.
function M.link_back(tree, instance)
  for _, child in ipairs(tree.related) do
    local there = rawget(instance, "__related")
    local other = there and there[child.relation.cache_name]
    if other then
      local relation = child.relation
      local back = relation.one_to_one and (relation.remote_field or relation.field).cache_name
      if back then
        if not rawget(other, "__related") then rawset(other, "__related", {}) end
        rawget(other, "__related")[back] = instance
      end
      M.link_back(child, other)
    end
  end
end

return M
