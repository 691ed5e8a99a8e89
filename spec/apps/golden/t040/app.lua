local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local C = GenericConsumer:extend("C", mixins.CreateModelMixin, mixins.PatchModelMixin, mixins.RetrieveModelMixin, {
  queryset = data.User.objects, serializer_class = data.UserGroupsSerializer,
})

return data.app { ["/ws/"] = C }
