local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

local errors = {
  runtime = "x", dj_validation = { "bad" }, dj_denied = setmetatable({}, { __tostring = function() return "no" end }), key = 7, assertion = false,
}

C.fail = action(function(_, args) error(errors[args.kind]) end)

C.missing_row = action(function() return nil .. "" end)

C.unique_violation = action(function() error "UNIQUE constraint failed: golden_user.username" end)

return support.app { ["/ws/"] = C }
