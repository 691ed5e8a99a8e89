local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local sleep = require "tidewire.sleep"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

local raises = {
  throttled = exceptions.Throttled(), ["404"] = exceptions.Http404(), validation = exceptions.ValidationError { a = { "b" } }, plain = "x",
}

C.fail = action({ detached = true }, function(_, args)
  sleep(0.01)
  error(raises[args.kind])
end)

C.needs_pk = action({ detached = true }, function(_, args) return args.pk, 200 end)

C.fast = action(function() return "fast", 200 end)

return support.app { ["/ws/"] = C }
