---Replays transcripts (spec/golden/README.md has the format) against a running server.
local json = require "support.json"
local process = require "support.process"
local socket = require "socket"

local M = {}

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

---A transcript: about, steps (each with the exact JSON of its values), and whether it looks into a database.
function M.load(path)
  local text = read(path)
  local exact = json.decode(text).values
  return { path = path, number = path:match "(m?%d+)%-[^/]*$", about = exact.about, surprise = exact.surprise, steps = exact.steps,
    needs_database = text:find('"expect_rows"', 1, true) ~= nil or text:find("GenericAsyncAPIConsumer", 1, true) ~= nil, setup = exact.setup }
end

---@class spec.Player
local Player = {}
Player.__index = Player

---Values as they stand in `send_generated`: {"$repeat": [text, n]} is a long text.
local function generated(value)
  if getmetatable(value) ~= json.Object then return value end
  local rep = value.values["$repeat"]
  if rep then return rep[1]:rep(tonumber(rep[2].text)) end
  local copy = {}
  for i, key in ipairs(value.keys) do copy[i] = { key, generated(value.values[key]) } end
  return json.object(copy)
end

local function from_hex(hex) return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)) end

local function headers_of(spec)
  local headers = {}
  for name, value in pairs(spec and spec.values or {}) do headers[name] = value end
  return headers
end

function Player:ws() return assert(self.clients[self.name], "client " .. self.name .. " has not connected") end

---The next frame, decoded.
function Player:frame()
  local payload, what, code = self:ws():receive(self.patience)
  if what == 2 then return json.object { { "$binary_hex", (payload:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) } } end
  if not payload then error(("a frame was expected; got %s %s"):format(tostring(what), tostring(code)), 0) end
  return json.decode(payload), payload
end

local function same(expected, got)
  local difference = json.difference(expected, got)
  if difference then error(("%s\n  expected %s\n  got      %s"):format(difference, json.encode(expected), json.encode(got)), 0) end
end

local steps = {}
M.steps = steps

function steps.connect(self, spec)
  local old = self.clients[self.name]
  if old then old:vanish() end
  local query = spec.values.query_string
  local path = spec.values.path .. (query and query ~= "" and "?" .. query or "")
  local ws, status = self.server:connect { path = path, headers = headers_of(spec.values.headers) }
  self.clients[self.name], self.statuses[self.name] = ws or nil, ws and 101 or status
end

function steps.expect_handshake_status(self, status)
  local got = self.statuses[self.name]
  if got ~= tonumber(status.text) then error(("handshake status %s, expected %s"):format(tostring(got), status.text), 0) end
end

function steps.send(self, value) self:ws():send_text(json.encode(value)) end

function steps.send_generated(self, value) self:ws():send_text(json.encode(generated(value))) end

function steps.send_text(self, text) self:ws():send_text(text) end

function steps.send_binary_hex(self, hex) self:ws():send_frame(2, from_hex(hex)) end

function steps.expect(self, value) same(value, (self:frame())) end

function steps.expect_generated(self, value) same(generated(value), (self:frame())) end

function steps.expect_text(self, text) same(json.decode(text), (self:frame())) end

function steps.expect_any_order(self, values)
  local open = { unpack(values) }
  for _ = 1, #values do
    local got, found = self:frame(), nil
    for i, value in ipairs(open) do
      if not json.difference(value, got) then found = i break end
    end
    if not found then error("unexpected among the frames of any order: " .. json.encode(got), 0) end
    table.remove(open, found)
  end
end

function steps.expect_none_for_ms(self, ms)
  local payload, what, code = self:ws():receive(tonumber(ms.text) / 1000)
  if payload or what ~= "timeout" then error(("nothing was expected; got %s %s"):format(payload or what, tostring(code)), 0) end
end

function steps.expect_close(self, expected)
  local payload, what, code = self:ws():receive(self.patience)
  if payload or what ~= "close" or code ~= tonumber(expected.text) then
    error(("close %s was expected; got %s %s"):format(expected.text, payload or what, tostring(code)), 0)
  end
end

function steps.close(self, code)
  self:ws():close(tonumber(code.text))
  self.clients[self.name] = nil
end

