local scopes = require "tidewire.scope"

describe("scope", function()
  local function scope(headers, query)
    return scopes.new({ path = "/raw", query_string = query or "", headers = headers or {}, client = { "::1", 5 }, http_version = "1.1" }, "/decoded", { pk = 1 })
  end

  it("finds headers in any case, and keeps their order", function()
    local headers = scope({ { "x-a", "1" }, { "x-b", "2" }, { "x-a", "3" } }).headers
    assert.same({ "1", "2" }, { headers["X-A"], headers["x-b"] })
    assert.is_nil(headers["x-c"])
    assert.same({ "x-a", "3" }, headers[3])
  end)

  it("reads cookies; the first of a name counts", function()
    assert.same({ a = "1", b = "x y", c = "quoted" }, scope({ { "cookie", 'a=1; b=x%20y; a=2; c="quoted"; broken' } }).cookies)
    assert.same({}, scope().cookies)
  end)

  it("reads the query; the last of a name counts, all are there", function()
    local one = scope({}, "a=1&a=2&b=x+%26&c")
    assert.same({ a = "2", b = "x &", c = "" }, one.query)
    assert.same({ a = { "1", "2" }, b = { "x &" }, c = { "" } }, one.query_lists)
    assert.equal("a=1&a=2&b=x+%26&c", one.query_string)
  end)

  it("lists subprotocols", function()
    assert.same({ "a", "b" }, scope({ { "sec-websocket-protocol", "a, b" } }).subprotocols)
  end)

  it("has an anonymous user that nobody can change, until middleware sets one", function()
    local one, two = scope(), scope()
    assert.is_true(one.user.is_anonymous)
    assert.has_error(function() one.user.name = "x" end)
    one.user = { name = "ada" }
    assert.equal("ada", one.user.name)
    assert.is_true(two.user.is_anonymous)
  end)
end)
