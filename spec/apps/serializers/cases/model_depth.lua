local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("Depth1", { Meta = { model = models.Book, fields = { "id", "title", "author", "editor", "tags" }, depth = 1 } })
