local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local json = require "tidewire.json"
local Consumer = require "tidewire.consumer".Consumer
local C = Consumer:extend("C")

---A value with a form in JSON, as dates and decimals have.
local function typed(text)
  return setmetatable({}, { __tojson = function() return text end })
end

local values = {
  datetime = typed "2020-01-02T00:00:00", decimal = typed "1.5", uuid = typed "00000000-0000-0000-0000-000000000005",
  set = function() end, bytes = require "ffi".new "char[1]", nan = 0 / 0, inf = { math.huge, -math.huge },
  intkeys = json.object { [1] = "true", null = "none", [1.5] = "f" }, tuple = { 1, { 2, 3 } },
}

C.give = action(function(_, args) return values[args.kind], 200 end)

return support.app { ["/ws/"] = C }
