local recorded = require "support.host"
local actions = require "tidewire.actions"
local class = require "tidewire.class"

describe("actions", function()
  local function nothing() end

  it("are found by the names that clients use", function()
    local A = class.new("A", { plain = nothing, one = actions.action(nothing), two = actions.action({ name = "other" }, nothing) })
    local B = A:extend("B", { one = nothing })
    assert.same({ "one", "other" }, (function()
      local names = {}
      for name in pairs(actions.of(A)) do names[#names + 1] = name end
      table.sort(names)
      return names
    end)())
    assert.is_nil(actions.of(B).one)
    assert.equal(A.two, actions.of(B).other)
  end)

  it("can be called like methods", function()
    local A = class.new("A", { n = 3 })
    A.add = actions.action(function(self, args) return self.n + args.n, 200 end)
    assert.same({ 7, 200 }, { A():add { n = 4 } })
  end)

  it("refuse options they do not know, or of the wrong type", function()
    for _, options in ipairs { { detatched = true }, { timeout = "soon" }, { name = 5 } } do
      local ok, err = pcall(actions.action, options, nothing)
      assert.is_false(ok)
      assert.truthy(err:find "action" and err:find((next(options))))
    end
    assert.has_error(function() actions.action() end)
    assert.has_error(function() actions.action({}, nil) end)
    assert.has_error(function() actions.detached {} end)
  end)

  it("that are detached methods start a task of the consumer", function()
    local started
    local consumer = { detached_tasks = { start = function(_, task, owner, fn, ...) started = { task, owner, fn, ... } end } }
    actions.detached(nothing)(consumer, 1, 2)
    assert.same({ consumer, nothing, consumer, 1, 2 }, { unpack(started, 2) })
    assert.equal(0, #recorded.calls)
  end)
end)
