---Where querysets answer otherwise than the recorded Django did, and why. Keys are "FILE CASE" with the number of the case from 1; `expect` makes of what is
---recorded what is expected instead. `postgresql` has those of that database alone: the recording was made with SQLite.
local M = { both = {}, postgresql = {} }

local function with(changes)
  return function(recorded)
    local copy = {}
    for key, value in pairs(recorded) do copy[key] = value end
    for key, value in pairs(changes) do copy[key] = value end
    return copy
  end
end

M.both["writes 25"] = { reason = "bulk_create gives the objects their primary keys, as Django does where the database returns them", expect =
  with { objects = { { id = 6, name = "b1" }, { id = 7, name = "b2" } } } }

local decimals = "SQLite computes decimals as doubles of 15 digits, PostgreSQL exactly"
local nulls = "NULL sorts first in SQLite, last in PostgreSQL"
local case = "LIKE ignores the case of ASCII letters in SQLite"
local wording = "each database words its errors itself"

M.postgresql["aggregates 1"] = { reason = decimals, expect = with { value = {
  n = 10, avg = 233.4, hi = { ["$date"] = "2020-02-29" }, lo = { ["$decimal"] = "0.00" }, total = { ["$decimal"] = "213.82" } } } }
M.postgresql["aggregates 6"] = { reason = decimals, expect = with { value = { p = { ["$decimal"] = "14.1666666666666667" } } } }

M.postgresql["order-slice-values 6"] = { reason = nulls, expect = with { pks = { 3, 8, 5, 2, 7, 1, 4, 6, 9, 10 } } }
M.postgresql["order-slice-values 7"] = { reason = nulls, expect = with { pks = { 1, 4, 6, 9, 10, 7, 2, 5, 8, 3 } } }
M.postgresql["order-slice-values 9"] = { reason = nulls, expect = with { pks = { 3, 4, 5, 9, 10, 1, 2, 6, 7, 8 } } }
M.postgresql["order-slice-values 12"] = { reason = "rows that are equal to the order come in any", unordered = true, expect = with {} }

M.postgresql["relations 9"] = { reason = case, expect = with { pks = { 1, 3, 5, 10 } } }
M.postgresql["text-lookups 7"] = { reason = case, expect = with { pks = { 3 } } }
M.postgresql["text-lookups 19"] = { reason = case, expect = with { pks = { 3 } } }
M.postgresql["text-lookups 20"] = { reason = case, expect = with { pks = { 1 } } }

local duplicate = with { message = 'duplicate key value violates unique constraint "p4app_tag_name_key"' }
M.postgresql["writes 26"] = { reason = wording, expect = duplicate }
M.postgresql["writes 30"] = { reason = wording, expect = duplicate }

return M
