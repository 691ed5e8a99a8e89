---Querysets: lazy, chainable questions about a model's rows, as Django's; and managers, which models begin them with.
---
---A queryset asks the database when its rows are wanted (list, iter, get, count, …), once, and keeps them. What it says is put together in sql/chaining.lua,
---asked in sql/reading.lua; sql/writing.lua has what changes rows.
local class = require "tidewire.class"
local lookup_cache = require "tidewire.sql.lookup_cache"
local prefetch = require "tidewire.prefetch"
local QuerySet = require "tidewire.sql.chaining"
require "tidewire.sql.combining"
require "tidewire.sql.reading"
require "tidewire.sql.writing"
local RawQuerySet = require "tidewire.sql.raw"

local M = { QuerySet = QuerySet, RawQuerySet = RawQuerySet, Prefetch = prefetch.Prefetch, prefetch_related_objects = prefetch.prefetch_related_objects }

---What a model begins querysets with: `Book.objects`. It has the methods of its querysets.
---
---    local Published = models.Manager:extend "Published"
---    function Published:get_queryset() return Published.super.get_queryset(self):filter { published__isnull = false } end
---@class tidewire.Manager: tidewire.QuerySet
---@field model tidewire.Model
---@field queryset_class tidewire.Class
local Manager = class.new("Manager", { queryset_class = QuerySet, __is_manager = true })
M.Manager = Manager

---@param model? tidewire.Model set by the model that has it
function Manager:init(model) self.model = model end

---What all of the manager's querysets begin with; override it to narrow them.
---@return tidewire.QuerySet
function Manager:get_queryset() return self.queryset_class(self.model) end

---@return tidewire.QuerySet
function Manager:all() return self:get_queryset() end

function Manager:__tostring()
  local meta = self.model and self.model._meta
  return ("%s.objects"):format(meta and meta.label or "?")
end

---As serializers show what may be chosen.
function Manager:__repr() return self.model and ("%s.%s.all()"):format(self.model._meta.object_name, self.name or "objects") or "Manager()" end

local NOT_PROXIED = { init = true, new = true, extend = true, all = true, delete = true, resolve = true, has_aggregate = true, walk = true, super = true }

---Give a manager class the methods of a queryset class.
local function proxy(manager, queryset_class)
  for name, method in pairs(class.flat(queryset_class)) do
    if type(method) == "function" and name:sub(1, 1) ~= "_" and not NOT_PROXIED[name] and rawget(class.flat(Manager), name) == nil then
      manager[name] = function(self, ...)
        local queryset = self:get_queryset()
        return queryset[name](queryset, ...)
      end
    end
  end
end

local default_queryset = class.flat(Manager).get_queryset

---@async
---@param ... table
---@return tidewire.Model
function Manager:get(...)
  if self.get_queryset == default_queryset and self.queryset_class == QuerySet and select("#", ...) == 1 then
    local plan, params = lookup_cache.find(self.model, (...))
    if plan then return QuerySet.__get_by_plan(self.model, plan, params) end
  end
  return self:get_queryset():get(...)
end

proxy(Manager, QuerySet)

---A manager class whose querysets are of a class of the app's own, with its methods.
---@param queryset_class tidewire.Class extends QuerySet
---@param name? string
---@return tidewire.Class
function Manager.from_queryset(queryset_class, name)
  local kind = Manager:extend(name or ("ManagerFrom" .. queryset_class.name), { queryset_class = queryset_class })
  proxy(kind, queryset_class)
  return kind
end

---A manager of such querysets: `objects = BookQuerySet:as_manager()`.
---@return tidewire.Manager
function QuerySet.as_manager(kind) return Manager.from_queryset(kind)() end

return M
