local models = require "serializers.models"
local serializers = require "tidewire.serializers"

local CustomCreate = serializers.ModelSerializer:extend("CustomCreate", {
  tag_names = serializers.ListField { child = serializers.CharField(), write_only = true, required = false },
  Meta = { model = models.Book, fields = { "id", "title", "author", "tags", "tag_names" }, read_only_fields = { "tags" } },
})

function CustomCreate:create(validated_data)
  local names = validated_data.tag_names or {}
  validated_data.tag_names = nil
  local book = CustomCreate.super.create(self, validated_data)
  for _, name in ipairs(names) do book.tags:add((models.Tag.objects:get_or_create { name = name })) end
  return book
end

return CustomCreate
