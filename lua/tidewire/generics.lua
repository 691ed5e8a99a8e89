---GenericConsumer: a consumer of a model's rows, with DCRF's hooks. The actions come from tidewire.mixins.
---
---    local RoomConsumer = GenericConsumer:extend("RoomConsumer", mixins.ListModelMixin, mixins.CreateModelMixin, {
---      queryset = models.Room.objects, serializer_class = serializers.RoomSerializer,
---    })
---
---Every hook gets the action's arguments as DCRF's get them: one table with the frame's keys, action and request_id among them.
local class = require "tidewire.class"
local Consumer = require "tidewire.consumer".Consumer
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local paths = require "tidewire.paths"
local shortcuts = require "tidewire.shortcuts"
local throttling = require "tidewire.throttling"
local types = require "tidewire.sql.types"

local M = {}
local null = json.null

---@class tidewire.GenericConsumer: tidewire.Consumer
---@field queryset tidewire.QuerySet|tidewire.Manager shared by all connections: never asked itself, `get_queryset` gives a copy
---@field serializer_class tidewire.Serializer
---@field lookup_field string which field finds a row; may hold a lookup, "title__iexact"
---@field lookup_url_kwarg string? what requests call it; lookup_field when nil
---@field pagination_class tidewire.BasePagination? of PaginatedModelListMixin and StreamedPaginatedListMixin
---@field filter_backends tidewire.BaseFilterBackend[]
---@field search_fields string[]? of filters.SearchFilter
---@field ordering_fields string[]|"__all__"|nil of filters.OrderingFilter
---@field ordering string|string[]|nil its default
---@field filterset_fields table? of filters.FieldFilter
local GenericConsumer = Consumer:extend("GenericConsumer", { lookup_field = "pk", filter_backends = {} })
M.GenericConsumer = GenericConsumer
M.GenericAsyncAPIConsumer = GenericConsumer -- DCRF's name

-- ---- rows ----

---The rows that the consumer is about. Override it to narrow them: those outside are 404.
---@param args table
---@return tidewire.QuerySet
function GenericConsumer:get_queryset(args) -- luacheck: ignore
  local queryset = self.queryset
  if queryset == nil then
    error(exceptions.ImproperlyConfigured(("'%s' should either include a `queryset` attribute, or override the `get_queryset()` method.")
      :format(class.of(self).name)), 0)
  end
  return queryset:all()
end

---The rows that the request asks for, by the filter backends.
---@param queryset tidewire.QuerySet
---@param args table
---@return tidewire.QuerySet
function GenericConsumer:filter_queryset(queryset, args)
  for _, backend in ipairs(self.filter_backends) do queryset = backend():filter_queryset(args, queryset, self) end
  return queryset
end

local fields_by_model = setmetatable({}, { __mode = "k" })

---The field that a lookup compares with.
local function field_of(model, lookup)
  local by_lookup = fields_by_model[model] or {}
  fields_by_model[model] = by_lookup
  if by_lookup[lookup] == nil then
    local path = paths.follow(model, lookup)
    by_lookup[lookup] = path and paths.value_field(path.field) or false
  end
  return by_lookup[lookup]
end

---Can a client's value be one of the field's? Python takes true for 1 and cuts fractions off; here they find nothing.
local function is_possible(field, value)
  local kind = type(value)
  if kind == "string" or kind == "cdata" then return true end
  if kind == "number" then return value % 1 == 0 or not types.is_a(field, "IntegerField") end
  if kind == "boolean" then return types.is_a(field, "BooleanField") end
  return value == null
end

local function not_found(reason) error(exceptions.Http404(reason), 0) end

---What get_object asks. A manager that nothing narrows is asked itself: that is shorter, and it keeps nothing.
local function rows_to_look_in(self, args)
  local queryset = self.queryset
  if queryset and queryset.__is_manager and self.get_queryset == GenericConsumer.get_queryset and self.filter_queryset == GenericConsumer.filter_queryset
    and self.filter_backends[1] == nil then
    return queryset
  end
  return self:filter_queryset(self:get_queryset(args), args)
end

