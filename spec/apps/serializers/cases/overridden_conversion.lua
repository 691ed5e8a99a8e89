local serializers = require "tidewire.serializers"

local ReprSerializer = serializers.Serializer:extend "ReprSerializer"

function ReprSerializer:to_representation(instance) return { id = instance.n, kind = "x" } end

function ReprSerializer:to_internal_value(data)
  if type(data) ~= "number" then error(serializers.ValidationError { n = "integer wanted" }) end
  return { n = data }
end

return ReprSerializer
