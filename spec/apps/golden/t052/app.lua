local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local C = GenericConsumer:extend("C", mixins.ListModelMixin, mixins.CreateModelMixin, mixins.PatchModelMixin, {
  queryset = data.Account.objects, serializer_class = data.AccountSerializer,
})

return data.app { ["/ws/"] = C }
