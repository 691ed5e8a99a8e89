local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local Yes = permissions.BasePermission:extend("Yes", { has_permission = function() return true end })

local function consumer(class)
  local C = Consumer:extend("C", { permission_classes = { class } })
  C.go = action(function() return "ok", 200 end)
  return C
end

return support.app {
  ["/1/"] = consumer(Yes * Yes * Yes), ["/2/"] = consumer(-(Yes * Yes)), ["/3/"] = consumer((Yes + Yes) * Yes), ["/4/"] = consumer(-(-Yes)),
  ["/5/"] = consumer((Yes + Yes) * -(-Yes)),
}
