---Stands in for the two modules that the host provides, so that modules that merely require them can be tested by themselves: calls are
---recorded. What the host really does is tested against the real binary, in spec/server.
local M = { calls = {} }

local host = setmetatable({
  settings = { debug = false, allowed_origins = {} },
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

local Array = {}
local json = {
  null = require "cjson".null,
  array = function(list) return setmetatable(list or {}, Array) end,
  is_array = function(list) return getmetatable(list) == Array end,
  number = function(text) return { text } end,
}

package.loaded["tidewire.host"] = host
package.loaded["tidewire.json"] = json
return M
