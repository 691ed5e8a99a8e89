require "support.host"
local exceptions = require "tidewire.exceptions"
local signals = require "tidewire.signals"

describe("Signal", function()
  local signal, heard
  before_each(function() signal, heard = signals.Signal(), {} end)

  local function listener(name)
    return function(sender, kwargs)
      heard[#heard + 1] = { name, sender, kwargs.x }
      return name
    end
  end

  it("calls receivers in the order they were connected, with the sender and the arguments", function()
    local one, two = listener "one", listener "two"
    signal:connect(one)
    signal:connect(two)
    local responses = signal:send("me", { x = 1 })
    assert.same({ { "one", "me", 1 }, { "two", "me", 1 } }, heard)
    assert.same({ { one, "one" }, { two, "two" } }, responses)
    assert.same({}, signals.Signal():send("me"))
  end)

  it("gives receivers the signal", function()
    local got
    signal:connect(function(_, kwargs) got = kwargs.signal end)
    signal:send()
    assert.equal(signal, got)
  end)

  it("hears only the sender asked for, by itself or by its model's label", function()
    local Room = { _meta = { label = "chat.Room" } }
    signal:connect(listener "room", { sender = Room })
    signal:connect(listener "label", { sender = "chat.Room" })
    signal:connect(listener "text", { sender = "x" })
    assert.is_true(signal:has_listeners(Room))
    assert.is_false(signal:has_listeners "y")
    signal:send(Room, {})
    signal:send("x", {})
    signal:send("y", {})
    assert.same({ { "room", Room }, { "label", Room }, { "text", "x" } }, heard)
  end)

  it("connects a receiver once a sender, and once a dispatch_uid", function()
    local one = listener "one"
    signal:connect(one)
    signal:connect(one)
    signal:connect(listener "first", { dispatch_uid = "u" })
    signal:connect(listener "second", { dispatch_uid = "u" })
    signal:send "s"
    assert.same({ { "one", "s" }, { "first", "s" } }, heard)
  end)

  it("disconnects", function()
    local one = signal:connect(listener "one")
    signal:connect(listener "two", { dispatch_uid = "u", sender = "s" })
    assert.is_true(signal:disconnect(one))
    assert.is_false(signal:disconnect(one))
    assert.is_false(signal:disconnect(nil, { dispatch_uid = "u" }))
    assert.is_true(signal:disconnect(nil, { dispatch_uid = "u", sender = "s" }))
    signal:send "s"
    assert.same({}, heard)
  end)

  it("lets receivers come and go while it is sent", function()
    local late = listener "late"
    local once
    once = signal:connect(function()
      signal:disconnect(once)
      signal:connect(late)
    end)
    signal:connect(listener "other")
    signal:send "a"
    signal:send "b"
    assert.same({ { "other", "a" }, { "other", "b" }, { "late", "b" } }, heard)
  end)

  it("lets an error through, or hands it over when asked to be robust", function()
    local bad = signal:connect(function() error("bad", 0) end)
    local good = signal:connect(listener "good")
    assert.has_error(function() signal:send "s" end, "bad")
    assert.same({ { bad, "bad", false }, { good, "good", true } }, signal:send_robust "s")
    signal:connect(function() error(exceptions.Cancelled()) end)
    assert.has_error(function() signal:send_robust "s" end)
  end)

  it("refuses what cannot be called", function()
    assert.has_error(function() signal:connect(5) end, "connect: the receiver is a number; a function was expected")
  end)

  it("is connected where a receiver is written", function()
    local other = signals.Signal()
    signals.receiver({ signal, other }, { sender = "s" })(listener "both")
    signal:send "s"
    other:send "s"
    other:send "t"
    assert.equal(2, #heard)
  end)
end)
