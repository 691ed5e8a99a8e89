---The server of spec/apps/querysets on a database of its own, and asking it: actions, and Lua that runs inside.
local cjson = require "cjson"
local databases = require "support.databases"
local server = require "support.server"

local App = {}
App.__index = App

---@param vendor "sqlite"|"postgresql"
---@param args? string[] further flags
function App.start(vendor, args)
  local self = setmetatable({ database = databases.create(vendor) }, App)
  local flags = { "--database", self.database.url, unpack(args or {}) }
  self.running = server.start { app = "spec/apps/querysets", args = flags, env = { SPEC_APPS = "spec/apps" } }
  self.ws = assert(self.running:connect "/ws/")
  return self
end

---An action's data; raises when it is not answered with 200.
function App:ask(frame)
  frame.request_id = 1
  self.ws:send_text(cjson.encode(frame))
  local payload = assert(self.ws:receive(server.patience))
  local reply = cjson.decode(payload)
  assert(reply.response_status == 200, payload)
  return reply.data
end

---Run Lua inside the server; what it returns.
function App:run(code)
  local data = self:ask { action = "lua", code = code }
  if data.raises then error(("%s: %s"):format(data.raises, data.message), 2) end
  return data.result
end

---Run Lua that has to raise; the error's class and message.
function App:raised(code)
  local data = self:ask { action = "lua", code = code }
  assert(data.raises, "nothing was raised")
  return data.raises, data.message
end

function App:stop()
  self.ws:close()
  self.running:stop()
  self.database:drop()
end

return App
