---Middleware: functions around the making of a connection, outermost first, as in Channels. Each may fill the scope, refuse by raising an exception,
---or do something before and after.
---
---    middleware = { function(scope, next)
---      scope.user = users[scope.cookies.session]
---      return next(scope)
---    end }
local M = {}

---One function out of a list and what comes at the end.
---@param list (fun(scope: tidewire.Scope, next: fun(scope: tidewire.Scope)): any)[]
---@param last fun(scope: tidewire.Scope, ...): any
---@return fun(scope: tidewire.Scope, ...): any
function M.compose(list, last)
  if #list == 0 then return last end
  return function(scope, ...)
    local extra = { n = select("#", ...), ... }
    local function call(i, current)
      if i > #list then return last(current, unpack(extra, 1, extra.n)) end
      return list[i](current, function(changed) return call(i + 1, changed or current) end)
    end
    return call(1, scope)
  end
end

return M
