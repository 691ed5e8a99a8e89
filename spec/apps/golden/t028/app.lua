local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local actions = require "tidewire.actions"
local exceptions = require "tidewire.exceptions"
local sleep = require "tidewire.sleep"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

C.go = actions.action(function(self, args)
  self:later(args.ms or 100)
  return { pk = args.pk }, 200
end)

C.later = actions.detached(function(self, ms)
  local ok, err = pcall(sleep, ms / 1000)
  if ok then return self:send_json { waited = ms } end
  support.log "cancelled"
  error(err, 0)
end)

C.bad = actions.action(function(self)
  self:failing()
  return "started", 200
end)

C.failing = actions.detached(function() error(exceptions.ValidationError "x") end)

return support.app { ["/ws/"] = C }
