---Stands in for the modules that the host provides, so that modules that merely require them can be tested by themselves: calls are
---recorded. What the host really does is tested against the real binary, in spec/server.
local M = { calls = {} }

local host = setmetatable({
  settings = { debug = false, atomic_actions = false, time_zone = "UTC", allowed_origins = {} },
  settings_schema = { { name = "ping_interval", type = "seconds" }, { name = "allowed_origins", type = "list" } },
  check_setting = function() end,
  worker = 1,
}, {
  __index = function(_, name)
    return function(...)
      M.calls[#M.calls + 1] = { name, ... }
      return 1
    end
  end,
})

---JSON and decimals are the host's own, built as a module of their own.
local function load_values()
  local open, why = package.loadlib("build/release/spec/values.so", "luaopen_values")
  if not open then error("unit specs need what ./dev build-preset release makes: " .. why, 0) end
  return open()
end

local values = load_values()

package.loaded["tidewire.host"] = host
package.loaded["tidewire.json"] = values.json
package.loaded["tidewire.decimal"] = values.decimal
package.loaded["tidewire.regex"] = values.regex
M.settings = host.settings
return M
