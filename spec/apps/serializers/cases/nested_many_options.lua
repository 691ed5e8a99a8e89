local Inner = require "serializers.cases.inner"
local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("NestedManyOptions", {
  notempty = Inner { many = true, allow_empty = false },
  sized = Inner { many = true, min_length = 1, max_length = 2, required = false },
  nullable = Inner { many = true, allow_null = true, required = false },
})
