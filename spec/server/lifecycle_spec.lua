---Connections that end badly, read slowly, or come in great numbers: nothing is left behind.
local json = require "support.json"
local process = require "support.process"
local server = require "support.server"
local socket = require "socket"
local websocket = require "support.websocket"

describe("a client that", function()
  local running

  setup(function() running = server.start { app = "spec/apps/tasks", workers = 2, args = { "--close-timeout", "1" } } end)
  teardown(function() running:stop() end)
  after_each(function() running:wait_until_idle() end)

  local function ask(ws, text)
    ws:send_text(text)
    return json.plain(json.decode(assert(ws:receive(server.patience))))
  end

  local function bystander()
    local ws = assert(running:connect())
    assert.equal("fine", ask(ws, '{"action":"echo","data":"fine"}').data)
    ws:close()
  end

  local frame = websocket.frame(1, '{"action":"echo","data":"' .. ("x"):rep(1000) .. '"}')

  it("vanishes in the middle of a frame's head", function()
    local ws = assert(running:connect())
    ws:send_raw(frame:sub(1, 3))
    ws:vanish()
    bystander()
  end)

  it("vanishes in the middle of a frame's payload", function()
    local ws = assert(running:connect())
    ws:send_raw(frame:sub(1, 500))
    ws:vanish()
    bystander()
  end)

  it("vanishes between fragments", function()
    local ws = assert(running:connect())
    ws:send_frame(1, '{"action":', { fin = false })
    ws:vanish()
    bystander()
  end)

  it("vanishes in the middle of a reply", function()
    local ws = assert(running:connect())
    ws:send_text '{"action":"flood","size":100000,"count":30}'
    assert(ws:receive())
    ws:vanish()
    bystander()
  end)

  it("vanishes while its action waits", function()
    local from = #running:app_log() + 1
    local ws = assert(running:connect())
    ws:send_text '{"action":"wait","ms":3600000}'
    process.wait_for("the task", function() return running:health().tasks > 0 end)
    ws:vanish()
    running:wait_until_idle()
    assert.truthy(running:app_log():sub(from):find("disconnect 1006", 1, true))
  end)

  it("vanishes while detached tasks run", function()
    local from = #running:app_log() + 1
    local ws = assert(running:connect())
    for _ = 1, 20 do ws:send_text '{"action":"forever","tag":"v"}' end
    process.wait_for("the tasks", function() return running:health().tasks == 20 end)
    ws:vanish()
    running:wait_until_idle()
    assert.equal(20, select(2, running:app_log():sub(from):gsub("cancelled v", "")))
  end)

  it("shuts down its side only is answered and let go", function()
    local ws = assert(running:connect())
    ws:send_text '{"action":"echo","data":"last"}'
    assert.truthy(ws:receive():find("last", 1, true))
    ws.socket:shutdown "send"
    assert.is_true(ws:receive_end())
    ws.socket:close()
  end)

  it("sends no handshake and vanishes", function()
    for _ = 1, 50 do websocket.tcp(running.address):vanish() end
    bystander()
  end)

  it("reads nothing is closed with 1013 when the outbox is over its limit", function()
    local from = #running:app_log() + 1
    local ws = assert(running:connect())
    ws:send_text '{"action":"flood","size":65536,"count":1000}'
    process.wait_for("the end of the flood", function() return running:app_log():sub(from):find("flood slow consumer", 1, true) end)
    assert.equal(1013, (ws:receive_close(server.patience)))
    ws.socket:close()
    bystander()
  end)

  it("reads nothing and sends pings makes no memory grow", function()
    local before = running:rss()
    local ws = assert(running:connect())
    local pings = websocket.frame(9, ("p"):rep(125)):rep(1000)
    ws.socket:settimeout(0)
    for _ = 1, 300 do -- 39 MB of pings; the kernel takes some of the pongs, the outbox the rest up to its limit
      local sent, err = 0, nil
      while sent < #pings and err ~= "closed" do
        local n, partial
        n, err, partial = ws.socket:send(pings, sent + 1)
        sent = n or partial or sent
        if err == "timeout" and #select(2, socket.select(nil, { ws.socket }, 0.3)) == 0 then break end -- it is not read any more
      end
    end
    if not server.sanitizer then assert.is_true(running:rss() - before < 24 * 1024) end
    ws:vanish()
    bystander()
  end)

  it("sends faster than it is served is not read on, and loses nothing", function()
    local ws = assert(running:connect())
    ws:send_text '{"action":"wait","ms":100,"data":"first"}'
    for i = 1, 1000 do ws:send_text('{"action":"echo","data":' .. i .. "}") end
    assert.equal("first", json.plain(json.decode(ws:receive())).data)
    for i = 1, 1000 do assert.equal(i, json.plain(json.decode(ws:receive())).data) end
    ws:close()
  end)

  it("waits with much unread is held off by TCP", function()
    local before = running:rss()
    local ws = assert(running:connect())
    ws:send_text '{"action":"wait","ms":3600000}'
    process.wait_for("the task", function() return running:health().tasks > 0 end)
    local text, sent = websocket.frame(1, '{"action":"echo","data":"' .. ("x"):rep(100000) .. '"}'), 0
    ws.socket:settimeout(0.3)
    for _ = 1, 600 do -- 60 MB; 64 messages are taken, and what the kernel buffers
      local n, _, partial = ws.socket:send(text)
      sent = sent + (n or partial or 0)
      if not n then break end
    end
    assert.is_true(sent < 40e6)
    if not server.sanitizer then assert.is_true(running:rss() - before < 40 * 1024) end
    ws:vanish()
  end)

  it("comes a thousand times in a second leaves nothing", function()
    running:wait_until_idle()
    local descriptors = running:descriptors()
    for _ = 1, 10 do
      local batch = {}
      for i = 1, 100 do
        batch[i] = assert(running:connect())
        batch[i]:send_text '{"action":"join_group","group":"crowd"}'
        if i % 3 == 0 then batch[i]:send_text '{"action":"forever"}' end
        if i % 2 == 0 then batch[i]:vanish() end
      end
      for i = 1, 100, 2 do batch[i]:close() end
    end
    running:wait_until_idle()
    process.wait_for("its descriptors", function() return running:descriptors() <= descriptors end, server.patience)
    local ws = assert(running:connect())
    assert.equal(0, ask(ws, '{"action":"count","group":"crowd"}').data)
    ws:close()
  end)

  it("is open when it should be is counted", function()
    local list = {}
    for i = 1, 20 do list[i] = assert(running:connect()) end
    assert.equal(20, running:health().connections)
    for _, ws in ipairs(list) do ws:close() end
  end)
end)

