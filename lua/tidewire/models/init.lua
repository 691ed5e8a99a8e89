---Models: what an app's rows are. Fields, relations, managers, constraints, and the Model that an app's models extend, as in django.db.models.
---
---    local models = require "tidewire.models"
---    local Room = models.Model:extend("Room", {
---      name = models.CharField { max_length = 255, unique = true },
---      owner = models.ForeignKey(auth.User, { on_delete = models.CASCADE, related_name = "rooms" }),
---    })
local class = require "tidewire.class"
local constraints = require "tidewire.models.constraints"
local expressions = require "tidewire.expressions"
local fields = require "tidewire.models.fields"
local Model = require "tidewire.models.base"
local many = require "tidewire.models.many"
local on_delete = require "tidewire.models.on_delete"
local prefetch = require "tidewire.prefetch"
local queryset = require "tidewire.queryset"
local registry = require "tidewire.models.registry"
local related = require "tidewire.models.related"
local temporal = require "tidewire.models.temporal"
local types = require "tidewire.sql.types"

-- these give Model and QuerySet what they do with the database
require "tidewire.models.saving"
require "tidewire.models.validation"
require "tidewire.models.deletion"

local M = {
  Model = Model, Prefetch = prefetch.Prefetch,
  Manager = queryset.Manager, QuerySet = queryset.QuerySet,
  ForeignKey = related.ForeignKey, OneToOneField = related.OneToOneField, ManyToManyField = many.ManyToManyField,
  UniqueConstraint = constraints.UniqueConstraint, CheckConstraint = constraints.CheckConstraint, Index = constraints.Index,
  CASCADE = on_delete.CASCADE, PROTECT = on_delete.PROTECT, RESTRICT = on_delete.RESTRICT, SET_NULL = on_delete.SET_NULL,
  SET_DEFAULT = on_delete.SET_DEFAULT, SET = on_delete.SET, DO_NOTHING = on_delete.DO_NOTHING,
  get_model = registry.get_model, get_models = registry.get_models,
}

local function take_all(from)
  for name, value in pairs(from) do
    if M[name] == nil then M[name] = value end
  end
end

take_all(fields)
take_all(temporal)
take_all(expressions)
M.is_field = nil

types.register_kinds(fields)
types.register_kinds(temporal)

---Is it a model?
---@param value any
---@return boolean
function M.is_model(value) return class.is_subclass(value, M.Model) end

return M