---What the app has logged since the last such step; waits until there is as much as expected.
function Player:app_log(count)
  local lines
  pcall(process.wait_for, "the app's log", function()
    lines = {}
    for line in self.server:app_log():sub(self.log_from):gmatch "([^\n]*)\n" do lines[#lines + 1] = json.decode(line) end
    return #lines >= count
  end, self.patience)
  self.log_from = #self.server:app_log() + 1
  return json.array(lines)
end

function steps.expect_app_log(self, expected) same(expected, self:app_log(#expected)) end

---A list of values as JSON texts in their own order.
local function sorted(list)
  local texts = {}
  for i, value in ipairs(list) do texts[i] = json.encode(value) end
  table.sort(texts)
  return json.array(texts)
end

function steps.expect_app_log_any_order(self, expected)
  same(sorted(expected), sorted(self:app_log(#expected)))
end

-- ---- rows ----

---Ask the app's control consumer (spec/apps/golden_data.lua); its reply's data.
function Player:control(action, name, value)
  self.controller = self.controller or assert(self.server:connect { path = "/__control/" })
  self.controller:send_text(json.encode(json.object { { "action", action }, { name, value } }))
  local payload = assert(self.controller:receive(self.patience))
  local reply = json.decode(payload).values
  if reply.response_status.text ~= "200" then error(("the app's control consumer answers %s"):format(payload), 0) end
  return reply.data
end

---Rows that are there before anything else.
function Player:set_up(rows)
  if self.database and rows and #rows > 0 then self:control("setup", "rows", rows) end
end

function steps.db(self, operation, step)
  local result = self:control("db", "step", operation)
  if step.values.result then same(step.values.result, result) end
end

---Columns of what the recorded apps call fields, where the names differ.
local COLUMNS = { author = "author_id" }

local OBJECT = { sqlite = "json_object", postgresql = "json_build_object" }

---A query of a transcript as SQL that gives a JSON object a row. Models of golden apps have the tables golden_MODEL.
local function sql_of(query, vendor)
  local members = {}
  for i, field in ipairs(query.values.fields or { "id" }) do members[i] = ("'%s', \"%s\""):format(field, COLUMNS[field] or field) end
  local order = {}
  for i, name in ipairs(query.values.order_by) do order[i] = name == "pk" and "id" or name end
  return ("SELECT %s(%s) FROM golden_%s ORDER BY %s"):format(OBJECT[vendor], table.concat(members, ", "), query.values.model:lower(), table.concat(order, ", "))
end

function steps.expect_rows(self, expected, step)
  local rows = {}
  for line in self.database:query(sql_of(step.values.query, self.database.vendor)):gmatch "[^\n]+" do rows[#rows + 1] = json.decode(line) end
  same(expected, json.array(rows))
end

function steps.sleep_ms(_, ms) socket.select(nil, nil, tonumber(ms.text) / 1000) end

function steps.note() end

---A step of differences.lua: as expect, the rows of `data` in any order.
function steps.expect_unordered(self, value)
  local frame = self:frame()
  same(sorted(value.values.data), sorted(frame.values.data))
  frame.values.data = value.values.data
  same(value, frame)
end

---A step of differences.lua: the frame has to make `fn(plain table)` true.
function steps.expect_that(self, fn)
  local frame = self:frame()
  if not fn(json.plain(frame)) then error("the frame is not what the difference says: " .. json.encode(frame), 0) end
end

local BESIDE = { client = true, cause = true, query = true, result = true }

function Player:play(step)
  self.name = step.values.client or "a"
  for _, kind in ipairs(step.keys) do
    if not BESIDE[kind] then
      if not steps[kind] then error(("no such step: %s"):format(kind), 0) end
      return steps[kind](self, step.values[kind], step)
    end
  end
end

---Steps as they are to be played: those that a difference replaces are replaced.
local function with_differences(transcript, difference)
  if not difference then return transcript.steps end
  local list, context = {}, {}
  for i, step in ipairs(transcript.steps) do
    if step.values.send then context.last = step.values.send end
    for _, one in ipairs(difference.replace(step, context, i) or { step }) do list[#list + 1] = one end
  end
  return list
end

---Raises at the first step that is not answered as recorded.
---@param database? spec.Database of the server, for transcripts that look into it
function M.play(transcript, server, difference, patience, database)
  local player = setmetatable({ server = server, clients = {}, statuses = {}, log_from = 1, patience = patience or 10, database = database }, Player)
  player:set_up(transcript.setup)
  for i, step in ipairs(with_differences(transcript, difference)) do
    local ok, err = pcall(player.play, player, step)
    if not ok then error(("%s, step %d %s: %s"):format(transcript.path, i, json.encode(step):sub(1, 200), tostring(err)), 0) end
  end
  for _, client in pairs(player.clients) do client:vanish() end
  if player.controller then player.controller:vanish() end
end

return M
