---What is written into a field comes back as it was, at the ends of what the field can hold, on both databases through the real binary.
local data = require "support.data"
local databases = require "support.databases"
local json = require "support.json"

---{ field, Lua expression of the value, what `tostring` says of what is read }.
local function same(field, ...)
  local list = {}
  for i, text in ipairs { ... } do list[i] = { field, text, text } end
  return list
end

local function numbers(field, ...)
  local list = {}
  for i, text in ipairs { ... } do
    local suffix = #text:gsub("^-", "") > 15 and "LL" or ""
    list[i] = { field, text == "-9223372036854775808" and "-9223372036854775807LL - 1" or text .. suffix, text, "json.encode(%s)" }
  end
  return list
end

local function decimals(field, ...)
  local list = {}
  for i, text in ipairs { ... } do list[i] = { field, ('decimal.Decimal %q'):format(text), text, "%s:to_fixed()" } end
  return list
end

local function texts(field, ...)
  local list = {}
  for i, text in ipairs { ... } do list[i] = { field, ("%q"):format(text), text } end
  return list
end

local function dates(...)
  local list = {}
  for i, text in ipairs { ... } do
    local y, m, d = text:match "(%d+)-(%d+)-(%d+)"
    list[i] = { "date", ("datetime.Date(%d, %d, %d)"):format(y, m, d), text }
  end
  return list
end

local function times(...)
  local list = {}
  for i, text in ipairs { ... } do list[i] = { "time", ("datetime.parse_time %q"):format(text), text } end
  return list
end

local function moments(pairs_of)
  local list = {}
  for i, pair in ipairs(pairs_of) do list[i] = { "moment", ("datetime.parse_datetime %q"):format(pair[1]), pair[2] or pair[1] } end
  return list
end

local function durations(...)
  local list = {}
  for i, parts in ipairs { ... } do
    list[i] = { "duration", ("datetime.Duration { days = %d, seconds = %d, microseconds = %d }"):format(unpack(parts)), table.concat(parts, " "),
      "%s.days .. ' ' .. %s.seconds .. ' ' .. %s.microseconds" }
  end
  return list
end

local CASES = {
  same("boolean", "true", "false"),
  numbers("small_integer", "0", "32767", "-32768"),
  numbers("integer", "2147483647", "-2147483648"),
  numbers("big_integer", "9223372036854775807", "-9223372036854775808", "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993"),
  numbers("positive_small_integer", "0", "32767"), numbers("positive_integer", "0", "2147483647"), numbers("positive_big_integer", "0", "9223372036854775807"),
  decimals("decimal_5", "0.00", "999.99", "-999.99", "0.01", "-0.01", "10.00"),
  decimals("decimal_15", "9999999999.99999", "-9999999999.99999", "0.00001", "1234567890.12345", "0.10000"),
  decimals("decimal_20", "9999999999.9999999999", "-9999999999.9999999999", "0.0000000001", "1234567890.1234567890"),
  decimals("decimal_40", ("9"):rep(20) .. "." .. ("9"):rep(20), "-" .. ("9"):rep(20) .. "." .. ("9"):rep(20), "0.00000000000000000001",
    "12345678901234567890.12345678901234567890", "0.00000000000000000000"),
  texts("char", "", " ", "  spaces  ", "a'b\"c\\d;--", "%_%", "é", "日本語", "👩‍👩‍👧‍👦", "\1\2\127", "$1 ?1 %s :name @x", "NULL", "true", ("ü"):rep(200)),
  texts("text", "", "line\nline\r\n\ttab", "e\204\129 is not é", "\239\191\191 \240\144\128\128 \244\143\191\191", "{}", "1.10", "0x41", "2001-01-01", "\\x41"),
  texts("slug", "a-b_c"), texts("email", "a@example.com"), texts("url", "https://example.com/?a=b&c=%20"),
  dates("0001-01-01", "9999-12-31", "2000-02-29", "1582-10-15", "1969-12-31"),
  times("00:00:00", "23:59:59.999999", "12:30:00.000001", "00:00:00.100000"),
  moments { { "0001-01-01 00:00:00+00:00" }, { "9999-12-31 23:59:59.999999+00:00" }, { "1969-12-31 23:59:59.000001+00:00" }, { "2021-03-28 01:30:00.123456+00:00" },
    { "2021-01-01 10:00:00+05:45", "2021-01-01 04:15:00+00:00" }, { "2021-01-01 00:00:00-11:00", "2021-01-01 11:00:00+00:00" } },
  durations({ 0, 0, 0 }, { 0, 0, 1 }, { -1, 86399, 999999 }, { 0, 86399, 999999 }, { -2, 86399, 999999 }, { 365, 0, 0 }, { 104249, 86399, 999999 },
    { -104250, 0, 1 }),
  { { "uuid", "uuid.UUID '00000000-0000-0000-0000-000000000000'", "00000000-0000-0000-0000-000000000000" },
    { "uuid", "uuid.UUID 'FFFFFFFF-ffff-FFFF-ffff-ffffffffffff'", "ffffffff-ffff-ffff-ffff-ffffffffffff" },
    { "uuid", "'12345678123456781234567812345678'", "12345678-1234-5678-1234-567812345678" } },
  texts("ip", "127.0.0.1", "255.255.255.255", "::1", "2001:db8::ff00:42:8329"),
}

