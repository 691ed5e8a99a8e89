local class = require "tidewire.class"

describe("class", function()
  it("finds methods in the class, its mixins from left to right, then its parent", function()
    local Base = class.new("Base", { a = "base", b = "base", c = "base", d = "base" })
    local Left = class.mixin("Left", { b = "left", c = "left" })
    local Right = class.mixin("Right", { b = "right", c = "right", d = "right" })
    local Own = Base:extend("Own", Left, Right, { b = "own" })
    local object = Own()
    assert.same({ "base", "own", "left", "right" }, { object.a, object.b, object.c, object.d })
    assert.equal("left", Own.c)
  end)

  it("puts what several parts bring behind all who build on it", function()
    local Root = class.new("Root", { x = "root" })
    local A = Root:extend("A")
    local B = Root:extend("B", { x = "b" })
    assert.equal("b", A:extend("C", B)().x)
    assert.equal("b", B:extend("D", A)().x)
  end)

  it("calls init with the arguments", function()
    local Point = class.new("Point", { init = function(self, x, y) self.x, self.y = x, y end })
    local point = Point(1, 2)
    assert.same({ 1, 2 }, { point.x, point.y })
  end)

  it("reaches the parent by super, however deep", function()
    local A = class.new("A", { say = function() return "a" end })
    local B = A:extend("B")
    function B:say() return "b" .. B.super.say(self) end
    local C = B:extend("C")
    function C:say() return "c" .. C.super.say(self) end
    assert.equal("cba", C():say())
  end)

  it("lets a mixin call whatever comes next", function()
    local Base = class.new("Base", { say = function() return "base" end })
    local One, Two = class.mixin "One", class.mixin "Two"
    function One:say() return "one " .. class.super(One, self).say(self) end
    function Two:say() return "two " .. class.super(Two, self).say(self) end
    assert.equal("one two base", Base:extend("X", One, Two)():say())
    assert.equal("two one base", Base:extend("Y", Two, One)():say())
  end)

  it("sees members that are assigned later, in subclasses and instances, too", function()
    local A = class.new("A")
    local B = A:extend("B")
    local object = B()
    A.late = "a"
    assert.equal("a", object.late)
    B.late = "b"
    assert.equal("b", object.late)
    B.late = nil
    assert.equal("a", object.late)
  end)

  it("keeps instances apart, and from their class", function()
    local Counter = class.new("Counter", { n = 0 })
    local one, two = Counter(), Counter()
    one.n = one.n + 1
    assert.same({ 1, 0, 0 }, { one.n, two.n, Counter.n })
  end)

  it("hands metamethods down", function()
    local A = class.new("A", { __tostring = function() return "an A" end })
    assert.equal("an A", tostring(A()))
    assert.equal("an A", tostring(A:extend("B")()))
    assert.equal("class A", tostring(A))
  end)

  it("knows instances and subclasses", function()
    local A = class.new("A")
    local Mixin = class.mixin "Mixin"
    local B = A:extend("B", Mixin)
    assert.is_true(class.is_instance(B(), A))
    assert.is_true(class.is_instance(B(), Mixin))
    assert.is_false(class.is_instance(A(), B))
    assert.is_true(class.is_subclass(B, A))
    for _, value in ipairs { 1, "x", {}, true } do
      assert.is_false(class.is_instance(value, A))
      assert.is_false(class.is_subclass(value, A))
    end
    assert.equal(B, class.of(B()))
    assert.is_nil(class.of {})
  end)

  it("lets instances compute members, with what they have handed down otherwise", function()
    local A = class.new("A", { __tostring = function() return "an A" end })
    class.instance_meta(A).__index = function(_, key) return class.flat(A)[key] or key .. "!" end
    local object = A()
    assert.same({ "x!", "an A" }, { object.x, tostring(object) })
    A.x = "member"
    assert.same({ "member", "y!" }, { object.x, object.y })
    assert.is_nil(A:extend("B")().y)
    assert.equal("an A", tostring(A:extend("B")()))
    assert.equal(A, class.of(object))
  end)

  it("knows the order of a class", function()
    local A, Mixin = class.new "A", class.mixin "Mixin"
    local B = A:extend("B", Mixin)
    assert.same({ B, Mixin, A }, class.order(B))
  end)

  it("says what is wrong with the arguments of extend", function()
    local A = class.new("A")
    assert.has_error(function() A:extend {} end, "extend: the class's name comes first, as a string; got a table")
    local ok, err = pcall(A.extend, A, "B", 5, {})
    assert.is_false(ok)
    assert.truthy(err:find("B: argument 2 of extend is a number", 1, true))
  end)
end)
