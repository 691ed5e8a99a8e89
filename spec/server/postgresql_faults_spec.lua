---What goes wrong with a PostgreSQL server, against a real one that is broken on purpose: each is answered as documented, or waited out; afterwards
---the app works, no connection is lost, no transaction left open.
local data = require "support.data"
local postgresql = require "support.postgresql"
local process = require "support.process"
local server = require "support.server"
local socket = require "socket"
local writing = require "support.writers"

local POOL = 4

describe("an app whose PostgreSQL", function()
  local cluster, url, name

  setup(function() cluster = postgresql.cluster { max_connections = 20, superuser_reserved_connections = 0 } end)
  teardown(function() cluster:remove() end)
  before_each(function() url, name = cluster:create_database() end)

  ---What an assertion or an error says, with where it was.
  local function explain(err) return debug.traceback(type(err) == "table" and tostring(err.message) or tostring(err), 2) end

  ---Run `fn(app)` with spec/apps/data on the database.
  local function with(settings, fn, own_url)
    local args = {}
    for key, value in pairs(settings) do
      args[#args + 1] = "--database-" .. key
      args[#args + 1] = tostring(value)
    end
    local app = data.start(own_url or url, { args = args })
    local ok, err = xpcall(fn, explain, app)
    local stopped, why = pcall(app.stop, app)
    if not ok then error(err .. "\n" .. app.server:log(), 0) end
    if not stopped then error(why, 0) end
  end

  local function wait_for_note(app, text, from)
    return process.wait_for("the note " .. text, function() return app.server:app_log():sub(from or 1):find(text, 1, true) end, server.patience)
  end

  ---Wait until the app answers again. Returns the statuses it gave before.
  local function wait_until_it_works(app)
    local statuses = {}
    process.wait_for("the app to work", function()
      local status = app:ask "return Row.objects:count()".response_status
      statuses[#statuses + 1] = status
      return status == 200
    end, 2 * server.patience)
    return statuses
  end

  ---Every connection of the pool can be had for a transaction at the same time, and not one more.
  local function check_pool(app, size)
    local clients, from = {}, #app.server:app_log() + 1
    for i = 1, size do
      clients[i] = app:client()
      clients[i]:send [[db.atomic(function() Row.objects:count() note "holds one" sleep(3600) end)]]
    end
    process.wait_for("all slots", function() return select(2, app.server:app_log():sub(from):gsub("holds one", "")) == size end, server.patience)
    assert.equal(503, app:ask "return db.atomic(function() return Row.objects:count() end)".response_status)
    for _, client in ipairs(clients) do client.ws:vanish() end
    process.wait_for("the end of the transactions", function() return app:ask("return db.atomic(function() return 1 end)").response_status == 200 end, 2 * server.patience)
    cluster:wait_until_quiet(name, 2 * server.patience)
  end

  for _, how in ipairs { "kill", "immediate", "fast" } do
    it("is stopped under load (" .. how .. ") and started again goes on, and loses nothing that was acknowledged", function()
      with({ ["pool-max"] = POOL, ["acquire-timeout"] = 1 }, function(app)
        local writers, patience = writing.start(app, 10), 2 * server.patience
        for _ = 1, 20 do writers:turn(patience) end
        assert.equal(200, writers:count(200))
        if how == "kill" then cluster:kill() else cluster:stop(how) end
        for _ = 1, 2 do writers:turn(patience) end
        assert.is_true(writers:count(503) > 0, "nobody was told that the database is not there")
        cluster:start()
        process.wait_for("all writers to be answered with 200", function()
          local before = writers:count(200)
          writers:turn(patience)
          return writers:count(200) - before == 10
        end, patience)
        writers:turn(patience, true)
        for status in pairs(writers.statuses) do assert.truthy(status == 200 or status == 503 or status == 500, "status " .. status) end
        assert.same({}, writers:lost(cluster:psql("SELECT name FROM data_row", name)))
        check_pool(app, POOL)
      end)
    end)
  end

  it("cuts a connection in the middle of a query answers that query with an error, and the next one works", function()
    with({ ["pool-max"] = POOL, ["acquire-timeout"] = 1 }, function(app)
      for _, code in ipairs {
        [[db.execute("SELECT pg_sleep(60)") return 1]],
        [[return db.atomic(function() Row.objects:create { name = "lost" } db.execute("SELECT pg_sleep(60)") return 1 end)]],
        [[for _ in db.iterate("SELECT pg_sleep(0.01), generate_series(1, 100000)", nil, nil, 10) do end return 1]],
      } do
        local client = app:client()
        client:send("local refused = caught(function() " .. code .. " end) return refused")
        process.wait_for("the query", function()
          for _, session in ipairs(cluster:activity(name)) do
            if session.state == "active" and (session.query:find("pg_sleep", 1, true) or session.query:find("FETCH", 1, true)) then return true end
          end
        end)
        cluster:terminate(name)
        local refused = client:reply().data
        assert.truthy(refused.class == "OperationalError" or refused.class == "DatabaseUnavailable", refused.class)
        wait_until_it_works(app)
      end
      assert.equal("0", cluster:psql("SELECT count(*) FROM data_row", name))
      check_pool(app, POOL)
    end)
  end)

  it("cuts idle connections is not noticed by anybody", function()
    with({ ["pool-max"] = POOL, ["acquire-timeout"] = 5 }, function(app)
      for i = 1, 3 do
        assert.equal(i - 1, app:run "return Row.objects:count()")
        local before = cluster:activity(name)
        assert.is_true(#before >= 1)
        cluster:terminate(name)
        process.wait_for("the end of these sessions", function()
          for _, session in ipairs(cluster:activity(name)) do
            for _, old in ipairs(before) do
              if old.pid == session.pid then return false end
            end
          end
          return true
        end)
        app:run(('Row.objects:create { name = "%d" }'):format(i))
      end
      assert.equal(3, app:run "return db.atomic(function() return Row.objects:count() end)")
      check_pool(app, POOL)
    end)
  end)

  it("has no connection left in the pool answers 503 when the time to wait is over, and works when one comes back", function()
    with({ ["pool-max"] = 1, ["acquire-timeout"] = 0.3 }, function(app)
      local holder = app:client()
      holder:send [[db.atomic(function() Row.objects:create { name = "a" } note "held" sleep(3600) end)]]
      wait_for_note(app, "held")
      local started = socket.gettime()
      local reply = app:ask [[return db.atomic(function() return Row.objects:count() end)]]
      local took = socket.gettime() - started
      assert.same({ 503, "The database is not available, try again later." }, { reply.response_status, reply.errors[1] })
      assert.is_true(took >= 0.25, "it was answered after " .. took .. " s")
      if not server.sanitizer then assert.is_true(took < 3, "it was answered after " .. took .. " s") end
      holder.ws:vanish()
      wait_until_it_works(app)
      assert.equal(0, app:run "return Row.objects:count()") -- the holder's task was cancelled: rolled back
      check_pool(app, 1)
    end)
  end)

  it("has fewer connections than there are askers serves them in turn", function()
    with({ ["pool-max"] = 2, ["acquire-timeout"] = 30 }, function(app)
      local clients = {}
      for i = 1, 40 do
        clients[i] = app:client()
        clients[i]:send(([[db.atomic(function() Row.objects:create { name = "%d" } db.execute("SELECT pg_sleep(0.01)") end) return Row.objects:count() >= 1]]):format(i))
      end
      for _, client in ipairs(clients) do assert.same({ 200, true }, (function(r) return { r.response_status, r.data } end)(client:reply())) end
      assert.equal("40", cluster:psql("SELECT count(*) FROM data_row", name))
      assert.is_true(#cluster:activity(name) <= 2, "more connections than the pool may have")
      cluster:wait_until_quiet(name)
    end)
  end)

  it("takes too long over a statement is told to stop, and the connection can be used again", function()
    with({ ["pool-max"] = 1, ["statement-timeout"] = 0.3 }, function(app)
      for _ = 1, 3 do
        local refused = app:run [[return caught(function() db.execute "SELECT pg_sleep(60)" end)]]
        assert.truthy(({ OperationalError = true, DatabaseUnavailable = true, Timeout = true })[refused.class], refused.class)
        cluster:wait_until_quiet(name)
        assert.equal(0, app:run "return Row.objects:count()")
      end
      local refused = app:run [[return caught(db.atomic, function() Row.objects:create { name = "a" } db.execute "SELECT pg_sleep(60)" end)]]
      assert.truthy(refused.database or refused.class == "Timeout", refused.class)
      assert.equal(0, app:run "return Row.objects:count()")
      check_pool(app, 1)
    end)
  end)

  it("runs a query whose task is cancelled is told to stop", function()
    with({ ["pool-max"] = 2, ["acquire-timeout"] = 1 }, function(app)
      local function running()
        for _, session in ipairs(cluster:activity(name)) do
          if session.query:find("pg_sleep", 1, true) and session.state ~= "idle" then return true end
        end
      end
      for _, code in ipairs { [[db.execute "SELECT pg_sleep(600)"]], [[db.atomic(function() db.execute "SELECT pg_sleep(600)" end)]] } do
        local client = app:client()
        client:send(code, nil, "detached")
        process.wait_for("the query", running)
        client.ws:vanish()
        process.wait_for("the end of the query", function() return not running() end)
        assert.equal(503, app:ask(code, nil, "limited").response_status)
        process.wait_for("the end of the query", function() return not running() end)
      end
      app.own, app.clients = nil, {}
      check_pool(app, 2)
    end)
  end)

  it("has no connections left for anybody answers 503, and works when others go", function()
    with({ ["pool-max"] = POOL, ["pool-min"] = 0, ["acquire-timeout"] = 0.5 }, function(app)
      cluster:terminate(name)
      local others, full = {}, false
      while not full do -- take all connections that the server gives; psql itself needs one for a moment
        local one = process.start({ "psql", "-XqAt", "-c", "SELECT pg_sleep(600)", cluster.url }, { stdout = "/dev/null", stderr = "/dev/null" })
        local refused = process.wait_for("a session or a refusal", function()
          local ok, sessions = pcall(cluster.activity, cluster, "postgres")
          full = not ok
          if one:poll() then return "refused" end
          return (full or #sessions > #others) and "came"
        end) == "refused"
        full = full and not refused
        if not refused then others[#others + 1] = one end
      end
      local reply = app:ask "return Row.objects:count()"
      assert.equal(503, reply.response_status)
      for _, psql in ipairs(others) do
        psql:signal(process.SIGINT) -- psql cancels its query and ends; a killed one's session would go on sleeping
        psql:wait()
      end
      wait_until_it_works(app)
      assert.equal(0, app:run "return Row.objects:count()")
    end)
  end)

  it("is not there when the app starts makes it refuse to start, with the reason, in the time there is to wait", function()
    cluster:stop "fast"
    local started = socket.gettime()
    local ok, why = pcall(data.start, url, { args = { "--database-acquire-timeout", "0.5" } })
    local took = socket.gettime() - started
    cluster:start()
    if ok then why:stop() end
    assert.is_false(ok)
    assert.truthy(why:find("the server ended with 1", 1, true) and why:find("Connection refused", 1, true), why)
    if not server.sanitizer then assert.is_true(took < 5, "it took " .. took .. " s") end
    local app = data.start(url)
    assert.equal(0, app:run "return Row.objects:count()")
    app:stop()
  end)

  ---Start with a URL that cannot work: what the server's log says, whether it refused to start, and what a client is told otherwise.
  local function misconfigured(wrong_url)
    local ok, app = pcall(data.start, wrong_url, { args = { "--database-acquire-timeout", "0.5" } })
    if not ok then return app, nil end
    local reply = app:ask "return Row.objects:count()"
    local log = app.server:log()
    app:stop()
    return log, reply.response_status
  end

  it("refuses the password says so", function()
    local log, status = misconfigured(cluster:database_url(name, "with_password:wrong"))
    assert.truthy(log:find("password authentication failed", 1, true), log)
    assert.is_nil(log:find("wrong@", 1, true), "the password stands in the log")
    assert.truthy(status == nil or status == 503)
  end)

  it("takes the password that the URL gives", function()
    cluster:psql("GRANT ALL ON SCHEMA public TO with_password", name)
    with({}, function(app)
      assert.equal("with_password", app:run [[return db.execute "SELECT current_user AS name"[1].name]])
    end, cluster:database_url(name, "with_password:right"))
  end)

  it("does not know the database says so", function()
    local log, status = misconfigured(cluster:database_url "no_such_database")
    assert.truthy(log:find('no_such_database\\?" does not exist'), log)
    assert.truthy(status == nil or status == 503)
  end)

  it("has settings of its own for time zone and formats serves values all the same", function()
    with({}, function(app)
      assert.same({ "UTC", "ISO, ", "2021-06-01 12:00:00+00:00", "1 2 3" }, app:run [[
        local shown = db.execute "SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS style"[1]
        local row = Everything.objects:create { moment = datetime.parse_datetime "2021-06-01 12:00:00+00:00", duration = datetime.Duration { days = 1, seconds = 2, microseconds = 3 } }
        row:refresh_from_db()
        return { shown.zone, shown.style:sub(1, 5), tostring(row.moment), ("%d %d %d"):format(row.duration.days, row.duration.seconds, row.duration.microseconds) }]])
    end)
  end)
end)

if not server.sanitizer then
  it("a machine without libpq is told which package to install", function()
    local folder = process.temporary_folder()
    local shim = assert(io.open(folder .. "/no_libpq.c", "w"))
    shim:write [[
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <string.h>
      void *dlopen(const char *file, int flags) {
        static void *(*next)(const char *, int);
        if (!next) *(void **)&next = dlsym(RTLD_NEXT, "dlopen");
        return next(file && strstr(file, "libpq") ? "/nonexistent/libpq.so.5" : file, flags);
      }]]
    shim:close()
    assert.equal(0, (process.run { "gcc", "-shared", "-fPIC", "-o", folder .. "/no_libpq.so", folder .. "/no_libpq.c", "-ldl" }))
    local ok, why = pcall(data.start, "postgresql://postgres@127.0.0.1:1/x", { env = { LD_PRELOAD = folder .. "/no_libpq.so" } })
    process.run { "rm", "-rf", folder }
    if ok then why:stop() end
    assert.is_false(ok)
    assert.truthy(tostring(why):find("libpq5", 1, true), why)
  end)
end
