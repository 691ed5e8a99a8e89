---Where in an app's code something was declared, however deep in the framework one asks: for errors that point at the app's own line.
local M = {}

-- "@/x/lua/tidewire" when modules come from files, "tidewire" when they come out of the host
local framework = debug.getinfo(1, "S").source:match "^(.*tidewire)[./]" or "tidewire"

local function is_framework(source) return source:sub(1, #framework) == framework and source:find("^[./]", #framework + 1) ~= nil end

---@return string position "chat/models.lua:12: ", or "" when no app's code is on the stack
function M.position()
  local level = 2
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then return "" end
    if info.what ~= "C" and not is_framework(info.source) then return ("%s:%d: "):format(info.short_src, info.currentline) end
    level = level + 1
  end
end

---Raise an error that points at the app's line.
---@param format string
function M.refuse(format, ...) error(M.position() .. format:format(...), 0) end

---The name under which the module that is being loaded was required ("chat.models"); nil when none is.
---@return string?
function M.module()
  local level = 2
  while true do
    local info = debug.getinfo(level, "f")
    if not info then return nil end
    if info.func == require then
      local _, name = debug.getlocal(level, 1) -- its argument; the module's own frame may be gone, in `return Model:extend(…)`
      return name
    end
    level = level + 1
  end
end

return M
