---What the host runs as a task of its own: before it serves, and for its commands. Each returns a text to print, or nothing.
local fixtures = require "tidewire.fixtures"
local schema = require "tidewire.schema"

local M = {}

---Create the tables that are missing. Before `serve` listens.
---@async
function M.prepare() schema.create_missing() end

---`tidewire loaddata APP FILE`.
---@async
---@param path string
---@return string
function M.loaddata(path)
  schema.create_missing()
  local count = fixtures.load(path)
  return ("Installed %d object%s from %s"):format(count, count == 1 and "" or "s", path)
end

return M
