---The same spec on both databases.
local postgresql = require "support.postgresql"
local process = require "support.process"

local M = {}

---@class spec.Database
---@field vendor "sqlite"|"postgresql"
---@field url string what --database is given
local Database = {}
Database.__index = Database

local create = {}

function create.sqlite()
  local folder = process.temporary_folder()
  return setmetatable({ vendor = "sqlite", folder = folder, file = folder .. "/data.sqlite3", url = "sqlite:" .. folder .. "/data.sqlite3" }, Database)
end

function create.postgresql()
  local url, name = postgresql.database()
  return setmetatable({ vendor = "postgresql", url = url, name = name }, Database)
end

---A fresh, empty database.
---@param vendor "sqlite"|"postgresql"
---@return spec.Database
function M.create(vendor) return create[vendor]() end

---Run SQL beside the server, with the database's own command line; a line a row, columns parted by |.
---@param sql string
function Database:query(sql)
  if self.vendor == "postgresql" then return postgresql.shared():psql(sql, self.name) end
  local code, out, err = process.run { "sqlite3", "-batch", "-bail", "-cmd", ".timeout 10000", self.file, sql }
  if code ~= 0 then error("sqlite3: " .. err, 2) end
  return (out:gsub("\n$", ""))
end

function Database:drop()
  if self.vendor == "postgresql" then postgresql.drop(self.url) else process.run { "rm", "-rf", self.folder } end
end

M.VENDORS = { "sqlite", "postgresql" }

---Declare specs once for each database: fn(vendor, create), where create() makes a fresh database.
---@param fn fun(vendor: "sqlite"|"postgresql", create: fun(): spec.Database)
function M.for_each(fn)
  for _, vendor in ipairs(M.VENDORS) do fn(vendor, create[vendor]) end
end

return M
