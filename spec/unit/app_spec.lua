require "support.host"
local tidewire = require "tidewire"
local app = require "tidewire.app"
local middleware = require "tidewire.middleware"
local Consumer = require "tidewire.consumer".Consumer

describe("tidewire.app", function()
  local function refuses(why, fn)
    local ok, err = pcall(fn)
    assert.is_false(ok)
    assert.truthy(err:find(why, 1, true), err)
    assert.truthy(err:find("app_spec.lua:", 1, true), "it points at the caller: " .. err)
  end

  it("refuses what it does not know, and names what is near", function()
    refuses("unknown setting \"pign_interval\"; did you mean ping_interval?", function() tidewire.app { pign_interval = 1 } end)
    refuses("unknown setting \"frobnicate\"", function() tidewire.app { frobnicate = 1 } end)
    refuses("routes is a string; expected a table", function() tidewire.app { routes = "x" } end)
    refuses("routes[1] is not a route", function() tidewire.app { routes = { {} } } end)
    refuses("middleware[1] is a number", function() tidewire.app { middleware = { 5 } } end)
    refuses("a table was expected", function() tidewire.app "x" end)
  end)

  it("refuses routes that lead nowhere", function()
    refuses("a consumer class was expected", function() tidewire.websocket("/ws/", {}) end)
    refuses('has no attribute "colour"', function() tidewire.websocket("/ws/", Consumer, { colour = 1 }) end)
    refuses('unknown converter "num"', function() tidewire.websocket("/<num:x>/", Consumer) end)
    refuses("is not a prefix", function() tidewire.static("assets", "static") end)
    refuses("a folder's name was expected", function() tidewire.static("/", 5) end)
  end)

  it("lists routes and static folders", function()
    local one = tidewire.app { routes = { tidewire.websocket("/ws/<int:pk>/", Consumer:extend "C"), tidewire.static("/", "static") } }
    assert.same({ { kind = "websocket", pattern = "/ws/<int:pk>/", target = "C" }, { kind = "static", pattern = "/", target = "static" } }, app.routes(one))
    assert.same({ { prefix = "/", root = "static" } }, app.statics(one))
  end)
end)

describe("middleware", function()
  it("runs from the outside in, and may end the way", function()
    local order = {}
    local function note(name) return function(scope, next)
      order[#order + 1] = name
      return next(scope)
    end end
    local run = middleware.compose({ note "outer", note "inner" }, function(scope, a, b) return scope.x + a + b end)
    assert.equal(6, run({ x = 1 }, 2, 3))
    assert.same({ "outer", "inner" }, order)
    assert.is_nil(middleware.compose({ function() end }, function() error "not reached" end)({}))
  end)
end)
