---Constraints and indexes of Meta.
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local nearest = require "tidewire.nearest"

local M = {}

local function check_options(kind, options, known)
  if type(options) ~= "table" then caller.refuse("%s takes a table of options; got a %s", kind, type(options)) end
  for key, value in pairs(options) do
    local expected = known[key]
    if not expected then caller.refuse("%s has no option %q%s", kind, tostring(key), nearest.hint(tostring(key), known)) end
    if expected ~= "any" and type(value) ~= expected then caller.refuse("%s: %s is a %s; expected a %s", kind, key, type(value), expected) end
  end
end

local function take(object, options)
  for key, value in pairs(options) do object[key] = value end
end

---Values of some columns are unique together, in all rows or in those that meet a condition.
---@class tidewire.UniqueConstraint: tidewire.Class
---@field name string
---@field fields string[]
---@field condition any a Q
---@field is_total_unique boolean without a condition
local UniqueConstraint = class.new("UniqueConstraint", { kind = "unique" })
M.UniqueConstraint = UniqueConstraint

---@param options { fields: string[], name: string, condition?: any, deferrable?: "deferred"|"immediate" }
function UniqueConstraint:init(options)
  check_options("UniqueConstraint", options, { fields = "table", name = "string", condition = "any", deferrable = "string" })
  if not options.fields or #options.fields == 0 then caller.refuse "UniqueConstraint needs fields" end
  if not options.name then caller.refuse "UniqueConstraint needs a name" end
  if options.deferrable and options.condition then caller.refuse "UniqueConstraint: a condition cannot be deferred" end
  if options.deferrable and options.deferrable ~= "deferred" and options.deferrable ~= "immediate" then
    caller.refuse('UniqueConstraint: deferrable is %q; expected "deferred" or "immediate"', options.deferrable)
  end
  take(self, options)
  self.is_total_unique = options.condition == nil
end

---Every row meets a condition.
---@class tidewire.CheckConstraint: tidewire.Class
---@field name string
---@field check any a Q
local CheckConstraint = class.new("CheckConstraint", { kind = "check" })
M.CheckConstraint = CheckConstraint

---@param options { check: any, name: string }
function CheckConstraint:init(options)
  check_options("CheckConstraint", options, { check = "any", name = "string" })
  if options.check == nil then caller.refuse "CheckConstraint needs check, a Q" end
  if not options.name then caller.refuse "CheckConstraint needs a name" end
  take(self, options)
end

---@class tidewire.Index: tidewire.Class
---@field name string?
---@field fields string[] "-name" for descending order
---@field condition any a Q
local Index = class.new "Index"
M.Index = Index

---@param options { fields: string[], name?: string, condition?: any }
function Index:init(options)
  check_options("Index", options, { fields = "table", name = "string", condition = "any" })
  if not options.fields or #options.fields == 0 then caller.refuse "Index needs fields" end
  if options.condition and not options.name then caller.refuse "Index: an index with a condition needs a name" end
  take(self, options)
end

return M
