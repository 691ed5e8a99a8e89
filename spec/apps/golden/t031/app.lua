local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.inner = action(function(_, args) return { x = args.x }, 202 end)

C.outer = action(function(self)
  local data, status = self:inner { x = "from outer" }
  return { inner = data, status = status }, 200
end)

return support.app { ["/ws/"] = C }
