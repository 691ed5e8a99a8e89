local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("PassportDepth", { Meta = { model = models.Passport, fields = "__all__", depth = 2 } })
