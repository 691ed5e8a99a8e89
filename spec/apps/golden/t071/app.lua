local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local C = GenericConsumer:extend("C", mixins.StreamedPaginatedListMixin, {
  queryset = data.User.objects:order_by "pk", serializer_class = data.UserSerializer,
})

return data.app { ["/ws/"] = C }
