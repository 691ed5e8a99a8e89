local Inner = require "serializers.cases.inner"
local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("Source", {
  renamed = serializers.CharField { source = "name" },
  city = serializers.CharField { source = "address.city" },
  zip = serializers.IntegerField { source = "address.zip", required = false },
  method = serializers.CharField { source = "get_it", read_only = true },
  whole = Inner { source = "*" },
})
