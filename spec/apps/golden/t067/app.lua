local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"
local pagination = require "tidewire.pagination"

local C = GenericConsumer:extend("C", mixins.StreamedPaginatedListMixin, {
  queryset = data.User.objects:order_by "pk", serializer_class = data.UserSerializer,
  pagination_class = pagination.WebsocketLimitOffsetPagination:extend("Pages", { default_limit = 4 }), sleep_time_between_pages = 0,
})

return data.app { ["/ws/"] = C }
