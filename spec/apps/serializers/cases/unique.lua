local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("UniqueSer", { Meta = { model = models.Author, fields = { "id", "name", "email" } } })
