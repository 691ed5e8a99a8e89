---Steps 3 to 6 of docs/tutorial.md: what clients can ask.
local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local filters = require "tidewire.filters"
local GenericConsumer = require "tidewire.generics".GenericConsumer
local groups = require "tidewire.groups"
local mixins = require "tidewire.mixins"
local pagination = require "tidewire.pagination"
local permissions = require "tidewire.permissions"
local tidewire = require "tidewire"
local m, s, own = require "tutorial.models", require "tutorial.serializers", require "tutorial.permissions"

-- ---- step 3: users ----

local UserConsumer = GenericConsumer:extend("UserConsumer", mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin,
  mixins.PatchModelMixin, { queryset = m.User.objects:order_by "username", serializer_class = s.UserSerializer })

-- ---- steps 4 and 5: rooms ----

local RoomConsumer = GenericConsumer:extend("RoomConsumer", mixins.PaginatedModelListMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin,
  mixins.PatchModelMixin, mixins.DeleteModelMixin, {
  queryset = m.Room.objects:order_by("id"):prefetch_related "current_users",
  serializer_class = s.RoomSerializer,
  permission_classes = { own.IsHostOrReadOnly },
  pagination_class = pagination.WebsocketLimitOffsetPagination:extend("RoomPages", { default_limit = 20, max_limit = 100 }),
  filter_backends = { filters.SearchFilter },
  search_fields = { "name" },
})

---The host is who creates the room, whatever the data say.
function RoomConsumer:perform_create(serializer) serializer:save { host = self.scope.user } end

-- ---- step 6: being in a room ----

local function group_of(room) return "room__" .. room.pk end

---Join, leave and speak are for everybody who has logged in, not only for the host.
local member = { permission_classes = { permissions.IsAuthenticated } }

---What the room's members are told about who is there.
local function users_event(room)
  local users = s.UserSerializer(room.current_users:order_by "username", { many = true }).data
  return { action = "update_users", data = { room = room.pk, users = users } }
end

function RoomConsumer:leave(room)
  self.room = nil
  self:remove_group(group_of(room))
  room.current_users:remove(self.scope.user)
  groups.reply(group_of(room), users_event(room))
end

---{"action": "join_room", "pk": 1, "request_id": 5}: from now on "create" (a message) and "update_users" events come with this request's id.
RoomConsumer.join_room = action(member, function(self, args)
  local room = self:get_object(args)
  if self.room and self.room.pk ~= room.pk then self:leave(self.room) end
  self.room = room
  room.current_users:add(self.scope.user)
  local data, event = self:get_serializer({ instance = room, action_kwargs = args }).data, users_event(room)
  -- nothing waits from here on, so that the reply is the first frame that a member gets
  self:add_group(group_of(room), args.request_id == nil and tidewire.null or args.request_id)
  groups.reply(group_of(room), event)
  return data, 200
end)

---{"action": "leave_room", "request_id": 6}
RoomConsumer.leave_room = action(member, function(self)
  if self.room then self:leave(self.room) end
  return nil, 204
end)

---{"action": "create_message", "data": {"text": "Hello"}, "request_id": 7}
RoomConsumer.create_message = action(member, function(self, args)
  if not self.room then error(exceptions.PermissionDenied "Join a room first.") end
  local serializer = s.MessageSerializer(nil, { data = args.data == nil and tidewire.null or args.data })
  serializer:is_valid { raise_exception = true }
  serializer:save { room = self.room, user = self.scope.user }
  groups.reply(group_of(self.room), { action = "create", data = serializer.data })
  return nil, 201
end)

function RoomConsumer:disconnect()
  if self.room then self:leave(self.room) end
end

-- ---- step 7: what was said ----

local MessageConsumer = GenericConsumer:extend("MessageConsumer", mixins.StreamedPaginatedListMixin, {
  queryset = m.Message.objects:select_related "user",
  serializer_class = s.MessageSerializer,
  permission_classes = { permissions.IsAuthenticated },
  pagination_class = pagination.WebsocketLimitOffsetPagination:extend("MessagePages", { default_limit = 50, max_limit = 200 }),
  filter_backends = { filters.FieldFilter, filters.SearchFilter },
  filterset_fields = { "room", "user" },
  search_fields = { "text" },
})

return { UserConsumer = UserConsumer, RoomConsumer = RoomConsumer, MessageConsumer = MessageConsumer }
