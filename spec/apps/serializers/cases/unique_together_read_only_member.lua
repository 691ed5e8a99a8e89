local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("RoUT", { Meta = { model = models.Book, fields = { "title", "author" }, read_only_fields = { "author" } } })
