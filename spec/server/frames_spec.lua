---JSON frames: what comes in, what goes out, and what is said about frames that are none.
local json = require "support.json"
local server = require "support.server"

describe("a frame", function()
  local running, ws

  setup(function() running = server.start { app = "spec/apps/frames" } end)
  teardown(function() running:stop() end)
  before_each(function() ws = assert(running:connect()) end)
  after_each(function() ws:close() end)

  local function ask(text)
    ws:send_text(text)
    return assert(ws:receive())
  end

  local function reply(text) return json.plain(json.decode(ask(text))) end

  describe("that is no JSON object", function()
    for _, case in ipairs {
      { "", "Expecting value: line 1 column 1 (char 0)" }, { "not json", "Expecting value: line 1 column 1 (char 0)" },
      { '{"action": "echo"', "Expecting ',' delimiter: line 1 column 18 (char 17)" }, { "{'a': 1}", "double quotes" },
      { "[]", "a list" }, { '"x"', "a string" }, { "1", "a number" }, { "null", "null" }, { "true", "a boolean" }, { "{} x", "Extra data" },
      { '{"a":1,}', "" }, { '{"a":01}', "" }, { '{"a":+1}', "" }, { '{"a":.5}', "" }, { '{"a":1.}', "" }, { '{"a":tru}', "" },
      { '{"a":"\1"}', "control" }, { '{"a":"\\x"}', "" }, { '{"a":"\\u12"}', "" }, { '{"a":NaN}', "NaN" }, { '{"a":Infinity}', "Infinity" },
      { '{"a":-Infinity}', "Infinity" }, { "\239\187\191{}", "" }, { '{"action":"echo" "x"}', "" }, { "{\0}", "" },
    } do
      it(("is answered with 400: %q"):format(case[1]), function()
        local got = reply(case[1])
        assert.same({ json.null, json.null, 400, json.null }, { got.data, got.action, got.response_status, got.request_id })
        assert.equal("JSON parse error - ", got.errors[1]:sub(1, 19))
        assert.truthy(got.errors[1]:find(case[2], 20, true), got.errors[1])
        assert.equal("still here", reply('{"action":"echo","data":"still here"}').data)
      end)
    end
  end)

  it("may be nested 64 levels, not 65", function()
    local function nested(n) return ("[]"):sub(1, 1):rep(n) .. ("]"):rep(n) end
    assert.equal(200, reply('{"action":"echo","data":' .. nested(63) .. "}").response_status)
    assert.equal(400, reply('{"action":"echo","data":' .. nested(64) .. "}").response_status)
    assert.equal(400, reply(("["):rep(500000)).response_status)
    assert.equal(400, reply(('{"a":'):rep(100000)).response_status)
  end)

  it("keeps the last of equal keys", function() assert.equal(2, reply('{"action":"nope","data":1,"action":"echo","data":2}').data) end)

  it("may be 1 MiB, and closes with 1009 when it is a byte more", function()
    local head, tail = '{"action":"kind","data":"', '"}'
    assert.equal(1048576 - #head - #tail, reply(head .. ("x"):rep(1048576 - #head - #tail) .. tail).data.size)
    local other = assert(running:connect())
    other:send_text(("x"):rep(1048577))
    assert.equal(1009, (other:receive_close()))
    other.socket:close()
  end)

  it("that is binary closes with 1003", function()
    local other = assert(running:connect())
    other:send_frame(2, "{}")
    assert.equal(1003, (other:receive_close()))
    other.socket:close()
  end)

  describe("echoes a request_id as it came:", function()
    for _, id in ipairs {
      "1", "1.0", "-0", "1e2", "9007199254740993", "123456789012345678901234567890", "1E400", '"x"', '"\\u00e9"', '"\\ud83d\\ude00"', '"\\ud83d"', '"a\\u0000b"',
      "null", "true", "false", "[1,[2,{}]]", '{"b":1,"a":[]}', '""', "0.1000",
    } do
      it(id, function() assert.equal('"request_id":' .. id .. "}", ask('{"action":"echo","request_id":' .. id .. "}"):match '"request_id":.*$') end)
    end

    it("on errors, too", function()
      assert.equal('"request_id":9007199254740993}', ask('{"action":"nope","request_id":9007199254740993}'):match '"request_id":.*$')
      assert.equal('"request_id":{"z":1,"a":2}}', ask('{"request_id":{"z":1,"a":2}}'):match '"request_id":.*$')
    end)
  end)

  describe("with an action that is no text", function()
    for _, case in ipairs { { "null", "null" }, { "1", "1" }, { "true", "true" }, { "[1, 2]", "[1, 2]" }, { '{"a":1}', '{"a":1}' }, { "1.50", "1.50" } } do
      it("is not allowed: " .. case[1], function()
        local text = ask('{"action":' .. case[1] .. ',"request_id":1}')
        local got = json.decode(text).values
        assert.equal(('Method "%s" not allowed.'):format(case[2]), got.errors[1])
        assert.equal("405", got.response_status.text)
        assert.is_nil(json.difference(json.decode(case[1]), got.action))
      end)
    end
  end)

  describe("brings values to an action and back:", function()
    for _, data in ipairs {
      "0", "-1", "1.5", "1e+21", "1e-07", "0.1", "9007199254740991", "9007199254740993", "-9223372036854775808", "9223372036854775807", "9223372036854775808",
      "18446744073709551615", "123456789012345678901234567890", "1e400", "-1e400", "12345678.9", '""', '"é"', '"\\u0000"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\udc00x"',
      '"\\ud83d\\ud83d"', '"</script>"', '"\\\\ \\" \\/ \\b \\f \\n \\r \\t \\u001f"', "true", "false", "null", "[]", "{}", "[[],{}]", "[null,null]",
      "[1,[2,[3]]]", '{"a":{"b":[]},"c":null}', '{"":1}', '{"1":"digit"}', '{"__index":1,"__tojson":2}',
    } do
      it(data, function()
        local got = json.decode(ask('{"action":"echo","data":' .. data .. "}"))
        assert.is_nil(json.difference(json.decode('{"d":' .. data .. "}"), json.object { { "d", got.values.data } }))
      end)
    end

    it("null as tidewire.null, lists as arrays", function()
      assert.is_true(reply('{"action":"kind","data":null}').data.null)
      assert.is_true(reply('{"action":"kind","data":[]}').data.array)
      assert.is_false(reply('{"action":"kind","data":{}}').data.array)
      assert.equal("number", reply('{"action":"kind","data":9007199254740992}').data.type)
      assert.equal("cdata", reply('{"action":"kind","data":9007199254740993}').data.type)
    end)
  end)

  describe("goes out", function()
    for kind, expected in pairs {
      empty_array = "[]", empty_object = "{}", null = "null", int64 = "9007199254740993", uint64 = "18446744073709551615", float = "0.1",
      large = "1e+300", million = "1000000",
    } do
      it("as " .. expected .. " for " .. kind, function()
        assert.equal('"data":' .. expected .. ',', ask('{"action":"give","kind":"' .. kind .. '"}'):match '"data":[^,]*,')
      end)
    end

    it("with empty lists and objects inside", function()
      local got = json.decode(ask '{"action":"give","kind":"nested_empty"}').values.data.values
      assert.same({ "[]", "{}" }, { json.encode(got.a), json.encode(got.b) })
    end)

    for kind, path in pairs {
      ["function"] = "data.a[1]", cycle = "data.self", nan = "data.list[2]", utf8 = "data[1]", mixed = "data", coroutine = "data", key = "data",
    } do
      it(("as a 500 for a %s, and the log names %s"):format(kind, path), function()
        local before = #running:log()
        local got = reply('{"action":"give","kind":"' .. kind .. '","request_id":7}')
        assert.same({ { "Internal server error" }, 500, 7 }, { got.errors, got.response_status, got.request_id })
        assert.truthy(running:log():sub(before + 1):find(path, 1, true))
      end)
    end

    it("with a status and no data", function()
      local got = reply '{"action":"status_only"}'
      assert.same({ 204, json.null }, { got.response_status, got.data })
    end)

    it("not at all when the action returns nothing", function()
      ws:send_text '{"action":"silent"}'
      assert.equal("next", reply('{"action":"echo","data":"next"}').data)
    end)

    it("as a 500 when the status is no number", function()
      assert.equal(500, reply('{"action":"bad_status"}').response_status)
    end)

    it("in every form the consumer has", function()
      ws:send_text '{"action":"forms"}'
      assert.equal('{"json":true}', (ws:receive()))
      assert.equal("text", (ws:receive()))
      assert.same({ "\0\255", 2 }, { ws:receive() })
      assert.equal('{"errors":["e"],"data":null,"action":"own","response_status":418,"request_id":[1]}', (ws:receive()))
    end)
  end)

  it("has the envelope's keys in order", function()
    assert.equal('{"errors":[],"data":1,"action":"echo","response_status":200,"request_id":null}', ask '{"data":1,"action":"echo"}')
  end)

  it("can be parsed by the app as the host does it", function()
    local got = reply [[{"action":"parse","text":"{\"a\":[1,2]}"}]]
    assert.same({ value = { a = { 1, 2 } } }, got.data)
    assert.truthy(reply '{"action":"parse","text":"[1"}'.data.error:find "delimiter")
  end)

  it("that is wrong does no harm in thousands", function()
    for _ = 1, 2000 do ws:send_text "{" end
    for _ = 1, 2000 do assert(ws:receive()) end
    assert.equal("ok", reply('{"action":"echo","data":"ok"}').data)
  end)
end)
