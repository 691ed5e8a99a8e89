local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("Inner", {
  x = serializers.IntegerField(),
  y = serializers.CharField { required = false },
})
