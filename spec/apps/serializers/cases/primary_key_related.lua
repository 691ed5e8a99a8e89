local models = require "serializers.models"
local serializers = require "tidewire.serializers"

local Author, Tag = models.Author, models.Tag

return serializers.Serializer:extend("PKOptions", {
  a = serializers.PrimaryKeyRelatedField { queryset = Author.objects:all() },
  nullable = serializers.PrimaryKeyRelatedField { queryset = Author.objects:all(), allow_null = true, required = false },
  many = serializers.PrimaryKeyRelatedField { queryset = Tag.objects:all(), many = true, required = false },
  notempty = serializers.PrimaryKeyRelatedField { queryset = Tag.objects:all(), many = true, required = false, allow_empty = false },
  narrowed = serializers.PrimaryKeyRelatedField { queryset = Author.objects:filter { name = "Bob" }, required = false },
  aspk = serializers.PrimaryKeyRelatedField { queryset = Author.objects:all(), pk_field = serializers.CharField(), required = false },
})
