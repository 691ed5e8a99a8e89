local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("UniqueDate", { Meta = { model = models.DateUnique, fields = "__all__" } })
