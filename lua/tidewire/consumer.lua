---Consumers: one object a connection, with the methods of DCRF's AsyncAPIConsumer.
---
---A frame comes in at M.handlers.message. Where a class overrides nothing of the way from frame to reply (receive_json, get_action_name, handle_action,
---reply, …) and lets everybody in, the message goes straight to the action and its result straight to the host, without a table or closure made
---on the way; otherwise through the methods, each of which can be overridden.
local actions = require "tidewire.actions"
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local groups = require "tidewire.groups"
local host = require "tidewire.host"
local json = require "tidewire.json"
local log = require "tidewire.log"
local permissions = require "tidewire.permissions"
local settings = require "tidewire.settings"
local task = require "tidewire.task"
local tracing = require "tidewire.tracing"

local M = {}
local null = json.null

---@class tidewire.Consumer: tidewire.Class
---@field scope tidewire.Scope
---@field permission_classes tidewire.BasePermission[] all have to allow
---@field throttle_classes tidewire.BaseThrottle[] how often actions may be called
---@field throttle_scope string? for ScopedRateThrottle
---@field groups string[] groups that each connection joins
---@field detached_tasks tidewire.DetachedTasks
local Consumer = class.new("Consumer", { permission_classes = { permissions.AllowAny }, throttle_classes = {}, groups = {} })
M.Consumer = Consumer
M.AsyncAPIConsumer = Consumer -- DCRF's name

-- ---- errors ----

local trace, take_traceback = tracing.keep, tracing.take

---Call and log what goes wrong.
local function guarded(event, fn, ...)
  local ok, err = xpcall(fn, trace, ...)
  if ok or class.is_instance(err, exceptions.Cancelled) then return ok end
  log.error(event, { error = tostring(err), traceback = take_traceback(err) })
  return false
end

---Answer an error of an action. DCRF's hook; override it to word errors of your own.
---@param exc any what was raised
---@param action string? null when it is not known
---@param request_id any
function Consumer:handle_exception(exc, action, request_id)
  if class.is_instance(exc, exceptions.Cancelled) then return end
  local errors, status = exceptions.to_reply(exc)
  if not errors then
    local text = take_traceback(exc)
    log.error("unhandled error in an action", { action = tostring(action), consumer = class.of(self).name, error = tostring(exc), traceback = text })
    errors, status = { settings.debug and text or "Internal server error" }, 500
  end
  self:reply { action = action, errors = errors, status = status, request_id = request_id }
end

-- ---- detached tasks ----

---@class tidewire.DetachedTasks tasks of a connection, oldest first; each has name, action, request_id, cancel() and done()
local DetachedTasks = class.new("DetachedTasks")

---Take a task off the list; it goes on running.
function DetachedTasks:remove(which)
  for i, one in ipairs(self) do
    if one == which then return table.remove(self, i) end
  end
end

