---Whether values meet a Q, without asking the database: for constraints that hold for some rows only. Django's Q.check().
local class = require "tidewire.class"
local json = require "tidewire.json"
local sql_conditions = require "tidewire.sql.conditions"

local M = {}

local null = json.null

local function is_none(value) return value == nil or value == null end

local function key_of(value)
  if type(value) == "table" and class.of(value) and value._meta then return value.pk end
  return value
end

local function among(value, list)
  for _, member in ipairs(list) do
    if key_of(member) == value then return true end
  end
  return false
end

local function prefix(value, text) return value:sub(1, #text) == text end

-- what is asked of two values that are not null
local LOOKUPS = {
  exact = function(value, other) return value == key_of(other) end,
  gt = function(value, other) return value > other end,
  gte = function(value, other) return value >= other end,
  lt = function(value, other) return value < other end,
  lte = function(value, other) return value <= other end,
  ["in"] = among,
  range = function(value, bounds) return value >= bounds[1] and value <= bounds[2] end,
  contains = function(value, other) return value:find(other, 1, true) ~= nil end,
  startswith = prefix,
  endswith = function(value, other) return other == "" or value:sub(-#other) == other end,
  iexact = function(value, other) return value:lower() == other:lower() end,
  icontains = function(value, other) return value:lower():find(other:lower(), 1, true) ~= nil end,
  istartswith = function(value, other) return prefix(value:lower(), other:lower()) end,
}

---nil where SQL says NULL, which is neither.
local function lookup_holds(name, wanted, values)
  local field, lookup = name:match "^(.-)__(%w+)$"
  if not field or not (LOOKUPS[lookup] or lookup == "isnull") then field, lookup = name, "exact" end
  local value = key_of(values[field])
  if lookup == "isnull" then return is_none(value) == wanted end
  if is_none(wanted) then return is_none(value) end
  if is_none(value) then return nil end
  local ok, held = pcall(LOOKUPS[lookup], value, wanted)
  return ok and held
end

local function node_holds(q, values)
  local all = q.connector == "AND"
  local result = all
  for _, child in ipairs(q.children) do
    local held
    if sql_conditions.is_q(child) then held = node_holds(child, values) else held = lookup_holds(child[1], child[2], values) end
    if held == nil then
      if result == all then result = nil end
    elseif held ~= all then
      result = not all
      break
    end
  end
  if q.negated and result ~= nil then return not result end
  return result
end

---A CHECK passes what is NULL; so does this.
---@param q tidewire.Q
---@param values table<string, any>
---@return boolean
function M.holds(q, values) return node_holds(q, values) ~= false end

---Names of the fields that a Q asks about.
---@param q tidewire.Q
---@return string[]
function M.fields(q)
  local names, seen = {}, {}
  local function walk(node)
    for _, child in ipairs(node.children) do
      if sql_conditions.is_q(child) then
        walk(child)
      elseif type(child[1]) == "string" then
        local name = child[1]:match "^(.-)__" or child[1]
        if not seen[name] then
          seen[name] = true
          names[#names + 1] = name
        end
      end
    end
  end
  walk(q)
  return names
end

return M
