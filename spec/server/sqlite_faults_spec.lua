---What goes wrong with a SQLite file: each is answered as documented, and the file stays whole.
local data = require "support.data"
local databases = require "support.databases"
local process = require "support.process"
local server = require "support.server"
local socket = require "socket"
local writing = require "support.writers"

local function content(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

describe("an app whose SQLite file", function()
  local database

  before_each(function() database = databases.create "sqlite" end)
  after_each(function() database:drop() end)

  ---Run `fn(app)` with spec/apps/data on the file.
  local function with(settings, fn)
    local args = {}
    for key, value in pairs(settings) do
      args[#args + 1] = "--database-" .. key
      args[#args + 1] = tostring(value)
    end
    local app = data.start(database, { args = args, workers = 2 })
    local ok, err = xpcall(fn, function(why) return debug.traceback(type(why) == "table" and tostring(why.message) or tostring(why), 2) end, app)
    local stopped, why = pcall(app.stop, app, true)
    if not ok then error(err .. "\n" .. app.server:log(), 0) end
    if not stopped then error(why, 0) end
  end

  ---A second process that holds the writer's lock until it is told to let go.
  local function lock()
    local pipe = assert(io.popen(("exec sqlite3 -batch %s >/dev/null 2>&1"):format(database.file), "we"))
    pipe:write ".timeout 10000\nBEGIN EXCLUSIVE;\n"
    pipe:flush()
    process.wait_for("the lock", function()
      return (process.run { "sqlite3", "-batch", "-bail", "-cmd", ".timeout 0", database.file, "BEGIN IMMEDIATE; ROLLBACK;" }) ~= 0
    end)
    return function()
      pipe:write "ROLLBACK;\n.quit\n"
      pipe:close()
    end
  end

  it("is locked by another process answers a write with 503 when the time to wait is over; reads go on", function()
    with({ ["acquire-timeout"] = 0.3 }, function(app)
      app:run [[Row.objects:create { name = "a" }]]
      local unlock = lock()
      local started = socket.gettime()
      local reply = app:ask [[Row.objects:create { name = "b" }]]
      local took = socket.gettime() - started
      assert.equal(1, app:run "return Row.objects:count()")
      local in_atomic = app:ask [[db.atomic(function() Row.objects:create { name = "c" } end)]]
      unlock()
      assert.same({ 503, 503 }, { reply.response_status, in_atomic.response_status })
      assert.is_true(took >= 0.25, "it was answered after " .. took .. " s")
      app:run [[Row.objects:create { name = "d" }]]
      assert.equal("a\nd", database:query "SELECT name FROM data_row ORDER BY name")
    end)
  end)

  it("is locked for a moment only waits", function()
    with({ ["acquire-timeout"] = 20 }, function(app)
      local unlock = lock()
      local client, other = app:client(), app:client()
      client:send [[Row.objects:create { name = "a" } return 1]]
      other:send [[return db.atomic(function() Row.objects:create { name = "b" } return 1 end)]]
      assert.equal(0, app:run "return Row.objects:count()")
      unlock()
      assert.same({ 1, 1 }, { client:reply().data, other:reply().data })
    end)
  end)

  it("is held by a transaction that takes long lets others read, and write later", function()
    with({ ["acquire-timeout"] = 0.3 }, function(app)
      local holder = app:client()
      holder:send [[db.atomic(function() Row.objects:create { name = "a" } note "held" sleep(3600) end)]]
      process.wait_for("the transaction", function() return app.server:app_log():find("held", 1, true) end)
      for _ = 1, 4 do -- on both workers
        local client = app:client()
        assert.equal(0, client:run "return Row.objects:count()")
        assert.equal(503, client:ask [[Row.objects:create { name = "b" }]].response_status)
      end
      holder.ws:vanish()
      process.wait_for("the writer", function() return app:ask [[Row.objects:create { name = "c" }]].response_status ~= 503 end, 2 * server.patience)
      assert.equal("c", database:query "SELECT name FROM data_row")
    end)
  end)

  it("is killed with its process under load is whole, and has every row that was acknowledged", function()
    for workers = 1, 2 do
      local app = data.start(database, { workers = workers })
      local writers = writing.start(app, 20)
      for _ = 1, 20 do writers:turn() end
      app.server:signal(process.SIGKILL)
      assert.equal(128 + process.SIGKILL, app.server:wait())
      assert.equal(400, writers:count(200))
      assert.equal("ok", database:query "PRAGMA integrity_check")
      assert.same({}, writers:lost(database:query "SELECT name FROM data_row"))
      app = data.start(database)
      assert.is_true(app:run "return Row.objects:count()" >= 400)
      app:clear()
      app:stop(true)
    end
  end)

  it("is in the way of another server's writes waits for its turn", function()
    local one, other = data.start(database), data.start(database)
    local first, second = writing.start(one, 5), writing.start(other, 5, 100)
    for _ = 1, 10 do
      first:turn()
      second:turn()
    end
    first:turn(nil, true)
    second:turn(nil, true)
    assert.same({ 55, 55 }, { first:count(200), second:count(200) })
    one:stop(true)
    other:stop(true)
    assert.equal("ok", database:query "PRAGMA integrity_check")
  end)

  it("survives the kill with transactions open: all or nothing of each", function()
    local app = data.start(database)
    local clients = {}
    for i = 1, 10 do
      clients[i] = app:client()
      for n = 1, 20 do
        clients[i]:send(([[db.atomic(function()
          Row.objects:create { name = "%d-%d-a", number = %d }
          Row.objects:create { name = "%d-%d-b", number = %d }
        end)]]):format(i, n, n, i, n, n))
      end
    end
    for _, client in ipairs(clients) do client:reply() end
    app.server:signal(process.SIGKILL)
    app.server:wait()
    assert.equal("ok", database:query "PRAGMA integrity_check")
    assert.equal("", database:query "SELECT name FROM data_row GROUP BY substr(name, 1, length(name) - 2) HAVING count(*) <> 2")
    assert.is_true(tonumber(database:query "SELECT count(*) FROM data_row") >= 20)
  end)
end)

describe("an app whose SQLite file lies", function()
  local folder

  before_each(function() folder = process.temporary_folder() end)
  after_each(function()
    process.run { "umount", "-l", folder }
    process.run { "rm", "-rf", folder }
  end)

  ---A small disk in memory; false where this user may not mount one.
  local function mount(size) return (process.run { "mount", "-t", "tmpfs", "-o", "mode=0777,size=" .. size, "tmpfs", folder }) == 0 end

  it("on a full disk answers writes with an error and reads on, and works when there is room again", function()
    if not mount "4m" then return pending "this user may not mount a disk" end
    local app = data.start("sqlite:" .. folder .. "/full.sqlite3")
    app:run [[Row.objects:create { name = "first" }]]
    local filler = assert(io.open(folder .. "/filler", "wb"))
    filler:setvbuf "no"
    repeat until not filler:write(("x"):rep(4096))
    filler:close()
    local refused
    for i = 1, 1000 do
      refused = app:run(([[return caught(function() Everything.objects:create { text = ("x"):rep(10000) } end)]]):format(i))
      if refused then break end
    end
    assert.equal("OperationalError", refused.class)
    assert.truthy(refused.message:find("full", 1, true), refused.message)
    assert.equal(500, app:ask [[Everything.objects:create { text = ("x"):rep(1000000) }]].response_status)
    assert.equal("OperationalError", app:run [[return caught(db.atomic, function() Everything.objects:create { text = ("x"):rep(1000000) } end)]].class)
    assert.equal(1, app:run "return Row.objects:count()")
    os.remove(folder .. "/filler")
    app:run [[Row.objects:create { name = "second" }]]
    assert.equal(2, app:run "return Row.objects:count()")
    app:wait_until_quiet()
    app:stop()
    local _, ok = process.run { "sqlite3", folder .. "/full.sqlite3", "PRAGMA integrity_check" }
    assert.equal("ok\n", ok)
  end)

  it("on a disk that is read-only says so", function()
    if not mount "4m" then return pending "this user may not mount a disk" end
    local file = folder .. "/file.sqlite3"
    local app = data.start("sqlite:" .. file)
    app:run [[Row.objects:create { name = "a" }]]
    app:stop()
    local code = process.run { "mount", "-o", "remount,ro", folder }
    assert.equal(0, code)
    local ok, started = pcall(data.start, "sqlite:" .. file)
    if ok then -- it reads what is there
      assert.equal(1, started:run "return Row.objects:count()")
      local refused = started:run [[return caught(function() Row.objects:create { name = "b" } end)]]
      assert.equal("OperationalError", refused.class)
      assert.truthy(refused.message:find("readonly", 1, true), refused.message)
      started:stop()
    else
      assert.truthy(started:find(file, 1, true), started)
    end
  end)

  it("in a folder that is not there refuses to start, and names it", function()
    local ok, why = pcall(data.start, "sqlite:" .. folder .. "/missing/file.sqlite3")
    if ok then why:stop() end
    assert.is_false(ok)
    assert.truthy(why:find(folder .. "/missing", 1, true), why)
  end)

  it("and is none refuses to start, and leaves it alone", function()
    local file = assert(io.open(folder .. "/text.sqlite3", "w"))
    file:write(("This is a text.\n"):rep(1000))
    file:close()
    local ok, why = pcall(data.start, "sqlite:" .. folder .. "/text.sqlite3")
    if ok then why:stop() end
    assert.is_false(ok)
    assert.truthy(why:find("text.sqlite3", 1, true), why)
    assert.equal(("This is a text.\n"):rep(1000), content(folder .. "/text.sqlite3"))
  end)

  it("in memory is one database for all workers, and gone afterwards", function()
    local app = data.start("sqlite::memory:", { workers = 2 })
    app:run [[Row.objects:create { name = "a" }]]
    for _ = 1, 6 do assert.equal(1, app:client():run "return Row.objects:count()") end
    app:stop()
    app = data.start "sqlite::memory:"
    assert.equal(0, app:run "return Row.objects:count()")
    app:stop()
  end)
end)
