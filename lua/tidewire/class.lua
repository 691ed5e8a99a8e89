---Classes: single inheritance plus mixins, with the method order Python users expect.
---
---A class is a table of members. Methods are looked for in its own members, then in its mixins from left to right (each followed by what it
---extends), then in its parent. All of that is flattened into one table a class, so a method call costs one lookup; assigning a member later
---(`RoomConsumer.join = action(…)`) flattens again, for subclasses too.
local M = {}

---@class tidewire.Class
---@field super table methods of what comes after this class in its own order: `Room.super.connect(self)`
---@field name string
---@operator call: table

---What belongs to a class besides its members.
---@class (private) tidewire.ClassInfo
---@field members table own members
---@field order tidewire.Class[] this class first
---@field flat table members of the whole order: what instances and the class itself look into
---@field instance_meta table
---@field class_meta table
---@field children tidewire.Class[] classes with this one in their order
---@field position string? where it was extended: "chat/consumers.lua:12: "
local info = setmetatable({}, { __mode = "k" })

local function is_class(value) return type(value) == "table" and info[value] ~= nil end

---The order of `class` from its parts; a class that several parts bring stands where the last of them brings it, so that it comes after all
---who build on it.
local function linearise(class, parents)
  local all, seen, order = { class }, {}, {}
  for _, parent in ipairs(parents) do
    for _, member in ipairs(info[parent].order) do all[#all + 1] = member end
  end
  for i = #all, 1, -1 do
    if not seen[all[i]] then
      seen[all[i]] = true
      table.insert(order, 1, all[i])
    end
  end
  return order
end

---Fill the flat table anew. It keeps its identity: instances look into it.
local function flatten(class)
  local own = info[class]
  for key in pairs(own.flat) do own.flat[key] = nil end
  for i = #own.order, 1, -1 do
    for key, value in pairs(info[own.order[i]].members) do own.flat[key] = value end
  end
  for key, value in pairs(own.flat) do
    if type(key) == "string" and key:sub(1, 2) == "__" and key ~= "__index" then own.instance_meta[key] = value end
  end
end

---Methods of the classes behind `after` in `order`.
local function rest_of(order, after)
  return setmetatable({}, { __index = function(_, key)
    local behind = false
    for _, class in ipairs(order) do
      if behind then
        local value = info[class].members[key]
        if value ~= nil then return value end
      end
      behind = behind or class == after
    end
  end })
end

local function assign(class, key, value)
  local own = info[class]
  own.members[key] = value
  flatten(class)
  for _, child in ipairs(own.children) do flatten(child) end
end

local function instantiate(class, ...)
  local own = info[class]
  local flat = own.flat
  if flat.__new then
    local made = flat.__new(class, ...)
    if made ~= nil then return made end
  end
  local object = setmetatable({}, own.instance_meta)
  local init = flat.init
  if init then init(object, ...) end
  return object
end

local function check_part(name, i, part)
  if not is_class(part) then
    error(("%s: argument %d of extend is a %s; expected a class, or a table of members last"):format(name, i, type(part)), 4)
  end
end

---@param operators table metamethods of the class itself, which classes that extend it share
local function create(name, parents, members, operators)
  local class = { name = name }
  local flat = {}
  local own = {
    members = {}, flat = flat, children = {}, operators = operators,
    instance_meta = { __index = flat, __name = name, class = class },
  }
  info[class] = own
  own.order = linearise(class, parents)
  class.super = rest_of(own.order, class)
  local meta = { __index = flat, __newindex = assign, __call = instantiate, __tostring = function() return "class " .. name end }
  for key, value in pairs(operators) do meta[key] = value end
  for i = 2, #own.order do table.insert(info[own.order[i]].children, class) end
  for key, value in pairs(members) do own.members[key] = value end
  flatten(class)
  return setmetatable(class, meta)
end

local function extend(parent, name, ...)
  if type(name) ~= "string" then error("extend: the class's name comes first, as a string; got a " .. type(name), 2) end
  local parts, members = { ... }, {}
  local last = parts[#parts]
  if type(last) == "table" and not is_class(last) then members = table.remove(parts) end
  for i, part in ipairs(parts) do check_part(name, i + 1, part) end
  parts[#parts + 1] = parent
  local made, at = create(name, parts, members, info[parent].operators), debug.getinfo(2, "Sl")
  info[made].position = at and ("%s:%d: "):format(at.short_src, at.currentline)
  return made
end

---Make a class that extends nothing. `Class:extend(name, mixin…, members)` makes classes that extend it; `Class(…)` makes an instance and calls its
---`init` with the arguments. What a member `__new(class, …)` returns is taken instead, where it returns something: Python's `__new__`.
---@param name string
---@param members? table
---@param operators? table metamethods of the classes themselves (`A + B`)
---@return tidewire.Class
function M.new(name, members, operators)
  local class = create(name, {}, members or {}, operators or {})
  class.extend = extend
  return class
end

---A mixin: a class that is meant to be given to `extend` beside the parent.
---@param name string
---@param members? table
---@return tidewire.Class
function M.mixin(name, members) return M.new(name, members) end

---What comes after `class` in the order of the object's own class, as Python's super(): lets a mixin call the next one whatever that is.
---@param class tidewire.Class
---@param object table
---@return table methods to be called with the object: `class.super(Logging, self).connect(self)`
function M.super(class, object) return rest_of(info[M.of(object)].order, class) end

---The class of an object, nil when it has none.
---@return tidewire.Class?
function M.of(object)
  local meta = type(object) == "table" and getmetatable(object)
  local class = meta and rawget(meta, "class")
  return is_class(class) and class or nil
end

---Where a class was made by `extend`: "chat/consumers.lua:12: "; "" when it was not.
---@return string
function M.position(class) return info[class].position or "" end

---@return boolean
function M.is_subclass(class, base)
  if not is_class(class) then return false end
  for _, member in ipairs(info[class].order) do
    if member == base then return true end
  end
  return false
end

---@return boolean
function M.is_instance(object, base) return M.is_subclass(M.of(object), base) end

M.is_class = is_class

---The class and what it extends, in the order members are looked for.
---@return tidewire.Class[]
function M.order(class) return info[class].order end

---The metatable of `class`'s instances, for classes whose instances compute some of their members: `__index` may be replaced (it
---is not handed down), the rest comes from members that begin with two underscores.
---@return table
function M.instance_meta(class) return info[class].instance_meta end

---The table that instances of `class` look into; it is emptied and filled again when a member is assigned.
---@return table
function M.flat(class) return info[class].flat end

return M
