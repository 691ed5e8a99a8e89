---"Did you mean": the name that is most like one that does not exist.
local M = {}

---Edit distance, small.
local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local previous = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = a:byte(i) == b:byte(j) and previous or previous + 1
      previous = row[j]
      row[j] = math.min(cost, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#b]
end

---@param name string
---@param keys table<string, any> the names that exist
---@return string text "; did you mean NAME?", or "" when nothing is near
function M.hint(name, keys)
  local best, least = nil, 4
  for key in pairs(keys) do
    local d = type(key) == "string" and distance(name, key) or least
    if d < least or d == least and best and key < best then best, least = key, d end
  end
  return best and ("; did you mean %s?"):format(best) or ""
end

return M
