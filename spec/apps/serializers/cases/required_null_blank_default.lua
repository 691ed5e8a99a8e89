local null = require "tidewire".null
local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("RequiredMissing", {
  a = serializers.CharField(),
  b = serializers.IntegerField { required = false },
  c = serializers.CharField { default = "dflt" },
  d = serializers.CharField { allow_null = true },
  e = serializers.CharField { allow_blank = true },
  f = serializers.IntegerField { default = null, allow_null = true },
})
