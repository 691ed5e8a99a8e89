---What each room remembers: who is there, and its last messages. Each worker keeps a copy of all rooms; a change is sent to the group
---"rooms", and every worker applies it.
local groups = require "tidewire.groups"

local M = { HISTORY = 50, MOST = 1000 }

local rooms, count = {}, 0

---Make place for one more room: the empty one that nobody has used for the longest time goes.
local function forget_oldest()
  local oldest
  for name, room in pairs(rooms) do
    if next(room.members) == nil and (not oldest or room.used < rooms[oldest].used) then oldest = name end
  end
  if oldest then rooms[oldest], count = nil, count - 1 end
end

local function room_of(event)
  local room = rooms[event.room]
  if not room then
    if count >= M.MOST then forget_oldest() end
    room = { members = {}, messages = {} }
    rooms[event.room], count = room, count + 1
  end
  room.used = event.at
  return room
end

local apply = {}

function apply.join(event) room_of(event).members[event.member] = { name = event.name, since = event.at } end

function apply.leave(event) room_of(event).members[event.member] = nil end

---Workers may see messages of two senders in different orders: the time of sending decides.
function apply.message(event)
  local messages = room_of(event).messages
  local at = #messages + 1
  while at > 1 and messages[at - 1].at > event.message.at do at = at - 1 end
  table.insert(messages, at, event.message)
  if #messages > M.HISTORY then table.remove(messages, 1) end
end

groups.subscribe("rooms", function(event) apply[event.change](event) end)

---Tell every worker of a change.
---@param change "join"|"leave"|"message"
---@param event { room: string, at: number, member?: string, name?: string, message?: table }
function M.change(change, event)
  event.type, event.change = "room.change", change
  groups.send("rooms", event)
end

---@return string[] names of those who are in the room, in order
function M.members(room)
  local names, seen = {}, {}
  for _, member in pairs(rooms[room] and rooms[room].members or {}) do
    if not seen[member.name] then names[#names + 1] = member.name end
    seen[member.name] = true
  end
  table.sort(names)
  return names
end

---@return table[] oldest first
function M.messages(room) return rooms[room] and rooms[room].messages or {} end

---@return { name: string, members: integer }[] rooms with somebody in them, fullest first
function M.list()
  local list = {}
  for name in pairs(rooms) do
    local members = #M.members(name)
    if members > 0 then list[#list + 1] = { name = name, members = members } end
  end
  table.sort(list, function(a, b)
    if a.members ~= b.members then return a.members > b.members end
    return a.name < b.name
  end)
  return list
end

return M
