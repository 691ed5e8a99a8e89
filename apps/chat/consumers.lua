local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local groups = require "tidewire.groups"
local rooms = require "chat.rooms"
local tidewire = require "tidewire"
local Consumer = require "tidewire.consumer".Consumer

---A text a person has typed: trimmed, not empty, not longer than `most` characters. Raises ValidationError that names the field.
local function text_of(args, field, most)
  local value = args[field]
  local function refuse(why) error(exceptions.ValidationError { [field] = { why } }) end
  if value == nil then refuse "This field is required." end
  if type(value) ~= "string" then refuse "Not a valid string." end
  value = value:match "^%s*(.-)%s*$"
  if value == "" then refuse "This field may not be blank." end
  local length = select(2, value:gsub("[^\128-\191]", "")) -- UTF-8: characters are the bytes that do not continue one
  if length > most then refuse(("Ensure this field has no more than %d characters."):format(most)) end
  if value:find "%z" then refuse "Null characters are not allowed." end
  return value
end

---Which rooms there are.
local LobbyConsumer = Consumer:extend("LobbyConsumer")

LobbyConsumer.list = action(function() return tidewire.array(rooms.list()), 200 end)

---One room; its name stands in the address.
local RoomConsumer = Consumer:extend("RoomConsumer")

---Tell everybody in the room, under the request id of their `join`.
function RoomConsumer:announce(name, data) groups.reply("room." .. self.room, { action = name, data = data }) end

function RoomConsumer:announce_change(change)
  rooms.change(change, { room = self.room, member = self.member, name = self.name })
  self:announce(change, { name = self.name })
end

---{"action": "join", "request_id": 1, "name": "Ada"}: what has been said, and who is here. From now on "join", "leave" and "message" events come with
---this request's id.
RoomConsumer.join = action(function(self, args)
  if self.name then error(exceptions.Conflict "You are in this room already.") end
  local name = text_of(args, "name", 24)
  self.room = self.scope.url_route.kwargs.room
  if #self.room > 50 then error(exceptions.ValidationError "A room's name has no more than 50 characters.") end
  for _, taken in ipairs(rooms.members(self.room)) do
    if taken == name then error(exceptions.Conflict(("Somebody here is called %s already."):format(name))) end
  end
  self.name = name
  self.member = table.concat(self.scope.client, " ") -- no two connections have the same address and port
  self:announce_change "join"
  self:add_group("room." .. self.room, args.request_id == nil and tidewire.null or args.request_id)
  local members = rooms.members(self.room)
  members[#members + 1] = name
  return { room = self.room, name = name, members = members, messages = tidewire.array(rooms.messages(self.room)) }, 200
end)

---{"action": "say", "request_id": 2, "text": "Hello"}
RoomConsumer.say = action(function(self, args)
  if not self.name then error(exceptions.PermissionDenied "Join the room first.") end
  self:announce("message", rooms.say(self.room, self.name, text_of(args, "text", 2000)))
  return nil, 201
end)

---{"action": "members", "request_id": 3}: who is here.
RoomConsumer.members = action(function(self) return tidewire.array(rooms.members(self.scope.url_route.kwargs.room)), 200 end)

function RoomConsumer:disconnect()
  if self.name then self:announce_change "leave" end
end

return { LobbyConsumer = LobbyConsumer, RoomConsumer = RoomConsumer }
