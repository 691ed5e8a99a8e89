---A server with spec/apps/data on a database, and a client that runs Lua in it.
local json = require "support.json"
local server = require "support.server"

local M = {}

---@class spec.Data
---@field server table
---@field database spec.Database
local Data = {}
Data.__index = Data

---@param database spec.Database|string or a URL
---@param options? { args?: string[], workers?: integer, env?: table }
function M.start(database, options)
  options = options or {}
  local args = { "--database", type(database) == "string" and database or database.url, "--close-timeout", "0.2" }
  for _, arg in ipairs(options.args or {}) do args[#args + 1] = arg end
  local running = server.start { app = options.app or "spec/apps/data", workers = options.workers, args = args, env = options.env }
  return setmetatable({ server = running, database = database, clients = {} }, Data)
end

local Client = {}
Client.__index = Client

---A connection of its own: its messages are handled one after the other, those of several at once.
function Data:client()
  local client = setmetatable({ ws = assert(self.server:connect()), sent = 0, server = self.server }, Client)
  self.clients[#self.clients + 1] = client
  return client
end

---Send without waiting for the reply. `action` is "run" when nil.
function Client:send(code, args, action)
  self.sent = self.sent + 1
  local message = json.object { { "action", action or "run" }, { "request_id", self.sent }, { "code", code } }
  for key, value in pairs(args or {}) do
    table.insert(message.keys, key)
    message.values[key] = value
  end
  self.ws:send_text(json.encode(message))
end

---The next reply as plain tables. Raises when none comes.
function Client:reply(seconds)
  local text, what, code = self.ws:receive(seconds or server.patience)
  if not text then error(("a reply was expected; got %s %s"):format(tostring(what), tostring(code)), 2) end
  local reply = json.plain(json.decode(text))
  reply.text = text
  return reply
end

---Run Lua text in the app; the reply.
function Client:ask(code, args, action)
  self:send(code, args, action)
  return self:reply()
end

---What the server has logged about the last error.
local function last_error(running)
  local text = ""
  for _, event in ipairs(running:events()) do
    if event.level == "error" then text = ("%s: %s\n%s"):format(event.event, event.error, event.traceback) end
  end
  return text
end

---Run Lua text in the app; what it returned, nil for null. Raises when the reply is no 200.
function Client:run(code, args, action)
  local reply = self:ask(code, args, action)
  if reply.response_status ~= 200 then error(("%s\nfailed with %s\n%s"):format(code:sub(-1000), reply.text, last_error(self.server)), 2) end
  if reply.data == json.null then return nil end
  return reply.data
end

local function first(self)
  self.own = self.own or self:client()
  return self.own
end

---The same with a connection that is opened when it is first needed.
function Data:ask(...) return first(self):ask(...) end
function Data:run(...) return first(self):run(...) end

---Empty all tables.
function Data:clear()
  self:run "for _, model in ipairs { Book, Author, Tag, Row, Everything, Odd } do model.objects:all():delete() end"
end

---All clients go without a word.
function Data:vanish()
  for _, client in ipairs(self.clients) do client.ws:vanish() end
  self.clients, self.own = {}, nil
end

---The server is idle, and no session of its database is in a transaction.
function Data:wait_until_quiet()
  self:vanish()
  self.server:wait_until_idle()
  if type(self.database) == "table" and self.database.vendor == "postgresql" then
    require "support.postgresql".shared():wait_until_quiet(self.database.name, server.patience)
  end
end

---Stop the server; raises when it does not end well. The database is dropped unless `keep`.
function Data:stop(keep)
  self:vanish()
  self.server:stop()
  if type(self.database) == "table" and not keep then self.database:drop() end
end

return M
