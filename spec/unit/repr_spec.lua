require "support.host"
local integers = require "tidewire.integers"
local json = require "tidewire.json"
local repr = require "tidewire.repr"

describe("repr", function()
  it("writes values as Python does", function()
    for expected, value in pairs {
      ["'x'"] = "x", ["\"it's\""] = "it's", ["'both \\' and \"'"] = "both ' and \"", ["'a\\nb\\\\\\x00'"] = "a\nb\\\0", ["'é'"] = "é",
      ["1"] = 1, ["1.5"] = 1.5, ["0.1"] = 0.1, ["-3"] = -3, ["1e+20"] = 1e20, ["True"] = true, ["9007199254740993"] = 9007199254740993LL,
      ["None"] = json.null, ["[1, 'a']"] = { 1, "a" }, ["{'a': 1, 'b': [2]}"] = { a = 1, b = { 2 } }, ["inf"] = math.huge,
    } do
      assert.equal(expected, repr.repr(value))
    end
    assert.equal("None", repr.repr(nil))
    assert.equal("x", repr.str "x")
  end)

  it("fills in names", function()
    assert.equal("“a” is 'a', 5 of 10", repr.interpolate("“%(v)s” is %(v)r, %(n)d of %(m)s", { v = "a", n = 5, m = 10 }))
    assert.equal("100% %(x)s", repr.interpolate "100% %(x)s")
    assert.equal("100% None", repr.interpolate("100% %(y)s", { x = 1 }))
  end)
end)

describe("integers.parse", function()
  it("reads what Python's int() reads", function()
    for text, expected in pairs {
      ["5"] = 5, [" -12 "] = -12, ["+7"] = 7, ["1_000"] = 1000, ["007"] = 7, ["0"] = 0, ["9007199254740993"] = 9007199254740993LL,
      ["-9223372036854775808"] = -9223372036854775807LL - 1, ["9223372036854775807"] = 9223372036854775807LL, ["00000000000000000000001"] = 1,
    } do
      assert.is_true(expected == integers.parse(text), text)
    end
    assert.equal("number", type(integers.parse "9007199254740992"))
    assert.equal(1, integers.parse(1.9))
    assert.equal(-1, integers.parse(-1.9))
    assert.equal(1, integers.parse(true))
    assert.equal("number", type(integers.parse(5LL)))
  end)

  it("says why something is none", function()
    for _, text in ipairs { "", "x", "1.5", "1__0", "_1", "1_", "0x10", "1e5" } do assert.same({ nil, "malformed" }, { integers.parse(text) }, text) end
    for _, text in ipairs { "9223372036854775808", "-9223372036854775809", "100000000000000000000" } do
      assert.same({ nil, "range" }, { integers.parse(text) })
    end
    assert.same({ nil, "range" }, { integers.parse(2 ^ 63) })
    assert.same({ nil, "range" }, { integers.parse(18446744073709551615ULL) })
    assert.same({ nil, "malformed" }, { integers.parse(0 / 0) })
    assert.same({ nil, "type" }, { integers.parse {} })
    assert.same({ nil, "type" }, { integers.parse(json.null) })
  end)
end)
