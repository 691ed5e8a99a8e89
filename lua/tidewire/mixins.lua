---DCRF's mixins: the actions that create, list, retrieve, update, patch and delete the rows of a GenericConsumer.
local actions = require "tidewire.actions"
local class = require "tidewire.class"
local Consumer = require "tidewire.consumer".Consumer
local exceptions = require "tidewire.exceptions"
local GenericConsumer = require "tidewire.generics".GenericConsumer
local status = require "tidewire.status"
local task = require "tidewire.task"

local M = {}
local action = actions.action

---The arguments without `data`, as the perform hooks and serializers get them.
local function without_data(args)
  local copy = {}
  for key, value in pairs(args) do copy[key] = value end
  copy.data = nil
  return copy
end

local function require_data(args)
  if args.data == nil then error(exceptions.ValidationError { data = { "This field is required." } }, 0) end
  return args.data
end

-- ---- one row ----

---{"action": "create", "data": {…}} → 201 and the row.
---@class tidewire.CreateModelMixin: tidewire.GenericConsumer
local CreateModelMixin = class.mixin "CreateModelMixin"
M.CreateModelMixin = CreateModelMixin

CreateModelMixin.create = action(function(self, args)
  local data, kwargs = require_data(args), without_data(args)
  local serializer = self:get_serializer { data = data, action_kwargs = kwargs }
  serializer:is_valid { raise_exception = true }
  self:perform_create(serializer, kwargs)
  return serializer.data, status.HTTP_201_CREATED
end)

---Save the new row. Override it to add values: `serializer:save { author = self.scope.user }`.
---@async
---@param serializer tidewire.Serializer valid
---@param args table without data
function CreateModelMixin:perform_create(serializer, args) serializer:save() end -- luacheck: ignore

---{"action": "retrieve", "pk": 1} → 200 and the row.
---@class tidewire.RetrieveModelMixin: tidewire.GenericConsumer
local RetrieveModelMixin = class.mixin "RetrieveModelMixin"
M.RetrieveModelMixin = RetrieveModelMixin

RetrieveModelMixin.retrieve = action(function(self, args)
  local instance = self:get_object(args)
  return self:get_serializer({ instance = instance, action_kwargs = args }).data, status.HTTP_200_OK
end)

---Change a row by what the client sent.
local function change(self, args, partial, hook)
  local data = require_data(args)
  local instance, kwargs = self:get_object(args), without_data(args)
  local serializer = self:get_serializer { instance = instance, data = data, partial = partial, action_kwargs = kwargs }
  serializer:is_valid { raise_exception = true }
  self[hook](self, serializer, kwargs)
  if rawget(instance, "__prefetched") then instance.__prefetched = nil end -- what was prefetched is from before
  return serializer.data, status.HTTP_200_OK
end

---{"action": "update", "pk": 1, "data": {…}} → 200 and the row; every required field has to be there.
---@class tidewire.UpdateModelMixin: tidewire.GenericConsumer
local UpdateModelMixin = class.mixin "UpdateModelMixin"
M.UpdateModelMixin = UpdateModelMixin

UpdateModelMixin.update = action(function(self, args) return change(self, args, false, "perform_update") end)

---@async
---@param serializer tidewire.Serializer valid
---@param args table without data
function UpdateModelMixin:perform_update(serializer, args) serializer:save() end -- luacheck: ignore

---{"action": "patch", "pk": 1, "data": {…}} → 200 and the row; fields that are not there stay as they are.
---@class tidewire.PatchModelMixin: tidewire.GenericConsumer
local PatchModelMixin = class.mixin "PatchModelMixin"
M.PatchModelMixin = PatchModelMixin

PatchModelMixin.patch = action(function(self, args) return change(self, args, true, "perform_patch") end)

---@async
---@param serializer tidewire.Serializer valid
---@param args table without data
function PatchModelMixin:perform_patch(serializer, args) serializer:save() end -- luacheck: ignore

---{"action": "delete", "pk": 1} → 204 and null.
---@class tidewire.DeleteModelMixin: tidewire.GenericConsumer
local DeleteModelMixin = class.mixin "DeleteModelMixin"
M.DeleteModelMixin = DeleteModelMixin

