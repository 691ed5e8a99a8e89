local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local groups = require "tidewire.groups"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.join = action(function(self, args)
  self:add_group(args.room)
  return "joined", 200
end)

C.members = action(function(_, args) return groups.count(args.room), 200 end)

C.boom = action(function() error "boom" end)

return support.app { ["/ws/"] = C }
