---Serializers: rows and other objects as JSON, and JSON as validated values. DRF's serializers, with its fields and relations beside them.
---
---    local serializers = require "tidewire.serializers"
---    local RoomSerializer = serializers.ModelSerializer:extend("RoomSerializer", {
---      messages = MessageSerializer { many = true, read_only = true },
---      Meta = { model = Room, fields = { "id", "name", "messages" } },
---    })
local base = require "tidewire.serializers.base"
local checks = require "tidewire.serializers.checks"
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local ListSerializer = require "tidewire.serializers.list"
local ModelSerializer = require "tidewire.serializers.model"
local ordered = require "tidewire.serializers.ordered"
local relations = require "tidewire.relations"
local Serializer = require "tidewire.serializers.serializer"
local validators = require "tidewire.serializers.validators"

local M = {
  BaseSerializer = base.BaseSerializer, Serializer = Serializer, ListSerializer = ListSerializer, ModelSerializer = ModelSerializer,
  ValidationError = exceptions.ValidationError, ALL_FIELDS = "__all__", as_serializer_error = base.as_serializer_error,
}

---Names of a serializer's `fields` in their order, which `pairs` does not keep.
---@param map tidewire.FieldMap
---@return string[]
M.field_names = ordered.names

for _, from in ipairs { fields, relations, validators } do
  for name, value in pairs(from) do M[name] = value end
end

-- what stands for its class alone, not for an app's declaration
local OWN = { [Serializer] = true, [ModelSerializer] = true }

local function position_of(err) return type(err) == "string" and err:match "^[^\n]-:%d+: " end

local function prepare(its_class)
  local plan = its_class.__prepare(its_class)
  if plan then checks.check(its_class, plan) end
end

local function check(its_class, position)
  local ok, err = pcall(prepare, its_class)
  if ok then return end
  if position_of(err) then error(err, 0) end
  error(("%s%s: %s"):format(position, its_class.name, tostring(err)), 0)
end

---Complain about serializers that name what their model does not have. Called when the app's modules are loaded; those that come later are checked when
---they are used first.
---Raises an error with the line of the declaration.
function M.check_declarations()
  for _, declaration in ipairs(Serializer.__take_declarations()) do
    local its_class, position = declaration[1], declaration[2]
    local abstract = class.is_subclass(its_class, ModelSerializer) and not its_class.Meta
    if not OWN[its_class] and not abstract then check(its_class, position) end
  end
  -- the first worker learns from the app which database it has: bounds of integers follow from that
  if db.vendor() == nil then Serializer.__forget_plans() end
end

return M
