require "support.host"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local ip = require "tidewire.ip"
local validators = require "tidewire.validators"

---The texts and codes that a validator refuses a value with; nil when it takes it.
local function refusal(validator, value)
  local ok, err = pcall(validator, value)
  if ok then return nil end
  assert(class.is_instance(err, exceptions.ModelValidationError), tostring(err))
  return err.messages[1], err.error_list[1].code
end

local function takes(validator, values)
  for _, value in ipairs(values) do assert.is_nil(refusal(validator, value), tostring(value)) end
end

local function refuses(validator, message, values)
  for _, value in ipairs(values) do assert.equal(message, (refusal(validator, value)), tostring(value)) end
end

describe("validators", function()
  it("compare values with a limit", function()
    assert.same({ "Ensure this value is less than or equal to 5.", "max_value" }, { refusal(validators.MaxValueValidator(5), 6) })
    assert.same({ "Ensure this value is greater than or equal to 1.", "min_value" }, { refusal(validators.MinValueValidator(1), 0) })
    takes(validators.MaxValueValidator(5), { 5, 4, 5LL })
    takes(validators.MinValueValidator(9007199254740993LL), { 9007199254740993LL })
    refuses(validators.MinValueValidator(9007199254740993LL), "Ensure this value is greater than or equal to 9007199254740993.", { 9007199254740992LL, 1 })
    refuses(validators.MaxValueValidator(function() return 2 end), "Ensure this value is less than or equal to 2.", { 3 })
    refuses(validators.MaxValueValidator(1, "Too much: %(value)s"), "Too much: 3", { 3 })
  end)

  it("count characters, not bytes", function()
    assert.same({ "Ensure this value has at most 2 characters (it has 3).", "max_length" }, { refusal(validators.MaxLengthValidator(2), "äöü") })
    assert.same({ "Ensure this value has at most 1 character (it has 3).", "max_length" }, { refusal(validators.MaxLengthValidator(1), "abc") })
    assert.same({ "Ensure this value has at least 4 characters (it has 3).", "min_length" }, { refusal(validators.MinLengthValidator(4), "äöü") })
    takes(validators.MaxLengthValidator(3), { "äöü", "abc", "" })
    takes(validators.MinLengthValidator(3), { "äöü", { 1, 2, 3 } })
  end)

  it("match patterns", function()
    local small = validators.RegexValidator { regex = "^[a-z]+$", message = "Small letters only.", code = "small" }
    assert.same({ "Small letters only.", "small" }, { refusal(small, "Ab") })
    takes(small, { "ab" })
    assert.same({ "Enter a valid value.", "invalid" }, { refusal(validators.RegexValidator "x", "y") })
    refuses(validators.RegexValidator { regex = "x", inverse_match = true }, "Enter a valid value.", { "axb" })
    refuses(validators.RegexValidator { regex = function(text) return text == "yes" end }, "Enter a valid value.", { "no" })
  end)

  it("know integers, slugs and lists of integers", function()
    takes(validators.validate_integer, { "1", "-12", 5 })
    refuses(validators.validate_integer, "Enter a valid integer.", { "", "1.5", "x", "1\n", "--1" })
    takes(validators.validate_slug, { "a-b_C1" })
    refuses(validators.validate_slug, "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.", { "a b", "", "é", "a\n" })
    takes(validators.validate_unicode_slug, { "é-日本" })
    takes(validators.validate_comma_separated_integer_list, { "1", "1,2,3" })
    refuses(validators.validate_comma_separated_integer_list, "Enter only digits separated by commas.", { "", "1,", ",1", "1,,2", "a", "-1" })
    takes(validators.int_list_validator { sep = ".", allow_negative = true }, { "1.-2" })
  end)

  it("know e-mail addresses", function()
    takes(validators.validate_email, {
      "a@b.co", "A.B+c@Ex-ample.Org", "a@localhost", "a@[127.0.0.1]", "a@[::1]", "a@é.com", "a@xn--9ca.com", "a'b@c.org", '"q\\"x"@b.com',
      "a@b.123", "a@b.c0m", "a@" .. ("b"):rep(63) .. ".com",
    })
    refuses(validators.validate_email, "Enter a valid email address.", {
      "", "a@b", "a@b.c", "a b@c.de", "a@b..com", "@b.com", "a@", "a", '"quoted str"@b.com', "a@127.0.0.1", "é@b.com", "a@-b.com", "a@b-.com", "a.@b.com",
      ".a@b.com", "a..b@b.com", "a@b_c.com", "a@b.com\n", 5, "a@" .. ("b"):rep(64) .. ".com",
    })
  end)

  it("know URLs", function()
    takes(validators.URLValidator(), {
      "http://example.com", "https://example.com/", "HTTP://EXAMPLE.COM", "ftps://e.com", "http://localhost:8000/a?b=c#d", "http://127.0.0.1",
      "http://[::1]:80/x", "http://user:pw@example.com/", "http://user@example.com", "http://example.com:99999", "http://例え.jp/", "http://xn--9ca.com",
      "http://example.com/é", "http://example.com.", "http://example.com?x=1", "http://example.com#f", "http://a.xn--p1ai",
    })
    refuses(validators.URLValidator(), "Enter a valid URL.", {
      "ws://example.com", "//example.com", "example.com", "http://", "http://256.1.1.1", "http://[::g]/", "http://example.com:123456", "http://-a.com",
      "http://a-.com", "http://a.b-", "http://example.com/a b", "http://example..com", "http://.com", "http://a", "http://a.b", "mailto:a@b.c",
      "javascript:alert(1)", "", 5, "http://example.com\n", "http://" .. ("a"):rep(64) .. ".com", "http://a.com:1", "http://u:p:q@a.com",
    })
    takes(validators.URLValidator { schemes = { "ws" } }, { "ws://example.com" })
  end)

  it("know IP addresses", function()
    takes(validators.validate_ipv4_address, { "1.2.3.4", "255.255.255.255" })
    refuses(validators.validate_ipv4_address, "Enter a valid IPv4 address.", { "", "1.2.3", "256.1.1.1", "01.2.3.4", "1.2.3.4\n", "::1" })
    takes(validators.validate_ipv6_address, { "::1", "fe80::1", "::ffff:1.2.3.4" })
    refuses(validators.validate_ipv6_address, "Enter a valid IPv6 address.", { "", "1.2.3.4", ":::", "fe80::1%eth0" })
    refuses(validators.validate_ipv46_address, "Enter a valid IPv4 or IPv6 address.", { "x" })
  end)

  it("find null characters", function()
    assert.same({ "Null characters are not allowed.", "null_characters_not_allowed" }, { refusal(validators.ProhibitNullCharactersValidator(), "a\0b") })
    takes(validators.ProhibitNullCharactersValidator(), { "ab", 5 })
  end)
end)

describe("ip.clean_ipv6", function()
  it("writes the shortest form", function()
    for text, expected in pairs {
      ["2001:0DB8:0:0:0:0:0:1"] = "2001:db8::1", ["::"] = "::", ["1:0:0:2:0:0:0:3"] = "1:0:0:2::3", ["1:2:3:4:5:6:7:8"] = "1:2:3:4:5:6:7:8",
      ["1:0:3:4:5:6:7:8"] = "1:0:3:4:5:6:7:8", ["1::"] = "1::", ["::ffff:0a0a:0a0a"] = "::ffff:10.10.10.10", ["::1.2.3.4"] = "::102:304",
      ["1:0:0:4:5:0:0:8"] = "1::4:5:0:0:8",
    } do
      assert.equal(expected, ip.clean_ipv6(text))
    end
    assert.equal("10.10.10.10", ip.clean_ipv6("::ffff:10.10.10.10", true))
    assert.is_nil(ip.clean_ipv6 "1.2.3.4")
  end)
end)
