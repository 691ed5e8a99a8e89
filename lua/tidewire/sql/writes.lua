---INSERT, UPDATE and DELETE: of whole rows for instances (models.base, models.deletion), and of all that a queryset matches.
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local compiler = require "tidewire.compiler"
local conditions = require "tidewire.sql.conditions"
local expression = require "tidewire.sql.expression"
local lookups = require "tidewire.lookups"
local Query = require "tidewire.query"
local repr = require "tidewire.repr"

local M = {}
local null = json.null
local quote = compiler.Compiler.quote

---Parameters of one statement at most: SQLite's limit as Debian builds it is 250,000, PostgreSQL's 65,535.
local MOST_PARAMS = 30000

-- ---- values ----

local function is_instance(value)
  local kind = type(value) == "table" and class.of(value)
  return kind and kind._meta ~= nil
end

---A row that is given to a relation as the value that the relation holds.
local function related_value(field, value)
  if not field.is_relation then
    error(exceptions.TypeError(("Tried to update field %s with a model instance, %s. Use a value compatible with %s."):format(tostring(field), repr.repr(value),
      class.of(field).name)), 0)
  end
  return value[field.target_field.attname]
end

---SQL of a value for a column.
local function value_sql(c, field, value)
  if expression.is_expression(value) then
    if value:has_aggregate() then
      error(exceptions.FieldError(("Aggregate functions are not allowed in this query (%s=%s)."):format(field.name, tostring(value))), 0)
    end
    local sql = c:compile(value)
    if not sql or sql == "" then sql = c:constant(value, sql ~= nil) end
    local format = field:placeholder(c.vendor)
    return format and format:format(sql) or sql
  end
  if is_instance(value) then value = related_value(field, value) end
  if value == null and field.internal_type ~= "JSONField" then value = nil end
  return c:param(field:get_db_prep_value(value, c.vendor), field:placeholder(c.vendor))
end

local function has_expression(values, n)
  for i = 1, n do
    if expression.is_expression(values[i]) then return true end
  end
  return false
end

-- ---- INSERT ----

local texts = setmetatable({}, { __mode = "k" })

---A statement that is the same each time, by model, what it does and its columns.
local function cached(model, kind, fields, make)
  local of_model = texts[model]
  if not of_model then
    of_model = {}
    texts[model] = of_model
  end
  local names = { kind }
  for i, field in ipairs(fields) do names[i + 1] = field.column end
  local key = db.vendor() .. table.concat(names, "\0")
  local text = of_model[key]
  if not text then
    text = make()
    of_model[key] = text
  end
  return text
end

