local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local sleep = require "tidewire.sleep"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.forever = action({ detached = true }, function(_, args)
  support.log("start " .. args.tag)
  local ok, err = pcall(sleep, 60)
  if class.is_instance(err, exceptions.Cancelled) then support.log("cancelled " .. args.tag) end
  if not ok then error(err, 0) end
end)

function C:disconnect(code) support.log("disconnect " .. code) end -- luacheck: ignore

return support.app { ["/ws/"] = C }
