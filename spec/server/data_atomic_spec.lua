---Transactions: what is kept and what is not, on both databases through the real binary.
local data = require "support.data"
local databases = require "support.databases"
local process = require "support.process"
local server = require "support.server"

databases.for_each(function(vendor, create)
  describe("a transaction on " .. vendor, function()
    local running

    setup(function() running = data.start(create(), { workers = 2 }) end)
    teardown(function() running:stop() end)
    before_each(function() running:clear() end)
    after_each(function() running:wait_until_quiet() end)

    ---Names of the rows there are, as another process sees them.
    local function names()
      return running.database:query [[SELECT name FROM data_row ORDER BY name]]
    end

    ---Wait for a note of the app after `from`.
    local function wait_for_note(text, from)
      return process.wait_for("the note " .. text, function() return running.server:app_log():sub(from):find(text, 1, true) end, server.patience)
    end

    local function wait_for_no_task()
      process.wait_for("the end of all tasks", function() return running.server:health().tasks == 0 end, server.patience)
    end

    it("is committed when its function returns, and gives what that returned", function()
      assert.same({ "kept", true, false }, running:run [[
        local value, inside = db.atomic(function()
          Row.objects:create { name = "a" }
          return "kept", db.in_atomic_block()
        end)
        return { value, inside, db.in_atomic_block() }]])
      assert.equal("a", names())
    end)

    it("is seen by nobody else before that", function()
      local other, from = running:client(), #running.server:app_log() + 1
      running.own = running.own or running:client()
      running.own:send [[db.atomic(function() Row.objects:create { name = "a" } note "written" sleep(0.2) end) return 1]]
      wait_for_note("written", from)
      assert.equal(0, other:run "return Row.objects:count()")
      assert.equal(1, running.own:reply().data)
      assert.equal(1, other:run "return Row.objects:count()")
    end)

    it("sees what it has written itself", function()
      assert.same({ 1, true, "b" }, running:run [[
        return db.atomic(function()
          local row = Row.objects:create { name = "a" }
          Row.objects:filter { pk = row.pk }:update { name = "b" }
          return { Row.objects:count(), Row.objects:filter { name = "b" }:exists(), Row.objects:get { pk = row.pk }.name }
        end)]])
    end)

    it("is rolled back by an error, which goes on", function()
      for _, raised in ipairs { '"plain"', "exceptions.NotFound()", "{ 1 }" } do
        running:run(([[
          local ok = pcall(db.atomic, function()
            Row.objects:create { name = "a" }
            error(%s)
          end)
          assert(not ok and not db.in_atomic_block())]]):format(raised))
      end
      assert.equal("", names())
    end)

    it("of another inside can be rolled back alone", function()
      running:run [[
        db.atomic(function()
          Row.objects:create { name = "a" }
          pcall(db.atomic, function() Row.objects:create { name = "b" } error "no" end)
          db.atomic(function() Row.objects:create { name = "c" } end)
          pcall(db.atomic, function()
            Row.objects:create { name = "d" }
            db.atomic(function() Row.objects:create { name = "e" } end)
            error "no"
          end)
          db.atomic(function()
            pcall(db.atomic, function() Row.objects:create { name = "f" } error "no" end)
            Row.objects:create { name = "g" }
          end)
        end)]]
      assert.equal("a\nc\ng", names())
    end)

    it("goes down with everything inside when the outermost fails", function()
      running:run [[pcall(db.atomic, function()
        db.atomic(function() Row.objects:create { name = "a" } end)
        error "no"
      end)]]
      assert.equal("", names())
    end)

    it("goes on behind an IntegrityError that a transaction inside has caught", function()
      local got = running:run [[
        return db.atomic(function()
          Row.objects:create { name = "a" }
          local refused = caught(db.atomic, function() Row.objects:create { name = "a" } end)
          Row.objects:create { name = "b" }
          return refused
        end)]]
      assert.equal("IntegrityError", got.class)
      assert.equal("a\nb", names())
    end)

    it("that a database error has broken can do nothing but roll back", function()
      local got = running:run [[
        local refused
        local ok = pcall(db.atomic, function()
          Row.objects:create { name = "a" }
          pcall(Row.objects.create, Row.objects, { name = "a" })
          refused = caught(function() return Row.objects:count() end)
          if refused then error "broken" end
        end)
        return { ok = ok, refused = refused }]]
      -- SQLite undoes the statement alone and could go on; PostgreSQL cannot. Both behave as Django does, or SQLite goes on.
      if got.ok == false then
        assert.equal("", names())
      else
        assert.equal("sqlite", vendor)
        assert.equal("a", names())
      end
      assert.equal(0, running:run [[Row.objects:all():delete() return Row.objects:count()]])
    end)

    it("calls on_commit's functions in order, when all is committed", function()
      assert.same({ "inside", "1", "2", "4", "outside", "at once" }, running:run [[
        local order = {}
        local function say(text) return function() order[#order + 1] = text end end
        db.atomic(function()
          db.on_commit(say "1")
          db.atomic(function() db.on_commit(say "2") end)
          pcall(db.atomic, function() db.on_commit(say "3") error "no" end)
          db.on_commit(say "4")
          order[#order + 1] = "inside"
        end)
        order[#order + 1] = "outside"
        pcall(db.atomic, function() db.on_commit(say "5") error "no" end)
        db.on_commit(say "at once")
        return order]])
    end)

    it("is over when on_commit's functions run: they may write, and begin one of their own", function()
      assert.same({ false, 2 }, running:run [[
        local inside
        db.atomic(function()
          Row.objects:create { name = "a" }
          db.on_commit(function()
            inside = db.in_atomic_block()
            db.atomic(function() Row.objects:create { name = "b" } end)
          end)
        end)
        return { inside, Row.objects:count() }]])
    end)

    it("takes an update that reads what it changes, a hundred at once, without losing one", function()
      running:run [[Row.objects:create { name = "counter" }]]
      local clients = {}
      for i = 1, 20 do
        clients[i] = running:client()
        for _ = 1, 5 do
          clients[i]:send [[
            db.atomic(function()
              local row = Row.objects:select_for_update():get { name = "counter" }
              row.number = row.number + 1
              row:save()
            end)
            return true]]
        end
      end
      for _, client in ipairs(clients) do
        for _ = 1, 5 do assert.same({ 200, true }, { (function(r) return r.response_status, r.data end)(client:reply()) }) end
      end
      assert.equal("100", running.database:query "SELECT number FROM data_row")
    end)

    it("is rolled back when the client goes away", function()
      local client, from = running:client(), #running.server:app_log() + 1
      client:send([[
        db.atomic(function()
          Row.objects:create { name = "a" }
          note "written"
          sleep(3600)
        end)]], nil, "detached")
      wait_for_note("written", from)
      client.ws:vanish()
      wait_for_no_task()
      assert.equal("", names())
      assert.equal(1, running:run [[Row.objects:create { name = "a" } return Row.objects:count()]])
    end)

    it("is rolled back when the client goes away while statements run", function()
      for _ = 1, 5 do
        local client, from = running:client(), #running.server:app_log() + 1
        client:send([[
          db.atomic(function()
            for i = 1, 100000 do
              Row.objects:create { name = "a" .. i }
              if i == 3 then note "begun" end
            end
          end)]], nil, "detached")
        wait_for_note("begun", from)
        client.ws:vanish()
        wait_for_no_task()
        assert.equal("", names())
      end
    end)

    it("is rolled back when its action takes too long", function()
      local reply = running:ask([[db.atomic(function() Row.objects:create { name = "a" } sleep(10) end)]], nil, "limited")
      assert.same({ 503, "The action took too long." }, { reply.response_status, reply.errors[1] })
      assert.equal(503, running:ask([[Row.objects:create { name = "b" } sleep(10)]], nil, "atomic_limited").response_status)
      assert.equal("", names())
      assert.is_false(running:run "return db.in_atomic_block()")
    end)

    it("around an action is what atomic = true says", function()
      assert.is_true(running:run([[Row.objects:create { name = "a" } return db.in_atomic_block()]], nil, "atomic"))
      assert.equal(400, running:ask([[Row.objects:create { name = "b" } error(exceptions.ValidationError "no")]], nil, "atomic").response_status)
      assert.equal(500, running:ask([[Row.objects:create { name = "c" } error "no"]], nil, "atomic").response_status)
      assert.is_false(running:run [[Row.objects:create { name = "d" } return db.in_atomic_block()]])
      assert.equal(400, running:ask [[Row.objects:create { name = "e" } error(exceptions.ValidationError "no")]].response_status)
      assert.equal("a\nd\ne", names())
    end)

    it("belongs to its task: others do not see themselves in it", function()
      assert.same({ true, false }, running:run [[
        local outside, inside
        db.atomic(function()
          inside = db.in_atomic_block()
          local task = spawn(function() outside = db.in_atomic_block() end)
          task:join()
        end)
        return { inside, outside }]])
    end)

    it("leaves nothing behind, however many there were", function()
      local clients = {}
      for i = 1, 30 do
        clients[i] = running:client()
        clients[i]:send(i % 3 == 0 and [[error(exceptions.NotFound())]] or i % 3 == 1 and [[Row.objects:create { name = uuid.uuid4 and tostring(uuid.uuid4()) } return 1]]
          or [[Row.objects:create { name = "same" } return 1]], nil, "atomic")
      end
      local by_status = {}
      for _, client in ipairs(clients) do
        local status = client:reply().response_status
        by_status[status] = (by_status[status] or 0) + 1
      end
      assert.same({ [200] = 11, [404] = 10, [500] = 9 }, by_status)
      running:wait_until_quiet()
      assert.equal("11", running.database:query "SELECT count(*) FROM data_row")
    end)
  end)

  it("the setting atomic_actions surrounds each action but those that say atomic = false, on " .. vendor, function()
    local running = data.start(create(), { args = { "--atomic-actions" } })
    assert.is_true(running:run "return db.in_atomic_block()")
    assert.equal(404, running:ask([[Row.objects:create { name = "a" } error(exceptions.NotFound())]]).response_status)
    assert.equal(404, running:ask([[Row.objects:create { name = "b" } error(exceptions.NotFound())]], nil, "not_atomic").response_status)
    assert.is_false(running:run("return db.in_atomic_block()", nil, "not_atomic"))
    assert.equal("b", running.database:query "SELECT name FROM data_row")
    running:wait_until_quiet()
    running:stop()
  end)
end)
