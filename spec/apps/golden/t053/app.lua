local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local C = GenericConsumer:extend("C", mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.PatchModelMixin, mixins.DeleteModelMixin, {
  queryset = data.Post.objects, serializer_class = data.PostTitleSerializer,
})

function C:get_queryset(args)
  data.log { "get_queryset", data.sorted_keys(args, "author") }
  local queryset = C.super.get_queryset(self, args)
  if args.author ~= nil then queryset = queryset:filter { author_id = args.author } end
  if args.action == "delete" then queryset = queryset:filter { published = true } end
  return queryset
end

function C:filter_queryset(queryset, args) -- luacheck: ignore self
  data.log { "filter_queryset", data.sorted_keys(args) }
  if args.min_rating ~= nil then queryset = queryset:filter { rating__gte = args.min_rating } end
  return queryset
end

return data.app { ["/ws/"] = C }
