---Clients of spec/apps/data that write rows as fast as they are answered, and remember what was acknowledged.
local M = {}

---@class spec.Writers
local Writers = {}
Writers.__index = Writers

local function write(one)
  one.n = one.n + 1
  one.client:send(([[Row.objects:create { name = "%d-%d", number = %d } return Row.objects:filter { number = %d }:exists()]]):format(one.i, one.n, one.n, one.n))
end

---@param app spec.Data
---@param count integer
---@param above? integer added to the writers' numbers, so that two groups do not write the same rows
---@return spec.Writers
function M.start(app, count, above)
  local self = setmetatable({ clients = {}, statuses = {}, acknowledged = {} }, Writers)
  for i = 1, count do
    self.clients[i] = { i = i + (above or 0), client = app:client(), n = 0 }
    write(self.clients[i])
  end
  return self
end

---Take one reply of each client, and let it write the next row unless this is the last turn.
function Writers:turn(seconds, last)
  for _, one in ipairs(self.clients) do
    local status = one.client:reply(seconds).response_status
    self.statuses[status] = (self.statuses[status] or 0) + 1
    if status == 200 then table.insert(self.acknowledged, ("%d-%d"):format(one.i, one.n)) end
    if not last then write(one) end
  end
end

---How many replies have had the status.
function Writers:count(status) return self.statuses[status] or 0 end

---Rows that were acknowledged and are not among `names`, a text with a name a line.
function Writers:lost(names)
  local there, lost = {}, {}
  for name in names:gmatch "[^\n]+" do there[name] = true end
  for _, name in ipairs(self.acknowledged) do
    if not there[name] then lost[#lost + 1] = name end
  end
  return lost
end

return M
