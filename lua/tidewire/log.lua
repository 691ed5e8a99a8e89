---Logging: one line an event on standard error, for people on a terminal and as JSON otherwise.
---
---    log.info("room opened", { room = name })
local host = require "tidewire.host"

local M = {}

for _, level in ipairs { "debug", "info", "warning", "error" } do
  M[level] = function(event, fields) host.log(level, event, fields) end
end

---@class tidewire.log
---@field debug fun(event: string, fields?: table<string, string|number|boolean>)
---@field info fun(event: string, fields?: table<string, string|number|boolean>)
---@field warning fun(event: string, fields?: table<string, string|number|boolean>)
---@field error fun(event: string, fields?: table<string, string|number|boolean>)
return M
