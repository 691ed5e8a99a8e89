local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local models = require "tidewire.models"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

local Group = models.Model:extend("Group", { name = models.CharField { max_length = 80 }, Meta = { table = "golden_group" } })

C.atomic_fail = action({ atomic = true }, function()
  Group.objects:create { name = "a1" }
  Group.objects:create { name = "a2" }
  error(exceptions.ValidationError "no")
end)

C.atomic_ok = action({ atomic = true }, function()
  Group.objects:create { name = "ok" }
  return { in_atomic = db.in_atomic_block() }, 200
end)

C.plain_fail = action({ atomic = false }, function()
  Group.objects:create { name = "p1" }
  error(exceptions.ValidationError "no")
end)

C.default_fail = action(function()
  Group.objects:create { name = "d1" }
  error(exceptions.ValidationError { in_atomic = { db.in_atomic_block() and "True" or "False" } })
end)

C.atomic_404 = action({ atomic = true }, function()
  Group.objects:create { name = "n1" }
  error(exceptions.Http404())
end)

C.atomic_crash = action({ atomic = true }, function()
  Group.objects:create { name = "c1" }
  error "x"
end)

return support.app { ["/ws/"] = C }
