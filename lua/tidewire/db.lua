---The app's database: statements, transactions, and what runs after a commit. Models and querysets stand on this; apps use it for transactions and for SQL
---of their own. Django's `connection` and `transaction`.
---
---    db.atomic(function()
---      order:save()
---      stock:filter { pk = order.item_id }:update { left = F "left" - 1 }
---      db.on_commit(function() mail.send(order) end)
---    end)
---
---Every function that asks the database waits: other tasks go on meanwhile. A statement outside of `atomic` is a transaction of its own.
local exceptions = require "tidewire.exceptions"
local host = require "tidewire.host"
local json = require "tidewire.json"
local tracing = require "tidewire.tracing"

local M = {}

---What a transaction of a task is about.
---@class (private) tidewire.Block
---@field tx userdata the connection it has for itself
---@field depth integer nested blocks with a savepoint
---@field hooks (fun())[]
---@field needs_rollback boolean
---@field given_up boolean? a statement in it was given up by a timeout or a cancelled task: nobody knows whether it has run

local blocks = {} ---@type table<integer, tidewire.Block> by task
local open_blocks = 0

-- ---- asking ----

local BROKEN = "An error occurred in the current transaction. You can't execute queries until the end of the 'atomic' block."

local function raise_database_error(problem)
  if problem.code == "25P02" then
    problem.message = nil
    error(exceptions.TransactionManagementError(BROKEN, problem), 0)
  end
  if problem.class == "DatabaseUnavailable" then
    local unavailable = exceptions.DatabaseUnavailable()
    unavailable.reason = problem.message
    error(unavailable, 0)
  end
  local message = problem.message
  problem.message = nil
  error(exceptions[problem.class](message, problem), 0)
end

local function own_block()
  if open_blocks == 0 then return nil end
  return blocks[host.current()]
end

local function give_up()
  host.db_abandon()
  local block = own_block()
  if block then block.needs_rollback, block.given_up = true, true end
end

---What a host function that asks the database returned, or raised.
local function answer(shape, ok, rows, affected)
  if ok and rows == nil then ok, rows, affected = host.db_result(shape) end
  if ok then return rows, affected end
  if type(rows) == "table" and getmetatable(rows) == nil and rows.class then raise_database_error(rows) end
  give_up()
  error(rows, 0)
end

local function transaction()
  local block = own_block()
  if not block then return nil end
  if block.needs_rollback then
    error(exceptions.TransactionManagementError(BROKEN), 0)
  end
  return block.tx
end

---Which database it is; nil when the app has none.
---@return "sqlite"|"postgresql"|nil
M.vendor = host.db_vendor

---How rows become values; made once for many executions. For the framework.
---@param spec table
---@return userdata
M.shape = host.db_shape

---Run one statement. Its placeholders are the database's own (`?1`, `$1`); `db.sql` takes the same ones for both.
---@async
---@param sql string
---@param params? table a list with `n`; nil, null, booleans, numbers, int64 and strings
---@param shape? userdata
---@return table rows
---@return integer affected rows inserted, updated or deleted
---Raises IntegrityError, DataError, ProgrammingError, OperationalError; DatabaseUnavailable (503) when no connection is to be had in time.
function M.execute(sql, params, shape)
  return answer(shape, host.db_query(open_blocks > 0 and transaction() or nil, sql, params, shape))
end

---A name as SQL: quoted, whatever it holds.
---@param name string
---@return string
function M.quote_name(name)
  if name:find("%z") then error(exceptions.ValueError("a name in SQL cannot hold a NUL byte"), 2) end
  return '"' .. name:gsub('"', '""') .. '"'
end

