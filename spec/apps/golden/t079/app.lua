local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local BasePermission = permissions.BasePermission

local A = BasePermission:extend("A", { has_permission = function()
  support.log "A"
  return true
end })

local B = BasePermission:extend("B", { has_permission = function(_, _, _, name)
  support.log "B"
  return name ~= "b"
end })

local D = BasePermission:extend("D", { count = 0 })

function D:has_permission(_, _, name)
  self.count = self.count + 1
  support.log("D" .. self.count)
  return name ~= "d"
end

local function consumer(classes)
  local C = Consumer:extend("C", { permission_classes = classes })
  C.ok = action(function() return "ok", 200 end)
  return C
end

return support.app {
  ["/ws/"] = consumer { A, B, D }, ["/default/"] = consumer { BasePermission:extend("Default") }, ["/none/"] = consumer {},
}
