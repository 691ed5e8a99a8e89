local datetime = require "tidewire.datetime"
local serializers = require "tidewire.serializers"
local timezone = require "tidewire.timezone"

return serializers.Serializer:extend("CurrentUser", {
  created = serializers.DateTimeField { default = function() return datetime.DateTime(2020, 1, 2, 3, 4, 5, 0, timezone.utc) end },
  co = serializers.IntegerField { default = serializers.CreateOnlyDefault(7) },
})
