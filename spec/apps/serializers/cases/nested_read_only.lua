local BookSerializer = require "serializers.cases.model_basic"
local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("WritableNested", {
  books = BookSerializer { many = true, read_only = true },
  Meta = { model = models.Author, fields = { "id", "name", "books" } },
})
