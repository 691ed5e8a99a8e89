local models = require "tidewire.models"

local Room = models.Model:extend("Room", {
  name = models.SlugField { max_length = 50, unique = true },
})

local Message = models.Model:extend("Message", {
  room = models.ForeignKey(Room, { on_delete = models.CASCADE, related_name = "messages" }),
  name = models.CharField { max_length = 24, help_text = "who said it" },
  text = models.TextField { max_length = 2000 },
  created_at = models.DateTimeField { auto_now_add = true },
  Meta = { ordering = { "id" } },
})

return { Room = Room, Message = Message }
