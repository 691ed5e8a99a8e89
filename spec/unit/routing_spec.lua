require "support.host"
local routing = require "tidewire.routing"

describe("routing", function()
  local function match(route, path) return routing.match(routing.compile(route), path) end

  it("matches whole paths", function()
    assert.same({}, match("/ws/", "/ws/"))
    for _, path in ipairs { "/ws", "/ws/x", "ws/", "/WS/", "//ws/" } do assert.is_nil(match("/ws/", path)) end
  end)

  it("takes characters of Lua's patterns as they are", function()
    assert.same({}, match("/a.b-c+(d)%/", "/a.b-c+(d)%/"))
    assert.is_nil(match("/a.b/", "/axb/"))
  end)

  it("converts parameters as Django does", function()
    assert.same({ pk = 7 }, match("/<int:pk>/", "/007/"))
    assert.same({ a = "x", b = "y" }, match("/<a>/<str:b>/", "/x/y/"))
    assert.same({ s = "a-b_c9" }, match("/<slug:s>/", "/a-b_c9/"))
    assert.same({ rest = "a/b" }, match("/<path:rest>/end", "/a/b/end"))
    assert.is_nil(match("/<int:pk>/", "/-7/"))
    assert.is_nil(match("/<uuid:id>/", "/075194D3-6885-417E-A8A8-6C931E272F00/"))
  end)

  it("finds the first route", function()
    local routes = { { pattern = routing.compile "/a/" }, { pattern = routing.compile "/<x>/" }, { pattern = routing.compile "/<y>/" } }
    local route, kwargs = routing.resolve(routes, "/b/")
    assert.same({ routes[2], { x = "b" } }, { route, kwargs })
    assert.is_nil(routing.resolve(routes, "/b/c/"))
  end)

  it("decodes paths, and refuses what cannot be one", function()
    assert.equal("/a b/é", routing.decode "/a%20b/%C3%A9")
    for _, raw in ipairs { "/%", "/%4", "/%zz", "/a%00" } do assert.is_nil(routing.decode(raw)) end
  end)

  for route, why in pairs {
    ["ws/"] = "begin with /", ["/<num:x>/"] = 'unknown converter "num"', ["/<int:1x>/"] = "not a name", ["/<int:a>/<str:a>/"] = "twice", ["/<int:a"] = "stands alone",
    ["/a>b/"] = "stands alone", ["/<>/"] = "not a name",
  } do
    it("refuses the route " .. route, function()
      local ok, err = pcall(routing.compile, route)
      assert.is_false(ok)
      assert.truthy(err:find(route, 1, true) and err:find(why, 1, true), err)
    end)
  end
end)
