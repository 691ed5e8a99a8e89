local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local exceptions = require "tidewire.exceptions"
local Consumer = require "tidewire.consumer".Consumer

local Closes = Consumer:extend("Closes")

function Closes:connect() self:close(4321) end

local Denies = Consumer:extend("Denies")

function Denies:connect() error(exceptions.DenyConnection()) end -- luacheck: ignore

local AcceptClose = Consumer:extend("AcceptClose")

function AcceptClose:connect()
  self:accept()
  self:send_json { hello = 1 }
  self:close(4009)
end

local Greets = Consumer:extend("Greets")

function Greets:accept(...)
  Greets.super.accept(self, ...)
  self:send_json { welcome = true }
end

return support.app { ["/closes/"] = Closes, ["/denies/"] = Denies, ["/acceptclose/"] = AcceptClose, ["/greets/"] = Greets }
