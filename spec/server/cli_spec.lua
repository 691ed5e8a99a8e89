---The command line: help, errors and their exit codes, settings and which source wins.
local cjson = require "cjson"
local process = require "support.process"
local server = require "support.server"

describe("tidewire", function()
  local folder

  before_each(function() folder = process.temporary_folder() end)
  after_each(function() os.execute("rm -rf " .. folder) end)

  local function run(...) return process.run { server.binary, ... } end

  local function write(path, text)
    os.execute(("mkdir -p '%s/%s'"):format(folder, path:match "^(.*)/[^/]*$" or "."))
    local file = assert(io.open(folder .. "/" .. path, "wb"))
    file:write(text)
    file:close()
  end

  local function app(text)
    write("trial/app.lua", text)
    return folder .. "/trial"
  end

  local EMPTY = 'return require "tidewire".app { name = "trial", routes = {} }'

  ---One line on standard error that holds all of these, and this exit code.
  local function fails(code, words, ...)
    local got, out, err = run(...)
    assert.equal(code, got, err)
    assert.equal("", out)
    assert.equal(1, select(2, err:gsub("\n", "\n")), err)
    for _, word in ipairs(words) do assert.truthy(err:find(word, 1, true), ("%q is not in %s"):format(word, err)) end
  end

  it("says its version", function()
    local code, out = run "--version"
    assert.equal(0, code)
    assert.truthy(out:find "^tidewire %d+%.%d+%.%d+\n$")
  end)

  it("helps, as a whole and for each command", function()
    for _, arguments in ipairs { { "--help" }, { "serve", "--help" }, { "new", "--help" }, { "check", "--help" }, { "routes", "--help" } } do
      local code, out, err = run(unpack(arguments))
      assert.same({ 0, "" }, { code, err })
      assert.truthy(out:find("tidewire", 1, true))
    end
  end)

  it("names every setting in the help of serve", function()
    local _, out = run("serve", "--help")
    for _, flag in ipairs { "listen", "workers", "grace", "debug", "log-level", "allowed-origins", "ping-interval", "ping-misses", "max-message-size",
      "outbox-limit", "inbox-limit", "handshake-timeout", "close-timeout", "max-connections" } do
      assert.truthy(out:find("--" .. flag, 1, true), flag)
    end
  end)

  it("without a command shows its help and fails", function()
    local code, _, err = run()
    assert.equal(2, code)
    assert.truthy(err:find("usage", 1, true))
  end)

  it("refuses what it does not know, in one line", function()
    fails(2, { "frobnicate" }, "frobnicate")
    fails(2, { "--frob" }, "serve", app(EMPTY), "--frob", "1")
    fails(2, { "--listen" }, "serve", app(EMPTY), "--listen")
    fails(2, { "APP" }, "serve")
    fails(2, { "extra" }, "serve", app(EMPTY), "extra")
    fails(2, { "--workers", "many", "whole number" }, "serve", app(EMPTY), "--workers", "many")
    fails(2, { "--workers", "257" }, "serve", app(EMPTY), "--workers", "257")
    fails(2, { "--log-level", "loud" }, "serve", app(EMPTY), "--log-level", "loud")
    fails(2, { "listen", "nowhere" }, "serve", app(EMPTY), "--listen", "nowhere")
  end)

  it("refuses a folder that is missing, or is no app", function()
    fails(2, { "/nonexistent/app" }, "serve", "/nonexistent/app")
    os.execute("mkdir " .. folder .. "/hollow")
    fails(2, { "hollow", "app.lua" }, "serve", folder .. "/hollow")
  end)

  it("refuses a port that is taken", function()
    server.with({ app = app(EMPTY) }, function(running)
      fails(2, { running.address, "in use" }, "serve", app(EMPTY), "--listen", running.address)
    end)
  end)

  describe("with an app that does not load", function()
    for name, case in pairs {
      ["a syntax error"] = { "return {\n  a = = 1 }", "app.lua:2:" },
      ["a runtime error"] = { "local x\n\nreturn x.y", "app.lua:3:" },
      ["a missing module"] = { 'return require "trial.missing"', "trial.missing" },
      ["no app"] = { "return 1", "tidewire.app" },
      ["nothing returned"] = { "", "tidewire.app" },
      ["an unknown setting"] = { '\nreturn require "tidewire".app {\n  name = "x", pong_interval = 3 }', "pong_interval" },
      ["a nearly known setting"] = { 'return require "tidewire".app { name = "x", ping_intervall = 3 }', "did you mean ping_interval?" },
      ["a bad value"] = { 'return require "tidewire".app { name = "x", ping_interval = "soon" }', "ping_interval" },
      ["a bad route"] = { 'local t = require "tidewire"\nreturn t.app { name = "x", routes = { t.websocket("/<num:x>/", require "tidewire.consumer".Consumer) } }', "app.lua:2:" },
      ["a static folder that is missing"] = { 'local t = require "tidewire"\nreturn t.app { name = "x", routes = { t.static("/", "nowhere") } }', "nowhere" },
      ["an error that is a table"] = { 'error(setmetatable({}, { __tostring = function() return "odd" end }))', "odd" },
      ["waiting while it loads"] = { 'require "tidewire".sleep(1)', "app.lua:1:" },
    } do
      it(("because of %s: says file, line and reason, and exits 1"):format(name), function()
        for _, command in ipairs { "serve", "check", "routes" } do
          local arguments = { command, app(case[1]) }
          if command == "serve" then arguments[3], arguments[4] = "--listen", "127.0.0.1:0" end
          local code, out, err = run(unpack(arguments))
          assert.same({ 1, "" }, { code, out }, err)
          assert.truthy(err:find(case[2], 1, true), ("%q is not in %s"):format(case[2], err))
          assert.is_nil(err:find("listening", 1, true))
        end
      end)
    end

    it("names the module's file and line when that is to blame", function()
      local path = app 'return require "trial.consumers"'
      write("trial/consumers.lua", "\n\nerror 'wrong here'")
      local code, _, err = run("check", path)
      assert.equal(1, code)
      assert.truthy(err:find("consumers.lua:3: wrong here", 1, true), err)
    end)
  end)

  it("takes settings from app.lua, the environment and flags, the later the stronger", function()
    local path = app [[
      local tidewire = require "tidewire"
      local Consumer = require "tidewire.consumer".Consumer:extend("C")
      Consumer.settings = require "tidewire.actions".action(function()
        local settings = require "tidewire.settings"
        return { grace = settings.grace, misses = settings.ping_misses, interval = settings.ping_interval, own = settings.own, origins = settings.allowed_origins }, 200
      end)
      return tidewire.app {
        name = "trial", grace = 1, ping_misses = 11, ping_interval = 111, allowed_origins = { "a.example", "b.example" }, settings = { own = "mine" },
        routes = { tidewire.websocket("/ws/", Consumer) },
      }]]
    server.with({ app = path, args = { "--grace", "3" }, env = { TIDEWIRE_GRACE = "2", TIDEWIRE_PING_MISSES = "22" } }, function(running)
      local ws = assert(running:connect())
      ws:send_text '{"action":"settings"}'
      assert.same({ grace = 3, misses = 22, interval = 111, own = "mine", origins = { "a.example", "b.example" } }, cjson.decode((ws:receive())).data)
      ws:close()
    end)
  end)

  it("refuses variables it does not know", function()
    local code, _, err = process.run({ server.binary, "serve", app(EMPTY), "--listen", "127.0.0.1:0" }, { TIDEWIRE_PONG = "1" })
    assert.equal(2, code)
    assert.truthy(err:find("TIDEWIRE_PONG", 1, true))
    code, _, err = process.run({ server.binary, "serve", app(EMPTY), "--listen", "127.0.0.1:0" }, { TIDEWIRE_GRACE = "long" })
    assert.equal(2, code)
    assert.truthy(err:find("TIDEWIRE_GRACE", 1, true) and err:find("long", 1, true))
  end)

  it("checks an app and lists its routes", function()
    local code, out = run("check", "spec/apps/site")
    assert.equal(0, code)
    assert.truthy(out:find("ok", 1, true))
    code, out = run("routes", "spec/apps/site")
    assert.equal(0, code)
    for _, word in ipairs { "/int/<int:pk>/", "Site", "websocket", "static" } do assert.truthy(out:find(word, 1, true), word) end
  end)

  it("makes a new app that serves and answers", function()
    local code, out = run("new", folder .. "/hello")
    assert.equal(0, code)
    assert.truthy(out:find("serve", 1, true))
    assert.equal(0, (run("check", folder .. "/hello")))
    server.with({ app = folder .. "/hello" }, function(running)
      local ws = assert(running:connect())
      ws:send_text '{"action":"hello","request_id":1,"name":"Ada"}'
      assert.equal('{"errors":[],"data":{"text":"Hello, Ada!"},"action":"hello","response_status":200,"request_id":1}', (ws:receive()))
      ws:send_text '{"action":"hello","request_id":2}'
      assert.equal('{"errors":[{"name":["This field is required."]}],"data":null,"action":"hello","response_status":400,"request_id":2}', (ws:receive()))
      ws:send_text '{"action":"shout","text":"all"}'
      ws:receive()
      assert.equal('{"shout":"all"}', (ws:receive()))
      ws:close()
      assert.equal(200, require "support.http".get(running.address, "/").status)
    end)
  end)

  it("makes no app over something that is there, or with a name that cannot be required", function()
    os.execute("mkdir " .. folder .. "/there")
    fails(2, { "there" }, "new", folder .. "/there")
    fails(2, { "Not-A-Name" }, "new", folder .. "/Not-A-Name")
    fails(2, { "tidewire" }, "new", folder .. "/tidewire")
  end)

  it("reads its framework from TIDEWIRE_LUA when that is set", function()
    os.execute(("mkdir -p %s/lua && cp -r lua/tidewire %s/lua/"):format(folder, folder))
    local file = assert(io.open(folder .. "/lua/tidewire/status.lua", "ab"))
    file:write "\nerror 'not this one'"
    file:close()
    local path = app 'require "tidewire.status"\nreturn require "tidewire".app { name = "trial", routes = {} }'
    local code, _, err = process.run({ server.binary, "check", path }, { TIDEWIRE_LUA = folder .. "/lua" })
    assert.equal(1, code)
    assert.truthy(err:find(folder .. "/lua/tidewire/status.lua", 1, true), err)
    assert.equal(0, (run("check", path)))
  end)

  it("names only the C library's family among its libraries", function()
    if server.sanitizer then return end -- those builds need their runtime
    local out = io.popen("ldd " .. server.binary):read "*a"
    for library in out:gmatch "\t(%S+)" do
      assert.truthy(library:find "^linux%-vdso" or library:find "/ld%-linux" or library:find "^lib[cm]%.so" or library:find "^libdl%.so" or
        library:find "^libpthread%.so" or library:find "^librt%.so", library)
    end
  end)
end)
