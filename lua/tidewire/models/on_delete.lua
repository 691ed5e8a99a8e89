---What becomes of rows when the row they refer to is deleted. models/deletion.lua acts on these.
local class = require "tidewire.class"

local M = {}

---@class tidewire.OnDelete: tidewire.Class
---@field name string
local OnDelete = class.new("OnDelete", {
  init = function(self, name, value) self.name, self.value = name, value end,
  __tostring = function(self) return "models." .. self.name end,
})

---Delete them, too.
M.CASCADE = OnDelete "CASCADE"
---Refuse: ProtectedError.
M.PROTECT = OnDelete "PROTECT"
---Refuse, unless they are deleted on another way: RestrictedError.
M.RESTRICT = OnDelete "RESTRICT"
---Set the relation to null.
M.SET_NULL = OnDelete "SET_NULL"
---Set the relation to its default.
M.SET_DEFAULT = OnDelete "SET_DEFAULT"
---Leave it to the database.
M.DO_NOTHING = OnDelete "DO_NOTHING"

---Set the relation to a value, or to what a function gives.
---@return tidewire.OnDelete
function M.SET(value) return OnDelete("SET", value) end

---@return boolean
function M.is(value) return class.is_instance(value, OnDelete) end

return M
