local null = require "tidewire".null
local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("SourceDefaults", {
  a = serializers.CharField { source = "one.two.three", default = "dd" },
  b = serializers.CharField { source = "missing", required = false },
  c = serializers.CharField { source = "also_missing", default = null },
  d = serializers.CharField { source = "one.two.three", allow_null = true, read_only = true },
})
