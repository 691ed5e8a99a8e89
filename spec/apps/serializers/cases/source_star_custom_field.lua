local serializers = require "tidewire.serializers"

local Coord = serializers.Field:extend "Coord"

function Coord:to_representation(object) return ("%d,%d"):format(object.x, object.y) end

function Coord:to_internal_value(data)
  local x, y
  if type(data) == "string" then x, y = data:match "^([^,]*),([^,]*)$" end
  if not x then error(serializers.ValidationError "use x,y") end
  return { x = tonumber(x), y = tonumber(y) }
end

return serializers.Serializer:extend("StarField", {
  label = serializers.CharField(),
  pos = Coord { source = "*" },
})
