local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local sleep = require "tidewire.sleep"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.slow = action({ detached = true }, function(_, args)
  sleep(args.ms / 1000)
  return { pk = args.pk }, 200
end)

C.silent = action({ detached = true }, function() end)

C.fast = action(function() return "fast", 200 end)

return support.app { ["/ws/"] = C }
