---Plays spec/golden/serializers: each file has a module of its own in cases/, which declares the recorded serializer.
local tidewire = require "tidewire"
local action = require "tidewire.actions".action
local runner = require "serializers.runner"

local Consumer = require "tidewire.consumer".Consumer:extend("Serializers")

---{"action": "play", "name": "model-basic", "cases": [...], "rows": [...]} answers with an outcome a case.
Consumer.play = action(function(_, args) return runner.play(args), 200 end)

---{"action": "map", "mappings": [...]} answers with the fields of a ModelSerializer a mapping.
Consumer.map = action(function(_, args) return runner.map(args.mappings), 200 end)

---{"action": "more"}: outcomes by name.
Consumer.more = action(function() return require "serializers.more".play(), 200 end)

---{"action": "run", "chunk": "return …"}
Consumer.run = action(function(_, args) return assert(loadstring(args.chunk, "=chunk"))(args.given), 200 end)

return tidewire.app { name = "serializers", routes = { tidewire.websocket("/ws/", Consumer) } }
