---Shutting down: nothing that runs is lost within the grace time, and the process ends whatever happens.
local process = require "support.process"
local server = require "support.server"
local websocket = require "support.websocket"

describe("a server that is told to end", function()
  local running, ws

  local function start(grace, workers)
    running = server.start { app = "spec/apps/tasks", workers = workers or 2, args = { "--grace", tostring(grace), "--close-timeout", "1" } }
    ws = assert(running:connect())
  end

  ---A second signal or SIGKILL must not be needed, but a failed test may leave a server.
  after_each(function()
    if not running.process:poll() then
      running:signal(process.SIGKILL)
      running:wait()
    end
  end)

  local function begin(text)
    ws:send_text(text)
    process.wait_for("the task", function() return running:health().tasks > 0 end, server.patience)
  end

  for name, signal in pairs { SIGTERM = process.SIGTERM, SIGINT = process.SIGINT } do
    it("by " .. name .. " closes its connections with 1001 and ends with 0", function()
      start(10)
      running:signal(signal)
      assert.equal(1001, (ws:receive_close(server.patience)))
      assert.is_true(ws:receive_end(server.patience))
      ws.socket:close()
      assert.equal(0, running:wait())
      assert.truthy(running:app_log():find("disconnect 1001", 1, true))
    end)
  end

  it("lets an action finish, and its reply arrives before the close frame", function()
    start(10)
    begin '{"action":"wait","ms":150,"data":"done"}'
    running:signal(process.SIGTERM)
    assert.truthy(assert(ws:receive(server.patience)):find('"done"', 1, true))
    assert.equal(1001, (ws:receive_close(server.patience)))
    ws.socket:close()
    assert.equal(0, running:wait())
  end)

  it("lets a detached task finish, too", function()
    start(10)
    begin '{"action":"detached_wait","ms":150,"data":"done"}'
    running:signal(process.SIGTERM)
    assert.truthy(assert(ws:receive(server.patience)):find('"done"', 1, true))
    assert.equal(1001, (ws:receive_close(server.patience)))
    ws.socket:close()
    assert.equal(0, running:wait())
  end)

  it("cancels what still runs when the grace time is over", function()
    start(0.1)
    begin '{"action":"forever","tag":"g"}'
    running:signal(process.SIGTERM)
    assert.equal(1001, (ws:receive_close(server.patience)))
    ws.socket:close()
    assert.equal(0, running:wait())
    assert.truthy(running:app_log():find("cancelled g", 1, true))
  end)

  it("with a grace of 0 cancels at once", function()
    start(0)
    begin '{"action":"forever","tag":"z"}'
    running:signal(process.SIGTERM)
    assert.equal(1001, (ws:receive_close(server.patience)))
    ws.socket:close()
    assert.equal(0, running:wait())
    assert.truthy(running:app_log():find("cancelled z", 1, true))
  end)

  it("accepts nobody any more, and new messages are not begun", function()
    start(10)
    begin '{"action":"wait","ms":300,"data":"done"}'
    running:signal(process.SIGTERM)
    process.wait_for("the listener to be gone", function() return not pcall(websocket.tcp, running.address) end, server.patience)
    ws:send_text '{"action":"echo","data":"late"}'
    assert.truthy(assert(ws:receive(server.patience)):find('"done"', 1, true))
    local payload, what, code = ws:receive(server.patience)
    assert.same({ nil, "close", 1001 }, { payload, what, code })
    ws:send_frame(8, "\3\233")
    ws.socket:close()
    assert.equal(0, running:wait())
  end)

  it("says so in /healthz to connections that it has", function()
    start(10, 1)
    local keep = websocket.tcp(running.address)
    local request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    keep:send_raw(request)
    local status, headers = keep:receive_head()
    assert.equal(200, status)
    keep:need(tonumber(headers["content-length"]), require "socket".gettime() + 5)
    keep.buffer = ""
    begin '{"action":"wait","ms":300,"data":"done"}'
    running:signal(process.SIGTERM)
    process.wait_for("the listener to be gone", function() return not pcall(websocket.tcp, running.address) end, server.patience)
    keep:send_raw(request)
    assert.equal(503, (keep:receive_head()))
    keep.socket:close()
    ws:receive_close(server.patience)
    ws.socket:close()
    assert.equal(0, running:wait())
  end)

  it("does not wait for a client that does not answer the close frame", function()
    start(10)
    running:signal(process.SIGTERM)
    assert.equal(0, running:wait())
    ws.socket:close()
  end)

  it("ends at once at a second SIGINT", function()
    start(60)
    begin '{"action":"wait","ms":3600000}'
    running:signal(process.SIGINT)
    process.wait_for("the listener to be gone", function() return not pcall(websocket.tcp, running.address) end, server.patience)
    running:signal(process.SIGINT)
    assert.equal(130, running:wait())
  end)
end)
