local origin = require "tidewire.origin"

describe("origin.allowed", function()
  for _, case in ipairs {
    { nil, "a.example", {}, true }, { "http://a.example", "a.example", {}, true }, { "http://a.example:80", "a.example", {}, true },
    { "https://a.example", "a.example:443", {}, true }, { "https://a.example", "a.example", {}, true }, { "http://a.example:8000", "a.example:8000", {}, true },
    { "http://a.example:8000", "a.example", {}, false }, { "http://b.example", "a.example", {}, false }, { "null", "a.example", {}, false },
    { "http://a.example", nil, {}, false }, { "http://b.example", "a.example", { "*" }, true }, { "null", "a.example", { "*" }, true },
    { "http://b.example", "a.example", { "http://b.example" }, true }, { "https://b.example", "a.example", { "http://b.example" }, false },
    { "http://b.example:1", "a.example", { "b.example" }, true }, { "http://x.b.example", "a.example", { ".b.example" }, true },
    { "http://b.example", "a.example", { ".b.example" }, true }, { "http://xb.example", "a.example", { ".b.example" }, false },
    { "http://[::1]:8000", "[::1]:8000", {}, true }, { "HTTP://A.example", "a.EXAMPLE", {}, true }, { "", "a.example", {}, false },
  } do
    it(("%s at %s, allowed %s: %s"):format(tostring(case[1]), tostring(case[2]), table.concat(case[3], " "), tostring(case[4])), function()
      assert.equal(case[4], origin.allowed(case[1], case[2], case[3]))
    end)
  end
end)
