---Tables of models: CREATE TABLE and DROP TABLE as Django's schema editor writes them.
---
---    schema.create { Author, Book }        -- and the tables between the two ends of their many-to-many relations
---
---Names come quoted from the models; values stand in conditions of constraints only, as literals. Defaults stay in Lua.
local bit = require "bit"
local compiler = require "tidewire.compiler"
local db = require "tidewire.db"
local models = require "tidewire.models"
local Query = require "tidewire.query"
local registry = require "tidewire.models.registry"

local M = {}

local quote = db.quote_name

-- ---- names ----

---PostgreSQL cuts longer ones off.
local LONGEST = 63

---Eight hexadecimal digits that differ where the parts do (FNV-1a).
local function digest(...)
  local hash = bit.tobit(0x811c9dc5)
  for byte in table.concat({ ... }, "\0"):gmatch "." do
    hash = bit.bxor(hash, byte:byte())
    -- hash * 16777619, in 32 bits
    hash = bit.tobit(bit.lshift(hash, 24) + bit.lshift(hash, 8) + bit.lshift(hash, 7) + bit.lshift(hash, 4) + bit.lshift(hash, 1) + hash)
  end
  return bit.tohex(hash)
end

---A name for something of a table's columns, the same each time.
---@param suffix string "" or "_uniq" and the like
local function name_of(tbl, columns, suffix)
  local tail = "_" .. digest(tbl, unpack(columns)) .. suffix
  local head = tbl .. "_" .. table.concat(columns, "_")
  return head:sub(1, LONGEST - #tail):gsub("^[_%d]", "D%0") .. tail
end

local function columns_of(meta, names)
  local columns = {}
  for i, name in ipairs(names) do columns[i] = meta.fields_by_name[name].column end
  return columns
end

local function quoted(columns)
  local list = {}
  for i, column in ipairs(columns) do list[i] = quote(column) end
  return table.concat(list, ", ")
end

-- ---- conditions ----

local function literal(value)
  if type(value) == "string" then return "'" .. value:gsub("'", "''") .. "'" end
  if type(value) == "boolean" then return db.vendor() == "sqlite" and (value and "1" or "0") or tostring(value) end
  if type(value) == "number" then return ("%.17g"):format(value) end
  if value == nil then return "NULL" end
  return (tostring(value):gsub("U?LL$", ""))
end

---Values in the place of placeholders: statements that define something take no parameters.
local function with_literals(sql, params)
  local parts, from = {}, 1
  while true do
    local at = sql:find([=[["'?$]]=], from)
    if not at then break end
    parts[#parts + 1] = sql:sub(from, at - 1)
    local mark = sql:sub(at, at)
    local number = sql:match("^[?$](%d+)", at)
    local stop = number and at + #number or mark:find "[\"']" and sql:find(mark, at + 1, true) or at
    parts[#parts + 1] = number and literal(params[tonumber(number)]) or sql:sub(at, stop)
    from = stop + 1
  end
  parts[#parts + 1] = sql:sub(from)
  return table.concat(parts)
end

---A Q about a model's own columns as SQL.
local function condition_sql(model, q)
  local query = Query(model)
  query.no_alias = true
  query:add_q(q)
  local c = compiler.Compiler(query)
  local sql = c:compile(query.where)
  return with_literals(sql or "1 = 0", c.params)
end

-- ---- tables ----

local function references(field)
  return (" REFERENCES %s (%s) DEFERRABLE INITIALLY DEFERRED"):format(quote(field.related_model._meta.db_table), quote(field.target_field.column))
end

local function column_sql(field, vendor)
  local column = quote(field.column)
  local parts = { column, field:db_type(vendor), field.null and "NULL" or "NOT NULL" }
  if field.primary_key then parts[#parts + 1] = "PRIMARY KEY" elseif field.unique then parts[#parts + 1] = "UNIQUE" end
  parts[#parts + 1] = field:db_suffix(vendor)
  local check = field:db_check(vendor, column)
  local sql = table.concat(parts, " ") .. (check and (" CHECK (%s)"):format(check) or "")
  -- PostgreSQL's foreign keys are added when all tables are there
  return field.is_relation and field.db_constraint and vendor == "sqlite" and sql .. references(field) or sql
end

local function unique_sql(name, columns, deferrable)
  local sql = ("CONSTRAINT %s UNIQUE (%s)"):format(quote(name), quoted(columns))
  return deferrable and sql .. " DEFERRABLE INITIALLY " .. deferrable:upper() or sql
end

local function constraint_sql(model, constraint, vendor)
  if constraint.kind == "check" then
    return ("CONSTRAINT %s CHECK (%s)"):format(quote(constraint.name), condition_sql(model, constraint.check))
  end
  if constraint.condition then return nil end -- an index of its own
  return unique_sql(constraint.name, columns_of(model._meta, constraint.fields), vendor == "postgresql" and constraint.deferrable or nil)
end

local function table_sql(model, vendor)
  local meta, parts = model._meta, {}
  for _, field in ipairs(meta.concrete_fields) do parts[#parts + 1] = column_sql(field, vendor) end
  for _, together in ipairs(meta.unique_together) do
    local columns = columns_of(meta, together)
    parts[#parts + 1] = unique_sql(name_of(meta.db_table, columns, "_uniq"), columns)
  end
  for _, constraint in ipairs(meta.constraints) do parts[#parts + 1] = constraint_sql(model, constraint, vendor) end
  return ("CREATE TABLE %s (%s)"):format(quote(meta.db_table), table.concat(parts, ", "))
end

-- ---- indexes ----

local PATTERNS = { CharField = "varchar_pattern_ops", SlugField = "varchar_pattern_ops", TextField = "text_pattern_ops" }

---PostgreSQL finds what begins with a text by an index of another kind.
local function add_pattern_index(list, meta, field)
  local operators = PATTERNS[field.internal_type]
  if not operators or not (field.db_index or field.unique) then return end
  list[#list + 1] = ("CREATE INDEX %s ON %s (%s %s)"):format(quote(name_of(meta.db_table, { field.column }, "_like")), quote(meta.db_table),
    quote(field.column), operators)
end

local function index_sql(model, index, unique)
  local meta, columns, plain = model._meta, {}, {}
  for i, name in ipairs(index.fields) do
    local descending, bare = name:match "^(%-?)(.*)$"
    plain[i] = meta.fields_by_name[bare].column
    columns[i] = quote(plain[i]) .. (descending == "-" and " DESC" or "")
  end
  local sql = ("CREATE %sINDEX %s ON %s (%s)"):format(unique and "UNIQUE " or "", quote(index.name or name_of(meta.db_table, plain, "_idx")),
    quote(meta.db_table), table.concat(columns, ", "))
  return index.condition and sql .. " WHERE " .. condition_sql(model, index.condition) or sql
end

local function add_indexes(list, model, vendor)
  local meta = model._meta
  for _, field in ipairs(meta.concrete_fields) do
    if field.db_index and not field.unique then
      list[#list + 1] = ("CREATE INDEX %s ON %s (%s)"):format(quote(name_of(meta.db_table, { field.column }, "")), quote(meta.db_table), quote(field.column))
    end
    if vendor == "postgresql" then add_pattern_index(list, meta, field) end
  end
  for _, index in ipairs(meta.indexes) do list[#list + 1] = index_sql(model, index, false) end
  for _, constraint in ipairs(meta.constraints) do
    if constraint.kind == "unique" and constraint.condition then list[#list + 1] = index_sql(model, constraint, true) end
  end
end

local function add_foreign_keys(list, model)
  local meta = model._meta
  for _, field in ipairs(meta.concrete_fields) do
    if field.is_relation and field.db_constraint then
      local target = field.related_model._meta.db_table
      list[#list + 1] = ("ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s)%s"):format(quote(meta.db_table),
        quote(name_of(meta.db_table, { field.column, target, field.target_field.column }, "_fk")), quote(field.column), references(field))
    end
  end
end

-- ---- which tables, in which order ----

local function check_model(model)
  if not models.is_model(model) or model._meta.abstract then
    error(("schema: a model with a table was expected, got %s"):format(tostring(model)), 4)
  end
  for _, field in ipairs(model._meta.concrete_fields) do
    if field.is_relation and not field.related_model then
      error(("schema: %s refers to a model that does not exist: %s"):format(tostring(field), tostring(field.to)), 4)
    end
  end
end

---The models and those between the ends of their many-to-many relations, each once, without those whose tables are not ours.
local function expand(list)
  local all, seen = {}, {}
  local function add(model)
    if not seen[model] and model._meta.managed then
      seen[model] = true
      all[#all + 1] = model
    end
  end
  for _, model in ipairs(list) do
    check_model(model)
    add(model)
  end
  for _, model in ipairs(list) do
    for _, field in ipairs(model._meta.many_to_many) do
      if not field.through then error(("schema: %s refers to a model that does not exist: %s"):format(tostring(field), tostring(field.to)), 3) end
      if field.through._meta.auto_created then add(field.through) end
    end
  end
  return all
end

---Each behind those that it refers to, as far as there is such an order.
local function sort(list)
  local sorted, state, wanted = {}, {}, {}
  for _, model in ipairs(list) do wanted[model] = true end
  local function visit(model)
    if state[model] or not wanted[model] then return end
    state[model] = true
    for _, field in ipairs(model._meta.concrete_fields) do
      if field.is_relation then visit(field.related_model) end
    end
    sorted[#sorted + 1] = model
  end
  for _, model in ipairs(list) do visit(model) end
  return sorted
end

local function chosen(list) return sort(expand(list or registry.get_models())) end

local function statements(list)
  local vendor, sql = db.vendor(), {}
  for _, model in ipairs(list) do sql[#sql + 1] = table_sql(model, vendor) end
  if vendor == "postgresql" then
    for _, model in ipairs(list) do add_foreign_keys(sql, model) end
  end
  for _, model in ipairs(list) do add_indexes(sql, model, vendor) end
  return sql
end

-- ---- doing it ----

---The statements that make the tables of models.
---@param list? tidewire.Model[] all models when nil
---@return string[]
function M.statements(list) return statements(chosen(list)) end

local function run(sql)
  for _, statement in ipairs(sql) do db.execute(statement) end
end

---Make the tables of models, all or none.
---@async
---@param list? tidewire.Model[] all models when nil
---Raises ProgrammingError when one is there already.
function M.create(list)
  local sql = M.statements(list)
  db.atomic(function() run(sql) end)
end

---Remove the tables of models with all that is in them.
---@async
---@param list? tidewire.Model[] all models when nil
function M.drop(list)
  local sorted = chosen(list)
  local cascade = db.vendor() == "postgresql" and " CASCADE" or ""
  db.atomic(function()
    if cascade == "" then -- rows that refer to one another would be in the way of each DROP
      for _, model in ipairs(sorted) do db.execute("DELETE FROM " .. quote(model._meta.db_table)) end
    end
    for i = #sorted, 1, -1 do db.execute("DROP TABLE " .. quote(sorted[i]._meta.db_table) .. cascade) end
  end)
end

local TABLES = {
  sqlite = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')",
  postgresql = "SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_table_is_visible(oid)",
}

---Names of the tables there are.
---@async
---@return table<string, boolean>
function M.tables()
  local there = {}
  for _, row in ipairs((db.execute(TABLES[db.vendor()]))) do there[row.name] = true end
  return there
end

---Processes that start at once make tables one after the other; any number will do.
local LOCK = "SELECT pg_advisory_xact_lock(8391170511)"

local function missing_of(list)
  local there, missing = M.tables(), {}
  for _, model in ipairs(list) do
    if not there[model._meta.db_table] then missing[#missing + 1] = model end
  end
  return missing
end

---Make the tables that are not there. What a table that is there looks like is not compared.
---@async
---@param list? tidewire.Model[] all models when nil
---@return tidewire.Model[] created
function M.create_missing(list)
  local sorted = chosen(list)
  if not missing_of(sorted)[1] then return {} end -- nothing to write: a file that is read-only can be served
  local missing
  db.atomic(function()
    if db.vendor() == "postgresql" then db.execute(LOCK) end
    missing = missing_of(sorted)
    run(statements(missing))
  end)
  return missing
end

return M
