local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("PartialOrder", {
  b = serializers.CharField(),
  a = serializers.CharField(),
  c = serializers.CharField { required = false },
})
