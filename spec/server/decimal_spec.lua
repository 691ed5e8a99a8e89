---tidewire.decimal, inside the real binary.
local json = require "support.json"
local server = require "support.server"

---Run by the server over each line of the vectors; gives back the lines that came out otherwise.
local CHECK = [==[
local class, decimal = require "tidewire.class", require "tidewire.decimal"
local D = decimal.Decimal
local operations = {
  str = tostring,
  add = function(x, b) return x + D(b) end,
  sub = function(x, b) return x - D(b) end,
  mul = function(x, b) return x * D(b) end,
  div = function(x, b) return x / D(b) end,
  mod = function(x, b) return x % D(b) end,
  idiv = function(x, b) return x:divide_int(D(b)) end,
  norm = function(x) return x:normalize() end,
  quant = function(x, b, rounding) return x:quantize(D(b), rounding) end,
  integral = function(x, _, rounding) return x:to_integral(rounding) end,
  cmp = function(x, b) return x:compare(D(b)) end,
  fixed = function(x) return x:to_fixed() end,
  tuple = function(x)
    local t = x:as_tuple()
    return t.sign .. ";" .. table.concat(t.digits) .. ";" .. t.exponent
  end,
}
local wrong, count = {}, 0
for line, op, a, b, rounding, expected in (...):gmatch "((%l+)|(.-)|(.-)|(.-)|([^\n]*))\n" do
  local ok, result = pcall(function() return operations[op](D(a), b, rounding ~= "" and rounding or nil) end)
  result = ok and tostring(result) or "!" .. (class.of(result) and class.of(result).name or tostring(result))
  count = count + 1
  if result ~= expected then wrong[#wrong + 1] = line .. " but got " .. result end
end
return { count, table.concat(wrong, "\n") }
]==]

describe("decimal", function()
  local running, ws

  setup(function()
    running = server.start { app = "spec/apps/values" }
    ws = assert(running:connect())
  end)
  teardown(function()
    ws:close()
    running:stop()
  end)

  local function run(chunk, given)
    ws:send_text(json.encode { action = "run", chunk = chunk, given = given })
    local reply = json.plain(json.decode(assert(ws:receive(server.patience))))
    assert.equal(200, reply.response_status, json.encode(reply))
    return reply.data
  end

  ---The values of expressions, in which D is Decimal.
  local function values(...)
    return run('local decimal = require "tidewire.decimal" local D = decimal.Decimal return { ' .. table.concat({ ... }, ", ") .. " }")
  end

  ---The class and the text of what an expression raises.
  local function raised(expression)
    return table.concat(run(([[
      local decimal = require "tidewire.decimal" local D = decimal.Decimal
      local ok, err = pcall(function() return %s end)
      return { require "tidewire.class".of(err).name, tostring(err) }]]):format(expression)), ": ")
  end

  it("computes, rounds, compares and prints as Python does", function()
    local result = run(CHECK, require "support.decimal_vectors")
    assert.equal("", result[2])
    assert.is_true(result[1] > 250)
  end)

  it("is made from text, numbers, 64-bit integers and JSON's large numbers", function()
    assert.same({ "10.00", "10", "0.1", "-0", "9223372036854775807", "18446744073709551615", "123456789012345678901234567890", "1E+300" },
      values('D "10.00"', "D(10)", "D(0.1)", "D(-0.0)", "D(9223372036854775807LL)", "D(18446744073709551615ULL)",
        'D(require "tidewire.json".decode "123456789012345678901234567890")', "D(1e300)"))
    assert.same({ "0.1000000000000000055511151231257827021181583404541015625", "0.5", "10000000000000000000000" },
      values("decimal.from_number(0.1)", "decimal.from_number(0.5)", "decimal.from_number(1e22)"))
    assert.same({ true, true, false, false, false },
      values('decimal.is(D "1")', 'D(D "1") == D "1"', "decimal.is(1)", 'decimal.is "1"', 'decimal.parse "x" ~= nil'))
  end)

  it("refuses what is no number", function()
    for _, text in ipairs { "", " ", "abc", "1,5", "1.2.3", "1e", "e5", ".", "--1", "1 2", "0x10", "NaN1.5", "1E+1000000000000000000", "1\\0" } do
      assert.matches("^InvalidOperation: .* is not a decimal number$", raised('D "' .. text .. '"'))
    end
    assert.equal("TypeError: decimal Decimal: a Decimal or a number was expected, got a boolean", raised "D(true)")
    assert.equal("TypeError: decimal addition: a Decimal or a number was expected, got a string", raised 'D "1" + "1"')
  end)

  it("raises what Python's default context traps", function()
    assert.equal("DivisionByZero: decimal division: division by zero", raised 'D "1" / 0')
    assert.matches("^InvalidOperation", raised 'D "0" / 0')
    assert.matches("^Overflow", raised 'D "9E+999999" * 10')
    assert.matches("^InvalidOperation", raised 'D "1" < D "NaN"')
    assert.matches("^InvalidOperation", raised 'D "123.45":quantize(2, nil, 4)')
    assert.same({ true }, run [[
      local ok, err = pcall(require "tidewire.decimal".Decimal, "x")
      return { require "tidewire.class".is_instance(err, require "tidewire.exceptions".ValueError) }]])
  end)

  it("computes with Lua's numbers on either side", function()
    assert.same({ "11.00", "9.00", "1.9000", "2.50", "-9.00", "0.00" },
      values('D "10.00" + 1', '10 - D "1.00"', 'D "10.00" * 0.19', 'D "10.00" / 4', '-D "9.00"', 'D "10.00" % 5'))
  end)

  it("compares by value", function()
    assert.same({ true, false, true, true, true, false }, values('D "1.0" == D "1.00"', 'D "1" == D "2"', 'D "1.9" < D "1.95"', 'D "2" <= D "2.0"',
      'D "-Infinity" < D "-1E+50"', 'D "NaN" == D "NaN"'))
    assert.same({ -1, 0, 1, "2", "1.5" }, values('D "1":compare(2)', 'D "1":compare(1.0)', 'D "0.2":compare(0.1)', 'D "2":max(D "1.5")', 'D "2":min(1.5)'))
    assert.same({ true, "1E+2", "0", "1.1" }, values('decimal.key(D "100") == decimal.key(D "1E+2")', "decimal.key(100)", 'decimal.key(D "-0.00")', 'decimal.key "1.100"'))
  end)

  it("quantizes to places or to another's exponent", function()
    assert.same({ "1.00", "2.68", "2.67", "1E+2", "0.12346" }, values('D "1":quantize(2)', 'D "2.675":quantize(2)', 'D "2.675":quantize(2, "ROUND_DOWN")',
      'D "149":quantize(D "1E+2")', 'D "0.123456":quantize(D "0.00001")'))
    assert.same({ "12345678901234567890123456789012345.50" }, values('D "12345678901234567890123456789012345.5":quantize(2, nil, 40)'))
    assert.same({ "1.23", "1.3", "100", "1E+30" }, values('D "1.2345":round(3)', 'D "1.25":round(2, "ROUND_HALF_UP")', 'D "100.00":quantize(0)', 'D "1E+30":to_integral()'))
  end)

  it("tells about itself", function()
    assert.same({ true, true, true, true, true, 2, -3 }, values('D "NaN":is_nan()', 'D "-0":is_zero()', 'D "-0":is_signed()', 'D "1":is_finite()',
      'D "-inf":is_infinite()', 'D "123":adjusted()', 'D "0.00123":adjusted()'))
    assert.same({ { sign = 1, digits = { 1, 0, 5 }, exponent = -1 } }, values 'D "-10.5":as_tuple()')
    assert.same({ 1, "105", -1 }, run 'return { require "tidewire.decimal".Decimal "-10.5":parts() }')
  end)

  it("becomes a number, a whole number, or text without an exponent", function()
    assert.same({ 10.5, 1e30, -2, "1000", "0.00000001", "2.50", "3" },
      values('D "10.50":to_number()', 'D "1E+30":to_number()', 'D "-2.9":to_integer()', 'D "1E+3":to_fixed()', 'D "1E-8":to_fixed()', 'D "2.5":to_fixed(2)', 'D "2.5":to_fixed(0, "ROUND_HALF_UP")'))
    assert.equal("9007199254740993", run 'return tostring(require "tidewire.json".encode(require "tidewire.decimal".Decimal "9007199254740993":to_integer()))')
    assert.matches("^Overflow", raised 'D "1E+9999999":to_fixed()')
  end)

  it("keeps numbers of any length exactly", function()
    local digits = ("1234567890"):rep(40)
    assert.same({ digits .. ".5", true, true }, values(('D "%s.5"'):format(digits), ('D "%s" == D "%s.0"'):format(digits, digits), ('D "%s" < D "%s.1"'):format(digits, digits)))
  end)

  it("is sent as text", function()
    assert.equal('{"price":"10.00"}', run 'return require "tidewire.json".encode { price = require "tidewire.decimal".Decimal "10.00" }')
  end)
end)
