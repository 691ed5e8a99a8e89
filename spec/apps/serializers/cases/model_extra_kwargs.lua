local models = require "serializers.models"
local serializers = require "tidewire.serializers"

return serializers.ModelSerializer:extend("Extra", {
  Meta = {
    model = models.Book, fields = { "id", "title", "author", "year", "shout", "words" }, read_only_fields = { "author" },
    extra_kwargs = {
      title = { max_length = 5, error_messages = { max_length = "short titles please" } },
      year = { required = true, min_value = 1900, write_only = true },
    },
  },
})
