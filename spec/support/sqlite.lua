---Stands in for tidewire.db: the same functions on SQLite through LuaJIT's ffi, in this very thread and without waiting, so that models and
---querysets can be tested by themselves. One database in memory; `open()` begins a new one. What the real drivers do is tested in spec/c and
---spec/server.
---
---    require "support.host"
---    local db = require "support.sqlite"      -- from now on require "tidewire.db" gives this
---    before_each(db.open)
local ffi = require "ffi"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"

ffi.cdef [[
typedef struct sqlite3 sqlite3;
typedef struct sqlite3_stmt sqlite3_stmt;
typedef struct sqlite3_context sqlite3_context;
typedef struct sqlite3_value sqlite3_value;
int sqlite3_open(const char *, sqlite3 **);
int sqlite3_close_v2(sqlite3 *);
int sqlite3_prepare_v2(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
int sqlite3_step(sqlite3_stmt *);
int sqlite3_finalize(sqlite3_stmt *);
int sqlite3_bind_null(sqlite3_stmt *, int);
int sqlite3_bind_double(sqlite3_stmt *, int, double);
int sqlite3_bind_int64(sqlite3_stmt *, int, int64_t);
int sqlite3_bind_text(sqlite3_stmt *, int, const char *, int, intptr_t);
int sqlite3_bind_parameter_count(sqlite3_stmt *);
int sqlite3_column_count(sqlite3_stmt *);
const char *sqlite3_column_name(sqlite3_stmt *, int);
int sqlite3_column_type(sqlite3_stmt *, int);
int64_t sqlite3_column_int64(sqlite3_stmt *, int);
double sqlite3_column_double(sqlite3_stmt *, int);
const char *sqlite3_column_blob(sqlite3_stmt *, int);
int sqlite3_column_bytes(sqlite3_stmt *, int);
int sqlite3_changes(sqlite3 *);
int sqlite3_extended_errcode(sqlite3 *);
const char *sqlite3_errmsg(sqlite3 *);
int values_sqlite(sqlite3 *);
]]

local lib = ffi.load "libsqlite3.so.0"
local values = ffi.load "build/release/spec/values.so"
local ROW, DONE, TRANSIENT = 100, 101, -1
local int64 = ffi.typeof "int64_t"

local M = {}

local connection
local depth, hooks, broken = 0, {}, false
---Statements since open(), for specs that count queries; `log.n` leaves out BEGIN, SAVEPOINT and the like.
M.log = { n = 0 }

local function run(sql) M.execute(sql, { n = 0 }) end

---Begin anew with an empty database.
function M.open()
  if connection then lib.sqlite3_close_v2(connection) end
  local out = ffi.new "sqlite3 *[1]"
  assert(lib.sqlite3_open(":memory:", out) == 0)
  connection = out[0]
  depth, hooks, broken = 0, {}, false
  run "PRAGMA foreign_keys = ON"
  assert(values.values_sqlite(connection) == 0)
  M.log = { n = 0 }
end

local CLASSES = { [19] = "IntegrityError", [20] = "DataError", [18] = "DataError", [1] = "ProgrammingError" }

local function fail()
  local code = lib.sqlite3_extended_errcode(connection)
  local message = ffi.string(lib.sqlite3_errmsg(connection))
  error(exceptions[CLASSES[code % 256] or "OperationalError"](message, { code = tostring(code), constraint = message:match "constraint failed: (.*)" }), 0)
end

local function bind(statement, i, value)
  local kind = type(value)
  if value == nil or value == json.null then return lib.sqlite3_bind_null(statement, i) end
  if kind == "boolean" then return lib.sqlite3_bind_int64(statement, i, value and 1 or 0) end
  if kind == "number" then
    if value == math.floor(value) and math.abs(value) < 2 ^ 63 then return lib.sqlite3_bind_int64(statement, i, value) end
    return lib.sqlite3_bind_double(statement, i, value)
  end
  if kind == "cdata" and ffi.istype(int64, value) then return lib.sqlite3_bind_int64(statement, i, value) end
  if kind == "string" then return lib.sqlite3_bind_text(statement, i, value, #value, TRANSIENT) end
  error(("parameter %d is a %s; the database takes nil, booleans, numbers, int64 and strings"):format(i, kind), 0)
end

local function prepare(sql, params)
  local out = ffi.new "sqlite3_stmt *[1]"
  if not connection then M.open() end
  if lib.sqlite3_prepare_v2(connection, sql, #sql, out, nil) ~= 0 then fail() end
  local statement = ffi.gc(out[0], lib.sqlite3_finalize)
  params = params or { n = 0 }
  local count = params.n or #params
  assert(lib.sqlite3_bind_parameter_count(statement) <= count, "fewer parameters than placeholders: " .. sql)
  for i = 1, count do bind(statement, i, params[i]) end
  return statement
end

local function finalize(statement) lib.sqlite3_finalize(ffi.gc(statement, nil)) end

local function column_value(statement, i)
  local kind = lib.sqlite3_column_type(statement, i)
  if kind == 1 then
    local value = lib.sqlite3_column_int64(statement, i)
    if value >= -9007199254740992LL and value <= 9007199254740992LL then return tonumber(value) end
    return value
  end
  if kind == 2 then return lib.sqlite3_column_double(statement, i) end
  if kind == 5 then return nil end
  local data = lib.sqlite3_column_blob(statement, i)
  return ffi.string(data, lib.sqlite3_column_bytes(statement, i))
end

-- ---- shapes ----

local function to_bool(value) return value ~= 0 and value ~= false end

local CONVERTERS = { bool = to_bool, integer = false, float = function(value) return tonumber(value) end }

---@param spec table as db.shape takes it
function M.shape(spec)
  local shape = { meta = spec.meta, list = spec.list, flat = spec.flat, deferred = spec.deferred, names = {}, converts = {}, related = {} }
  for i, column in ipairs(spec.columns) do
    local convert = column.convert
    if type(convert) == "string" then
      assert(CONVERTERS[convert] ~= nil, "no such convert: " .. convert)
      convert = CONVERTERS[convert]
    end
    shape.names[i], shape.converts[i] = column.name, convert or false
  end
  for i, related in ipairs(spec.related or {}) do shape.related[i] = related end
  return shape
end

local function converted(statement, shape, i, first)
  local value = column_value(statement, first + i - 1)
  local convert = shape.converts[i]
  if value == nil or not convert then return value end
  return convert(value)
end

local build

local function build_related(statement, shape, row)
  local related = {}
  for _, spec in ipairs(shape.related) do
    local there = column_value(statement, spec.pk - 1) ~= nil
    related[spec.name] = there and build(statement, spec.shape, spec.first - 1)
  end
  row.__related = related
end

local Row = {} -- a list that shows its nulls

local function build_list(statement, shape)
  local row = setmetatable({ n = #shape.names }, Row)
  for i = 1, row.n do row[i] = converted(statement, shape, i, 0) end
  return row
end

local function build_flat(statement, shape)
  local value = converted(statement, shape, 1, 0)
  if value == nil then return json.null end
  return value
end

function build(statement, shape, first)
  local row = {}
  for i, name in ipairs(shape.names) do row[name] = converted(statement, shape, i, first) end
  row.__deferred = shape.deferred
  if #shape.related > 0 then build_related(statement, shape, row) end
  return shape.meta and setmetatable(row, shape.meta) or row
end

local function build_row(statement, shape)
  if shape.flat then return build_flat(statement, shape) end
  if shape.list then return build_list(statement, shape) end
  return build(statement, shape, 0)
end

local function plain_shape(statement)
  local columns = {}
  for i = 1, lib.sqlite3_column_count(statement) do columns[i] = { name = ffi.string(lib.sqlite3_column_name(statement, i - 1)) } end
  return M.shape { columns = columns }
end

-- ---- execution ----

---Up to `most` rows; the second value says that there are no more.
local function fetch(statement, shape, most)
  local rows = {}
  while #rows < most do
    local status = lib.sqlite3_step(statement)
    if status == DONE then return rows, true end
    if status ~= ROW then
      finalize(statement)
      fail()
    end
    rows[#rows + 1] = build_row(statement, shape)
  end
  return rows, false
end

local QUIET = { BEGIN = true, COMMIT = true, ROLLBACK = true, SAVEPOINT = true, RELEASE = true, PRAGMA = true }

local function note(sql)
  M.log[#M.log + 1] = sql
  if not QUIET[sql:match "^%a*"] then M.log.n = M.log.n + 1 end
end

function M.execute(sql, params, shape)
  if broken and sql:sub(1, 8) ~= "ROLLBACK" then
    error(exceptions.TransactionManagementError "An error occurred in the current transaction. You can't execute queries until the end of the 'atomic' block.", 0)
  end
  note(sql)
  local statement = prepare(sql, params)
  local rows = fetch(statement, shape or plain_shape(statement), math.huge)
  finalize(statement)
  return rows, lib.sqlite3_changes(connection)
end

function M.iterate(sql, params, shape, chunk_size)
  note(sql)
  local statement, over = prepare(sql, params), false
  shape = shape or plain_shape(statement)
  return function()
    if over then return nil end
    local rows
    rows, over = fetch(statement, shape, chunk_size or 2000)
    if over then finalize(statement) end
    if #rows > 0 then return rows end
  end
end

-- ---- transactions ----

function M.in_atomic_block() return depth > 0 end

function M.on_commit(fn)
  if depth == 0 then return fn() end
  table.insert(hooks, fn)
end

local function drop_hooks(from)
  for i = #hooks, from + 1, -1 do hooks[i] = nil end
end

local function undo(name, from, savepoint)
  drop_hooks(from)
  if depth == 0 then
    broken = false
    pcall(run, "ROLLBACK")
  elseif savepoint then
    broken = false
    run("ROLLBACK TO " .. name)
    run("RELEASE " .. name)
  else
    broken = true
  end
end

local function finish(name, from, savepoint, ok, ...)
  depth = depth - 1
  if not ok or broken then
    undo(name, from, savepoint)
    if not ok then error((...), 0) end
    return ...
  end
  if depth > 0 then
    if savepoint then run("RELEASE " .. name) end
    return ...
  end
  local committed, err = pcall(run, "COMMIT")
  if not committed then
    undo(name, from, savepoint)
    error(err, 0)
  end
  local list = hooks
  hooks = {}
  for _, hook in ipairs(list) do hook() end
  return ...
end

function M.atomic(fn, options)
  local savepoint = not (options and options.savepoint == false)
  local name, from = "s" .. depth, #hooks
  if depth == 0 then run "BEGIN" elseif savepoint then run("SAVEPOINT " .. name) end
  depth = depth + 1
  return finish(name, from, savepoint, pcall(fn))
end

function M.vendor() return "sqlite" end

function M.quote_name(name) return '"' .. name:gsub('"', '""') .. '"' end

package.loaded["tidewire.db"] = M
return M
