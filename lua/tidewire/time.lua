---Clocks.
local host = require "tidewire.host"

local M = {}

---Seconds since 1970, with a fraction.
---@return number
function M.now() return host.time() end

---Seconds of a clock that never goes back; only differences mean anything.
---@return number
function M.monotonic() return host.now() end

---A moment as ISO 8601 in UTC with microseconds, as DRF writes DateTimeField: 2026-01-31T12:00:00.123456Z.
---@param seconds? number since 1970; now when nil
---@return string
function M.iso(seconds)
  seconds = seconds or host.time()
  local whole = math.floor(seconds)
  local micros = math.floor((seconds - whole) * 1e6)
  return os.date("!%Y-%m-%dT%H:%M:%S", whole) .. (micros > 0 and (".%06dZ"):format(micros) or "Z")
end

return M
