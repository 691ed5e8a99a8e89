local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("Choices", {
  c = serializers.ChoiceField { choices = { { "r", "Red" }, { "g", "Green" } } },
  m = serializers.MultipleChoiceField { choices = { "a", "b", "c" }, required = false },
  blank = serializers.ChoiceField { choices = { "x" }, allow_blank = true, required = false },
})
