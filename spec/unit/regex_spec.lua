require "support.host"
local regex = require "tidewire.regex"

describe("A regular expression", function()
  it("is Python's: classes, alternatives, Unicode letters", function()
    for pattern, cases in pairs {
      [ [[^\d{4}-\d\d$]] ] = { ["2026-11"] = true, ["26-11"] = false }, ["^(lamp|chair)s?$"] = { lamps = true, lampss = false },
      [ [[^\w+$]] ] = { ["été"] = true, ["a b"] = false }, ["^.$"] = { ["é"] = true, ab = false },
    } do
      for text, expected in pairs(cases) do assert.equal(expected, regex.compile(pattern):matches(text)) end
    end
  end)

  it("knows the very end as \\Z, and $ before a last newline too", function()
    assert.is_true(regex.compile("a$"):matches "a\n")
    assert.is_false(regex.compile([[a\Z]]):matches "a\n")
  end)

  it("folds case when asked", function()
    assert.is_false(regex.compile("ÉTÉ"):matches "été")
    assert.is_true(regex.compile("ÉTÉ", { ignore_case = true }):matches "été")
  end)

  it("that is malformed is refused with the place", function()
    local ok, err = pcall(regex.compile, "a(b")
    assert.is_false(ok)
    assert.truthy(err:find('invalid regular expression "a(b": missing closing parenthesis at offset 3', 1, true))
  end)

  it("that takes for ever on a text raises instead", function()
    assert.has_error(function() regex.compile("^(a+)+$"):matches(("a"):rep(40) .. "b") end)
  end)

  it("matches no part of a text that is not UTF-8 by accident", function() assert.is_false(regex.compile("é"):matches "\xc3") end)
end)