local function insert_head(model, fields, ignore_conflicts)
  local columns = {}
  for i, field in ipairs(fields) do columns[i] = quote(field.column) end
  local verb = ignore_conflicts and db.vendor() == "sqlite" and "INSERT OR IGNORE INTO " or "INSERT INTO "
  return verb .. quote(model._meta.db_table) .. (#columns > 0 and " (" .. table.concat(columns, ", ") .. ")" or "")
end

local function insert_tail(model, returning, ignore_conflicts)
  local sql = ignore_conflicts and db.vendor() == "postgresql" and " ON CONFLICT DO NOTHING" or ""
  if returning then sql = sql .. " RETURNING " .. quote(model._meta.pk.column) end
  return sql
end

local function key_shape(model)
  return db.shape { flat = true, columns = { { name = model._meta.pk.attname, convert = model._meta.pk:converter(db.vendor()) } } }
end

local shapes = setmetatable({}, { __mode = "k" })
local function cached_key_shape(model)
  shapes[model] = shapes[model] or key_shape(model)
  return shapes[model]
end

---One row of plain values: the statement is known, its values only have to be converted.
local function insert_plain(model, fields, values, returning)
  local vendor = db.vendor()
  local sql = cached(model, returning and "insert returning" or "insert", fields, function()
    local c, list = compiler.Compiler(), {}
    for i, field in ipairs(fields) do list[i] = c:param(nil, field:placeholder(vendor)) end
    local rows = #list > 0 and " VALUES (" .. table.concat(list, ", ") .. ")" or " DEFAULT VALUES"
    return insert_head(model, fields) .. rows .. insert_tail(model, returning)
  end)
  local params = { n = #fields }
  for i, field in ipairs(fields) do
    local value = values[i]
    if value == null and field.internal_type ~= "JSONField" then value = nil end
    if value ~= nil then
      if field.is_relation and is_instance(value) then value = related_value(field, value) end
      params[i] = field:get_db_prep_value(value, vendor)
    end
  end
  return db.execute(sql, params, returning and cached_key_shape(model) or nil)
end

local function is_column(node) return class.is_instance(node, expression.Col) end

---An expression as a value of a new row, which has no columns yet that it could be made of.
local function inserted(query, field, value)
  local resolved = value:resolve(query, { no_joins = true, for_save = true })
  resolved:walk(function(node)
    if is_column(node) then
      error(exceptions.ValueError(("Failed to insert expression \"%s\" on %s. F() expressions can only be used to update, not to insert."):format(
        tostring(resolved), tostring(field))), 0)
    end
  end)
  return resolved
end

local function insert_many(model, fields, rows, from, to, returning, ignore_conflicts)
  local c, list, query = compiler.Compiler(), {}, Query(model)
  for i = from, to do
    local texts_of_row = {}
    for j, field in ipairs(fields) do
      local value = rows[i][j]
      if expression.is_expression(value) then value = inserted(query, field, value) end
      texts_of_row[j] = value_sql(c, field, value)
    end
    list[#list + 1] = "(" .. table.concat(texts_of_row, ", ") .. ")"
  end
  local sql = insert_head(model, fields, ignore_conflicts) .. " VALUES " .. table.concat(list, ", ") .. insert_tail(model, returning, ignore_conflicts)
  return db.execute(sql, c.params, returning and cached_key_shape(model) or nil)
end

---Insert rows.
---@async
---@param model tidewire.Model
---@param fields table[] the columns
---@param rows any[][] for each row the values of the fields, in their order; expressions are allowed
---@param returning boolean? answer the primary keys
---@param options? { ignore_conflicts?: boolean, batch_size?: integer }
---@return any[]? pks
function M.insert(model, fields, rows, returning, options)
  options = options or {}
  local n = #fields
  if #rows == 1 and not options.ignore_conflicts and not has_expression(rows[1], n) then
    local keys = insert_plain(model, fields, rows[1], returning)
    return returning and keys or nil
  end
  local keys = {}
  if n == 0 then
    for i = 1, #rows do keys[i] = insert_plain(model, fields, {}, returning)[1] end
    return keys
  end
  local most = math.max(1, math.floor(MOST_PARAMS / n))
  local size = options.batch_size and math.min(options.batch_size, most) or most
  for from = 1, #rows, size do
    local batch = insert_many(model, fields, rows, from, math.min(from + size - 1, #rows), returning, options.ignore_conflicts)
    for _, key in ipairs(returning and batch or {}) do keys[#keys + 1] = key end
  end
  return returning and keys or nil
end

-- ---- UPDATE ----

---Change one row.
---@async
---@param model tidewire.Model
---@param pk any
---@param fields table[]
---@param values any[]
---@return integer affected
function M.update_pk(model, pk, fields, values)
  local vendor, key = db.vendor(), model._meta.pk
  if has_expression(values, #fields) then
    local changes = {}
    for i, field in ipairs(fields) do changes[i] = { field, values[i] } end
    return M.update(Query(model), changes, { [key.attname] = pk })
  end
  local sql = cached(model, "update", fields, function()
    local c, list = compiler.Compiler(), {}
    for i, field in ipairs(fields) do list[i] = quote(field.column) .. " = " .. c:param(nil, field:placeholder(vendor)) end
    return ("UPDATE %s SET %s WHERE %s = %s"):format(quote(model._meta.db_table), table.concat(list, ", "), quote(key.column),
      c:param(nil, key:placeholder(vendor)))
  end)
  local params = { n = #fields + 1 }
  for i, field in ipairs(fields) do
    local value = values[i]
    if value == null and field.internal_type ~= "JSONField" then value = nil end
    if is_instance(value) then value = related_value(field, value) end
    if value ~= nil then params[i] = field:get_db_prep_value(value, vendor) end
  end
  params[#fields + 1] = key:get_db_prep_value(pk, vendor)
  local _, affected = db.execute(sql, params)
  return affected
end

---Fields and values of update(); raises when a name is none of the model's own columns.
---@param values table<string, any>
---@return table[] list of { field, value }, by name
function M.changes(query, values)
  local names, list = {}, {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do
    local field = name ~= "pk" and query.meta:get_field(name)
    if not field then error(exceptions.FieldDoesNotExist(("%s has no field named '%s'"):format(query.meta.object_name, name)), 0) end
    if field.concrete == false or not field.column then
      error(exceptions.FieldError(("Cannot update model field %s (only non-relations and foreign keys permitted)."):format(repr.repr(field))), 0)
    end
    list[i] = { field, values[name] }
  end
  for _, change in ipairs(list) do -- only now: a wrong name is told of before a wrong value
    if expression.is_expression(change[2]) then change[2] = change[2]:resolve(query, { no_joins = true, for_save = true }) end
  end
  return list
end

local function used_tables(query)
  local count = 0
  for _, alias in ipairs(query.aliases) do
    if query.refs[alias] > 0 then count = count + 1 end
  end
  return count
end

---Conditions across tables become `pk IN (SELECT …)`.
local function narrowed(query)
  query:initial_alias()
  if used_tables(query) == 1 and not query.where:has_aggregate() then return query end
  local inner, outer = query:chain(), query:fresh()
  inner.select_related, inner.group_by = false, query.group_by
  inner:clear_ordering()
  inner:clear_select()
  inner:add_fields { query.meta.pk.name }
  inner.subquery = true
  local alias = outer:initial_alias()
  outer.where = outer.where:with(lookups.build({ "in" }, expression.column(alias, query.meta.pk), inner), "AND")
  return outer
end

---Change all rows of a query.
---@async
---@param query tidewire.Query a clone of one's own
---@param changes table[] as changes() gives them
---@param also? table<string, any> a further condition
---@return integer affected
function M.update(query, changes, also)
  for i, change in ipairs(also and changes or {}) do
    local value = change[2]
    if expression.is_expression(value) then changes[i] = { change[1], value:resolve(query, { no_joins = true, for_save = true }) } end
  end
  if also then query:add_q(conditions.Q(also)) end
  if #changes == 0 then return 0 end
  local target = narrowed(query)
  local c, list = compiler.Compiler(target), {}
  for i, change in ipairs(changes) do list[i] = quote(change[1].column) .. " = " .. value_sql(c, change[1], change[2]) end
  local where = c:compile(target.where)
  if not where then return 0 end
  local sql = ("UPDATE %s SET %s"):format(quote(query.meta.db_table), table.concat(list, ", "))
  local _, affected = db.execute(where ~= "" and sql .. " WHERE " .. where or sql, c.params)
  return affected
end

-- ---- DELETE ----

---Delete rows by the value of a column.
---@async
---@param model tidewire.Model
---@param column table|string a field, or its name
---@param values any[]
---@return integer affected
function M.delete_pks(model, column, values)
  local field = type(column) == "table" and column or model._meta:get_field(column)
  for _, known in ipairs(not field and model._meta.concrete_fields or {}) do
    if known.column == column then field = known end
  end
  local total = 0
  for from = 1, #values, MOST_PARAMS do
    local c, list = compiler.Compiler(), {}
    for i = from, math.min(from + MOST_PARAMS - 1, #values) do
      list[#list + 1] = c:param(field:get_db_prep_value(values[i], c.vendor), field:placeholder(c.vendor))
    end
    local sql = ("DELETE FROM %s WHERE %s IN (%s)"):format(quote(model._meta.db_table), quote(field.column), table.concat(list, ", "))
    local _, affected = db.execute(sql, c.params)
    total = total + affected
  end
  return total
end

---Delete all rows of a query at once, without signals and without regard to what refers to them.
---@async
---@param query tidewire.Query a clone of one's own
---@return integer affected
function M.delete(query)
  local target = narrowed(query)
  local c = compiler.Compiler(target)
  local where = c:compile(target.where)
  if not where then return 0 end
  local sql = "DELETE FROM " .. quote(query.meta.db_table)
  local _, affected = db.execute(where ~= "" and sql .. " WHERE " .. where or sql, c.params)
  return affected
end

return M
