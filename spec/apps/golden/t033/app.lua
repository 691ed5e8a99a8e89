local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.scope_info = action(function(self)
  local scope = self.scope
  return { path = scope.path, query = scope.query_string, ["x-token"] = scope.headers["x-token"] or "", type = scope.type }, 200
end)

return support.app { ["/ws/"] = C }
