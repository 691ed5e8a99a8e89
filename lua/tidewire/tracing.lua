---Tracebacks of unexpected errors. For the framework: a handler for xpcall keeps one while the error's stack is still there; whoever answers
---the error takes it.
local exceptions = require "tidewire.exceptions"

local M = {}

local kept = {} ---@type { err: any, text: string? } the last unexpected error

---Message handler. An error that is raised again keeps its first traceback; API exceptions are expected and have none.
function M.keep(err)
  if exceptions.is_api_exception(err) or kept.text and rawequal(kept.err, err) then return err end
  kept.err, kept.text = err, debug.traceback(tostring(err), 2)
  return err
end

---The traceback of an error, or its text when none was kept.
---@return string
function M.take(err)
  local text = kept.text and rawequal(kept.err, err) and kept.text or tostring(err)
  kept.err, kept.text = nil, nil
  return text
end

return M
