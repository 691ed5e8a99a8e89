---Groups within a worker and across workers.
local json = require "support.json"
local process = require "support.process"
local server = require "support.server"

for workers = 1, 2 do
  describe(("groups with %d worker(s)"):format(workers), function()
    local running, clients

    setup(function() running = server.start { app = "spec/apps/tasks", workers = workers, args = { "--close-timeout", "1" } } end)
    teardown(function() running:stop() end)

    local function open(path)
      local ws = assert(running:connect(path))
      clients[#clients + 1] = ws
      return ws
    end

    before_each(function()
      clients = {}
      for _ = 1, 8 do open() end
    end)
    after_each(function()
      for _, ws in ipairs(clients) do ws:vanish() end
      running:wait_until_idle()
    end)

    local function next_frame(ws) return json.plain(json.decode(assert(ws:receive(server.patience)))) end

    local function ask(ws, text)
      ws:send_text(text)
      return next_frame(ws)
    end

    local function join(ws, name, subscription)
      return ask(ws, ('{"action":"join_group","group":"%s"%s}'):format(name, subscription and ',"subscription":' .. subscription or "")).data
    end

    it("bring a message to each member's handler, on every worker, and to nobody else", function()
      for i = 1, 6 do assert.is_true(join(clients[i], "room")) end
      assert.equal(6, ask(clients[8], '{"action":"count","group":"room"}').data)
      assert.equal(200, ask(clients[8], '{"action":"send","group":"room","text":"hé","value":[null,9007199254740993]}').response_status)
      for i = 1, 6 do assert.equal('{"value":[null,9007199254740993],"got":"hé"}', (function()
        local got = json.decode(assert(clients[i]:receive(server.patience))).values
        return ('{"value":%s,"got":"%s"}'):format(json.encode(got.value), got.got)
      end)()) end
      assert.equal("nothing else", ask(clients[7], '{"action":"echo","data":"nothing else"}').data)
    end)

    it("bring the sender its own message when it is a member, after the reply", function()
      join(clients[1], "own")
      assert.equal(200, ask(clients[1], '{"action":"send","group":"own","text":"me"}').response_status)
      assert.equal("me", next_frame(clients[1]).got)
    end)

    it("keep a sender's messages in order", function()
      for i = 1, 4 do join(clients[i], "order") end
      for n = 1, 200 do clients[8]:send_text(('{"action":"send","group":"order","text":%d}'):format(n)) end
      for i = 1, 4 do
        for n = 1, 200 do assert.equal(n, next_frame(clients[i]).got) end
      end
    end)

    it("wait for a member's running action, and for a handler that waits", function()
      join(clients[1], "slow")
      clients[1]:send_text '{"action":"wait","ms":30,"data":"action"}'
      ask(clients[2], '{"action":"send","group":"slow","type":"group.slow","text":1}')
      ask(clients[2], '{"action":"send","group":"slow","text":2}')
      assert.same({ "action", 1, 2 }, { next_frame(clients[1]).data, next_frame(clients[1]).got, next_frame(clients[1]).got })
    end)

    it("are left by remove_group and by closing", function()
      for i = 1, 3 do join(clients[i], "left") end
      assert.is_false(join(clients[1], "left"))
      assert.equal(1, ask(clients[1], '{"action":"leave_group","group":"left"}').data)
      assert.equal(0, ask(clients[1], '{"action":"leave_group","group":"left"}').data)
      clients[2]:vanish()
      process.wait_for("one member", function() return ask(clients[8], '{"action":"count","group":"left"}').data == 1 end)
      ask(clients[8], '{"action":"send","group":"left","text":"x"}')
      assert.equal("x", next_frame(clients[3]).got)
      assert.equal("nothing", ask(clients[1], '{"action":"echo","data":"nothing"}').data)
      clients[3]:close()
      process.wait_for("no member", function() return ask(clients[8], '{"action":"count","group":"left"}').data == 0 end)
      table.remove(clients, 3)
      table.remove(clients, 2)
    end)

    it("that a class names are joined by every connection", function()
      local members = { open "/member/", open "/member/" }
      assert.equal(2, ask(clients[1], '{"action":"count","group":"everybody"}').data)
      ask(clients[1], '{"action":"send","group":"everybody","text":"all"}')
      for _, ws in ipairs(members) do assert.equal("all", next_frame(ws).got) end
    end)

    it("reply to each subscription under its own request id", function()
      join(clients[1], "news", "1")
      join(clients[1], "news", '"b"')
      join(clients[2], "news", "[1,{}]")
      join(clients[3], "news", "9007199254740993")
      join(clients[4], "news") -- a member without a subscription is sent no reply
      assert.equal(200, ask(clients[8], '{"action":"publish","group":"news","text":"hi"}').response_status)
      local function frame(id) return '{"errors":[],"data":{"text":"hi"},"action":"create","response_status":200,"request_id":' .. id .. "}" end
      local both = { (clients[1]:receive(server.patience)), (clients[1]:receive(server.patience)) }
      table.sort(both)
      assert.same({ frame '"b"', frame "1" }, both)
      assert.equal(frame "[1,{}]", (clients[2]:receive(server.patience)))
      assert.equal(frame "9007199254740993", (clients[3]:receive(server.patience)))
      assert.equal("nothing", ask(clients[4], '{"action":"echo","data":"nothing"}').data)
      assert.equal(1, ask(clients[1], '{"action":"leave_group","group":"news","subscription":1}').data)
      ask(clients[8], '{"action":"publish","group":"news","text":"hi"}')
      assert.equal(frame '"b"', (clients[1]:receive(server.patience)))
    end)

    it("log a handler that fails or does not exist, and go on", function()
      local from = #running:log() + 1
      join(clients[1], "bad")
      ask(clients[2], '{"action":"send","group":"bad","type":"group.error"}')
      ask(clients[2], '{"action":"send","group":"bad","type":"no.such.handler"}')
      ask(clients[2], '{"action":"send","group":"bad","type":"__index"}')
      ask(clients[2], '{"action":"send","group":"bad","text":"after"}')
      assert.equal("after", next_frame(clients[1]).got)
      local log = running:log():sub(from)
      assert.truthy(log:find("group handler failed", 1, true))
      assert.truthy(log:find("no_such_handler", 1, true))
    end)

    it("refuse messages that have no type or no JSON", function()
      assert.equal(500, ask(clients[1], '{"action":"send_badly","group":"x"}').response_status)
      assert.equal(500, ask(clients[1], '{"action":"send_badly","group":"x","typeless":true}').response_status)
    end)

    it("call a module's function on every worker", function()
      local mark = "m" .. workers
      ask(clients[1], '{"action":"send","group":"module","text":"' .. mark .. '"}')
      for i = 1, 8 do
        process.wait_for("the message on every worker", function()
          for _, text in ipairs(ask(clients[i], '{"action":"seen"}').data) do
            if text == mark then return true end
          end
        end)
      end
    end)

    it("with a subscriber that reads nothing do not hold up the others", function()
      for i = 1, 3 do join(clients[i], "lag", "1") end
      local text = ("x"):rep(60000)
      for _ = 1, 400 do
        ask(clients[8], '{"action":"publish","group":"lag","text":"' .. text .. '"}')
        assert(clients[2]:receive(server.patience))
        assert(clients[3]:receive(server.patience))
      end
      process.wait_for("the slow one to be closed", function() return ask(clients[7], '{"action":"count","group":"lag"}').data == 2 end)
    end)
  end)
end
