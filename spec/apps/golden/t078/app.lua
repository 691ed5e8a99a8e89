local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local class = require "tidewire.class"
local action = require "tidewire.actions".action
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local Perm = permissions.BasePermission:extend("Perm", {
  has_permission = function(_, scope, consumer, name, args)
    support.log { name, args, class.of(consumer).name, scope.type }
    return args.pk ~= 13
  end,
})

local C = Consumer:extend("C", { permission_classes = { Perm } })

C.get = action(function(_, args) return args.pk, 200 end)

return support.app { ["/ws/"] = C }
