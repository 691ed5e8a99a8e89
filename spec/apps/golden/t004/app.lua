local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.internal_name = action({ name = "do-it.now" }, function(_, args) return { action_arg = args.action }, 200 end)

C.other = action({ name = "sync:one" }, function() return "ok", 200 end)

C.third = action({ name = "later", detached = true }, function() return "later", 200 end)

return support.app { ["/ws/"] = C }
