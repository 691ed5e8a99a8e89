---Django's signals: those that models send, and an app's own.
---
---    signals.post_save:connect(function(sender, kwargs) … kwargs.instance … kwargs.created … end, { sender = Room })
---    local joined = signals.Signal()
---    joined:send(Room, { room = room })
---
---Receivers run in the order they were connected, in the sender's task: they may wait, and what they raise reaches the sender.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"

local M = {}

---@alias tidewire.Receiver fun(sender: any, kwargs: table): any kwargs.signal is the signal

---@class tidewire.Signal: tidewire.Class
---@field receivers { receiver: tidewire.Receiver, sender: any, uid: any }[]
local Signal = class.new "Signal"
M.Signal = Signal

function Signal:init() self.receivers = {} end

local function same(entry, receiver, sender, uid)
  if entry.sender ~= sender then return false end
  if uid ~= nil then return entry.uid == uid end
  return entry.uid == nil and entry.receiver == receiver
end

local function is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

---Call `receiver` whenever the signal is sent. Connecting it again for the same sender (or with the same dispatch_uid) changes nothing.
---@param receiver tidewire.Receiver
---@param options? { sender?: any, dispatch_uid?: any, weak?: boolean } sender: only that one; a model's label ("chat.Room") may stand for it
---@return tidewire.Receiver receiver as it came
function Signal:connect(receiver, options)
  if not is_callable(receiver) then error("connect: the receiver is a " .. type(receiver) .. "; a function was expected", 2) end
  options = options or {}
  for _, entry in ipairs(self.receivers) do
    if same(entry, receiver, options.sender, options.dispatch_uid) then return receiver end
  end
  table.insert(self.receivers, { receiver = receiver, sender = options.sender, uid = options.dispatch_uid })
  return receiver
end

---@param receiver tidewire.Receiver? may be left out when dispatch_uid says which
---@param options? { sender?: any, dispatch_uid?: any }
---@return boolean disconnected false when it was not connected
function Signal:disconnect(receiver, options)
  options = options or {}
  for i, entry in ipairs(self.receivers) do
    if same(entry, receiver, options.sender, options.dispatch_uid) then
      table.remove(self.receivers, i)
      return true
    end
  end
  return false
end

local function label_of(sender)
  local meta = type(sender) == "table" and sender._meta
  return type(meta) == "table" and meta.label or nil
end

local function wants(entry, sender)
  return entry.sender == nil or entry.sender == sender or type(entry.sender) == "string" and entry.sender == label_of(sender)
end

---The receivers that a signal from `sender` reaches: a list of its own, since they may connect and disconnect while it is walked.
local function live(self, sender)
  local list = {}
  for _, entry in ipairs(self.receivers) do
    if wants(entry, sender) then list[#list + 1] = entry.receiver end
  end
  return list
end

---@param sender? any
---@return boolean
function Signal:has_listeners(sender) return self.receivers[1] ~= nil and live(self, sender)[1] ~= nil end

---Call every receiver; what one raises ends it.
---@async when a receiver waits
---@param sender any
---@param kwargs? table
---@return { [1]: tidewire.Receiver, [2]: any }[] responses
function Signal:send(sender, kwargs)
  local responses = {}
  if self.receivers[1] == nil then return responses end
  kwargs = kwargs or {}
  kwargs.signal = self
  for i, receiver in ipairs(live(self, sender)) do responses[i] = { receiver, receiver(sender, kwargs) } end
  return responses
end

---Call every receiver; what one raises is its response.
---@async when a receiver waits
---@param sender any
---@param kwargs? table
---@return { [1]: tidewire.Receiver, [2]: any, [3]: boolean }[] responses the third is false when the second is what it raised
function Signal:send_robust(sender, kwargs)
  local responses = {}
  kwargs = kwargs or {}
  kwargs.signal = self
  for i, receiver in ipairs(live(self, sender)) do
    local ok, response = pcall(receiver, sender, kwargs)
    if not ok and class.is_instance(response, exceptions.Cancelled) then error(response, 0) end
    responses[i] = { receiver, response, ok }
  end
  return responses
end

---Connect a function where it is written: `signals.receiver(signals.post_save, { sender = Room })(function(sender, kwargs) … end)`.
---@param signal tidewire.Signal|tidewire.Signal[]
---@param options? table as connect's
---@return fun(receiver: tidewire.Receiver): tidewire.Receiver
function M.receiver(signal, options)
  local list = class.of(signal) and { signal } or signal
  return function(receiver)
    for _, one in ipairs(list) do one:connect(receiver, options) end
    return receiver
  end
end

---Sent by save(): instance, raw, update_fields.
M.pre_save = Signal()
---Sent by save(): instance, created, raw, update_fields.
M.post_save = Signal()
---Sent by delete(), of an object and of a queryset: instance.
M.pre_delete = Signal()
---Sent by delete(): instance, which has its primary key still.
M.post_delete = Signal()
---Sent when a many-to-many relation changes, by its through model: action ("pre_add", "post_add", "pre_remove", "post_remove", "pre_clear", "post_clear"),
---instance, reverse, model, pk_set (a list of primary keys; nil when all are cleared).
M.m2m_changed = Signal()

return M
