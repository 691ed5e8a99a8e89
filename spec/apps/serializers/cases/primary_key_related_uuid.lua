local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("UUIDRel", { Meta = { model = models.UUIDChild, fields = { "id", "parent" } } })