---SQL of your own, with Django's placeholders: `%s` for each parameter in turn, `%%` for a percent sign. Rows are tables keyed by column.
---@async
---@param sql string
---@param params? any[] a list; `n` when it has holes
---@return table[] rows
---@return integer affected
function M.sql(sql, params)
  local vendor, i = M.vendor(), 0
  local count = params and (params.n or #params) or 0
  local text = sql:gsub("%%(.)", function(what)
    if what == "%" then return "%" end
    if what ~= "s" then error(exceptions.ValueError(("db.sql: %%%s is no placeholder; expected %%s, or %%%% for a percent sign"):format(what)), 0) end
    i = i + 1
    return vendor == "postgresql" and "$" .. i or "?" .. i
  end)
  if i ~= count then error(exceptions.ValueError(("db.sql: %d placeholders, %d parameters"):format(i, count)), 2) end
  return M.execute(text, params)
end

-- ---- large results ----

---Walk a result in chunks, in bounded memory. The cursor ends with the result, with the task, or when nobody holds the function any more.
---@async
---@param sql string
---@param params? table
---@param shape? userdata
---@param chunk_size? integer rows a chunk, 2,000 when nil
---@return fun(): table[]? chunk
function M.iterate(sql, params, shape, chunk_size)
  chunk_size = chunk_size or 2000
  local cursor, over
  return function()
    if over then return nil end
    cursor = cursor or answer(nil, host.db_cursor_open(transaction(), sql, params))
    local rows = answer(shape, host.db_cursor_fetch(cursor, chunk_size))
    if #rows < chunk_size then
      over = true
      host.db_cursor_close(cursor)
    end
    return rows[1] ~= nil and rows or nil
  end
end

-- ---- transactions ----

local LEVELS = { ["read committed"] = true, ["repeatable read"] = true, ["serializable"] = true }
local OPTIONS = { savepoint = "boolean", durable = "boolean", isolation = "string" }

local function check_options(options)
  for key, value in pairs(options) do
    if not OPTIONS[key] then error(("atomic: unknown option %q; expected savepoint, durable or isolation"):format(tostring(key)), 3) end
    if type(value) ~= OPTIONS[key] then error(("atomic: %s is a %s; expected a %s"):format(key, type(value), OPTIONS[key]), 3) end
  end
  if options.isolation and not LEVELS[options.isolation] then
    error(("atomic: isolation %q is unknown; expected read committed, repeatable read or serializable"):format(options.isolation), 3)
  end
end

local function run_in(block, sql) answer(nil, host.db_query(block.tx, sql)) end

---Forget what on_commit was given since there were `count` functions.
local function drop_hooks(block, count)
  for i = #block.hooks, count + 1, -1 do block.hooks[i] = nil end
end

local function given_up_error()
  return exceptions.OperationalError "the transaction was rolled back: a statement in it was given up, and that was not raised"
end

local function pack(...) return { n = select("#", ...), ... } end

---A block inside another: a savepoint, or part of the outer one.
local function nested(block, fn, options)
  if options.durable then error("A durable atomic block cannot be nested within another atomic block.", 3) end
  if options.isolation then error("atomic: the isolation level is chosen by the outermost block", 3) end
  if options.savepoint == false then
    local results = pack(xpcall(fn, tracing.keep))
    if not results[1] then
      block.needs_rollback = true
      error(results[2], 0)
    end
    return unpack(results, 2, results.n)
  end
  transaction()
  local hooks = #block.hooks
  block.depth = block.depth + 1
  local name = "tidewire_" .. block.depth
  run_in(block, "SAVEPOINT " .. name)
  local results = pack(xpcall(fn, tracing.keep))
  block.depth = block.depth - 1
  if results[1] and block.given_up then results = { false, given_up_error() } end
  if results[1] and not block.needs_rollback then
    local released, why = pcall(run_in, block, "RELEASE SAVEPOINT " .. name)
    if released then return unpack(results, 2, results.n) end
    results = { false, why } -- an error that fn has kept to itself (PostgreSQL), or the task is cancelled
  end
  drop_hooks(block, hooks)
  -- a cancelled task cannot wait any more; the outer block will not commit then
  local rolled_back = pcall(function()
    run_in(block, "ROLLBACK TO SAVEPOINT " .. name)
    run_in(block, "RELEASE SAVEPOINT " .. name)
  end)
  block.needs_rollback = not rolled_back
  block.given_up = not rolled_back and block.given_up
  if not results[1] then error(results[2], 0) end
end

local function begin(options)
  local postgresql = host.db_vendor() == "postgresql"
  return postgresql and options.isolation and "BEGIN ISOLATION LEVEL " .. options.isolation:upper() or "BEGIN"
end

---Run `fn` inside the block, whose connection is there; commit or give up.
local function outermost(block, fn, options)
  run_in(block, begin(options))
  local results = pack(fn())
  if block.given_up then error(given_up_error(), 0) end
  if block.needs_rollback then return results end
  run_in(block, "COMMIT")
  block.committed = true
  return results
end

---Run `fn` in a transaction: committed when it returns, rolled back when it raises or its task is cancelled. Inside another `atomic` it is a
---savepoint. Django's `transaction.atomic`. Nothing of it is seen by others before the commit, and a task that it spawns is not part of it.
---@async
---@param fn fun(): ...
---@param options? { savepoint?: boolean, durable?: boolean, isolation?: "read committed"|"repeatable read"|"serializable" } SQLite is always serializable
---@return any ... what fn returns
function M.atomic(fn, options)
  options = options or {}
  check_options(options)
  local task = host.current()
  if task and blocks[task] then return nested(blocks[task], fn, options) end
  local block = { depth = 0, hooks = {}, needs_rollback = false }
  block.tx = answer(nil, host.db_acquire())
  blocks[task], open_blocks = block, open_blocks + 1
  local ok, results = xpcall(outermost, tracing.keep, block, fn, options)
  blocks[task], open_blocks = nil, open_blocks - 1
  host.db_release(block.tx) -- rolls back what was not committed, without waiting
  if not ok then error(results, 0) end
  if block.committed then
    for _, hook in ipairs(block.hooks) do hook() end
  end
  return unpack(results, 1, results.n)
end

---Call `fn` once the outermost transaction has committed; at once when there is none. What is rolled back calls nothing.
---@param fn fun()
function M.on_commit(fn)
  if type(fn) ~= "function" then error("on_commit: a function was expected, got a " .. type(fn), 2) end
  local block = own_block()
  if not block then return fn() end
  block.hooks[#block.hooks + 1] = fn
end

---@return boolean
function M.in_atomic_block() return own_block() ~= nil end

---Make the outermost block roll back when it ends, without an error; nil asks whether it will. Django's set_rollback and get_rollback.
---@param value? boolean
---@return boolean
function M.needs_rollback(value)
  local block = own_block()
  if not block then error(exceptions.TransactionManagementError "The rollback flag doesn't work outside of an 'atomic' block.", 2) end
  if value ~= nil then block.needs_rollback = value end
  return block.needs_rollback
end

M.null = json.null

return M
