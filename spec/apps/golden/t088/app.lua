local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local permissions = require "tidewire.permissions"

local ReadOnly = permissions.BasePermission:extend("ReadOnly", {
  has_permission = function(_, _, _, action) return action == "list" or action == "retrieve" end,
})

local C = GenericConsumer:extend("C", mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, mixins.DeleteModelMixin, {
  queryset = data.User.objects, serializer_class = data.UserSerializer, permission_classes = { ReadOnly },
})

return data.app { ["/ws/"] = C }
