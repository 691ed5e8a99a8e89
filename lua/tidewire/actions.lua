---DCRF's @action and @detached.
---
---    RoomConsumer.say = action(function(self, args) return { text = args.text }, 200 end)
---    RoomConsumer.import = action({ detached = true, timeout = 60 }, function(self, args) … end)
---    RoomConsumer.later = detached(function(self, ms) … end)      -- self:later(100) starts a task and returns at once
local class = require "tidewire.class"
local task = require "tidewire.task"

local M = {}

---@class tidewire.Action
---@field fn fun(self: tidewire.Consumer, args: table): any, integer?
---@field name string? under which clients call it; the member's name when nil
---@field detached boolean
---@field timeout number? seconds
---@field permission_classes tidewire.BasePermission[]? instead of the consumer's
---@field throttle_classes tidewire.BaseThrottle[]? instead of the consumer's
---@field throttle_scope string? instead of the consumer's
---@field safe boolean? it only reads, for IsAuthenticatedOrReadOnly; list and retrieve do when nil
---@field called function? instead of fn when Lua code calls the action; for the framework
---@field atomic boolean run in a transaction, rolled back when the action raises; the setting atomic_actions when not given
local Action = {}
Action.__index = Action

---Calling an action from Lua is calling its function: `local data, status = self:inner { x = 1 }`.
function Action:__call(consumer, ...) return (self.called or self.fn)(consumer, ...) end

local known = {
  name = "string", detached = "boolean", timeout = "number", permission_classes = "table", throttle_classes = "table", throttle_scope = "string",
  safe = "boolean", atomic = "boolean",
}
local EXPECTED = "name, detached, timeout, atomic, safe, permission_classes, throttle_classes or throttle_scope"

local function check_options(options)
  for key, value in pairs(options) do
    if not known[key] then error(("action: unknown option %q; expected %s"):format(tostring(key), EXPECTED), 3) end
    if type(value) ~= known[key] then error(("action: %s is a %s; expected a %s"):format(key, type(value), known[key]), 3) end
  end
  if options.timeout and options.timeout <= 0 then error("action: timeout has to be more than 0 seconds", 3) end
end

---@class tidewire.ActionOptions
---@field name? string
---@field detached? boolean
---@field timeout? number
---@field atomic? boolean
---@field permission_classes? tidewire.BasePermission[]
---@field throttle_classes? tidewire.BaseThrottle[]
---@field throttle_scope? string
---@field safe? boolean

---A method that clients may call. It gets one table with the frame's keys and answers with `data, status`; one that returns nothing is not answered.
---@param options tidewire.ActionOptions|function
---@param fn? fun(self, args: table): any, integer?
---@return tidewire.Action
---@overload fun(fn: function): tidewire.Action
function M.action(options, fn)
  if type(options) == "function" then options, fn = {}, options end
  if type(options) ~= "table" or type(fn) ~= "function" then error("action: expected action(fn) or action({ … }, fn)", 2) end
  check_options(options)
  return setmetatable({
    fn = fn, name = options.name, detached = options.detached or false, timeout = options.timeout, permission_classes = options.permission_classes,
    atomic = options.atomic, throttle_classes = options.throttle_classes, throttle_scope = options.throttle_scope, safe = options.safe,
  }, Action)
end

---A method that runs beside the connection's other work: calling it starts a task, which is cancelled when the connection closes. Errors are
---logged; nobody is answered.
---@param fn fun(self, ...)
---@return fun(self, ...): tidewire.Task?
function M.detached(fn)
  if type(fn) ~= "function" then error("detached: a function was expected, got a " .. type(fn), 2) end
  return function(self, ...) return self.detached_tasks:start(task.Task(), self, fn, self, ...) end
end

---@return boolean
function M.is_action(value) return getmetatable(value) == Action end

---The actions of a consumer class by the names that clients use.
---@param consumer_class tidewire.Class
---@return table<string, tidewire.Action>
function M.of(consumer_class)
  local found = {}
  for name, member in pairs(class.flat(consumer_class)) do
    if M.is_action(member) then found[member.name or name] = member end
  end
  return found
end

return M
