---What the host runs as a task of its own: before it serves, and for its commands. Each returns a text to print, or nothing.
local M = {}

---Create the tables that are missing. Before `serve` listens.
---@async
function M.prepare() end

return M
