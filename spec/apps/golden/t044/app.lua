local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local C = GenericConsumer:extend("C", mixins.UpdateModelMixin, {
  queryset = data.Post.objects, serializer_class = data.PostSerializer,
})

return data.app { ["/ws/"] = C }
