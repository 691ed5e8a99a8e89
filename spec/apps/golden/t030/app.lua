local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local class = require "tidewire.class"
local Consumer = require "tidewire.consumer".Consumer

local Mixin = class.mixin("Mixin", { mixed = action(function() return "mixin", 200 end) })

local Base = Consumer:extend("Base", {
  a = action(function() return "base a", 200 end),
  b = action(function() return "base b", 200 end),
  c = action(function() return "base c", 200 end),
})

local C = Base:extend("C", Mixin, {
  a = function() return "sub a", 200 end,
  b = action(function() return "sub b", 200 end),
})

C.c = action(function(self, args)
  local data, status = C.super.c(self, args)
  return data .. " extended", status
end)

return support.app { ["/ws/"] = C }
