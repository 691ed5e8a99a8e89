local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("ReverseRel", { Meta = { model = models.Author, fields = { "id", "name", "books", "passport" } } })
