local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

local raises = { deny = exceptions.PermissionDenied "no", crash = "x", ["404"] = exceptions.Http404 "x" }

function C:get_action_name(content) -- luacheck: ignore
  local kind = content.type
  if raises[kind] then error(raises[kind]) end
  if kind == "null" then return json.null, {} end
  return kind, content.payload or {}
end

C.hello = action(function(_, args)
  return { hello = args.name or json.null, kwargs = support.sorted_keys(args, "name") }, 200
end)

return support.app { ["/ws/"] = C }
