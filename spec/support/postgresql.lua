---PostgreSQL for specs: fresh databases of one shared cluster, and private clusters that a spec may break.
---
---The shared cluster is the one that TEST_POSTGRESQL names (tools/test starts one a run); a spec run by itself starts its own, which ends with the
---process.
local ffi = require "ffi"
local process = require "support.process"
local socket = require "socket"

ffi.cdef "int getpid(void);"

local M = {}

local SIGKILL = process.SIGKILL

local function tool(...)
  local code, out, err = process.run { "tools/postgresql", ... }
  if code ~= 0 then error(("tools/postgresql %s: %s%s"):format(table.concat({ ... }, " "), out, err), 0) end
  return out
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

---@class spec.Cluster
---@field url string of the database postgres, as the superuser
---@field port string
local Cluster = {}
Cluster.__index = Cluster

local function at(port, folder)
  return setmetatable({ port = port, folder = folder, url = ("postgresql://postgres@127.0.0.1:%s/postgres"):format(port) }, Cluster)
end

---Start a cluster that belongs to the caller alone. Settings are those of postgresql.conf.
---@param settings? table<string, string|number>
---@return spec.Cluster
function M.cluster(settings)
  local folder = process.temporary_folder()
  local pairs_of = {}
  for name, value in pairs(settings or {}) do pairs_of[#pairs_of + 1] = name .. "=" .. tostring(value) end
  local guard = assert(io.popen("exec tools/postgresql guard " .. folder, "we")) -- "e": no process that is started later holds the pipe
  local cluster = at(tool("create", folder, unpack(pairs_of)):match "%d+", folder)
  cluster.guard = guard
  return cluster
end

---Run SQL with psql; what it prints without decoration: a line a row, columns parted by |. Raises psql's error.
---@param sql string
---@param database? string
---@param role? string
function Cluster:psql(sql, database, role)
  local code, out, err = process.run({ "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, self:database_url(database or "postgres", role) })
  if code ~= 0 then error("psql: " .. err, 2) end
  return (out:gsub("\n$", ""))
end

---@param role? string the superuser when nil
function Cluster:database_url(name, role) return ("postgresql://%s@127.0.0.1:%s/%s"):format(role or "postgres", self.port, name) end

local made = 0

---Make an empty database; its URL and its name.
function Cluster:create_database()
  made = made + 1
  -- busted loads this module anew for each file, so counting alone would give a name twice
  local name = ("spec_%d_%d_%d"):format(ffi.C.getpid(), socket.gettime() * 1000 % 2 ^ 31, made)
  self:psql(("CREATE DATABASE %s TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"):format(name))
  return self:database_url(name), name
end

---Drop a database, whoever is connected to it.
function Cluster:drop_database(url) self:psql(("DROP DATABASE %s WITH (FORCE)"):format(url:match "([%w_]+)$")) end

---Sessions of a database that do not belong to PostgreSQL itself: lists of { pid, state, query }.
---@param database string
function Cluster:activity(database)
  local list = {}
  local rows = self:psql(([[SELECT pid, coalesce(state, ''), replace(query, chr(10), ' ') FROM pg_stat_activity
    WHERE datname = '%s' AND backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid]]):format(database))
  for line in rows:gmatch "[^\n]+" do
    local pid, state, query = line:match "^(%d+)|([^|]*)|(.*)$"
    list[#list + 1] = { pid = tonumber(pid), state = state, query = query }
  end
  return list
end

---Wait until no session of the database runs anything or has a transaction open; raises with what still does.
function Cluster:wait_until_quiet(database, seconds)
  local busy
  local ok = pcall(process.wait_for, "quiet sessions", function()
    busy = {}
    for _, session in ipairs(self:activity(database)) do
      if session.state ~= "idle" then busy[#busy + 1] = session.state .. ": " .. session.query end
    end
    return #busy == 0
  end, seconds)
  if not ok then error("sessions of " .. database .. " are not idle: " .. table.concat(busy, "; "), 2) end
end

---End sessions of a database as an administrator does. Returns how many there were.
function Cluster:terminate(database)
  return tonumber(self:psql(("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '%s' AND pid <> pg_backend_pid()"):format(database)))
end

function Cluster:start() tool("start", self.folder) end

---@param mode? "smart"|"fast"|"immediate"
function Cluster:stop(mode) tool("stop", self.folder, mode or "fast") end

---Whether a process has ended; one that nobody has waited for yet has.
local function is_gone(pid)
  local stat = io.open(("/proc/%s/stat"):format(pid))
  if not stat then return true end
  local state = (stat:read "*a" or ""):match "%) (%a)"
  stat:close()
  return state == nil or state == "Z"
end

---Kill the postmaster with SIGKILL. Its sessions notice and end.
function Cluster:kill()
  local pid_file = self.folder .. "/data/postmaster.pid"
  local pid = assert(read(pid_file):match "^%d+")
  local sessions = read(("/proc/%s/task/%s/children"):format(pid, pid))
  ffi.C.kill(tonumber(pid), SIGKILL)
  for one in (pid .. " " .. sessions):gmatch "%d+" do process.wait_for("the end of PostgreSQL's process " .. one, function() return is_gone(one) end) end
  -- while process 1 has not taken note of the end, PostgreSQL would take these files for a running server's
  os.remove(pid_file)
  os.remove(("%s/.s.PGSQL.%s.lock"):format(self.folder, self.port))
end

---Stop it (or `kill`) and start it again, on the same port.
---@param mode? "smart"|"fast"|"immediate"|"kill"
function Cluster:restart(mode)
  if mode == "kill" then self:kill() else self:stop(mode) end
  self:start()
end

---What the cluster has logged.
function Cluster:log() return read(self.folder .. "/log") end

---End it for good.
function Cluster:remove()
  self.guard:close() -- waits until the guard has removed it
end

local shared

---The cluster that specs share.
function M.shared()
  local url = os.getenv "TEST_POSTGRESQL"
  shared = shared or (url and at(url:match ":(%d+)/")) or M.cluster()
  return shared
end

---A fresh, empty database in the shared cluster: its URL and its name.
function M.database() return M.shared():create_database() end

function M.drop(url) M.shared():drop_database(url) end

return M
