local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("DottedRefused", {
  author_name = serializers.CharField { source = "author.name" },
  Meta = { model = models.Book, fields = { "title", "author_name", "author" } },
})