describe("pings", function()
  it("go out at the interval, and a client that answers none of them is let go", function()
    server.with({ app = "spec/apps/tasks", args = { "--ping-interval", "0.1", "--ping-misses", "2" } }, function(running)
      local good, dead = assert(running:connect()), assert(running:connect())
      local pings = 0
      while not dead.ended do -- the dead one reads, but answers nothing; the good one answers
        local ping = good:receive_frame(server.patience)
        assert.equal(9, ping.opcode)
        good:send_frame(10, ping.payload)
        pings = pings + 1
        dead:fill(0)
        assert.is_true(pings < 50)
      end
      assert.is_true(pings >= 2)
      assert.equal(1, running:health().connections)
      good:close()
      dead.socket:close()
    end)
  end)

  it("are not sent with an interval of 0", function()
    server.with({ app = "spec/apps/tasks", args = { "--ping-interval", "0" } }, function(running)
      local ws = assert(running:connect())
      assert.same({ nil, "timeout" }, { ws:receive_frame(0.2) })
      ws:close()
    end)
  end)
end)

describe("a limit of connections", function()
  it("refuses the one too many, and takes the next when one has gone", function()
    server.with({ app = "spec/apps/tasks", args = { "--max-connections", "3" } }, function(running)
      local list = {}
      for i = 1, 3 do list[i] = assert(running:connect()) end
      local extra = websocket.tcp(running.address)
      extra:send_raw(websocket.request { address = running.address })
      assert.is_nil((extra:receive_head(0.3)))
      list[1]:close()
      extra.socket:close()
      process.wait_for("room", function()
        local ws = running:connect { seconds = 1 }
        if ws then list[1] = ws end
        return ws
      end)
      for i = 1, 3 do list[i]:close() end
    end)
  end)
end)
