local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("NestedRead", {
  author = serializers.StringRelatedField(),
  tags = serializers.StringRelatedField { many = true },
  editor = serializers.PrimaryKeyRelatedField { read_only = true },
  Meta = { model = models.Book, fields = { "title", "author", "tags", "editor" } },
})
