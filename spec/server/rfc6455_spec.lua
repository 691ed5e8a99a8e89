---RFC 6455 frame by frame, against an echo.
local server = require "support.server"
local websocket = require "support.websocket"

local TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
local frame = websocket.frame

describe("RFC 6455", function()
  local running

  setup(function() running = server.start { app = "spec/apps/echo" } end)
  teardown(function() running:stop() end)

  ---Send bytes in pieces of `chop` bytes, or whole.
  local function send(ws, bytes, chop)
    if not chop then return ws:send_raw(bytes) end
    for i = 1, #bytes, chop do ws:send_raw(bytes:sub(i, i + chop - 1)) end
  end

  ---Expect these messages ({ opcode, payload }), then that the connection still answers.
  local function answers(bytes, expected, chop)
    local ws = assert(running:connect())
    send(ws, bytes, chop)
    for _, one in ipairs(expected) do
      local got = assert(ws:receive_frame())
      assert.same({ one[1], #one[2], one[2] == got.payload, true, 0 }, { got.opcode, #got.payload, true, got.fin, got.rsv })
    end
    assert.equal(1000, ws:close(1000))
  end

  ---Expect messages, then that the server closes with `code` and ends the TCP connection.
  local function fails(bytes, code, expected, chop)
    local ws = assert(running:connect())
    send(ws, bytes, chop)
    for _, one in ipairs(expected or {}) do
      local got = assert(ws:receive_frame())
      assert.same({ one[1], one[2] }, { got.opcode, got.payload })
    end
    assert.equal(code, (ws:receive_close()))
    assert.is_true(ws:receive_end())
    ws.socket:close()
  end

  local function cases(name, list, fn)
    describe(name, function()
      for _, case in ipairs(list) do
        it(case[1], function() fn(unpack(case, 2)) end)
      end
    end)
  end

  local function filled(n) return ("*"):rep(n) end

  local echoes = {}
  for _, opcode in ipairs { TEXT, BINARY } do
    for _, n in ipairs { 0, 1, 125, 126, 127, 128, 65535, 65536, 1048576 } do
      table.insert(echoes, { ("opcode %d, %d bytes"):format(opcode, n), frame(opcode, filled(n)), { { opcode, filled(n) } } })
    end
    for _, chop in ipairs { 1, 7, 997 } do
      local n = chop == 1 and 300 or 65536
      table.insert(echoes, { ("opcode %d, %d bytes in pieces of %d"):format(opcode, n, chop), frame(opcode, filled(n)), { { opcode, filled(n) } }, chop })
    end
  end
  cases("echoes messages", echoes, answers)

  cases("answers pings", {
    { "without payload", frame(PING, ""), { { PONG, "" } } },
    { "with text", frame(PING, "Hello"), { { PONG, "Hello" } } },
    { "with bytes that are no UTF-8", frame(PING, "\0\255\254\253"), { { PONG, "\0\255\254\253" } } },
    { "of 125 bytes", frame(PING, ("\254"):rep(125)), { { PONG, ("\254"):rep(125) } } },
    { "of 125 bytes, byte by byte", frame(PING, ("\254"):rep(125)), { { PONG, ("\254"):rep(125) } }, 1 },
    { "ten in a row, each of them", (frame(PING, "x"):rep(10)),
      { { PONG, "x" }, { PONG, "x" }, { PONG, "x" }, { PONG, "x" }, { PONG, "x" }, { PONG, "x" }, { PONG, "x" }, { PONG, "x" }, { PONG, "x" }, { PONG, "x" } } },
    { "and passes over pongs that nobody asked for", frame(PONG, "") .. frame(PONG, "x") .. frame(PING, "y"), { { PONG, "y" } } },
    { "masked with zeros", frame(PING, "z", { key = "\0\0\0\0" }), { { PONG, "z" } } },
  }, answers)

  cases("refuses control frames", {
    { "ping of 126 bytes", frame(PING, filled(126)), 1002 },
    { "pong of 126 bytes", frame(PONG, filled(126)), 1002 },
    { "close of 126 bytes", frame(CLOSE, "\3\232" .. filled(124)), 1002 },
    { "ping in fragments", frame(PING, "x", { fin = false }), 1002 },
    { "pong in fragments", frame(PONG, "x", { fin = false }), 1002 },
    { "close in fragments", frame(CLOSE, "\3\232", { fin = false }), 1002 },
    { "and answers nothing that stands behind", frame(PING, "x", { fin = false }) .. frame(PING, "y"), 1002 },
  }, fails)

  local reserved = {}
  for rsv = 16, 112, 16 do
    for _, opcode in ipairs { TEXT, BINARY, PING, CLOSE } do
      table.insert(reserved, { ("bits %d, opcode %d"):format(rsv / 16, opcode), frame(opcode, opcode == CLOSE and "\3\232" or "x", { rsv = rsv }), 1002 })
    end
  end
  table.insert(reserved, { "behind a good message", frame(TEXT, "a") .. frame(TEXT, "b", { rsv = 64 }) .. frame(TEXT, "c"), 1002, { { TEXT, "a" } } })
  table.insert(reserved, { "in a continuation", frame(TEXT, "a", { fin = false }) .. frame(CONTINUATION, "b", { rsv = 64 }), 1002 })
  cases("refuses reserved bits", reserved, fails)

  local opcodes = {}
  for _, opcode in ipairs { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 } do
    table.insert(opcodes, { ("%d, empty"):format(opcode), frame(opcode, ""), 1002 })
    table.insert(opcodes, { ("%d behind a message"):format(opcode), frame(TEXT, "a") .. frame(opcode, "x"), 1002, { { TEXT, "a" } } })
  end
  cases("refuses reserved opcodes", opcodes, fails)

  local function fragments(opcode, parts, between)
    local bytes = {}
    for i, part in ipairs(parts) do
      bytes[#bytes + 1] = frame(i == 1 and opcode or CONTINUATION, part, { fin = i == #parts })
      if i < #parts then bytes[#bytes + 1] = between or "" end
    end
    return table.concat(bytes)
  end

  cases("puts fragments together", {
    { "two of text", fragments(TEXT, { "frag", "ment" }), { { TEXT, "fragment" } } },
    { "two of bytes", fragments(BINARY, { "\0\1", "\255" }), { { BINARY, "\0\1\255" } } },
    { "with empty ones", fragments(TEXT, { "", "", "" }), { { TEXT, "" } } },
    { "with an empty first and last", fragments(TEXT, { "", "x", "" }), { { TEXT, "x" } } },
    { "byte by byte", fragments(TEXT, { "frag", "ment" }), { { TEXT, "fragment" } }, 1 },
    { "with a ping between", fragments(TEXT, { "frag", "ment" }, frame(PING, "p")), { { PONG, "p" }, { TEXT, "fragment" } } },
    { "with a ping between, byte by byte", fragments(TEXT, { "frag", "ment" }, frame(PING, "p")), { { PONG, "p" }, { TEXT, "fragment" } }, 1 },
    { "with pongs between", fragments(TEXT, { "a", "b", "c" }, frame(PONG, "p")), { { TEXT, "abc" } } },
    { "with a character across the border", fragments(TEXT, { "\206", "\186" }), { { TEXT, "κ" } } },
    { "a thousand", fragments(TEXT, (function()
      local parts = {}
      for i = 1, 1000 do parts[i] = "x" end
      return parts
    end)()), { { TEXT, ("x"):rep(1000) } } },
  }, answers)

  cases("refuses broken fragments", {
    { "a continuation of nothing", frame(CONTINUATION, "x"), 1002 },
    { "a continuation of nothing, not final", frame(CONTINUATION, "x", { fin = false }), 1002 },
    { "a continuation behind a whole message", frame(TEXT, "a") .. frame(CONTINUATION, "b"), 1002, { { TEXT, "a" } } },
    { "text within a message", frame(TEXT, "a", { fin = false }) .. frame(TEXT, "b"), 1002 },
    { "bytes within a message", frame(TEXT, "a", { fin = false }) .. frame(BINARY, "b"), 1002 },
    { "text in fragments within a message", frame(BINARY, "a", { fin = false }) .. frame(TEXT, "b", { fin = false }), 1002 },
    { "a continuation after the last one", fragments(TEXT, { "a", "b" }) .. frame(CONTINUATION, "c"), 1002, { { TEXT, "ab" } } },
  }, fails)

  local good = {
    ["ASCII"] = "Hello", ["NUL"] = "a\0b", ["two bytes"] = "\194\128\223\191", ["three bytes"] = "\224\160\128\239\191\191",
    ["four bytes"] = "\240\144\128\128\244\143\191\191", ["before surrogates"] = "\237\159\191", ["after surrogates"] = "\238\128\128",
    ["non-characters"] = "\239\183\144\239\191\190", ["a mix"] = "Hello-µ@ßöäüàá-UTF-8!! 😀",
  }
  local valid = {}
  for name, text in pairs(good) do
    valid[#valid + 1] = { name, frame(TEXT, text), { { TEXT, text } } }
    valid[#valid + 1] = { name .. ", byte by byte", frame(TEXT, text), { { TEXT, text } }, 1 }
    local bytes = {}
    for i = 1, #text do bytes[i] = text:sub(i, i) end
    if #bytes > 1 then valid[#valid + 1] = { name .. ", a fragment a byte", fragments(TEXT, bytes), { { TEXT, text } } } end
  end
  table.sort(valid, function(a, b) return a[1] < b[1] end)
  cases("takes UTF-8", valid, answers)

  local bad = {
    ["a lone continuation byte"] = "\128", ["a lone start byte"] = "\194", ["an unfinished three-byte character"] = "\224\160",
    ["an unfinished four-byte character"] = "\240\144\128", ["overlong /"] = "\192\175", ["overlong NUL"] = "\192\128",
    ["overlong in three bytes"] = "\224\128\175", ["overlong in four bytes"] = "\240\128\128\175", ["a surrogate"] = "\237\160\128",
    ["the last surrogate"] = "\237\191\191", ["beyond U+10FFFF"] = "\244\144\128\128", ["five bytes"] = "\248\136\128\128\128",
    ["six bytes"] = "\252\132\128\128\128\128", ["FE"] = "\254", ["FF"] = "\255", ["good text, then bad"] = "κόσμε\237\160\128edited",
  }
  local invalid = {}
  for name, text in pairs(bad) do
    invalid[#invalid + 1] = { name, frame(TEXT, text), 1007 }
    invalid[#invalid + 1] = { name .. ", byte by byte", frame(TEXT, text), 1007, nil, 1 }
    invalid[#invalid + 1] = { name .. ", last fragment empty", fragments(TEXT, { text, "" }), 1007 }
  end
  table.sort(invalid, function(a, b) return a[1] < b[1] end)
  cases("refuses what is not UTF-8", invalid, fails)

  it("notices bad UTF-8 before the message is complete", function()
    local head = frame(TEXT, "κόσμε\244\144\128\128" .. filled(100)) -- U+110000
    local ws = assert(running:connect())
    ws:send_raw(head:sub(1, 30))
    assert.equal(1007, (ws:receive_close()))
    ws.socket:close()
  end)

  it("does not look for UTF-8 in binary messages", function() answers(frame(BINARY, "\255\254\192"), { { BINARY, "\255\254\192" } }) end)

  local function close(payload) return frame(CLOSE, payload) end
  local function coded(code, reason) return close(string.char(math.floor(code / 256), code % 256) .. (reason or "")) end

  local codes = { { "without a code", close "", 1005 } }
  for _, code in ipairs { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999 } do
    codes[#codes + 1] = { "code " .. code, coded(code), code }
  end
  codes[#codes + 1] = { "with a reason", coded(1000, "Hello World!"), 1000 }
  codes[#codes + 1] = { "with a reason of 123 bytes", coded(1000, filled(123)), 1000 }
  codes[#codes + 1] = { "byte by byte", coded(1000, "bye"), 1000, nil, 1 }
  codes[#codes + 1] = { "and passes over what stands behind", coded(1000) .. frame(TEXT, "late") .. frame(PING, "late"), 1000 }
  codes[#codes + 1] = { "after the answer to what stands before", frame(TEXT, "early") .. coded(1000), 1000, { { TEXT, "early" } } }
  codes[#codes + 1] = { "within a fragmented message", frame(TEXT, "x", { fin = false }) .. coded(1000), 1000 }
  cases("answers a close frame", codes, function(bytes, code, expected, chop)
    local ws = assert(running:connect())
    send(ws, bytes, chop)
    for _, one in ipairs(expected or {}) do assert.same(one[2], ws:receive()) end
    local payload, what, got = ws:receive()
    assert.same({ nil, "close", code }, { payload, what, got })
    assert.is_true(ws:receive_end())
    ws.socket:close()
  end)

  local wrong = { { "of one byte", close "\3", 1002 }, { "with a reason that is not UTF-8", coded(1000, "\206\186\225\189\185\237\160\128"), 1007 } }
  for _, code in ipairs { 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535 } do
    wrong[#wrong + 1] = { "code " .. code, coded(code), 1002 }
    wrong[#wrong + 1] = { "code " .. code .. " with a reason", coded(code, "why"), 1002 }
  end
  cases("refuses a close frame", wrong, fails)

  local function head(...) return string.char(...) end
  cases("refuses", {
    { "a frame that is not masked", frame(TEXT, "x", { masked = false }), 1002 },
    { "a ping that is not masked", frame(PING, "", { masked = false }), 1002 },
    { "a close frame that is not masked", frame(CLOSE, "\3\232", { masked = false }), 1002 },
    { "a length in 16 bits that fits in 7", head(0x81, 0xfe, 0, 125) .. "\0\0\0\0" .. filled(125), 1002 },
    { "a length in 64 bits that fits in 16", head(0x81, 0xff, 0, 0, 0, 0, 0, 0, 255, 255) .. "\0\0\0\0", 1002 },
    { "a length with the highest bit set", head(0x82, 0xff, 128, 0, 0, 0, 0, 0, 0, 1) .. "\0\0\0\0", 1002 },
    { "a message over the limit, by its head", head(0x82, 0xff, 0, 0, 0, 0, 0, 16, 0, 1) .. "\0\0\0\0", 1009 },
    { "a message of 2^62 bytes, by its head", head(0x82, 0xff, 64, 0, 0, 0, 0, 0, 0, 0) .. "\0\0\0\0", 1009 },
    { "fragments that are over the limit together", frame(BINARY, filled(1048576), { fin = false }) .. frame(CONTINUATION, "x"), 1009 },
  }, fails)

  it("answers frames that came with the handshake", function()
    local ws = assert(running:connect { also = frame(TEXT, "early") .. frame(PING, "p") })
    assert.equal("early", ws:receive())
    assert.equal("p", ws:receive_frame().payload)
    ws:close()
  end)

  it("answers frames that came behind the handshake in one piece with a close", function()
    local ws = assert(running:connect { also = frame(TEXT, "early") .. coded(1000) })
    assert.equal("early", ws:receive())
    assert.equal(1000, (ws:receive_close()))
    ws.socket:close()
  end)

  it("masks nothing, and keeps to text and binary", function()
    local ws = assert(running:connect())
    ws:send_frame(BINARY, "\0\255")
    assert.same({ fin = true, rsv = 0, opcode = 2, payload = "\0\255" }, ws:receive_frame())
    ws:close()
  end)

  it("ignores an offer of compression", function()
    local ws = assert(running:connect { headers = { ["Sec-WebSocket-Extensions"] = "permessage-deflate; client_max_window_bits" } })
    assert.is_nil(ws.headers["sec-websocket-extensions"])
    ws:close()
  end)
end)
