local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local permissions = require "tidewire.permissions"
local Consumer = require "tidewire.consumer".Consumer

local function flag(name)
  return permissions.BasePermission:extend("Has" .. name:upper(), {
    has_permission = function(_, _, _, _, args)
      support.log(name:upper())
      return args[name]
    end,
    can_connect = function(_, scope)
      support.log("connect " .. name:upper())
      return scope.headers["x-" .. name] ~= nil
    end,
  })
end

local HasA, HasB = flag "a", flag "b"

local function consumer(classes)
  local C = Consumer:extend("C", { permission_classes = classes })
  C.go = action(function() return "ok", 200 end)
  return C
end

return support.app {
  ["/and/"] = consumer { HasA * HasB }, ["/or/"] = consumer { HasA + HasB }, ["/not/"] = consumer { -HasA }, ["/list/"] = consumer { HasA, HasB },
}
