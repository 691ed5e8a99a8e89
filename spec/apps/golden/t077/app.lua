local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local OnlyRead = permissions.BasePermission:extend("OnlyRead", {
  has_permission = function(_, _, _, name) return name == "list" end,
})

local C = Consumer:extend("C", { permission_classes = { OnlyRead } })

C.list = action(function() return require "tidewire.json".array {}, 200 end)

C.write = action(function()
  support.log "write ran"
  return "written", 200
end)

return support.app { ["/ws/"] = C }