---The row that the arguments name, by `lookup_field`; checks the permissions' has_object_permission.
---@async
---@param args table the action's arguments: hand on all of them, so that permissions know the action
---@return tidewire.Model
---Raises Http404; ValidationError when the argument is missing; PermissionDenied; MultipleObjectsReturned.
function GenericConsumer:get_object(args)
  local name = self.lookup_url_kwarg or self.lookup_field
  local value = args[name]
  if value == nil then error(exceptions.ValidationError { [name] = { "This field is required." } }, 0) end
  local queryset = rows_to_look_in(self, args)
  if not is_possible(field_of(queryset.model, self.lookup_field), value) then not_found "the value is of a wrong type" end
  local ok, object = pcall(queryset.get, queryset, { [self.lookup_field] = value })
  if not ok then
    if shortcuts.is_missing(object) then not_found(tostring(object)) end
    error(object, 0)
  end
  self:check_object_permissions(object, args)
  return object
end

-- ---- serializers ----

---@param args table
---@return tidewire.Serializer
function GenericConsumer:get_serializer_class(args) -- luacheck: ignore
  if self.serializer_class == nil then
    error(exceptions.ImproperlyConfigured(("'%s' should either include a `serializer_class` attribute, or override the `get_serializer_class()` method.")
      :format(class.of(self).name)), 0)
  end
  return self.serializer_class
end

---What serializers find in their `context`.
---@param args table
---@return table
function GenericConsumer:get_serializer_context(args) -- luacheck: ignore
  return { scope = self.scope, consumer = self }
end

---@param options { instance?: any, data?: any, many?: boolean, partial?: boolean, action_kwargs?: table } action_kwargs: the action's arguments
---@return tidewire.Serializer
function GenericConsumer:get_serializer(options)
  local args = options.action_kwargs or {}
  local serializer_class = self:get_serializer_class(args)
  return serializer_class(options.instance, {
    data = options.data, many = options.many, partial = options.partial, context = self:get_serializer_context(args),
  })
end

-- ---- pages ----

---A new paginator; nil without pagination_class.
---@return tidewire.BasePagination?
function GenericConsumer:paginator()
  return self.pagination_class and self.pagination_class() or nil
end

---The rows of the page that the arguments ask for, and the paginator that knows where they are; nil when the list is not paginated.
---@async
---@param queryset tidewire.QuerySet
---@param args table
---@return table[]|tidewire.QuerySet|nil page
---@return tidewire.BasePagination? paginator
function GenericConsumer:paginate_queryset(queryset, args)
  local paginator = self:paginator()
  if not paginator then return nil end
  return paginator:paginate_queryset(queryset, self.scope, self, args), paginator
end

---What is answered for a page.
---@param data any the serialised rows
---@param paginator tidewire.BasePagination
---@return table
function GenericConsumer:get_paginated_response(data, paginator) -- luacheck: ignore
  return paginator:get_paginated_response(data)
end

-- ---- declarations ----

local function check_list(kind, name, has)
  local list = kind[name]
  if type(list) ~= "table" or class.is_class(list) then error(("%s is a %s; expected a list of classes"):format(name, type(list)), 0) end
  for i, member in ipairs(list) do
    if not class.is_class(member) or not member[has] then error(("%s[%d] is no class with %s"):format(name, i, has), 0) end
  end
end

local function check_queryset(kind)
  local queryset = kind.queryset
  local model = type(queryset) == "table" and queryset.model
  if not model or class.is_class(queryset) or not queryset.all then error("queryset is no queryset or manager, such as Room.objects", 0) end
  if not paths.follow(model, kind.lookup_field) then error(("lookup_field: %s has no field %q"):format(model._meta.label, kind.lookup_field), 0) end
  for _, backend in ipairs(kind.filter_backends) do
    if backend.check_declaration then backend.check_declaration(kind, model) end
  end
end

---Raise when what a class declares cannot work. Called for each route when the app loads.
function GenericConsumer.check_declaration(kind)
  Consumer.check_declaration(kind)
  check_list(kind, "filter_backends", "filter_queryset")
  if kind.pagination_class and not (class.is_class(kind.pagination_class) and kind.pagination_class.paginate_queryset) then
    error("pagination_class is no pagination class", 0)
  end
  if kind.serializer_class ~= nil and not class.is_class(kind.serializer_class) then error("serializer_class is no serializer class", 0) end
  for _, throttle in ipairs(kind.throttle_classes) do throttling.check(throttle) end
  if kind.queryset ~= nil then check_queryset(kind) end
end

return M