---Cancel all with that name (of the action); returns how many there were.
---@param name string
---@return integer
function DetachedTasks:cancel(name)
  local found = {}
  for _, one in ipairs(self) do
    if one.name == name then found[#found + 1] = one end
  end
  for _, one in ipairs(found) do one:cancel() end
  return #found
end

---Start a task that is listed here until it ends. For actions and Consumer:spawn.
---@return tidewire.Task? started nil when the connection is closed
function DetachedTasks:start(new, consumer, fn, ...)
  new.on_error = trace
  new.on_end = function(ended) self:remove(ended) end
  self[#self + 1] = new
  local started = task.start(new, consumer.__conn, function(...) guarded("unhandled error in a detached task", fn, ...) end, ...)
  if not started then self:remove(new) end
  return started
end

-- ---- life ----

function Consumer:init(scope, conn)
  self.scope = scope
  self.__conn = conn
  self.detached_tasks = DetachedTasks()
end

---Raise when what a class declares cannot work. Called for each route when the app loads.
---@param kind tidewire.Class
function Consumer.check_declaration(kind)
  for i, permission in ipairs(kind.permission_classes) do
    if not class.is_subclass(permission, permissions.BasePermission) then error(("permission_classes[%d] is no permission class"):format(i), 0) end
  end
  for i, throttle in ipairs(kind.throttle_classes) do
    if not class.is_class(throttle) or not throttle.allow_request then error(("throttle_classes[%d] is no throttle class"):format(i), 0) end
  end
end

---Accept the handshake.
---@param subprotocol? string one of scope.subprotocols
function Consumer:accept(subprotocol) return host.accept(self.__conn, subprotocol) end

---Refuse the handshake with HTTP 403, or another status.
---@param status? integer 400 to 599
---@param text? string
function Consumer:deny(status, text) return host.deny(self.__conn, status, text) end

---Called when the client's permissions allow connecting; accepts. Override it to join groups or to refuse. May wait.
---@async
function Consumer:connect() self:accept() end

---Called once after an accepted connection has ended, when its tasks are over.
---@async
---@param code integer the close code; 1005 without, 1006 when the connection broke
function Consumer:disconnect(code) end -- luacheck: ignore

---Ask the permissions' can_connect, join the class's groups, then connect(). Channels' websocket_connect.
---@async
---@param message table { type = "websocket.connect" }
---Raises exceptions.PermissionDenied, which refuses the handshake with 403.
function Consumer:websocket_connect(message)
  for _, permission in ipairs(self:get_permissions("connect", {})) do
    if not permission:can_connect(self.scope, self, message) then error(exceptions.PermissionDenied()) end
  end
  for _, name in ipairs(self.groups) do self:add_group(name) end
  self:connect()
end

---Channels' websocket_disconnect: calls disconnect(code).
---@async
---@param code integer
function Consumer:websocket_disconnect(code) self:disconnect(code) end

---Close the connection; before it is accepted, refuse it.
---@param code? integer 1000 when nil; 4000 to 4999 are the app's own
---@param reason? string up to 123 bytes
function Consumer:close(code, reason) return host.close(self.__conn, code, reason) end

---Start a task that belongs to this connection: it is cancelled when the connection closes.
---@param fn fun(...)
---@return tidewire.Task? nil when the connection is closed
function Consumer:spawn(fn, ...) return self.detached_tasks:start(task.Task(), self, fn, ...) end

-- ---- sending ----

---@param content any JSON
function Consumer:send_json(content) return host.send_json(self.__conn, content) end

---@param text string UTF-8
function Consumer:send_text(text) return host.send_text(self.__conn, text) end

---@param bytes string
function Consumer:send_bytes(bytes) return host.send_bytes(self.__conn, bytes) end

local Envelope = { __fields = { "errors", "data", "action", "response_status", "request_id" } }

local function or_null(value)
  if value == nil then return null end
  return value
end

---Send a reply frame: DCRF's envelope.
---@param reply { action?: string, data?: any, errors?: table, status?: integer, request_id?: any } status is 200 when nil
function Consumer:reply(reply)
  local errors = reply.errors
  if errors and next(errors) == nil then errors = nil end
  if self.send_json == Consumer.send_json then
    return host.reply(self.__conn, errors, reply.data, reply.action, reply.status or 200, reply.request_id)
  end
  return self:send_json(setmetatable({
    errors = errors or json.array {}, data = or_null(reply.data), action = or_null(reply.action), response_status = reply.status or 200,
    request_id = or_null(reply.request_id),
  }, Envelope))
end

-- ---- groups ----

---Join a group. With a request id this is a subscription, which `groups.reply` answers under that id.
---@param name string
---@param request_id? any
---@return boolean new false when it was a member already
function Consumer:add_group(name, request_id) return host.group_add(self.__conn, name, request_id) end

---Leave a group, or end one of its subscriptions.
---@param name string
---@param request_id? any all of them when nil
---@return integer ended
function Consumer:remove_group(name, request_id) return host.group_discard(self.__conn, name, request_id) end

---Send a message to a group's members; see tidewire.groups.
---@param name string
---@param message table has `type`
function Consumer:send_group(name, message) groups.send(name, message) end -- luacheck: ignore

-- ---- permissions ----

---New permission objects for an action, or for "connect".
---@param action string
---@param args table
---@return table[]
function Consumer:get_permissions(action, args) -- luacheck: ignore
  local list = {}
  for i, permission in ipairs(self.permission_classes) do list[i] = permission() end
  return list
end

---Raise exceptions.PermissionDenied unless all allow.
---@async
---@param action string
---@param args table the frame's keys without action and request_id
function Consumer:check_permissions(action, args)
  for _, permission in ipairs(self:get_permissions(action, args)) do
    if not permission:has_permission(self.scope, self, action, args) then error(exceptions.PermissionDenied()) end
  end
end

local compile

---The action of that name, as the class has it.
local function action_of(self, name)
  local record = self.__record or compile(self)
  return type(name) == "string" and record.actions[name] or nil
end

---Is there a permission that looks at rows?
local function may_judge(self, act)
  if act and act.permission_classes then return true end
  local record = self.__record or compile(self)
  return record.judges_objects or self.get_permissions ~= Consumer.get_permissions or self.permission_classes ~= record.permission_classes
end

---Raise exceptions.PermissionDenied unless all allow the row. get_object does it; call it for rows that an action fetches in another way.
---@async
---@param obj tidewire.Model
---@param args table the action's arguments: they name the action, whose own permission_classes count
function Consumer:check_object_permissions(obj, args)
  local name = args.action
  local act = action_of(self, name)
  if not may_judge(self, act) then return end
  local own = {}
  for key, value in pairs(args) do own[key] = value end
  own.action, own.request_id = nil, nil
  local list = act and act.permission_classes
  for _, permission in ipairs(list or self:get_permissions(name, own)) do
    local object = list and permission() or permission
    if not object:has_object_permission(self.scope, self, name, obj, own) then error(exceptions.PermissionDenied()) end
  end
end

local SAFE = { list = true, retrieve = true }

---Does an action only read? What its declaration says (`action({ safe = true }, …)`), else `list` and `retrieve`.
---@param name string
---@return boolean
function Consumer:is_safe_action(name)
  local act = action_of(self, name)
  if act and act.safe ~= nil then return act.safe end
  return SAFE[name] or false
end

-- ---- throttles ----

---New throttle objects for an action.
---@param action string
---@param args table
---@return tidewire.BaseThrottle[]
function Consumer:get_throttles(action, args) -- luacheck: ignore
  local act, list = action_of(self, action), {}
  for i, throttle in ipairs(act and act.throttle_classes or self.throttle_classes) do list[i] = throttle() end
  return list
end

---The scope that ScopedRateThrottle counts an action under; nil when there is none.
---@param action string
---@return string?
function Consumer:get_throttle_scope(action)
  local act = action_of(self, action)
  return act and act.throttle_scope or self.throttle_scope
end

---Raise exceptions.Throttled with the longest wait unless all throttles allow. All of them are asked, as in DRF.
---@async
---@param action string
---@param args table the frame's keys
function Consumer:check_throttles(action, args)
  local throttled, longest = false, nil
  for _, throttle in ipairs(self:get_throttles(action, args)) do
    if not throttle:allow_request(self.scope, self, action, args) then
      local wait = throttle:wait()
      throttled, longest = true, wait and math.max(wait, longest or 0) or longest
    end
  end
  if throttled then self:throttled(longest) end
end

---Called when an action is called too often. Override it to word the error.
---@param wait number? seconds
function Consumer:throttled(wait) error(exceptions.Throttled { wait = wait }) end -- luacheck: ignore

-- ---- what is known of a class ----

local function only_allow_any(list)
  for _, permission in ipairs(list) do
    if permission ~= permissions.AllowAny then return false end
  end
  return true
end

local ROUTE = { "receive_json", "get_action_name", "handle_action", "reply", "send_json", "get_permissions", "check_permissions", "get_throttles",
  "check_throttles" }

local function any_judges_objects(list)
  for _, permission in ipairs(list) do
    if permissions.judges_objects(permission) then return true end
  end
  return false
end

local function overrides_nothing(flat)
  for _, name in ipairs(ROUTE) do
    if flat[name] ~= Consumer[name] then return false end
  end
  return true
end

---The actions of a class. Whether one is atomic is settled here, when the settings are known: attached ones follow `atomic_actions`, detached ones, which
---may take minutes, have to ask for it.
local function of_class(of)
  local found = actions.of(of)
  for name, act in pairs(found) do
    if act.atomic == nil then
      local own = setmetatable({ atomic = settings.atomic_actions and not act.detached }, getmetatable(act))
      for key, value in pairs(act) do own[key] = value end
      found[name] = own
    end
  end
  return found
end

---Actions that are nothing but their function.
local function plain_ones(all)
  local found = {}
  for name, act in pairs(all) do
    if not (act.detached or act.timeout or act.atomic or act.permission_classes or act.throttle_classes) then found[name] = act end
  end
  return found
end

---The actions of a class, and those whose messages may take the short way. Stands in the class's flat table, which is emptied when the class changes.
function compile(consumer)
  local of = class.of(consumer)
  local flat = class.flat(of)
  local record = {
    actions = of_class(of), permission_classes = flat.permission_classes, throttle_classes = flat.throttle_classes,
    judges_objects = any_judges_objects(flat.permission_classes),
  }
  if overrides_nothing(flat) and only_allow_any(flat.permission_classes) and #flat.throttle_classes == 0 then record.short = plain_ones(record.actions) end
  flat.__record = record
  return record
end

-- ---- from frame to reply ----

---Run the action's function, and reply.
local function perform(self, fn, args, name, request_id)
  local data, status, extra = fn(self, args)
  if status == nil then return end
  if extra ~= nil then error(("action %q returned more than data and status"):format(name), 0) end
  self:reply { action = name, data = data, status = status, request_id = request_id }
end

local function perform_short(self, fn, args, name, request_id)
  local data, status, extra = fn(self, args)
  if status == nil then return end
  if extra ~= nil then error(("action %q returned more than data and status"):format(name), 0) end
  host.reply(self.__conn, nil, data, name, status, request_id)
end

---The same in a transaction: the reply is sent once it is committed.
local function perform_atomic(self, fn, args, name, request_id)
  local data, status, extra = db.atomic(function() return fn(self, args) end)
  return perform(self, function() return data, status, extra end, args, name, request_id)
end

local function perform_with_timeout(self, act, args, name, request_id)
  local current = host.current()
  host.timeout(current, act.timeout, exceptions.Timeout())
  local ok, err = xpcall(act.atomic and perform_atomic or perform, trace, self, act.fn, args, name, request_id)
  host.timeout(current, nil, nil)
  if not ok then error(err, 0) end
end

---Run an action where its permissions have allowed it, attached or detached.
local function run(self, act, args, name, request_id)
  local body = act.timeout and perform_with_timeout or act.atomic and perform_atomic or perform
  local what = act.timeout and act or act.fn
  if not act.detached then return body(self, what, args, name, request_id) end
  local new = task.Task()
  new.name, new.action, new.request_id = name, name, request_id
  self.detached_tasks:start(new, self, function()
    local ok, err = xpcall(body, trace, self, what, args, name, request_id)
    if not ok then self:handle_exception(err, name, request_id) end
  end)
end

local function check(self, act, action, args)
  if not (act and act.permission_classes) then return self:check_permissions(action, args) end
  for _, permission in ipairs(act.permission_classes) do
    if not permission():has_permission(self.scope, self, action, args) then error(exceptions.PermissionDenied()) end
  end
end

local function shown(action, raw)
  if type(action) == "string" then return action end
  return raw or json.encode(action)
end

---Check permissions, find the action, run it.
local function dispatch(self, action, args, request_id, raw)
  local record = self.__record or compile(self)
  local act = type(action) == "string" and record.actions[action] or nil
  local own = args.request_id
  args.action, args.request_id = nil, nil
  check(self, act, action, args)
  args.action, args.request_id = action, own
  if #self.throttle_classes > 0 or act and act.throttle_classes or self.get_throttles ~= Consumer.get_throttles then self:check_throttles(action, args) end
  if not act then error(exceptions.MethodNotAllowed(shown(action, raw))) end
  run(self, act, args, action, request_id)
end

---Handle one action of a client. DCRF's handle_action.
---@async
---@param action any what the frame says; a string unless the client is wrong
---@param args table the frame's keys
---@param request_id any
function Consumer:handle_action(action, args, request_id)
  local ok, err = xpcall(dispatch, trace, self, action, args, request_id, self.__raw)
  if not ok then self:handle_exception(err, action, request_id) end
end

---Which action a message means, and its arguments. Override it for another shape of messages; nil means that there is none.
---@param content table
---@return any action
---@return table args
function Consumer:get_action_name(content) -- luacheck: ignore
  return content.action, content
end

local MISSING = "Unable to find action in message body."

---Handle a message that was a JSON object.
---@async
---@param content table
function Consumer:receive_json(content)
  local request_id = self.__request_id
  if request_id == nil then request_id = content.request_id end
  local ok, action, args = xpcall(self.get_action_name, trace, self, content)
  if not ok then return self:handle_exception(action, nil, request_id) end
  if action == nil then return self:reply { errors = { MISSING }, status = 405, request_id = request_id } end
  if type(args) ~= "table" or json.is_array(args) then
    return self:handle_exception(("get_action_name returned a %s as arguments; expected a table"):format(type(args)), action, request_id)
  end
  if args ~= content then args.request_id = content.request_id end
  return self:handle_action(action, args, request_id)
end

---Handle a frame before it is parsed. Override it to take text or binary frames as they are; `Consumer.receive(self, text)` goes on with JSON.
---@async
---@param text_data string?
---@param bytes_data string?
function Consumer:receive(text_data, bytes_data)
  if bytes_data then return self:receive_bytes(bytes_data) end
  local content, request_id, raw = json.decode_message(text_data)
  if content == nil then return M.handlers.bad_message(self, request_id) end
  return M.handlers.message(self, content, request_id, raw)
end

---Handle a binary frame. Closes with 1003 unless overridden.
---@async
---@param data string
function Consumer:receive_bytes(data) -- luacheck: ignore
  self:close(1003, "binary frames are not supported")
end

---Handle a message sent to a group: calls the method that its type names.
---@async
---@param message table
function Consumer:dispatch(message)
  local name = message.type:gsub("%.", "_")
  local method = name:sub(1, 1) ~= "_" and self[name]
  if not method then error(("%s has no handler %q for group messages of type %q"):format(class.of(self).name, name, message.type), 0) end
  method(self, message)
end

-- ---- entry points of the host ----

M.handlers = {}

function M.handlers.message(self, content, request_id, raw)
  local record = self.__record or compile(self)
  local name = content.action
  local act = record.short and record.short[name]
  -- what connect() has given this one object counts, too
  if act and self.permission_classes == record.permission_classes and self.throttle_classes == record.throttle_classes then
    local ok, err = xpcall(perform_short, trace, self, act.fn, content, name, request_id)
    if not ok then guarded("unhandled error in handle_exception", self.handle_exception, self, err, name, request_id) end
    return
  end
  self.__request_id, self.__raw = request_id, raw
  guarded("unhandled error in a message", self.receive_json, self, content)
  self.__request_id, self.__raw = nil, nil
end

function M.handlers.bad_message(self, reason)
  guarded("unhandled error in a reply", self.reply, self, { errors = { "JSON parse error - " .. reason }, status = 400 })
end

function M.handlers.text(self, data) guarded("unhandled error in receive", self.receive, self, data, nil) end

function M.handlers.bytes(self, data) guarded("unhandled error in receive", self.receive, self, nil, data) end

function M.handlers.group(self, message) guarded("unhandled error in a group handler", self.dispatch, self, message) end

function M.handlers.disconnect(self, code) guarded("unhandled error in disconnect", self.websocket_disconnect, self, code) end

---Refuse a handshake because of what was raised.
local function refuse(conn, err)
  if class.is_instance(err, exceptions.DenyConnection) or class.is_subclass(err, exceptions.DenyConnection) then return host.deny(conn) end
  local errors, status = exceptions.to_reply(err)
  if errors then return host.deny(conn, status, type(errors[1]) == "string" and errors[1] or nil) end
  if class.is_instance(err, exceptions.Cancelled) then return end
  log.error("unhandled error in connect", { error = tostring(err), traceback = take_traceback(err) })
  if not host.deny(conn, 500, "Internal server error") then host.close(conn, 1011) end
end

local function build(self)
  self:websocket_connect { type = "websocket.connect" }
end

---Make a consumer for a connection and let it connect.
---@param make fun(): tidewire.Consumer
---@return tidewire.Consumer?
---@return boolean? raw_text it wants text frames as they are
function M.connect(conn, make)
  local ok, result = xpcall(make, trace)
  if not ok then return refuse(conn, result) end
  if result == nil then return host.deny(conn) and nil end -- middleware did not call next
  ok = xpcall(build, function(err)
    refuse(conn, trace(err))
    return err
  end, result)
  return result, ok and result.receive ~= Consumer.receive
end

return M
