---Values as Python's repr() writes them, and texts with %(name)s in them: Django's messages are made of both, and clients see them.
local M = {}

local ESCAPES = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t", ["\\"] = "\\\\" }

local function escape(c) return ESCAPES[c] or ("\\x%02x"):format(c:byte()) end

local function of_string(text)
  local quote = text:find("'", 1, true) and not text:find('"', 1, true) and '"' or "'"
  text = text:gsub("[%c\\]", escape)
  if quote == "'" then text = text:gsub("'", "\\'") end
  return quote .. text .. quote
end

---A number as Python prints it: integral ones without a fraction, others with the fewest digits that read back the same.
---@param value number
---@return string
function M.number(value)
  if value ~= value then return "nan" end
  if value == math.huge then return "inf" elseif value == -math.huge then return "-inf" end
  if value == math.floor(value) and math.abs(value) < 1e16 then return ("%d"):format(value) end
  for digits = 1, 17 do
    local text = ("%%.%dg"):format(digits):format(value)
    if tonumber(text) == value then return text end
  end
end

---An int64 without LuaJIT's suffix.
---@return string
function M.integer(value) return (tostring(value):gsub("U?LL$", "")) end

local function of_table(value)
  local parts = {}
  if value[1] ~= nil or next(value) == nil then
    for i, member in ipairs(value) do parts[i] = M.repr(member) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  for key, member in pairs(value) do parts[#parts + 1] = M.repr(key) .. ": " .. M.repr(member) end
  table.sort(parts)
  return "{" .. table.concat(parts, ", ") .. "}"
end

local function of_object(value, meta)
  if meta.__repr then return meta.__repr(value) end
  local name = type(value) == "userdata" and "Decimal" or meta.__name or type(meta.class) == "table" and meta.class.name
  local text = meta.__tostring and tostring(value) or "object"
  return name and ("%s('%s')"):format(name, text) or text
end

local WRITERS = {
  ["nil"] = function() return "None" end,
  userdata = function(value) return getmetatable(value) and tostring(value) or "None" end, -- JSON's null
  boolean = function(value) return value and "True" or "False" end,
  string = of_string,
  number = M.number,
  cdata = M.integer,
  table = of_table,
}

---@param value any objects may say it themselves with a metamethod `__repr`
---@return string
function M.repr(value)
  local meta = type(value) ~= "string" and getmetatable(value)
  if type(meta) == "table" and (meta.__repr or meta.__tostring) then return of_object(value, meta) end
  return (WRITERS[type(value)] or tostring)(value)
end

---A value as Python's str() writes it.
---@param value any
---@return string
function M.str(value)
  if type(value) == "string" then return value end
  local meta = getmetatable(value)
  if type(meta) == "table" and meta.__tostring then return tostring(value) end
  return M.repr(value)
end

---Fill in %(name)s, %(name)d and %(name)r. No gsub with a callback: a value's `__tostring` may wait.
---@param text string
---@param params table?
---@return string
function M.interpolate(text, params)
  if not params then return text end
  local parts, from = {}, 1
  while true do
    local start, stop, name, kind = text:find("%%%(([%w_]+)%)([sdr])", from)
    if not start then break end
    parts[#parts + 1] = text:sub(from, start - 1)
    parts[#parts + 1] = kind == "r" and M.repr(params[name]) or M.str(params[name])
    from = stop + 1
  end
  parts[#parts + 1] = text:sub(from)
  return table.concat(parts)
end

return M
