---A task that the app starts while it loads, and that never stops asking the database.
local Consumer = require "tidewire.consumer".Consumer
local action = require "tidewire.actions".action
local models = require "tidewire.models"
local tidewire = require "tidewire"
local db = require "tidewire.db"

local Beat = models.Model:extend("Beat", { n = models.IntegerField(), Meta = { app_label = "background" } })

local failures, last = 0, nil

tidewire.spawn(function()
  for n = 1, math.huge do
    local ok, err = pcall(db.atomic, function() Beat.objects:create { n = n } end)
    if not ok then
      failures, last = failures + 1, tostring(err)
      tidewire.sleep(0) -- raises at shutdown
    end
  end
end)

local C = Consumer:extend("C")

C.state = action(function() return { beats = Beat.objects:count(), failures = failures, last = last }, 200 end)

return tidewire.app { name = "background", routes = { tidewire.websocket("/ws/", C) } }
