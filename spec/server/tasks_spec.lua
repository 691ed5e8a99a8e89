---Actions as tasks: order, waiting, detached ones, timeouts, errors.
local json = require "support.json"
local process = require "support.process"
local server = require "support.server"

describe("an action", function()
  local running, ws

  setup(function() running = server.start { app = "spec/apps/tasks", args = { "--close-timeout", "1" } } end)
  teardown(function() running:stop() end)
  before_each(function() ws = assert(running:connect()) end)
  after_each(function()
    ws:vanish()
    running:wait_until_idle()
  end)

  local function send(client, text) client:send_text(text) end
  local function next_reply(client) return json.plain(json.decode(assert(client:receive(server.patience)))) end

  local function ask(text, client)
    client = client or ws
    send(client, text)
    return next_reply(client)
  end

  ---The app's log from here on, waited for until it holds `line`.
  local function wait_for_note(line, from)
    return process.wait_for("the note " .. line, function() return running:app_log():sub(from):find(line, 1, true) end, server.patience)
  end

  it("runs after the one before it has ended, however long that waits", function()
    send(ws, '{"action":"wait","ms":60,"data":1}')
    send(ws, '{"action":"wait","ms":1,"data":2}')
    send(ws, '{"action":"echo","data":3}')
    assert.same({ 1, 2, 3 }, { next_reply(ws).data, next_reply(ws).data, next_reply(ws).data })
  end)

  it("that waits holds no other connection up", function()
    local other = assert(running:connect())
    send(ws, '{"action":"wait","ms":3600000}')
    assert.equal("at once", ask('{"action":"echo","data":"at once"}', other).data)
    other:close()
  end)

  it("that is detached holds its own connection not up either", function()
    send(ws, '{"action":"detached_wait","ms":50,"data":"late","request_id":1}')
    send(ws, '{"action":"echo","data":"first","request_id":2}')
    local first, second = next_reply(ws), next_reply(ws)
    assert.same({ "first", 2, "late", 1 }, { first.data, first.request_id, second.data, second.request_id })
  end)

  it("that is detached is listed, and can be cancelled by name", function()
    local from = #running:app_log() + 1
    send(ws, '{"action":"forever","tag":"a","request_id":11}')
    send(ws, '{"action":"forever","tag":"b","request_id":12}')
    send(ws, '{"action":"detached_wait","ms":3600000,"request_id":13}')
    assert.same({
      { name = "forever", action = "forever", request_id = 11, done = false }, { name = "forever", action = "forever", request_id = 12, done = false },
      { name = "detached_wait", action = "detached_wait", request_id = 13, done = false },
    }, ask('{"action":"list"}').data)
    assert.equal(2, ask('{"action":"cancel","name":"forever"}').data)
    wait_for_note("cancelled b", from)
    assert.same({ "detached_wait" }, { ask('{"action":"list"}').data[1].name })
    assert.equal(0, ask('{"action":"cancel","name":"forever"}').data)
    assert.is_true(ask('{"action":"cancel_first"}').data)
    assert.equal(0, #process.wait_for("an empty list", function()
      local list = ask('{"action":"list"}').data
      return #list == 0 and list
    end))
  end)

  it("that is detached is cancelled on disconnect, and its cleanup runs before disconnect does", function()
    local from = #running:app_log() + 1
    send(ws, '{"action":"forever","tag":"x","cleanup_ms":5}')
    wait_for_note("start x", from)
    ws:close(4001)
    wait_for_note("disconnect 4001", from)
    assert.equal("start x\ncancelled x\ncleanup false true\ndisconnect 4001\n", running:app_log():sub(from))
    ws = assert(running:connect())
  end)

  it("that swallows its cancellation ends all the same", function()
    send(ws, '{"action":"stubborn"}')
    assert.equal("still there", ask('{"action":"echo","data":"still there"}').data)
    ws:close()
    running:wait_until_idle()
    ws = assert(running:connect())
  end)

  it("with a timeout is answered with 503, and the next one runs", function()
    local reply = ask '{"action":"limited","request_id":5}'
    assert.same({ 503, 5, "The action took too long." }, { reply.response_status, reply.request_id, reply.errors[1] })
    assert.equal("caught", ask('{"action":"limited","catch":true}').data)
    assert.equal("in time", ask('{"action":"in_time","data":"in time"}').data)
    assert.equal(503, ask('{"action":"limited_detached"}').response_status)
  end)

  it("that fails is a 500; its traceback is logged, and the connection goes on", function()
    local from = #running:log() + 1
    for _, name in ipairs { "boom", "boom_detached", "deep" } do
      local reply = ask('{"action":"' .. name .. '","request_id":"r"}')
      assert.same({ { "Internal server error" }, json.null, name, 500, "r" },
        { reply.errors, reply.data, reply.action, reply.response_status, reply.request_id })
    end
    local log = running:log():sub(from)
    assert.truthy(log:find("attempt to index local 'nothing'", 1, true))
    assert.truthy(log:find("spec/apps/tasks/app.lua:", 1, true) or log:find("tasks/app.lua:", 1, true))
    assert.truthy(log:find("stack traceback", 1, true))
    assert.truthy(log:find("stack overflow", 1, true))
    assert.equal("on", ask('{"action":"echo","data":"on"}').data)
  end)

  it("is asked of the permissions that its route or its connection gives", function()
    for _, path in ipairs { "/users/", "/strict/" } do
      local other = assert(running:connect(path))
      assert.equal(403, ask('{"action":"echo","data":1}', other).response_status)
      assert.equal(path == "/users/" and "hello" or "none", ask('{"action":"greet"}', other).data)
      other:close()
    end
    assert.equal("none", ask('{"action":"greet"}').data)
  end)

  it("with a timeout logs where it failed, too", function()
    local from = #running:log() + 1
    assert.equal(500, ask('{"action":"boom_in_time"}').response_status)
    assert.truthy(running:log():sub(from):find("in function 'error'.*tasks/app.lua:%d+"))
  end)

  it("shows its traceback to the client in debug mode", function()
    server.with({ app = "spec/apps/tasks", args = { "--debug" } }, function(open)
      local client = assert(open:connect())
      local reply = ask('{"action":"boom"}', client)
      assert.truthy(reply.errors[1]:find("attempt to index local 'nothing'", 1, true))
      assert.truthy(reply.errors[1]:find("app.lua", 1, true))
      client:close()
    end)
  end)

  it("can spawn tasks and wait for their end", function()
    assert.same({ "task", "joined" }, ask('{"action":"join"}').data)
  end)

  it("can start work that belongs to no connection; its errors are logged", function()
    local from, log_from = #running:app_log() + 1, #running:log() + 1
    assert.equal(202, ask('{"action":"background"}').response_status)
    ws:close()
    wait_for_note("background ran", from)
    process.wait_for("the log", function() return running:log():sub(log_from):find("background failed", 1, true) end)
    ws = assert(running:connect())
  end)

  it("that closes the connection sends nothing after it", function()
    send(ws, '{"action":"leave","code":4321,"reason":"enough"}')
    assert.equal('{"before":true}', (ws:receive()))
    local payload, what, code, reason = ws:receive()
    assert.same({ nil, "close", 4321, "enough" }, { payload, what, code, reason })
  end)

  it("cannot close with a code that RFC 6455 does not allow", function()
    for _, code in ipairs { 999, 1005, 1006, 1015, 2999, 5000 } do
      local other = assert(running:connect())
      send(other, '{"action":"leave","code":' .. code .. "}")
      assert.equal('{"before":true}', (other:receive()))
      assert.equal(500, next_reply(other).response_status)
      other:close()
    end
  end)

  it("still waiting when its connection closes may finish", function()
    local from = #running:app_log() + 1
    send(ws, '{"action":"wait","ms":50}')
    ws:close(1000)
    wait_for_note("disconnect 1000", from)
    ws = assert(running:connect())
  end)

  describe("in connect", function()
    it("may wait; frames that come meanwhile are answered afterwards", function()
      local other = assert(running:connect { path = "/ws/?slow=0.05", also = require "support.websocket".frame(1, '{"action":"echo","data":"early"}') })
      assert.equal("early", next_reply(other).data)
      other:close()
    end)

    it("that raises an API exception is refused with its status", function()
      local client, status, response = running:connect { path = "/ws/?status=1" }
      assert.is_nil(client)
      assert.equal(429, status)
      assert.truthy(response.body:find("Expected available in 3 seconds.", 1, true))
    end)

    it("that fails is refused with 500", function()
      local client, status = running:connect { path = "/ws/?fail=1" }
      assert.is_nil(client)
      assert.equal(500, status)
      running:wait_for_event "unhandled error in connect"
    end)

    it("of a client that goes away meanwhile leaves nothing", function()
      local tcp = require "support.websocket".tcp(running.address)
      tcp:send_raw(require "support.websocket".request { address = running.address, path = "/ws/?slow=0.1" })
      process.wait_for("the task", function() return running:health().tasks > 0 end)
      tcp:vanish()
      ws:close()
      running:wait_until_idle()
      ws = assert(running:connect())
    end)
  end)

  it("can log with fields", function()
    assert.equal(200, ask('{"action":"log"}').response_status)
    local event = running:wait_for_event "something odd"
    assert.same({ "warning", "value", 3 }, { event.level, event.field, tonumber(event.number) })
  end)
end)
