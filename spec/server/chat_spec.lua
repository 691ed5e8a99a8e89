---apps/chat as a client sees it, with two workers, on both databases.
local databases = require "support.databases"
local json = require "support.json"
local process = require "support.process"
local server = require "support.server"

databases.for_each(function(vendor, create) describe("apps/chat on " .. vendor, function()
  local running, people, database

  local function start() return server.start { app = "apps/chat", workers = 2, args = { "--database", database.url } } end

  setup(function()
    database = create()
    running = start()
  end)
  teardown(function()
    running:stop()
    database:drop()
  end)
  before_each(function() people = {} end)
  after_each(function()
    for _, ws in ipairs(people) do ws:vanish() end
    running:wait_until_idle()
  end)

  local function open(room)
    local ws = assert(running:connect("/ws/rooms/" .. (room and room .. "/" or "")))
    people[#people + 1] = ws
    return ws
  end

  local function next_frame(ws) return json.plain(json.decode(assert(ws:receive(server.patience)))) end

  ---Send, and wait for the reply. Events that come before it are kept for wait_for_event: whether they do is the database's business.
  local function ask(ws, text)
    ws:send_text(text)
    local wanted = text:match '"action":"(%a+)"'
    ws.events = ws.events or {}
    while true do
      local frame = next_frame(ws)
      if frame.action == wanted and frame.request_id ~= "events" or frame.response_status >= 400 or frame.data.members then return frame end
      table.insert(ws.events, frame)
    end
  end

  local function join(ws, name) return ask(ws, ('{"action":"join","request_id":"events","name":"%s"}'):format(name)) end

  local function wait_for_event(ws, action, check)
    while true do
      local frame = table.remove(ws.events or {}, 1) or next_frame(ws)
      if frame.action == action and check(frame.data) then return frame end
    end
  end

  it("brings what one says to everybody in the room, under their own join's id", function()
    local ada, ben, eve = open "harbour", open "harbour", open "elsewhere"
    assert.equal("harbour", join(ada, "Ada").data.room)
    wait_for_event(ada, "join", function(data) return data.name == "Ada" end)
    join(ben, "Ben")
    wait_for_event(ada, "join", function(data) return data.name == "Ben" end)
    join(eve, "Eve")
    assert.equal(201, ask(ada, '{"action":"say","request_id":2,"text":"  hello  "}').response_status)
    for _, ws in ipairs { ada, ben } do
      local frame = wait_for_event(ws, "message", function() return true end)
      assert.same({ "Ada", "hello", "events" }, { frame.data.name, frame.data.text, frame.request_id })
    end
    assert.same({ "Eve" }, ask(eve, '{"action":"members","request_id":3}').data)
  end)

  it("keeps the last 50 messages for who comes later, in order", function()
    local ada = open "history"
    join(ada, "Ada")
    for i = 1, 60 do ask(ada, ('{"action":"say","request_id":2,"text":"line %d"}'):format(i)) end
    for n = 1, 4 do -- whichever worker they come to
      local late = open "history"
      local messages = process.wait_for("the last line", function()
        local room = join(late, "Late" .. n)
        if room.response_status == 409 then return nil end
        return room.data.messages
      end)
      assert.equal(50, #messages)
      for i, message in ipairs(messages) do assert.equal("line " .. i + 10, message.text) end
    end
  end)

  it("knows who is here, and tells when somebody goes", function()
    local ada, ben = open "here", open "here"
    join(ada, "Ada")
    wait_for_event(ada, "join", function(data) return data.name == "Ada" end)
    join(ben, "Ben")
    wait_for_event(ada, "join", function(data) return data.name == "Ben" end)
    assert.same({ "Ada", "Ben" }, process.wait_for("both", function()
      local names = ask(ada, '{"action":"members","request_id":1}').data
      return #names == 2 and names
    end))
    ben:vanish()
    table.remove(people)
    wait_for_event(ada, "leave", function(data) return data.name == "Ben" end)
    local lobby = open()
    assert.same({ { name = "here", members = 1 } }, process.wait_for("the list", function()
      local list = ask(lobby, '{"action":"list","request_id":1}').data
      return list[1] and list[1].members == 1 and list
    end))
  end)

  it("says what is wrong with a name or a text", function()
    local ada, other = open "checks", open "checks"
    local function errors(ws, text)
      local frame = ask(ws, text)
      return frame.errors, frame.response_status
    end
    assert.same({ { "Join the room first." }, 403 }, { errors(ada, '{"action":"say","text":"x"}') })
    for name, why in pairs {
      ["null"] = "Not a valid string.", ['"  "'] = "This field may not be blank.", ['"' .. ("é"):rep(25) .. '"'] = "Ensure this field has no more than 24 characters.",
      ['"a\\u0000b"'] = "Null characters are not allowed.", ["[1]"] = "Not a valid string.",
    } do
      assert.same({ { { name = { why } } }, 400 }, { errors(ada, '{"action":"join","name":' .. name .. "}") })
    end
    assert.same({ { { name = { "This field is required." } } }, 400 }, { errors(ada, '{"action":"join"}') })
    join(ada, ("é"):rep(24))
    wait_for_event(ada, "join", function() return true end)
    process.wait_for("the name to be known", function() return #ask(other, '{"action":"members","request_id":1}').data == 1 end)
    assert.equal(409, (select(2, errors(other, '{"action":"join","name":"' .. ("é"):rep(24) .. '"}'))))
    assert.same({ { { text = { "Ensure this field has no more than 2000 characters." } } }, 400 },
      { errors(ada, '{"action":"say","text":"' .. ("x"):rep(2001) .. '"}') })
    assert.equal(409, (select(2, errors(ada, '{"action":"join","name":"again"}'))))
  end)

  it("remembers what was said when it is started again, however it ended", function()
    local said = {}
    for round, signal in ipairs { process.SIGTERM, process.SIGKILL } do
      local ada = open "memory"
      local room = join(ada, "Ada").data
      local texts = {}
      for i, message in ipairs(room.messages) do texts[i] = message.name .. ": " .. message.text end
      assert.same(said, texts)
      for i = 1, 3 do
        local text = ("round %d, line %d: \"quoted\" \\ ' é"):format(round, i)
        assert.equal(201, ask(ada, json.encode(json.object { { "action", "say" }, { "request_id", 2 }, { "text", text } })).response_status)
        said[#said + 1] = "Ada: " .. text
      end
      running:signal(signal)
      running:wait()
      people, running = {}, start()
    end
    local room = join(open "memory", "Ben").data
    assert.same({ "Ben" }, room.members) -- who was there when it ended is not there any more
    assert.equal(said[6], room.messages[6].name .. ": " .. room.messages[6].text)
    assert.equal(6, #room.messages)
  end)

  it("refuses rooms whose name is no slug", function()
    local ws, status = running:connect "/ws/rooms/a%20b/"
    assert.is_nil(ws)
    assert.equal(404, status)
  end)

  it("serves its page", function()
    local http = require "support.http"
    for _, path in ipairs { "/", "/chat.js", "/chat.css", "/icon.svg" } do assert.equal(200, http.get(running.address, path).status) end
  end)
end) end)
