---Time zones in SQL of SQLite, which knows none: a CASE over the moments at which a zone's offset changes, latest first.
---
---Texts are those of DateTimeFields, "YYYY-MM-DD HH:MM:SS" with or without a fraction, so they compare as moments do.
local M = {}

---The years in which a zone's changes are looked for; after them its last offset holds.
local FIRST, LAST = os.time { year = 1900, month = 1, day = 1, hour = 12 }, os.time { year = 2100, month = 1, day = 1, hour = 12 }
local STEP = 14 * 86400

---@class (private) tidewire.sql.Change
---@field at integer seconds of UTC
---@field before integer offset
---@field after integer offset

---When the offset changes between two moments, to the second.
local function moment_of_change(tz, low, high)
  local before = tz:offset_at(low)
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if tz:offset_at(middle) == before then low = middle else high = middle end
  end
  return high
end

---@return tidewire.sql.Change[]
local function find_changes(tz)
  local changes, offset = {}, tz:offset_at(FIRST)
  for at = FIRST, LAST, STEP do
    local after = tz:offset_at(at + STEP)
    if after ~= offset then
      changes[#changes + 1] = { at = moment_of_change(tz, at, at + STEP), before = offset, after = after }
      offset = after
    end
  end
  return changes
end

local function text_of(seconds) return os.date("!%Y-%m-%d %H:%M:%S", seconds) end

---SQL of the offset that holds at a text `moment`.
---@param threshold fun(change: tidewire.sql.Change): integer seconds of the clock that `moment` shows
local function offset_case(tz, threshold)
  if tz.fixed then return tostring(tz.fixed) end
  local changes, parts = find_changes(tz), { "CASE" }
  for i = #changes, 1, -1 do parts[#parts + 1] = ("WHEN moment >= '%s' THEN %d"):format(text_of(threshold(changes[i])), changes[i].after) end
  if #changes == 0 then return tostring((tz:offset_at(FIRST))) end
  parts[#parts + 1] = ("ELSE %d END"):format(changes[1].before)
  return table.concat(parts, " ")
end

local to_local, to_utc = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "k" })

local function shifted(sql, offset)
  return ("(SELECT datetime(moment, (%s) || ' seconds') || substr(moment, 20) FROM (SELECT %s AS moment))"):format(offset, sql)
end

---A text of UTC as one of the zone's own clock.
---@param sql string
---@param tz tidewire.TimeZone
---@return string
function M.to_local(sql, tz)
  if tz.fixed == 0 then return sql end
  to_local[tz] = to_local[tz] or offset_case(tz, function(change) return change.at end)
  return shifted(sql, to_local[tz])
end

---A text of the zone's own clock as one of UTC. A time that comes twice is the first, as with fold 0.
---@param sql string
---@param tz tidewire.TimeZone
---@return string
function M.to_utc(sql, tz)
  if tz.fixed == 0 then return sql end
  to_utc[tz] = to_utc[tz] or offset_case(tz, function(change) return change.at + math.max(change.before, change.after) end)
  return shifted(sql, "-(" .. to_utc[tz] .. ")")
end

return M
