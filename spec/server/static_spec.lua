---Static files and what else HTTP answers.
local http = require "support.http"
local server = require "support.server"

describe("HTTP", function()
  local running

  setup(function() running = server.start { app = "spec/apps/site" } end)
  teardown(function() running:stop() end)

  local function get(path, headers) return http.get(running.address, path, headers) end

  for _, case in ipairs {
    { "/", "text/html; charset=utf-8", "site" }, { "/index.html", "text/html; charset=utf-8", "site" },
    { "/style.css", "text/css; charset=utf-8", "body" }, { "/docs/", "text/html; charset=utf-8", "docs" },
    { "/docs/read.txt", "text/plain; charset=utf-8", "plain" }, { "/docs/read%2Etxt", "text/plain; charset=utf-8", "plain" },
    { "/with%20space.bin", "application/octet-stream", "unknown" }, { "/style.css?v=2", "text/css; charset=utf-8", "body" },
  } do
    it("serves " .. case[1], function()
      local response = get(case[1])
      assert.same({ 200, case[2], "nosniff" }, { response.status, response.headers["content-type"], response.headers["x-content-type-options"] })
      assert.truthy(response.body:find(case[3], 1, true))
    end)
  end

  for _, path in ipairs {
    "/missing.txt", "/../app.lua", "/..%2fapp.lua", "/%2e%2e/app.lua", "/docs/../../app.lua", "/docs/..%2f..%2fapp.lua", "/.secret/key.txt",
    "/%2esecret/key.txt", "/outside.lua", "//etc/passwd", "/docs//read.txt", "/docs/./read.txt", "/..%5capp.lua", "/docs/read.txt/", "/docs/read.txt/x",
  } do
    it("does not serve " .. path, function()
      local response = get(path)
      assert.equal(404, response.status)
      assert.is_nil(response.body:find("tidewire", 1, true))
    end)
  end

  it("refuses a path with NUL or a broken escape", function()
    assert.equal(400, get("/a%00b").status)
    assert.equal(400, get("/a%zz").status)
  end)

  it("sends a folder without its slash to the one with it", function()
    local response = get "/docs"
    assert.same({ 301, "docs/" }, { response.status, response.headers.location })
  end)

  it("answers HEAD with the same head and no body", function()
    local response = http.request("HEAD", running.address, "/style.css")
    assert.same({ 200, tostring(#get("/style.css").body), "" }, { response.status, response.headers["content-length"], response.body })
  end)

  it("refuses other methods", function()
    local response = http.request("DELETE", running.address, "/style.css")
    assert.same({ 405, "GET, HEAD" }, { response.status, response.headers.allow })
  end)

  it("answers a conditional request with 304", function()
    local first = get "/style.css"
    assert.equal(304, get("/style.css", { ["If-None-Match"] = first.headers.etag }).status)
    assert.equal(304, get("/style.css", { ["If-Modified-Since"] = first.headers["last-modified"] }).status)
    assert.equal(200, get("/style.css", { ["If-None-Match"] = '"other"' }).status)
    assert.equal(200, get("/style.css", { ["If-Modified-Since"] = "Thu, 01 Jan 1970 00:00:00 GMT" }).status)
  end)

  it("answers several requests on one connection, in order", function()
    local line = "GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    local response = http.raw(running.address, line:format "/style.css" .. line:format "/docs/read.txt" .. line:format "/healthz", { keep = true })
    assert.truthy(response.body:find("body", 1, true))
    for _, expected in ipairs { "plain", '"ok"' } do
      local status, headers = response.connection:receive_head()
      assert.equal(200, status)
      assert.is_true(response.connection:need(tonumber(headers["content-length"]), require "socket".gettime() + 5))
      assert.truthy(response.connection:take(tonumber(headers["content-length"])):find(expected, 1, true))
    end
    response.connection.socket:close()
  end)

  it("sends a large file whole", function()
    local path = "spec/apps/site/static/large.bin"
    local file = assert(io.open(path, "wb"))
    local content = ("0123456789abcdef"):rep(200000) -- 3.2 MB: several chunks
    file:write(content)
    file:close()
    local response = get "/large.bin"
    os.remove(path)
    assert.equal(#content, #response.body)
    assert.is_true(content == response.body)
  end)

  it("tells of its health", function()
    local health, status = running:health()
    assert.same({ 200, "ok", "number", "number" }, { status, health.status, type(health.connections), type(health.tasks) })
  end)

  it("answers a plain request for a WebSocket's address with 426", function()
    local response = get "/ws/"
    assert.same({ 426, "websocket" }, { response.status, response.headers.upgrade })
  end)

  it("answers what is no HTTP with 400 and closes", function()
    local response = http.raw(running.address, "nonsense\r\n\r\n", { keep = true })
    assert.equal(400, response.status)
    assert.is_true(response.connection:receive_end())
  end)

  it("closes a connection that sends no request in time", function()
    server.with({ app = "spec/apps/site", args = { "--handshake-timeout", "1" } }, function(impatient)
      local tcp = require "support.websocket".tcp(impatient.address)
      tcp:send_raw "GET / HT"
      assert.equal(408, (tcp:receive_head()))
      assert.is_true(tcp:receive_end())
    end)
  end)
end)
