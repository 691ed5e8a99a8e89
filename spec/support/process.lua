---Processes that specs start: posix_spawn, signals and waiting, by LuaJIT's FFI, because Lua's own popen gives no process id.
local ffi = require "ffi"
local socket = require "socket"

ffi.cdef [[
typedef int pid_t;
extern char **environ;
int posix_spawnp(pid_t *pid, const char *file, const void *actions, const void *attributes, char *const argv[], char *const envp[]);
int posix_spawn_file_actions_init(void *actions);
int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned mode);
int posix_spawn_file_actions_destroy(void *actions);
int kill(pid_t pid, int signal);
pid_t waitpid(pid_t pid, int *status, int options);
char *mkdtemp(char *template);
]]

local C = ffi.C
local WNOHANG, O_WRONLY, O_CREAT, O_TRUNC = 1, 1, 64, 512
local M = { SIGINT = 2, SIGKILL = 9, SIGTERM = 15 }

local function c_strings(list)
  local array = ffi.new("const char *[?]", #list + 1)
  for i, text in ipairs(list) do array[i - 1] = text end
  return array
end

---This process's environment with the changes; false takes a variable away.
local function environment(changes)
  local list, i = {}, 0
  while C.environ[i] ~= nil do
    local pair = ffi.string(C.environ[i])
    if changes[pair:match "^[^=]*"] == nil then list[#list + 1] = pair end
    i = i + 1
  end
  for name, value in pairs(changes) do
    if value then list[#list + 1] = name .. "=" .. value end
  end
  return list
end

---A new empty folder, under the one that tools/test removes when it ends, else under /tmp.
function M.temporary_folder()
  local path = (os.getenv "SPEC_TEMPORARY" or "/tmp") .. "/tidewire-XXXXXX"
  local template = ffi.new("char[?]", #path + 1, path)
  assert(C.mkdtemp(template) ~= nil, "mkdtemp failed")
  return ffi.string(template)
end

local Process = {}
Process.__index = Process

---Processes that nobody has seen end. What a failing spec has left running does not outlive this process.
local running = {}
local guard = newproxy(true)
getmetatable(guard).__gc = function()
  for pid in pairs(running) do C.kill(pid, M.SIGKILL) end
end
M.guard = guard

---@param command string[]
---@param options { env?: table<string, string|false>, stdout: string, stderr: string } files
function M.start(command, options)
  local actions, pid = ffi.new "char[128]", ffi.new "pid_t[1]"
  C.posix_spawn_file_actions_init(actions)
  C.posix_spawn_file_actions_addopen(actions, 0, "/dev/null", 0, 0)
  C.posix_spawn_file_actions_addopen(actions, 1, options.stdout, O_WRONLY + O_CREAT + O_TRUNC, 420)
  C.posix_spawn_file_actions_addopen(actions, 2, options.stderr, O_WRONLY + O_CREAT + O_TRUNC, 420)
  local env = environment(options.env or {})
  local argv, envp = c_strings(command), c_strings(env)
  local failed = C.posix_spawnp(pid, command[1], actions, nil, ffi.cast("char *const *", argv), ffi.cast("char *const *", envp))
  C.posix_spawn_file_actions_destroy(actions)
  assert(failed == 0, ("cannot start %s: error %d"):format(command[1], failed))
  running[pid[0]] = true
  return setmetatable({ pid = pid[0] }, Process)
end

---Ask until `check` returns something true, or raise when the deadline is over. What is waited for is a state of another process that cannot
---tell us about it.
---@param what string for the message
---@param check fun(): any
---@param seconds? number
function M.wait_for(what, check, seconds)
  local deadline = socket.gettime() + (seconds or 10)
  while true do
    local value = check()
    if value then return value end
    if socket.gettime() > deadline then error(("waited %g s in vain for %s"):format(seconds or 10, what), 2) end
    socket.select(nil, nil, 0.002)
  end
end

function Process:signal(number) return C.kill(self.pid, number) == 0 end

---The exit code when it has ended (128 + signal when one ended it), else nil.
function Process:poll()
  if self.code then return self.code end
  local status = ffi.new "int[1]"
  if C.waitpid(self.pid, status, WNOHANG) ~= self.pid then return nil end
  running[self.pid] = nil
  local signal = bit.band(status[0], 127)
  self.code = signal == 0 and bit.rshift(bit.band(status[0], 0xff00), 8) or 128 + signal
  return self.code
end

function Process:wait(seconds)
  return M.wait_for("the end of process " .. self.pid, function() return self:poll() end, seconds)
end

---Run to its end. Returns exit code, standard output, standard error.
function M.run(command, env)
  local folder = M.temporary_folder()
  local out, err = folder .. "/out", folder .. "/err"
  local code = M.start(command, { env = env, stdout = out, stderr = err }):wait(60)
  local function content(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
  end
  local output, errors = content(out), content(err)
  os.remove(out)
  os.remove(err)
  os.remove(folder)
  return code, output, errors
end

return M
