local serializers = require "tidewire.serializers"
local Item = require "bench.models".Item

local ItemSerializer = serializers.ModelSerializer:extend("ItemSerializer", {
  Meta = { model = Item, fields = { "id", "name", "price", "note" } },
})

return { ItemSerializer = ItemSerializer }
