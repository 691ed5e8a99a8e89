local action = require "tidewire.actions".action
local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer

local null = require "tidewire".null

local C = GenericConsumer:extend("C", { queryset = data.User.objects, serializer_class = data.UserSerializer })

---The recorded actions have None for a pk that does not come.
local function pk_of(args)
  if args.pk == nil then return null end
  return args.pk
end

C.send_email = action(function(self, args)
  local user = self:get_object { pk = pk_of(args) }
  return { mailed = args.to or user.email }, 200
end)

C.publish = action(function(self, args)
  local user = self:get_object { pk = pk_of(args) }
  return self:get_serializer({ instance = user, action_kwargs = args }).data, 200
end)

return data.app { ["/ws/"] = C }
