local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("UTDefault", {
  Meta = {
    model = models.Slot, fields = { "room", "day", "hour" },
    validators = {
      serializers.UniqueTogetherValidator { queryset = models.Slot.objects:all(), fields = { "room", "hour" }, message = "room is busy at that hour" },
    },
  },
})
