local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local models = require "tidewire.models"
local tidewire = require "tidewire"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

local Group = models.Model:extend("Group", { name = models.CharField { max_length = 80 }, Meta = { table = "golden_group" } })

C.default = action(function()
  Group.objects:create { name = "d" }
  error(exceptions.ValidationError "no")
end)

C.off = action({ atomic = false }, function()
  Group.objects:create { name = "o" }
  error(exceptions.ValidationError "no")
end)

C.an_async = action(function() return "ok", 200 end)

return tidewire.app { name = "golden", routes = { tidewire.websocket("/ws/", C) }, atomic_actions = true }
