---Step 1 of docs/tutorial.md: what the chat stores.
local models = require "tidewire.models"

local User = models.Model:extend("User", {
  username = models.CharField { max_length = 150, unique = true },
  email = models.EmailField { blank = true, default = "" },
})

local Room = models.Model:extend("Room", {
  name = models.CharField { max_length = 255, unique = true },
  host = models.ForeignKey(User, { on_delete = models.CASCADE, related_name = "rooms" }),
  current_users = models.ManyToManyField(User, { related_name = "current_rooms", blank = true }),
})

local Message = models.Model:extend("Message", {
  room = models.ForeignKey(Room, { on_delete = models.CASCADE, related_name = "messages" }),
  user = models.ForeignKey(User, { on_delete = models.CASCADE, related_name = "messages" }),
  text = models.TextField { max_length = 500 },
  created_at = models.DateTimeField { auto_now_add = true },
  Meta = { ordering = { "id" } },
})

return { User = User, Room = Room, Message = Message }
