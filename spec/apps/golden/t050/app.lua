local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local C = GenericConsumer:extend("C", mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin, mixins.PatchModelMixin, mixins.DeleteModelMixin, {
  queryset = data.Gadget.objects, serializer_class = data.GadgetSerializer,
})

return data.app { ["/ws/"] = C }
