---Where querysets answer otherwise than the recorded Django did, and why. A case is named by the JSON of its steps, with the keys of objects in order.
---`both` counts on either database, `postgresql` there alone: the recording was made with SQLite. `replace` makes of what is recorded what is expected;
---`unordered` leaves the order of the rows open.
local M = { both = {}, postgresql = {} }

local function with(changes)
  return function(recorded)
    local copy = {}
    for key, value in pairs(recorded) do copy[key] = value end
    for key, value in pairs(changes) do copy[key] = value end
    return copy
  end
end

M.both['[["bulk_create",[{"name":"b1"},{"name":"b2"}]]]'] = {
  reason = "bulk_create gives the objects their primary keys, as Django does where the database returns them",
  replace = with { objects = { { id = 6, name = "b1" }, { id = 7, name = "b2" } } },
}

local nulls = "NULL sorts first in SQLite, last in PostgreSQL"
local function sorted(steps, pks) M.postgresql[steps] = { reason = nulls, replace = with { pks = pks } } end
sorted('[["order_by","subtitle","id"]]', { 3, 8, 5, 2, 7, 1, 4, 6, 9, 10 })
sorted('[["order_by","-subtitle","id"]]', { 1, 4, 6, 9, 10, 7, 2, 5, 8, 3 })
sorted('[["order_by","author__mentor__name","id"]]', { 3, 4, 5, 9, 10, 1, 2, 6, 7, 8 })
M.postgresql['[["order_by_desc_nulls_last","subtitle"]]'] = { reason = "rows that the order does not tell apart come in any", unordered = true }

local case = "LIKE ignores the case of ASCII letters in SQLite"
local function found(lookup, pks) M.postgresql[('[["filter",{%s}],["order_by","id"]]'):format(lookup)] = { reason = case, replace = with { pks = pks } } end
found('"tags__name__startswith":"r"', { 1, 3, 5, 10 })
found('"title__contains":"alph"', { 3 })
found('"title__startswith":"al"', { 3 })
found('"title__startswith":"Al"', { 1 })

---Of every case on PostgreSQL: decimals are exact there, and not doubles of 15 digits, so they are compared by value; errors are worded by the database.
---@param text string of what is recorded, or of the answer
function M.on_postgresql(text)
  text = text:gsub('{"%$decimal":"([^"]*)"}', function(digits) return ('{"$decimal":"%.12g"}'):format(tonumber(digits)) end)
  text = text:gsub("UNIQUE constraint failed: ([%w_]+)%.([%w_]+)", 'duplicate key value violates unique constraint \\"%1_%2_key\\"')
  return text
end

return M