DeleteModelMixin.delete = action(function(self, args)
  local instance = self:get_object(args)
  self:perform_delete(instance, args)
  return nil, status.HTTP_204_NO_CONTENT
end)

---@async
---@param instance tidewire.Model
---@param args table
function DeleteModelMixin:perform_delete(instance, args) instance:delete() end -- luacheck: ignore

-- ---- lists ----

local function rows_asked_for(self, args) return self:filter_queryset(self:get_queryset(args), args) end

---The rows for a reply. As JSON text, where the serializer can write it straight from the database: nobody but the encoder sees it then.
local function serialised(self, rows, args, as_json)
  local serializer = self:get_serializer { instance = rows, many = true, action_kwargs = args }
  return as_json and serializer.data_json and serializer:data_json() or serializer.data
end

---May what is replied be JSON text? Not where a class looks at replies before they are sent.
local function replies_plainly(self) return self.reply == Consumer.reply and self.send_json == Consumer.send_json end

---A list action: as JSON text for clients, as a Lua list for Lua code that calls it (`C.super.list(self, args)`).
---@param options table
---@param answer fun(self, args: table, as_json: boolean): any, integer?
local function list_action(options, answer)
  local made = action(options, function(self, args) return answer(self, args, replies_plainly(self)) end)
  made.called = function(self, args) return answer(self, args, false) end
  return made
end

---{"action": "list"} → 200 and the rows.
---@class tidewire.ListModelMixin: tidewire.GenericConsumer
local ListModelMixin = class.mixin "ListModelMixin"
M.ListModelMixin = ListModelMixin

ListModelMixin.list = list_action({}, function(self, args, as_json)
  return serialised(self, rows_asked_for(self, args), args, as_json), status.HTTP_200_OK
end)

---One page, and its paginator. What wraps the page is handed JSON text only when it is the framework's own.
local function page_of(self, args, as_json)
  local queryset = rows_asked_for(self, args)
  local page, paginator = self:paginate_queryset(queryset, args)
  if not page then return serialised(self, queryset, args, as_json) end
  as_json = as_json and self.get_paginated_response == GenericConsumer.get_paginated_response and paginator.wraps == paginator.get_paginated_response
  return self:get_paginated_response(serialised(self, page, args, as_json), paginator), paginator
end

---{"action": "list", "limit": 10, "offset": 20} → 200 and what the consumer's pagination_class makes of it; all rows when that has no page to give.
---@class tidewire.PaginatedModelListMixin: tidewire.ListModelMixin
local PaginatedModelListMixin = ListModelMixin:extend "PaginatedModelListMixin"
M.PaginatedModelListMixin = PaginatedModelListMixin

PaginatedModelListMixin.list = list_action({}, function(self, args, as_json) return (page_of(self, args, as_json)), status.HTTP_200_OK end)

---{"action": "list"} → a reply for each page until the last, all with the request's id. Other requests go on meanwhile; {"action": "list_cancel"} ends every
---list of the connection that is under way.
---@class tidewire.StreamedPaginatedListMixin: tidewire.PaginatedModelListMixin
---@field sleep_time_between_pages number seconds
local StreamedPaginatedListMixin = PaginatedModelListMixin:extend("StreamedPaginatedListMixin", { sleep_time_between_pages = 0.1 })
M.StreamedPaginatedListMixin = StreamedPaginatedListMixin

local function for_next_page(args, changes)
  local copy = {}
  for key, value in pairs(args) do copy[key] = value end
  for key, value in pairs(changes) do copy[key] = value end
  return copy
end

StreamedPaginatedListMixin.list = list_action({ detached = true }, function(self, args, as_json)
  local name, request_id = args.action, args.request_id
  while true do
    local data, paginator = page_of(self, args, as_json)
    self:reply { action = name, data = data, status = status.HTTP_200_OK, request_id = request_id }
    local changes = paginator and paginator:get_next_args()
    if not changes then return end
    task.sleep(self.sleep_time_between_pages)
    args = for_next_page(args, changes)
  end
end)

StreamedPaginatedListMixin.list_cancel = action(function(self)
  self.detached_tasks:cancel "list"
  return nil, status.HTTP_200_OK
end)

return M
