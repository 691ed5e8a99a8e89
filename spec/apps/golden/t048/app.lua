local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local C = GenericConsumer:extend("C", mixins.RetrieveModelMixin, mixins.UpdateModelMixin, mixins.PatchModelMixin, mixins.DeleteModelMixin, {
  queryset = data.Article.objects, serializer_class = data.ArticleSerializer, lookup_field = "slug",
})

return data.app { ["/ws/"] = C }
