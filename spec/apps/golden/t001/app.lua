local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.an_async = action(function(_, args)
  return { pk = args.pk or require "tidewire.json".null, extra = support.sorted_keys(args, "pk") }, 200
end)

C.a_sync = action(function(_, args) return { pk = args.pk, sync = true }, 201 end)

return support.app { ["/ws/"] = C }
