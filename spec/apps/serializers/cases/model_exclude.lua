local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("Excl", { Meta = { model = models.Book, exclude = { "author", "tags" } } })
