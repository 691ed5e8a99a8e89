local models = require "tidewire.models"

local Item = models.Model:extend("Item", {
  name = models.CharField { max_length = 100 },
  price = models.IntegerField { default = 0 },
  note = models.TextField { default = "" },
  Meta = { ordering = { "id" } },
})

return { Item = Item }
