---Objects whose keys keep an order, as Python's dicts do: what a serializer gives out, and its fields by name.
local M = {}

-- ---- objects for JSON ----

local metas = setmetatable({}, { __mode = "v" }) -- by their names, joined

local function known(names)
  local set = {}
  for _, name in ipairs(names) do set[name] = true end
  return set
end

---Metatables of objects with one more key, made once a key.
local function longer(meta, key)
  local further = meta.further[key]
  if further then return further end
  local names = { unpack(meta.__fields) }
  names[#names + 1] = key
  further = M.meta(names)
  meta.further[key] = further
  return further
end

---The metatable of objects that are written in this order. A key that is assigned later stands behind them.
---@param names string[]
---@return table
function M.meta(names)
  local joined = table.concat(names, "\0")
  local meta = metas[joined]
  if meta then return meta end
  local set = known(names)
  meta = { __fields = names, further = setmetatable({}, { __mode = "v" }) } -- keys may be any: what no object has is forgotten
  function meta.__newindex(object, key, value)
    if not set[key] and type(key) == "string" then setmetatable(object, longer(meta, key)) end
    rawset(object, key, value)
  end
  metas[joined] = meta
  return meta
end

-- ---- fields by name ----

---A table of fields by name that knows their order: assigning another name puts it last, assigning nil takes one out.
---@class tidewire.FieldMap: table<string, tidewire.SerializerField>

local MAP = {} -- marks their metatables

local function append(order, name)
  for i, other in ipairs(order) do
    if other == name then table.remove(order, i) break end
  end
  order[#order + 1] = name
end

---@param on_put? fun(name: string, field: any) called for each field that is put in
---@return tidewire.FieldMap
function M.map(on_put)
  local order = {}
  return setmetatable({}, {
    kind = MAP, order = order, on_put = on_put,
    __newindex = function(map, name, field)
      append(order, name)
      rawset(map, name, field)
      if on_put then on_put(name, field) end
    end,
  })
end

---Names of a map in their order; those of a plain table by their fields' creation.
---@param map table
---@return string[]
function M.names(map)
  local names, meta = {}, getmetatable(map)
  if meta and meta.kind == MAP then
    for _, name in ipairs(meta.order) do
      if rawget(map, name) ~= nil then names[#names + 1] = name end
    end
    return names
  end
  for name in pairs(map) do names[#names + 1] = name end
  table.sort(names, function(a, b) return (map[a].creation_counter or 0) < (map[b].creation_counter or 0) end)
  return names
end

return M
