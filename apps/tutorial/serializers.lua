---Step 2 of docs/tutorial.md: how rows are shown, and what clients may write.
local serializers = require "tidewire.serializers"
local m = require "tutorial.models"

local UserSerializer = serializers.ModelSerializer:extend("UserSerializer", {
  Meta = { model = m.User, fields = { "id", "username", "email" } },
})

local MessageSerializer = serializers.ModelSerializer:extend("MessageSerializer", {
  created_at_formatted = serializers.SerializerMethodField(),
  user = UserSerializer { read_only = true },
  get_created_at_formatted = function(_, message) return message.created_at:strftime "%d-%m-%Y %H:%M:%S" end,
  Meta = { model = m.Message, fields = { "id", "room", "user", "text", "created_at_formatted" }, read_only_fields = { "room" } },
})

local RoomSerializer = serializers.ModelSerializer:extend("RoomSerializer", {
  current_users = UserSerializer { many = true, read_only = true },
  last_message = serializers.SerializerMethodField(),
  get_last_message = function(_, room)
    local message = room.messages:last()
    return message and MessageSerializer(message).data
  end,
  Meta = { model = m.Room, fields = { "pk", "name", "host", "current_users", "last_message" }, read_only_fields = { "host" } },
})

return { UserSerializer = UserSerializer, MessageSerializer = MessageSerializer, RoomSerializer = RoomSerializer }
