---Runs Lua that a spec sends, inside the real binary: for modules that are written in C, and for what depends on a setting.
local tidewire = require "tidewire"

local Values = require "tidewire.consumer".Consumer:extend("Values")

Values.run = require "tidewire.actions".action(function(_, args)
  return assert(loadstring(args.chunk, "=chunk"))(args.given), 200
end)

return tidewire.app { name = "values", routes = { tidewire.websocket("/ws/", Values) } }
