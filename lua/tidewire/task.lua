---Tasks: coroutines that the host runs. `sleep` waits in one, `spawn` starts another.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local host = require "tidewire.host"

local M = {}

---@class tidewire.Task
---@field id integer
---@field name string?
local Task = class.new("Task")
M.Task = Task

---True when it has ended, or was cancelled before it began.
---@return boolean
function Task:done() return self.finished or (self.cancelled and not self.begun) or false end

---Raise `exceptions.Cancelled` at the point where the task waits, so that its cleanup runs. It stays cancelled: every further wait fails too.
---@param reason? string
---@return boolean cancelled false when it had ended
function Task:cancel(reason)
  if self:done() then return false end
  self.cancelled = true
  if not self.begun and self.on_end then self.on_end(self) end
  return host.cancel(self.id, exceptions.Cancelled(reason))
end

---Wait for its end.
---@async
function Task:join()
  if not self:done() then M.check(host.join(self.id)) end
end

---Raise what a failed wait returned.
function M.check(ok, err)
  if not ok then error(err, 0) end
end

local function run(task, fn, ...)
  task.begun = true
  local ok, err = xpcall(fn, task.on_error, ...)
  task.finished = true
  if task.on_end then task.on_end(task) end
  if not ok and not class.is_instance(err, exceptions.Cancelled) then error(err, 0) end
end

local function traceback(err)
  return type(err) == "string" and debug.traceback(err, 2) or err
end

---Start a task object's function; for modules that keep lists of tasks.
---@param task tidewire.Task with on_end(task), called once when it has ended
---@param conn integer? the connection it belongs to
---@return tidewire.Task? task nil when the connection is closed
function M.start(task, conn, fn, ...)
  task.on_error = task.on_error or traceback
  task.id = host.spawn(run, conn, task, fn, ...)
  return task.id and task or nil
end

---Run `fn(…)` in a task of its own, beginning in the next turn. It belongs to no connection; errors are logged.
---@param fn fun(...)
---@return tidewire.Task
function M.spawn(fn, ...)
  return M.start(Task(), nil, fn, ...)
end

---Wait without holding anybody else up.
---@async
---@param seconds number fractions are fine
---Raises exceptions.Cancelled when the task is cancelled, exceptions.Timeout when the action's time is over.
function M.sleep(seconds) M.check(host.sleep(seconds)) end

return M
