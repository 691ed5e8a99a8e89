---Groups: named sets of connections on all workers, as Channels' layer has them.
---
---    groups.send("room__1", { type = "chat.message", text = "hi" })     -- calls chat_message(self, message) of each member
local host = require "tidewire.host"

local M = {}

local function check_message(message)
  if type(message) ~= "table" or type(message.type) ~= "string" then
    error("groups.send: a message is a table with a type, such as { type = \"chat.message\", … }", 3)
  end
end

---Send a message to every member of the group, on every worker. Delivered after the current action, in the order of sending. Does not wait.
---@param name string
---@param message table has `type`; its dots become underscores in the handler's name; everything in it must be JSON
function M.send(name, message)
  check_message(message)
  host.group_send(name, message)
end

---Send a reply frame to every subscription of the group, each with the request id it was made with. The frame is assembled by the host; no
---consumer's code runs.
---@param name string
---@param reply { data?: any, action?: string, status?: integer } status is 200 when nil
function M.reply(name, reply) host.group_reply(name, reply.data, reply.action, reply.status or 200) end

---How many connections of the process are in the group.
---@param name string
---@return integer
function M.count(name) return host.group_count(name) end

---Call `fn(message)` on this worker for each message sent to the group, whether anybody is connected or not. For state that every worker
---keeps a copy of; call it while the app loads, so that every worker does.
---@param name string
---@param fn fun(message: table)
function M.subscribe(name, fn) host.group_subscribe(name, fn) end

return M
