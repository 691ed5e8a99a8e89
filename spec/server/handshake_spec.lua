---Opening handshakes: what is refused with which status, routes, origins, subprotocols, and the scope that comes of them.
local http = require "support.http"
local json = require "support.json"
local server = require "support.server"
local websocket = require "support.websocket"

describe("a handshake", function()
  local running

  setup(function() running = server.start { app = "spec/apps/site" } end)
  teardown(function() running:stop() end)

  local good = {
    { "Host", "localhost" }, { "Upgrade", "websocket" }, { "Connection", "Upgrade" }, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==" },
    { "Sec-WebSocket-Version", "13" },
  }

  ---A request with some headers changed (false takes one away) and others added.
  local function request(changes, also, line)
    local lines = { line or "GET /ws/ HTTP/1.1" }
    for _, header in ipairs(good) do
      local value = changes[header[1]]
      if value == nil then value = header[2] end
      if value then lines[#lines + 1] = header[1] .. ": " .. value end
    end
    for _, one in ipairs(also or {}) do lines[#lines + 1] = one end
    return table.concat(lines, "\r\n") .. "\r\n\r\n"
  end

  local function status(...)
    local response = http.raw(running.address, request(...))
    return response.status, response.headers
  end

  for _, case in ipairs {
    { "tokens in another case", { Upgrade = "WebSocket", Connection = "upgrade" } },
    { "Connection with several tokens", { Connection = "keep-alive, Upgrade" } },
    { "Upgrade with several tokens", { Upgrade = "h2c, websocket" } },
    { "Connection in two lines", { Connection = "keep-alive" }, { "Connection: upgrade" } },
    { "white space around values", { Upgrade = " \t websocket \t" } },
  } do
    it("takes " .. case[1], function() assert.equal(101, (status(case[2], case[3]))) end)
  end

  for _, case in ipairs {
    { "version 12", 426, { ["Sec-WebSocket-Version"] = "12" } },
    { "version 14", 426, { ["Sec-WebSocket-Version"] = "14" } },
    { "no version", 426, { ["Sec-WebSocket-Version"] = false } },
    { "a version that is no number", 426, { ["Sec-WebSocket-Version"] = "thirteen" } },
    { "two versions", 426, {}, { "Sec-WebSocket-Version: 13" } },
    { "no key", 400, { ["Sec-WebSocket-Key"] = false } },
    { "a short key", 400, { ["Sec-WebSocket-Key"] = "c2hvcnQ=" } },
    { "a long key", 400, { ["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZSBsb25n" } },
    { "a key that is no base64", 400, { ["Sec-WebSocket-Key"] = "!!!!!!!!!!!!!!!!!!!!!!==" } },
    { "two keys", 400, {}, { "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" } },
    { "no Connection: Upgrade", 426, { Connection = "keep-alive" } },
    { "another upgrade", 426, { Upgrade = "h2c" } },
    { "no Upgrade", 426, { Upgrade = false } },
    { "no Host", 400, { Host = false } },
    { "two Hosts", 400, {}, { "Host: other" } },
    { "POST", 405, {}, {}, "POST /ws/ HTTP/1.1" },
    { "HTTP/1.0", 505, {}, {}, "GET /ws/ HTTP/1.0" },
    { "HTTP/2.0", 505, {}, {}, "GET /ws/ HTTP/2.0" },
    { "a folded header", 400, {}, { "X-Folded: a", " b" } },
    { "a space before the colon", 400, {}, { "X-Bad : a" } },
    { "a path without a route", 404, {}, {}, "GET /nowhere/ HTTP/1.1" },
    { "a path with a broken escape", 404, {}, {}, "GET /ws/%zz HTTP/1.1" },
    { "a head of 100 KB", 431, {}, { "X-Long: " .. ("x"):rep(100000) } },
    { "a body", 413, {}, { "Content-Length: 5" } },
  } do
    it(("answers %s with %d"):format(case[1], case[2]), function() assert.equal(case[2], (status(unpack(case, 3)))) end)
  end

  it("names the version it speaks", function()
    local _, headers = status { ["Sec-WebSocket-Version"] = "8" }
    assert.equal("13", headers["sec-websocket-version"])
  end)

  it("works when it comes byte by byte", function()
    local tcp = websocket.tcp(running.address)
    for c in request({}):gmatch "." do tcp:send_raw(c) end
    assert.equal(101, (tcp:receive_head()))
    tcp:close()
  end)

  local function scope_of(options)
    local ws = assert(running:connect(options))
    ws:send_text '{"action":"scope_info"}'
    local reply = json.plain(json.decode(assert(ws:receive())))
    ws:close()
    return reply.data
  end

  describe("with a route's parameters", function()
    for _, case in ipairs {
      { "/int/42/", { pk = 42 } }, { "/int/0042/", { pk = 42 } },
      { "/slug/a-b_9/", { name = "a-b_9" } }, { "/uuid/075194d3-6885-417e-a8a8-6c931e272f00/", { id = "075194d3-6885-417e-a8a8-6c931e272f00" } },
      { "/str/caf%C3%A9/", { word = "café" } }, { "/two/1/x.y/", { a = 1, b = "x.y" } }, { "/path/a/b/c", { rest = "a/b/c" } },
    } do
      it("takes " .. case[1], function() assert.same(case[2], scope_of({ path = case[1] }).kwargs) end)
    end

    for _, path in ipairs {
      "/int/x/", "/int/-1/", "/int/1", "/int/1/2/", "/slug/a b/", "/slug/%C3%A9/", "/uuid/075194D3-6885-417E-A8A8-6C931E272F00/", "/uuid/x/", "/str//",
      "/str/a/b/", "/path/", "/ws", "/ws/x", "/str/a%00b/",
    } do
      it("refuses " .. path, function()
        local ws, code = running:connect { path = path:gsub(" ", "%%20") }
        assert.is_nil(ws)
        assert.equal(404, code)
      end)
    end
  end)

  it("keeps a route's integer exact", function()
    local ws = assert(running:connect { path = "/int/9007199254740993/" })
    ws:send_text '{"action":"scope_info"}'
    assert.truthy(assert(ws:receive()):find('"kwargs":{"pk":9007199254740993}', 1, true))
    ws:close()
  end)

  it("tells the consumer about the request", function()
    local scope = scope_of {
      path = "/str/a%20b/?x=1&x=2&y=%C3%A9+z&flag",
      headers = { Cookie = "a=1; session=x%20y; a=2", ["User-Agent"] = "spec", ["Sec-WebSocket-Protocol"] = "one, two" },
    }
    assert.same({ x = "2", y = "é z", flag = "" }, scope.query)
    assert.same({ a = "1", session = "x y" }, scope.cookies)
    assert.same({ "one", "two" }, scope.subprotocols)
    assert.same({ "/str/a b/", "/str/a%20b/", "spec", "1.1", true }, { scope.path, scope.raw_path, scope.agent, scope.http_version, scope.anonymous })
    assert.equal("127.0.0.1", scope.client[1])
    assert.is_true(scope.client[2] > 1023)
  end)

  it("accepts a subprotocol that the client offers", function()
    local ws = assert(running:connect { path = "/ws/?subprotocol=two", headers = { ["Sec-WebSocket-Protocol"] = "one, two" } })
    assert.equal("two", ws.headers["sec-websocket-protocol"])
    ws:close()
  end)

  it("names no subprotocol when the consumer chooses none", function()
    local ws = assert(running:connect { headers = { ["Sec-WebSocket-Protocol"] = "one" } })
    assert.is_nil(ws.headers["sec-websocket-protocol"])
    ws:close()
  end)

  describe("from a browser's page", function()
    local function opened(origin)
      local ws, code = running:connect { headers = { Origin = origin }, host_header = "example.com:8000" }
      if ws then ws:close() end
      return ws and 101 or code
    end

    for origin, expected in pairs {
      ["http://example.com:8000"] = 101, ["HTTP://EXAMPLE.com:8000"] = 101, ["https://example.com:8000"] = 101, ["http://example.com"] = 403,
      ["http://example.com:8001"] = 403, ["http://evil.example"] = 403, ["null"] = 403, ["http://example.com.evil.example:8000"] = 403,
      ["https://other.example"] = 101, ["http://other.example"] = 403, ["https://other.example:444"] = 403,
      ["https://www.family.example"] = 101, ["https://family.example"] = 101, ["https://notfamily.example"] = 403,
    } do
      it(("at %s: %d"):format(origin, expected), function() assert.equal(expected, opened(origin)) end)
    end

    it("anywhere, with allowed_origins *", function()
      server.with({ app = "spec/apps/site", args = { "--allowed-origins", "*" } }, function(open)
        local ws = assert(open:connect { headers = { Origin = "http://evil.example" } })
        ws:close()
      end)
    end)
  end)
end)
