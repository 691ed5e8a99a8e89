---Attached and detached actions, groups, timeouts, and what goes wrong in them.
local actions = require "tidewire.actions"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local groups = require "tidewire.groups"
local permissions = require "tidewire.permissions"
local tidewire = require "tidewire"
local log = require "tidewire.log"

local action, sleep = actions.action, tidewire.sleep
local Tasks = require "tidewire.consumer".Consumer:extend("Tasks")

local function note(text)
  local path = os.getenv "SPEC_LOG"
  local file = assert(io.open(path, "ab"))
  file:write(text, "\n")
  file:close()
end

function Tasks:connect()
  if self.scope.query.slow then sleep(tonumber(self.scope.query.slow)) end
  if self.scope.query.fail then error "connect failed" end
  if self.scope.query.status then error(exceptions.Throttled { wait = 3 }) end
  self:accept()
end

function Tasks:disconnect(code)
  note("disconnect " .. code)
  if self.linger then sleep(self.linger) note "lingered" end
end

Tasks.greeting = "none"

Tasks.greet = action({ permission_classes = { permissions.AllowAny } }, function(self) return self.greeting, 200 end)

Tasks.echo = action(function(_, args) return args.data, 200 end)

Tasks.wait = action(function(_, args)
  sleep(args.ms / 1000)
  return args.data, 200
end)

Tasks.forever = action({ detached = true }, function(_, args)
  note("start " .. (args.tag or ""))
  local ok, err = pcall(sleep, 3600)
  note((class.is_instance(err, exceptions.Cancelled) and "cancelled " or "ended ") .. (args.tag or ""))
  if args.cleanup_ms then
    local again, still = pcall(sleep, args.cleanup_ms / 1000) -- a cancelled task waits no more
    note(("cleanup %s %s"):format(tostring(again), tostring(class.is_instance(still, exceptions.Cancelled))))
  end
  if not ok then error(err, 0) end
end)

Tasks.stubborn = action({ detached = true }, function(self)
  for _ = 1, 3 do
    if pcall(sleep, 3600) or not self:send_json { still = true } then break end
  end
  return "survived", 200
end)

Tasks.detached_wait = action({ detached = true }, function(_, args)
  sleep(args.ms / 1000)
  return args.data, 200
end)

Tasks.list = action(function(self)
  local list = {}
  for i, task in ipairs(self.detached_tasks) do list[i] = { name = task.name, action = task.action, request_id = task.request_id, done = task:done() } end
  return tidewire.array(list), 200
end)

Tasks.cancel = action(function(self, args) return self.detached_tasks:cancel(args.name), 200 end)

Tasks.cancel_first = action(function(self) return self.detached_tasks[1]:cancel(), 200 end)

Tasks.limited = action({ timeout = 0.05 }, function(_, args)
  if args.catch then pcall(sleep, 10) else sleep(10) end
  return "caught", 200
end)

Tasks.in_time = action({ timeout = 10 }, function(_, args)
  sleep(0.001)
  return args.data, 200
end)

Tasks.boom_in_time = action({ timeout = 10 }, function() error "where it was raised" end)

Tasks.limited_detached = action({ detached = true, timeout = 0.05 }, function() sleep(10) end)

Tasks.boom = action(function() local nothing = nil; return nothing.field, 200 end)

Tasks.boom_detached = action({ detached = true }, function()
  sleep(0.001)
  error { "a table" }
end)

Tasks.deep = action(function()
  local function down(n) return 1 + down(n + 1) end
  return down(1), 200
end)

Tasks.join = action(function(self)
  local order = {}
  local task = self:spawn(function()
    sleep(0.01)
    order[#order + 1] = "task"
  end)
  task:join()
  order[#order + 1] = "joined"
  return order, 200
end)

Tasks.background = action(function()
  tidewire.spawn(function()
    sleep(0.01)
    note "background ran"
    error "background failed"
  end)
  return nil, 202
end)

Tasks.linger = action(function(self, args)
  self.linger = args.seconds
  return nil, 200
end)

Tasks.leave = action(function(self, args)
  self:send_json { before = true }
  self:close(args.code, args.reason)
  return self:send_json { after = true } == nil, 200
end)

Tasks.flood = action(function(self, args)
  local text, sent = ("x"):rep(args.size), 0
  for _ = 1, args.count do
    local ok, err = self:send_text(text)
    if not ok then note("flood " .. err) return nil end
    sent = sent + 1
    if args.pause then sleep(0) end
  end
  return sent, 200
end)

Tasks.log = action(function()
  log.warning("something odd", { field = "value", number = 3 })
  return nil, 200
end)

-- ---- groups ----

Tasks.join_group = action(function(self, args) return self:add_group(args.group, args.subscription), 200 end)
Tasks.leave_group = action(function(self, args) return self:remove_group(args.group, args.subscription), 200 end)
Tasks.count = action(function(_, args) return groups.count(args.group), 200 end)

Tasks.send = action(function(_, args)
  groups.send(args.group, { type = args.type or "group.message", text = args.text, value = args.value })
  return nil, 200
end)

Tasks.publish = action(function(_, args)
  groups.reply(args.group, { action = "create", data = { text = args.text }, status = args.status })
  return nil, 200
end)

Tasks.send_badly = action(function(_, args)
  groups.send(args.group, args.typeless and {} or { type = "x", bad = print })
  return nil, 200
end)

function Tasks:group_message(message) self:send_json { got = message.text, value = message.value } end

function Tasks:group_slow(message)
  sleep(0.02)
  self:send_json { got = message.text }
end

function Tasks:group_error() error "group handler failed" end -- luacheck: ignore

local seen = {}
groups.subscribe("module", function(message) seen[#seen + 1] = message.text end)

Tasks.seen = action(function() return tidewire.array(seen), 200 end)

local Member = Tasks:extend("Member", { groups = { "everybody" } })

local Strict = Tasks:extend("Strict")

function Strict:connect()
  self.permission_classes = { permissions.IsAuthenticated } -- of this connection alone
  self:accept()
end

return tidewire.app {
  name = "tasks", routes = { tidewire.websocket("/ws/", Tasks), tidewire.websocket("/member/", Member), tidewire.websocket("/strict/", Strict),
    tidewire.websocket("/users/", Tasks, { permission_classes = { permissions.IsAuthenticated }, greeting = "hello" }),
  },
}
