---Rooms: what was said stands in the database; who is there is known by every worker, which are told of each change through the group "rooms".
local groups = require "tidewire.groups"
local models = require "chat.models"

local M = { HISTORY = 50 }

local present = {} ---@type table<string, table<string, string>> room → connection → name

local apply = {}

function apply.join(event)
  present[event.room] = present[event.room] or {}
  present[event.room][event.member] = event.name
end

function apply.leave(event)
  local members = present[event.room]
  if not members then return end
  members[event.member] = nil
  if next(members) == nil then present[event.room] = nil end
end

groups.subscribe("rooms", function(event) apply[event.change](event) end)

---Tell every worker who has come or gone.
---@param change "join"|"leave"
---@param event { room: string, member: string, name: string }
function M.change(change, event)
  event.type, event.change = "room.change", change
  groups.send("rooms", event)
end

---@return string[] names of those who are in the room, in order
function M.members(room)
  local names, seen = {}, {}
  for _, name in pairs(present[room] or {}) do
    if not seen[name] then names[#names + 1] = name end
    seen[name] = true
  end
  table.sort(names)
  return names
end

local function shown(message)
  return { id = message.id, name = message.name, text = message.text, at = message.created_at:timestamp() }
end

---@async
---@return table[] the last messages of a room, oldest first
function M.messages(room)
  local list, last = {}, models.Message.objects:filter { room__name = room }:order_by("-id"):slice(0, M.HISTORY):list()
  for i = #last, 1, -1 do list[#list + 1] = shown(last[i]) end
  return list
end

---@async
---@return table message as clients see it
function M.say(room, name, text)
  local row = models.Room.objects:get_or_create { name = room }
  return shown(models.Message.objects:create { room = row, name = name, text = text })
end

---@return { name: string, members: integer }[] rooms with somebody in them, fullest first
function M.list()
  local list = {}
  for name in pairs(present) do list[#list + 1] = { name = name, members = #M.members(name) } end
  table.sort(list, function(a, b)
    if a.members ~= b.members then return a.members > b.members end
    return a.name < b.name
  end)
  return list
end

return M
