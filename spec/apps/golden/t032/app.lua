local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.counter = 0

C.inc = action(function(self)
  self.counter = self.counter + 1
  return self.counter, 200
end)

return support.app { ["/ws/"] = C }