---How a value is told from others: by the text of it.
local PROGRAM = [[
local value = %s
local got = trip(args_field, value)
local found = Everything.objects:filter { [args_field] = value }:count()
local text = %s
return { text = text, found = found, kind = type(got) }]]

local function program(case)
  local text = case[4] and case[4]:gsub("%%s", "got") or "tostring(got)"
  return "local args_field = (...).field\n" .. PROGRAM:format(case[2], text)
end

databases.for_each(function(vendor, create)
  describe("a field on " .. vendor, function()
    local running

    setup(function() running = data.start(create()) end)
    teardown(function() running:stop() end)

    for _, list in ipairs(CASES) do
      it(list[1][1] .. " gives back what it was given, and finds it", function()
        running:clear()
        for _, case in ipairs(list) do
          local got = running:run(program(case), { field = case[1] })
          assert.equal(case[3], got.text, case[1] .. " = " .. case[2])
          assert.is_true(got.found >= 1, case[2] .. " is not found by itself")
        end
      end)
    end

    it("float gives back every bit", function()
      local got = running:run [[
        local list = {}
        for i, value in ipairs { 0.1, 1 / 3, 4.9406564584124654e-324, -2.2250738585072009e-308, 1.7976931348623157e308, -1.7976931348623157e308, 1e22, 123456789.125, 0, -1.5 } do
          local got = trip("float", value)
          list[i] = { got == value, Everything.objects:filter { float = value }:exists() }
        end
        return list]]
      for i, pair in ipairs(got) do assert.same({ true, true }, pair, "value " .. i) end
    end)

    it("binary gives back every byte", function()
      local got = running:run [[
        local bytes = {}
        for i = 0, 255 do bytes[i + 1] = string.char(i) end
        local all = table.concat(bytes)
        local list = {}
        for i, value in ipairs { all, "", "\0", all:rep(4000), "\\x00", "text", "\255\254" } do list[i] = trip_bytes(value) == value end
        return list]]
      assert.same({ true, true, true, true, true, true, true }, got)
    end)

    it("text of a megabyte comes back", function()
      assert.is_true(running:run [[
        local long = ("0123456789äöü€"):rep(60000)
        return Everything.objects:get { pk = Everything.objects:create { text = long }.pk }.text == long]])
    end)

    it("json gives back what it was given, whatever its shape", function()
      for _, text in ipairs {
        '{"a":[1,2,{"b":null}],"c":"é\\"\\\\"}', "[]", "{}", "[[],{}]", '"text"', "12", "true", "false", "1.5", "9007199254740993", "-9223372036854775808",
        '{"":{"":[]}}', '["\\u0001","\\ud83d\\ude00"]', '"%s $1 ?1"', '[0.1,-2.5]',
      } do
        local got = running:run("local text = (...).text return { json.encode(trip('json', json.decode(text))), json.encode(json.decode(text)) }", { text = text })
        assert.is_nil(json.difference(json.object { { "json", json.decode(got[2]) } }, json.object { { "json", json.decode(got[1]) } })) -- keys have no order
      end
    end)

    it("json's null is a JSON null, and a missing value is none", function()
      assert.same({ true, 1, 1 }, running:run [[
        Everything.objects:all():delete()
        Everything.objects:create { json = json.decode "[null]" }
        Everything.objects:create {}
        local row = Everything.objects:get { json__isnull = true }
        return { row.json == nil, Everything.objects:filter { json__isnull = true }:count(), Everything.objects:filter { json__isnull = false }:count() }]])
    end)

    it("null is null everywhere", function()
      assert.same({}, running:run [[
        Everything.objects:all():delete()
        local wrong, given = {}, {}
        for _, field in ipairs(Everything._meta.concrete_fields) do
          if not field.primary_key then given[field.attname] = null end
        end
        local one, other = Everything.objects:create(given), Everything.objects:create {}
        for _, row in ipairs { one, other, Everything.objects:get { pk = one.pk }, Everything.objects:get { pk = other.pk } } do
          for name in pairs(given) do
            if row[name] ~= nil and row[name] ~= null or Everything.objects:filter { [name .. "__isnull"] = true }:count() ~= 2 then wrong[#wrong + 1] = name end
          end
        end
        for name in pairs(given) do
          if Everything.objects:get { pk = one.pk }[name] ~= nil then wrong[#wrong + 1] = name .. " after reading" end
        end
        return array(wrong)]])
    end)

    it("sorts and compares decimals, dates and integers by value, not by text", function()
      running:clear()
      for field, values in pairs {
        decimal_40 = { "decimal.Decimal '-100'", "decimal.Decimal '-9.5'", "decimal.Decimal '0'", "decimal.Decimal '0.00000000000000000001'", "decimal.Decimal '9'", "decimal.Decimal '10'",
          "decimal.Decimal '99999999999999999998.9'", "decimal.Decimal '99999999999999999999'" },
        decimal_5 = { "decimal.Decimal '-100'", "decimal.Decimal '-9.5'", "decimal.Decimal '9'", "decimal.Decimal '10'" },
        big_integer = { "-9223372036854775807LL", "-1", "9007199254740992", "9007199254740993LL", "9223372036854775807LL" },
        date = { "datetime.Date(1, 1, 1)", "datetime.Date(999, 12, 31)", "datetime.Date(2000, 1, 1)", "datetime.Date(9999, 12, 31)" },
        moment = { "datetime.parse_datetime '2021-01-01 01:00:00+02:00'", "datetime.parse_datetime '2021-01-01 00:00:00+00:00'",
          "datetime.parse_datetime '2021-01-01 00:00:00.000001+00:00'", "datetime.parse_datetime '2020-12-31 23:30:00-01:00'" },
        duration = { "datetime.Duration { days = -100 }", "datetime.Duration { microseconds = -1 }", "datetime.Duration {}", "datetime.Duration { days = 9 }", "datetime.Duration { days = 10 }" },
        time = { "datetime.Time(0, 0, 0)", "datetime.Time(9, 0, 0)", "datetime.Time(9, 0, 0, 1)", "datetime.Time(10, 0, 0)" },
      } do
        local got = running:run(([[
          local values, order = { %s }, {}
          Everything.objects:all():delete()
          for i = #values, 1, -1 do Everything.objects:create { char = tostring(i), [%q] = values[i] } end
          for _, row in ipairs(Everything.objects:order_by(%q):list()) do order[#order + 1] = row.char end
          local above, below = {}, {}
          for i, value in ipairs(values) do
            above[i] = Everything.objects:filter { [%q] = value }:count()
            below[i] = Everything.objects:filter { [%q] = value }:count()
          end
          return { table.concat(order, " "), above, below, #values }]]):format(table.concat(values, ", "), field, field, field .. "__gt", field .. "__lte"))
        local order, above, below = {}, {}, {}
        for i = 1, #values do order[i], above[i], below[i] = i, #values - i, i end
        assert.same({ table.concat(order, " "), above, below, #values }, got, field)
      end
    end)

    it("adds up decimals exactly", function()
      running:clear()
      assert.same({ "0.3", "100000000000000000000.00000000000000000001" }, running:run [[
        for i = 1, 3 do Everything.objects:create { decimal_40 = decimal.Decimal "0.1" } end
        local first = Everything.objects:aggregate { total = models.Sum "decimal_40" }.total:normalize()
        Everything.objects:all():delete()
        Everything.objects:create { decimal_40 = decimal.Decimal "99999999999999999999" }
        Everything.objects:create { decimal_40 = decimal.Decimal "1.00000000000000000001" }
        return { tostring(first), tostring(Everything.objects:aggregate { total = models.Sum "decimal_40" }.total) }]])
    end)

    it("refuses what it cannot hold, or keeps all of it", function()
      running:clear()
      for what, code in pairs {
        ["a text with a NUL"] = [[local text = "a\0b" return caught(function() return trip("text", text) ~= text and error "it came back otherwise" end)]],
        ["too large an integer"] = [[return caught(function() return trip("integer", 2^31) ~= 2^31 and error "it came back otherwise" end)]],
        ["too long a text"] = [[local text = ("x"):rep(201) return caught(function() return trip("char", text) ~= text and error "it came back otherwise" end)]],
        ["a fraction as integer"] = [[return caught(function() return trip("integer", "x") end)]],
        ["too many digits"] = [[return caught(function() return tostring(trip("decimal_5", decimal.Decimal "12345.67")) ~= "12345.67" and error "it came back otherwise" end)]],
        ["an integer beyond 64 bits"] = [[return caught(function() trip("big_integer", "9223372036854775808") error "it was taken" end)]],
        ["text that is no UTF-8"] = [[local text = "a\255b" return caught(function() return trip("text", text) ~= text and error "it came back otherwise" end)]],
        ["no date"] = [[return caught(function() trip("date", "2001-02-30") error "it was taken" end)]],
        ["a naive infinity"] = [[return caught(function() trip("decimal_5", decimal.Decimal "Infinity") error "it was taken" end)]],
      } do
        local refused = running:run(code)
        local known = { DataError = true, ValueError = true, DjangoValidationError = true, IntegrityError = true, OperationalError = true }
        assert.is_true(refused == nil or known[refused.class], ("%s: %s %s"):format(what, refused and refused.class, refused and refused.message))
      end
      for _, field in ipairs { "positive_small_integer", "positive_integer", "positive_big_integer" } do
        assert.equal("IntegrityError", running:run("local field = (...).field return caught(function() trip(field, -1) end)", { field = field }).class)
      end
      assert.equal(3, running:run "return Everything.objects:create { integer = 3 }.integer") -- nothing of that has broken the connection
    end)

    it("is stored in tables and columns whose names need quoting", function()
      assert.same({ "x", "x" }, running:run [[
        local odd = Odd.objects:create { select = "x" }
        return { Odd.objects:get { select = "x" }.select, Odd.objects:order_by("-select"):values("select"):first().select }]])
      assert.equal("x", running.database:query [[SELECT "the ""select""; --" FROM "odd ""table"""]])
    end)
  end)
end)
