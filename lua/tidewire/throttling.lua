---DRF's throttles: how often a client may call actions. Counts are kept by the host for all workers of the process together.
---
---    C.throttle_classes = { throttling.AnonRateThrottle, throttling.UserRateThrottle }
---    tidewire.app { settings = { default_throttle_rates = { anon = "20/min", user = "1000/day" } }, … }
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local host = require "tidewire.host"
local settings = require "tidewire.settings"

local M = {}

---A throttle of an app's own: `allow_request` and `wait`. A new object is asked each time.
---@class tidewire.BaseThrottle: tidewire.Class
local BaseThrottle = class.new "BaseThrottle"
M.BaseThrottle = BaseThrottle

---May the action run now?
---@async
---@param scope tidewire.Scope
---@param consumer tidewire.Consumer
---@param action string
---@param args table the frame's keys
---@return boolean
function BaseThrottle:allow_request(scope, consumer, action, args) -- luacheck: ignore
  error(exceptions.ImproperlyConfigured "a throttle class has to have allow_request", 0)
end

---Seconds until it is worth trying again; nil when that is not known. Asked after a refusal.
---@return number?
function BaseThrottle:wait() return nil end -- luacheck: ignore

---Throttles that count: at most so many in a second, minute, hour or day. What is counted is `get_cache_key`.
---@class tidewire.SimpleRateThrottle: tidewire.BaseThrottle
---@field rate string? "10/min"; nil takes the one of `scope` from the app's default_throttle_rates
---@field scope string? names the rate
local SimpleRateThrottle = BaseThrottle:extend("SimpleRateThrottle", { cache_format = "throttle_%s_%s" })
M.SimpleRateThrottle = SimpleRateThrottle

local SECONDS = { s = 1, m = 60, h = 3600, d = 86400 }
local parsed = {}

local function parse(rate)
  local count, unit = tostring(rate):match "^%s*(%d+)%s*/%s*(%a)"
  if not count or not SECONDS[unit] then
    error(exceptions.ImproperlyConfigured(("throttle rate %q: expected a number, / and s, m, h or d, such as \"10/min\""):format(tostring(rate))), 0)
  end
  return { tonumber(count), SECONDS[unit] }
end

---A rate as numbers. Raises ImproperlyConfigured when it is none.
---@param rate string
---@return integer count
---@return integer seconds
function SimpleRateThrottle:parse_rate(rate) -- luacheck: ignore
  parsed[rate] = parsed[rate] or parse(rate)
  return parsed[rate][1], parsed[rate][2]
end

---The rate; nil for no limit. Raises ImproperlyConfigured when neither the class nor the app says one.
---@return string?
function SimpleRateThrottle:get_rate()
  if self.rate then return self.rate end
  if not self.scope then
    error(exceptions.ImproperlyConfigured(("You must set either `.scope` or `.rate` for '%s' throttle"):format(class.of(self).name)), 0)
  end
  local rate = settings.default_throttle_rates[self.scope]
  if rate == nil then
    local text = "No default throttle rate set for '%s' scope: default_throttle_rates of the app's settings has none"
    error(exceptions.ImproperlyConfigured(text:format(self.scope)), 0)
  end
  return rate or nil
end

---What the count is of; nil when this throttle does not apply.
---@param scope tidewire.Scope
---@param consumer tidewire.Consumer
---@param action string
---@return string?
function SimpleRateThrottle:get_cache_key(scope, consumer, action) -- luacheck: ignore
  error(exceptions.ImproperlyConfigured ".get_cache_key() must be overridden", 0)
end

---The client's address: who somebody is that has not logged in.
---@param scope tidewire.Scope
---@return string
function SimpleRateThrottle:get_ident(scope) return scope.client[1] end -- luacheck: ignore

function SimpleRateThrottle:allow_request(scope, consumer, action)
  local rate = self:get_rate()
  local key = rate and self:get_cache_key(scope, consumer, action)
  if not key then return true end
  local limit, seconds = self:parse_rate(rate)
  local allowed, wait = host.throttle(key .. " " .. rate, limit, seconds)
  self.seconds_to_wait = wait
  return allowed
end

function SimpleRateThrottle:wait() return self.seconds_to_wait end

local function is_authenticated(scope) return scope.user and scope.user.is_authenticated end

local function ident_of(self, scope)
  if is_authenticated(scope) then
    local pk = scope.user.pk
    return "user " .. tostring(pk == nil and scope.user.username or pk)
  end
  return self:get_ident(scope)
end

---Clients that have not logged in, by address. The rate is `anon`.
---@class tidewire.AnonRateThrottle: tidewire.SimpleRateThrottle
M.AnonRateThrottle = SimpleRateThrottle:extend("AnonRateThrottle", {
  scope = "anon",
  get_cache_key = function(self, scope)
    if is_authenticated(scope) then return nil end
    return self.cache_format:format(self.scope, self:get_ident(scope))
  end,
})

---Users, and clients that have not logged in by address. The rate is `user`; extend it with another `scope` for more than one limit.
---@class tidewire.UserRateThrottle: tidewire.SimpleRateThrottle
M.UserRateThrottle = SimpleRateThrottle:extend("UserRateThrottle", {
  scope = "user",
  get_cache_key = function(self, scope) return self.cache_format:format(self.scope, ident_of(self, scope)) end,
})

---Consumers and actions that share a `throttle_scope`, which names the rate; others are not throttled.
---@class tidewire.ScopedRateThrottle: tidewire.SimpleRateThrottle
local ScopedRateThrottle = SimpleRateThrottle:extend("ScopedRateThrottle", {
  get_cache_key = function(self, scope) return self.cache_format:format(self.scope, ident_of(self, scope)) end,
})
M.ScopedRateThrottle = ScopedRateThrottle

function ScopedRateThrottle:allow_request(scope, consumer, action)
  self.scope = consumer:get_throttle_scope(action)
  if not self.scope then return true end
  return SimpleRateThrottle.allow_request(self, scope, consumer, action)
end

---Does the class count by a rate that is known? Raises ImproperlyConfigured otherwise; for the check when an app loads.
---@param throttle tidewire.Class
function M.check(throttle)
  if not class.is_subclass(throttle, BaseThrottle) then error(exceptions.ImproperlyConfigured "throttle_classes: a throttle class was expected", 0) end
  if not class.is_subclass(throttle, SimpleRateThrottle) or class.is_subclass(throttle, ScopedRateThrottle) then return end
  local rate = throttle():get_rate()
  if rate then throttle():parse_rate(rate) end
end

return M
