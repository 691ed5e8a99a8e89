---DCRF's permissions: who may connect, and who may call which action.
---
---Classes compose: `A + B` (or), `A * B` (and), `-A` (not), as LPeg users write it; `OR(A, B)`, `AND(A, B)`, `NOT(A)` are the same in words.
local class = require "tidewire.class"

local M = {}

local operators = {}

---@class tidewire.BasePermission: tidewire.Class
---@operator add(tidewire.BasePermission): tidewire.BasePermission
---@operator mul(tidewire.BasePermission): tidewire.BasePermission
---@operator unm: tidewire.BasePermission
local BasePermission = class.new("BasePermission", nil, operators)
M.BasePermission = BasePermission

---May the action run? Refuses unless a class says otherwise, as in DCRF. A new object is asked each time.
---@param scope tidewire.Scope
---@param consumer tidewire.Consumer
---@param action string
---@param args table the frame's keys without action and request_id
---@return boolean?
function BasePermission:has_permission(scope, consumer, action, args) -- luacheck: ignore
  return false
end

---May the client connect?
---@param scope tidewire.Scope
---@param consumer tidewire.Consumer
---@param message table?
---@return boolean?
function BasePermission:can_connect(scope, consumer, message) -- luacheck: ignore
  return true
end

---May the action go on with this row? Asked by get_object, of classes that have said yes to the action. Allows unless a class says otherwise, as in DRF.
---@param scope tidewire.Scope
---@param consumer tidewire.Consumer
---@param action string? nil when get_object was not given the action's arguments
---@param obj tidewire.Model
---@param args table the frame's keys without action and request_id
---@return boolean?
function BasePermission:has_object_permission(scope, consumer, action, obj, args) -- luacheck: ignore
  return true
end

---Everybody may do everything.
M.AllowAny = BasePermission:extend("AllowAny", { has_permission = function() return true end })

---Users that are logged in may call actions.
M.IsAuthenticated = BasePermission:extend("IsAuthenticated", {
  has_permission = function(_, scope) return scope.user and scope.user.is_authenticated or false end,
})

---Users that are logged in may call actions; others those that only read: `list`, `retrieve`, and what the consumer declares with action { safe = true }.
M.IsAuthenticatedOrReadOnly = BasePermission:extend("IsAuthenticatedOrReadOnly", {
  has_permission = function(_, scope, consumer, action) return scope.user and scope.user.is_authenticated or consumer:is_safe_action(action) end,
})

---Does a class look at rows?
---@param permission tidewire.BasePermission
---@return boolean
function M.judges_objects(permission) return permission.has_object_permission ~= BasePermission.has_object_permission end

local function check(what, permission)
  if not class.is_subclass(permission, BasePermission) then
    error(("%s: a permission class was expected, got %s"):format(what, class.of(permission) and "an object" or type(permission)), 3)
  end
end

---A composed class, which judges rows only when one of its parts does.
local function composed(name, parts, members, has_object_permission)
  for _, part in ipairs(parts) do
    if M.judges_objects(part) then members.has_object_permission = has_object_permission end
  end
  return BasePermission:extend(name, members)
end

---Both have to allow; the second is not asked when the first refuses.
---@return tidewire.BasePermission
function M.AND(a, b)
  check("AND", a)
  check("AND", b)
  return composed(("(%s * %s)"):format(a.name, b.name), { a, b }, {
    has_permission = function(_, ...) return a():has_permission(...) and b():has_permission(...) end,
    can_connect = function(_, ...) return a():can_connect(...) and b():can_connect(...) end,
  }, function(_, ...) return a():has_object_permission(...) and b():has_object_permission(...) end)
end

---One has to allow; the second is not asked when the first allows. A row is allowed by one that allows both the action and the row.
---@return tidewire.BasePermission
function M.OR(a, b)
  check("OR", a)
  check("OR", b)
  local function allows(of, scope, consumer, action, obj, args)
    return of():has_permission(scope, consumer, action, args) and of():has_object_permission(scope, consumer, action, obj, args)
  end
  return composed(("(%s + %s)"):format(a.name, b.name), { a, b }, {
    has_permission = function(_, ...) return a():has_permission(...) or b():has_permission(...) end,
    can_connect = function(_, ...) return a():can_connect(...) or b():can_connect(...) end,
  }, function(_, ...) return allows(a, ...) or allows(b, ...) end)
end

---Allows what the other refuses.
---@return tidewire.BasePermission
function M.NOT(a)
  check("NOT", a)
  return composed(("-%s"):format(a.name), { a }, {
    has_permission = function(_, ...) return not a():has_permission(...) end,
    can_connect = function(_, ...) return not a():can_connect(...) end,
  }, function(_, ...) return not a():has_object_permission(...) end)
end

operators.__mul, operators.__add = M.AND, M.OR
operators.__unm = function(a) return M.NOT(a) end -- Lua hands the operand over twice

return M
