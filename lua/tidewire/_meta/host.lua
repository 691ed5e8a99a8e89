---@meta tidewire.host
error "this file describes tidewire.host for editors; the module itself is part of the host (src/lua/bind_*.c)"

---What the framework asks of the host. Apps use the modules above it. A connection and a task are numbers; functions that find a connection closed return
---nil and "closed". Functions marked (running) raise while an app loads or is checked.
---@class tidewire.host
---@field settings table<string, any> every host setting
---@field settings_schema { name: string, type: "string"|"integer"|"seconds"|"boolean"|"list", help: string }[]
---@field worker integer this worker's number, from 1
local host = {}

---@alias tidewire.host.sent true|nil
---@alias tidewire.host.problem "closed"|"slow consumer"

---(running) Answer a handshake with 101.
---@param conn integer
---@param subprotocol? string
---@return tidewire.host.sent, tidewire.host.problem?
function host.accept(conn, subprotocol) end

---(running) Refuse a handshake.
---@param conn integer
---@param status? integer 400 to 599; 403 when nil
---@param text? string the body
---@return tidewire.host.sent, tidewire.host.problem?
function host.deny(conn, status, text) end

---(running) Send a text frame; raises when it is not UTF-8. Queued, and written at the end of the turn.
---@return tidewire.host.sent, tidewire.host.problem?
function host.send_text(conn, text) end

---(running) Send a binary frame.
---@return tidewire.host.sent, tidewire.host.problem?
function host.send_bytes(conn, bytes) end

---(running) Send a value as a JSON text frame; raises with the path of what has no JSON.
---@return tidewire.host.sent, tidewire.host.problem?
function host.send_json(conn, value) end

---(running) Send an envelope. `errors` nil is []; raises when `status` is no number or something has no JSON, and then nothing is sent.
---@return tidewire.host.sent, tidewire.host.problem?
function host.reply(conn, errors, data, action, status, request_id) end

---(running) Start the closing handshake, or refuse with 403 before it is accepted. Raises on a code that may not be sent.
---@param code? integer 1000 when nil
---@param reason? string cut to 123 bytes
---@return tidewire.host.sent, tidewire.host.problem?
function host.close(conn, code, reason) end

---(running) Join a group; with a request id, subscribe.
---@return boolean? added false when it was there already
---@return string? problem
function host.group_add(conn, name, request_id) end

---(running)
---@return integer? ended how many subscriptions ended
---@return string? problem
function host.group_discard(conn, name, request_id) end

---(running) Members in the process.
---@return integer
function host.group_count(name) end

---(running) Send a message to each member's consumer on every worker: handlers.group.
function host.group_send(name, message) end

---(running) Send an envelope to each subscription, with its own request id.
function host.group_reply(name, data, action, status) end

---Call fn(message) on this worker for each message sent to the group.
---@param fn fun(message: any)
function host.group_subscribe(name, fn) end

---(running) Wait.
---@async
---@param seconds number
---@return boolean ok false when the task was cancelled or its time is over
---@return any err what to raise then
function host.sleep(seconds) end

---(running) Run fn(…) in a new task from the next step on; with `conn` it is cancelled when that closes.
---@param fn function
---@param conn? integer
---@return integer? task
---@return string? problem
function host.spawn(fn, conn, ...) end

---(running) Make the task's current and every later wait fail with `err`.
---@return boolean cancelled false when it had ended
function host.cancel(task, err) end

---@return integer? task the running one
function host.current() end

---(running) After `seconds` the wait that then holds the task fails once with `err`; nil takes that back.
function host.timeout(task, seconds, err) end

---(running) Wait for a task's end.
---@async
---@return boolean ok
---@return any err
function host.join(task) end

---Write a log line.
---@param level "debug"|"info"|"warning"|"error"
---@param event string
---@param fields? table<string, string|number|boolean>
function host.log(level, event, fields) end

---@return "debug"|"info"|"warning"|"error"
function host.log_level() end

---@return number seconds of a clock that never goes back
function host.now() end

---@return number seconds since 1970
function host.time() end

---(running) Count one more under the key, for all workers, when fewer than `limit` were counted in the last `seconds`.
---@param key string
---@param limit integer 0 to 1000000
---@param seconds number
---@return boolean allowed
---@return number? wait seconds until it is worth trying again
function host.throttle(key, limit, seconds) end

---Why app.lua may not give a setting that value; nil when it may.
---@return string?
function host.check_setting(name, value) end

---What a function that asks the database returns: true and the answer; true alone when the task has waited and db_result() has the answer; false and either a
---plain table with `class` (what the database refused) or what a failed wait raises, after which db_abandon() has to be called. tidewire.db does all that.
---@alias tidewire.host.answer boolean

---(running) Run a statement: at once for a read on SQLite outside a transaction, else waiting.
---@async
---@param transaction userdata?
---@param sql string with the database's own placeholders
---@param params table? a list; `n` is its length when it has holes
---@param shape userdata?
---@return tidewire.host.answer ok
---@return any rows
---@return integer? affected
function host.db_query(transaction, sql, params, shape) end

---(running) A connection for a transaction; the answer is its handle. It is given back when the task ends, if not before.
---@async
---@return tidewire.host.answer ok
function host.db_acquire() end

---(running) Roll back what is open, and give the connection back. Does not wait.
---@param transaction userdata
function host.db_release(transaction) end

---(running) The answer is a cursor, which is closed when the task ends, if not before.
---@async
---@return tidewire.host.answer ok
function host.db_cursor_open(transaction, sql, params) end

---(running) The next `most` rows at most; fewer at the end only.
---@async
---@return tidewire.host.answer ok
function host.db_cursor_fetch(cursor, most) end

---(running)
function host.db_cursor_close(cursor) end

---(running) What the task has waited for.
---@param shape userdata?
---@return tidewire.host.answer ok
---@return any answer
---@return integer? affected
function host.db_result(shape) end

---(running) Give up what the task waited for: the statement is cancelled where that is possible.
function host.db_abandon() end

---@return "sqlite"|"postgresql"|nil vendor nil when the app has no database
function host.db_vendor() end

---How rows become values.
---@param spec { columns: { name: string, convert?: "bool"|"integer"|"float"|fun(value: any): any }[], meta?: table, list?: boolean, flat?: boolean, deferred?: table, related?: { name: string, shape: userdata, first: integer, pk: integer }[] }
---@return userdata
function host.db_shape(spec) end

---How rows become JSON at once, where a shape is expected: the answer is then one tidewire.json.raw, or false when a value is not of its column's kind.
---@param columns { key: string, column: integer, kind: "text"|"integer"|"float"|"bool"|"json"|"date"|"time"|"datetime"|"uuid"|"decimal", places?: integer }[]
---@return userdata
function host.db_row_encoder(columns) end

---The framework's entry points; called once by tidewire.app. Each is run in a task of its own, those of one connection one after another.
---@param handlers table<"connect"|"message"|"bad_message"|"text"|"bytes"|"group"|"disconnect"|"request", function>
function host.handlers(handlers) end

return host
