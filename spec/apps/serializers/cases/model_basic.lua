local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("BookSerializer", { Meta = { model = models.Book, fields = { "id", "title", "author", "editor", "tags", "year" } } })
