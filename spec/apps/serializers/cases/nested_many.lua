local Inner = require "serializers.cases.inner"
local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("NestedMany", {
  name = serializers.CharField(),
  items = Inner { many = true },
})
