local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("NoValidators", { Meta = { model = models.Book, fields = { "title", "author" }, validators = {} } })
