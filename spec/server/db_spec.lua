---tidewire.db inside the real binary, on both databases: what goes wrong around transactions, cursors and tasks.
local cjson = require "cjson"
local App = require "support.queryset_app"
local databases = require "support.databases"
local process = require "support.process"
local server = require "support.server"

for _, vendor in ipairs(databases.VENDORS) do
  describe("tidewire.db on " .. vendor, function()
    local app

    local function run(code) return app:run("local tidewire = require 'tidewire'\n" .. code) end

    lazy_setup(function() app = App.start(vendor, { "--database-acquire-timeout", "1", "--close-timeout", "0.2" }) end)
    lazy_teardown(function()
      if app then app:stop() end
    end)

    before_each(function() app:ask { action = "load" } end)

    it("refuses to wait in a function that C calls back, and nothing has begun then", function()
      local result = run [[
        local function write() Tag.objects:create { name = "called back" } end
        local in_gsub, why = pcall(string.gsub, "ab", ".", write)
        local in_sort = pcall(table.sort, { 3, 2, 1 }, write)
        tidewire.spawn(function() pcall(string.gsub, "ab", ".", write) end):join()
        return { in_gsub, in_sort, why, Tag.objects:filter { name = "called back" }:count() }
      ]]
      assert.same({ false, false, 0 }, { result[1], result[2], result[4] })
      assert.matches("waiting is not possible inside a function that C calls back", result[3], 1, true)
    end)

    it("ends a cursor with its transaction, whoever still holds it", function()
      assert.same({ false, "the cursor's transaction is over", 10 }, run [[
        local chunks
        db.atomic(function()
          chunks = db.iterate("SELECT id FROM p4app_book", nil, nil, 2)
          chunks()
          for _ in Book.objects:order_by "id":iterator(3) do break end
        end)
        collectgarbage()
        collectgarbage()
        local ok, err = pcall(chunks)
        return { ok, tostring(err), Book.objects:count() }
      ]])
    end)

    it("lets others go on while a large result is walked", function()
      local rows, beats = unpack(run [[
        local beats, over, rows = 0, false, 0
        local other = tidewire.spawn(function() repeat tidewire.sleep(0) beats = beats + 1 until over end)
        local many = "SELECT a.id FROM p4app_book a, p4app_book b, p4app_book c, p4app_book d"
        for chunk in db.iterate(many, nil, nil, 100) do rows = rows + #chunk end
        over = true
        other:join()
        return { rows, beats }
      ]])
      assert.equal(10000, rows)
      assert.is_true(beats > 50, beats)
    end)

    it("says in the log what a task of its own has failed with", function()
      run "tidewire.spawn(db.execute, 'SELECT 1 FROM nowhere'):join()"
      assert.matches("nowhere", app.running:wait_for_event("task failed").error, 1, true)
    end)

    it("calls nothing committed that was not", function()
      local ok, committed, there = unpack(run [[
        local committed = false
        local ok = pcall(db.atomic, function()
          Tag.objects:create { name = "kept?" }
          pcall(db.execute, "SELECT nonsense")
          db.on_commit(function() committed = true end)
        end)
        return { ok, committed, Tag.objects:filter { name = "kept?" }:exists() }
      ]])
      assert.same({ there, there }, { ok, committed })
    end)

    it("commits nothing when a statement was given up, unless a savepoint has undone it", function()
      assert.same({ false, "the transaction was rolled back: a statement in it was given up, and that was not raised", false, 1 }, run [[
        local host = require "tidewire.host"
        local slow = db.vendor() == "postgresql" and "SELECT pg_sleep(30)"
          or "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n"
        local function late()
          host.timeout(host.current(), 0.02, "late")
          local ok, err = pcall(db.execute, slow)
          host.timeout(host.current())
          assert(not ok and err == "late", err)
        end
        local ok, err = pcall(db.atomic, function()
          Tag.objects:create { name = "late" }
          late()
        end)
        db.atomic(function()
          Tag.objects:create { name = "before" }
          local undone = not pcall(db.atomic, function()
            Tag.objects:create { name = "between" }
            late()
          end)
          assert(undone)
        end)
        local names = Tag.objects:filter { name__in = { "late", "before", "between" } }
        return { ok, tostring(err), names:filter { name = "late" }:exists(), names:count() }
      ]])
    end)

    it("goes on after a nested block that kept an error to itself", function()
      assert.is_true(run [[
        db.atomic(function()
          pcall(db.atomic, function() pcall(db.execute, "SELECT nonsense") end)
          Tag.objects:create { name = "outer" }
        end)
        return Tag.objects:filter { name = "outer" }:exists()
      ]])
    end)

    it("tells everybody who sent the same bad SQL at once what is wrong with it", function()
      for _, text in ipairs(run [[
        local texts, tasks = {}, {}
        for i = 1, 24 do
          tasks[i] = tidewire.spawn(function() texts[i] = tostring(select(2, pcall(db.execute, "SELECT 1 FROM nowhere"))) end)
        end
        for i = 1, 24 do tasks[i]:join() end
        return texts
      ]]) do assert.matches("nowhere", text, 1, true) end
    end)

    it("ends a wait for a task that waits for the writer that one has oneself", function()
      local ok, others = unpack(run [[
        local others = "nothing"
        local ok = pcall(db.atomic, function()
          Tag.objects:create { name = "mine" }
          tidewire.spawn(function()
            local done, err = pcall(Tag.objects.create, Tag.objects, { name = "another's" })
            others = done and "written" or tostring(err)
          end):join()
        end)
        return { ok, others }
      ]])
      assert.is_true(ok)
      if vendor == "postgresql" then assert.equal("written", others) else assert.matches("writer was busy", others) end
    end)

    it("leaves nothing of a transaction whose client has gone", function()
      local other = assert(app.running:connect "/ws/")
      other:send_text(cjson.encode { action = "lua", request_id = 1, code = [[
        db.atomic(function()
          Tag.objects:create { name = "gone" }
          require "tidewire.log".info "inside the transaction"
          db.execute(db.vendor() == "postgresql" and "SELECT pg_sleep(30)"
            or "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n")
        end)
      ]] })
      app.running:wait_for_event "inside the transaction"
      other:vanish()
      assert.same({ false, true }, run [[
        local later = pcall(Tag.objects.create, Tag.objects, { name = "later" })
        return { Tag.objects:filter { name = "gone" }:exists(), later }
      ]])
      if vendor == "postgresql" then require "support.postgresql".shared():wait_until_quiet(app.database.name, server.patience) end
    end)
  end)

  it("on " .. vendor .. ": a task that the app started while it loaded begins when there are tables, and keeps its database", function()
    local database = databases.create(vendor)
    local running = server.start { app = "spec/apps/background", args = { "--database", database.url, "--grace", "1" } }
    local ws = assert(running:connect "/ws/")
    local state
    process.wait_for("beats", function()
      ws:send_text '{"action": "state", "request_id": 1}'
      local payload = assert(ws:receive(server.patience))
      state = cjson.decode(payload).data
      return state.beats > 20
    end, server.patience)
    assert.same({ 0, nil }, { state.failures, state.last })
    ws:close()
    running:stop()
    database:drop()
  end)
end
