---The real binary, started on a free port with an app, its log kept.
local cjson = require "cjson"
local process = require "support.process"
local websocket = require "support.websocket"
local http = require "support.http"

local M = {}
local binary = os.getenv "TIDEWIRE_BIN" or "build/tidewire"
M.binary = binary
---Under a sanitizer everything takes longer.
M.sanitizer = os.getenv "SPEC_SANITIZER"
M.patience = M.sanitizer and 60 or 15

local Server = {}
Server.__index = Server

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read "*a"
  file:close()
  return text
end

---Events of the log so far, oldest first. Lines that are no JSON (a sanitizer's report) are left out.
function Server:events()
  local list = {}
  for line in read(self.stderr):gmatch "[^\n]+" do
    local ok, event = pcall(cjson.decode, line)
    if ok and type(event) == "table" then list[#list + 1] = event end
  end
  return list
end

---The first event whose name holds `name`, waited for.
function Server:wait_for_event(name, seconds)
  return process.wait_for(("the log event %q of %s"):format(name, self.app), function()
    for _, event in ipairs(self:events()) do
      if event.event:find(name, 1, true) then return event end
    end
    local code = self.process:poll()
    if code then error(("the server ended with %d: %s"):format(code, read(self.stderr)), 0) end
  end, seconds or M.patience)
end

function Server:log() return read(self.stderr) end

---Lines that the app appended to the file that SPEC_LOG names.
function Server:app_log() return read(self.folder .. "/app.log") end

---@param options { app: string, workers?: integer, args?: string[], env?: table }
function M.start(options)
  local folder = process.temporary_folder()
  local command = { binary, "serve", options.app, "--listen", options.listen or "127.0.0.1:0", "--workers", tostring(options.workers or 1) }
  for _, arg in ipairs(options.args or {}) do command[#command + 1] = arg end
  local env = { SPEC_LOG = folder .. "/app.log" }
  for name, value in pairs(options.env or {}) do env[name] = value end
  local self = setmetatable({ app = options.app, folder = folder, stderr = folder .. "/stderr", stdout = folder .. "/stdout" }, Server)
  self.process = process.start(command, { env = env, stdout = self.stdout, stderr = self.stderr })
  self.address = self:wait_for_event("listening").address
  return self
end

---Open a WebSocket to it; see support.websocket.connect.
function Server:connect(options)
  options = type(options) == "string" and { path = options } or options or {}
  options.address = self.address
  return websocket.connect(options)
end

---What /healthz says.
function Server:health()
  local response = http.get(self.address, "/healthz")
  return cjson.decode(response.body), response.status
end

---Wait until it has neither connections nor tasks.
function Server:wait_until_idle(seconds)
  return process.wait_for("an idle server", function()
    local health = self:health()
    return health.connections == 0 and health.tasks == 0
  end, seconds or M.patience)
end

function Server:signal(number) return self.process:signal(number) end

function Server:wait(seconds) return self.process:wait(seconds or M.patience) end

---Its resident memory in KiB.
function Server:rss()
  return tonumber(read(("/proc/%d/status"):format(self.process.pid)):match "VmRSS:%s*(%d+)")
end

---How many file descriptors it holds.
function Server:descriptors()
  local list = io.popen(("ls /proc/%d/fd | wc -l"):format(self.process.pid))
  local count = tonumber(list:read "*a")
  list:close()
  return count
end

---End it with SIGTERM; raises when it does not end well or a sanitizer has reported something.
function Server:stop()
  if not self.process:poll() then self:signal(process.SIGTERM) end
  local ok, code = pcall(self.process.wait, self.process, M.patience)
  if not ok then
    self:signal(process.SIGKILL)
    error(("the server did not end: %s\n%s"):format(code, self:log()), 2)
  end
  if code ~= 0 then error(("the server ended with %d:\n%s"):format(code, self:log()), 2) end
end

---Run `fn(server)` with a server that is stopped afterwards, whatever happens.
function M.with(options, fn)
  local self = M.start(options)
  local ok, err = xpcall(fn, function(e) return type(e) == "string" and debug.traceback(e, 2) or e end, self)
  local stopped, why = pcall(self.stop, self)
  if not ok then error(err, 0) end
  if not stopped then error(why, 0) end
end

return M
