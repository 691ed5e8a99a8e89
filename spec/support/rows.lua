---A server with spec/apps/rows on a database, and clients whose requests are Lua tables.
local cjson = require "cjson"
local server = require "support.server"

local M = {}

local Rows = {}
Rows.__index = Rows
local Client = {}
Client.__index = Client

---@param database spec.Database
---@param options? { workers?: integer }
function M.start(database, options)
  local running = server.start { app = "spec/apps/rows", workers = options and options.workers or 1, args = { "--database", database.url, "--close-timeout", "0.2" } }
  return setmetatable({ server = running, database = database, clients = {} }, Rows)
end

---A connection to one of the app's consumers.
---@param name string "Books"
---@param headers? table
function Rows:client(name, headers)
  local ws, status = self.server:connect { path = "/" .. name .. "/", headers = headers }
  if not ws then error("no connection to " .. name .. ": " .. tostring(status), 2) end
  local client = setmetatable({ ws = ws, sent = 0 }, Client)
  self.clients[#self.clients + 1] = client
  return client
end

---@param action string
---@param args? table
function Client:send(action, args)
  self.sent = self.sent + 1
  local message = { action = action, request_id = self.sent }
  for key, value in pairs(args or {}) do message[key] = value end
  self.ws:send_text(cjson.encode(message))
end

---The next reply; nil when none comes in `seconds`.
function Client:reply(seconds)
  local text = self.ws:receive(seconds or server.patience)
  return text and cjson.decode(text)
end

function Client:ask(action, args)
  self:send(action, args)
  return self:reply() or error("no reply to " .. action, 2)
end

---The data of a reply that has to be good.
function Client:get(action, args)
  local reply = self:ask(action, args)
  if reply.response_status >= 300 then error(("%s answers %s"):format(action, cjson.encode(reply)), 2) end
  return reply.data
end

---Put authors and books in place of those there are; their keys.
function Rows:fill(what)
  self.filler = self.filler or self:client "Books"
  return self.filler:get("fill", what)
end

---End the connections of a spec, and wait until the server has nothing to do.
function Rows:rest()
  for _, client in ipairs(self.clients) do client.ws:vanish() end
  self.clients, self.filler = {}, nil
  self.server:wait_until_idle()
end

function Rows:stop()
  self.server:stop()
  self.database:drop()
end

return M
