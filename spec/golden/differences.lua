---Where Tidewire answers otherwise than the recorded DCRF does, and why: the rows of docs/protocol.md, "Differences from DCRF".
---`replace(step, context, i)` gives the steps to play instead of a recorded one, nil to keep it; context.last is what the client sent last.
local json = require "support.json"

local M = {}

local function number(n) return setmetatable({ text = tostring(n) }, json.Number) end
local function step(kind, value) return json.object { { kind, value } } end

local function envelope(sent, errors, status, data)
  return step("expect", json.object {
    { "errors", json.array(errors) }, { "data", data == nil and json.null or data }, { "action", sent.values.action or json.null },
    { "response_status", number(status) }, { "request_id", sent.values.request_id or json.null },
  })
end

local function is(recorded, kind, text)
  local value = recorded.values[kind]
  return value ~= nil and (text == nil or value.text == text or value == text)
end

---An unexpected error in an action is a 500, and the connection goes on.
local function unexpected_errors(recorded, context)
  if is(recorded, "expect_close", "1011") then return { envelope(context.last, { "Internal server error" }, 500) } end
end

---An argument that is missing is named by a 400.
local function missing(name)
  return { reason = "a missing argument is a 400 that names it", replace = function(recorded, context)
    if not is(recorded, "expect_close") then return nil end
    return { envelope(context.last, { json.object { { name, json.array { "This field is required." } } } }, 400) }
  end }
end

M["003"] = { reason = "an action that returns more than data and status is an unexpected error; a lone value is no reply, as nothing is", replace =
  function(recorded, context)
    if not is(recorded, "expect_close") then return nil end
    if context.last.values.action == "one" then return { step("expect_none_for_ms", number(100)) } end
    return unexpected_errors(recorded, context)
  end }

M["009"] = { reason = "keys named scope, consumer, self are ordinary arguments", replace = function(recorded, context)
  if is(recorded, "expect_close") then return { envelope(context.last, {}, 200, context.last) } end
end }

M["011"] = { reason = "not JSON, or no object: 400 and the connection goes on; binary: close 1003", replace = function(recorded, context)
  if recorded.values.send_binary_hex then context.binary = true end
  if not is(recorded, "expect_close") then return nil end
  if context.binary then return { step("expect_close", number(1003)) } end
  return { step("expect_that", function(frame)
    return frame.errors[1]:find "^JSON parse error %- ." and frame.response_status == 400 and frame.request_id == json.null and frame.action == json.null
  end) }
end }

local function pong(id)
  return step("expect", json.decode('{"errors":[],"data":"pong","action":"ping","response_status":200,"request_id":' .. id .. "}"))
end

M["012"] = { reason = "an unexpected error is a 500; frames behind it are answered", replace = function(recorded)
  if not is(recorded, "expect_close") then return nil end
  local boom = json.decode '{"action":"boom","request_id":1}'
  return { envelope(boom, { "Internal server error" }, 500), pong(2), pong(3) }
end }

M["014"] = { reason = "an unexpected error is a 500", replace = unexpected_errors }

local ENCODED = {
  datetime = "2020-01-02T00:00:00", decimal = "1.5", uuid = "00000000-0000-0000-0000-000000000005",
}

M["016"] = { reason = "dates, decimals and uuids are encoded as DRF does it; NaN, Infinity and what JSON cannot express are a 500", replace =
  function(recorded, context)
    if not (is(recorded, "expect_close") or is(recorded, "expect_text")) then return nil end
    local encoded = ENCODED[context.last.values.kind]
    if encoded then return { envelope(context.last, {}, 200, encoded) } end
    return { envelope(context.last, { "Internal server error" }, 500) }
  end }

M["017"] = { reason = "NaN and Infinity are no JSON: 400", replace = function(recorded)
  if is(recorded, "expect_text") and recorded.values.expect_text:find("NaN", 1, true) then
    return { step("expect_that", function(frame) return frame.response_status == 400 and frame.errors[1]:find "^JSON parse error" end) }
  end
end }

M["019"] = { reason = "actions are printed as JSON (null, not None); a request_id in the arguments gives way to the frame's; unexpected errors are a 500", replace =
  function(recorded, context)
    if is(recorded, "expect") and recorded.values.expect.values.errors[1] == 'Method "None" not allowed.' then
      return { envelope(context.last, { 'Method "null" not allowed.' }, 405) }
    end
    if not is(recorded, "expect_close") then return nil end
    if context.last.values.type == "crash" then return { envelope(context.last, { "Internal server error" }, 500) } end
    return { step("expect", json.decode [[{"errors": [], "data": {"hello": null, "kwargs": ["action", "request_id"]}, "action": "hello",
      "response_status": 200, "request_id": 9}]]) }
  end }

M["021"] = { reason = "an unexpected error is a 500", replace = unexpected_errors }

M["025"] = { reason = "an unexpected error in a detached action is a 500; a missing argument of an app's own action is nil", replace =
  function(recorded, context)
    if not is(recorded, "expect_none_for_ms") then return nil end
    if context.last.values.action == "needs_pk" then return { envelope(context.last, {}, 200) } end
    return { envelope(context.last, { "Internal server error" }, 500) }
  end }

M["027"] = { reason = "all detached tasks are cancelled, at once", replace = function(recorded)
  if is(recorded, "sleep_ms") then return {} end
  if is(recorded, "expect_app_log") then
    return { step("expect_app_log", json.decode [=[["start 1", "start 2", "start 3", "start 4", "cancelled 1", "cancelled 2", "cancelled 3", "cancelled 4"]]=]) }
  end
end }

M["029"] = { reason = "an unexpected error is a 500; the task goes on until the connection closes, and is cancelled then", replace = function(recorded, context)
  if is(recorded, "expect_close") then return { unexpected_errors(recorded, context)[1], step("close", number(1000)) } end
  if is(recorded, "sleep_ms") then return {} end
  if is(recorded, "expect_app_log") then return { step("expect_app_log", json.decode '["cancelled", "disconnect 1000"]') } end
end }

M["034"] = { reason = "a path without a route is 404, as everywhere in HTTP; 500 is for faults of the server", replace = function(recorded)
  if is(recorded, "expect_handshake_status", "500") then return { step("expect_handshake_status", number(404)) } end
end }

M["038"] = missing "data"
M["045"] = missing "data"
M["046"] = missing "pk"
M["048"] = missing "slug"
M["049"] = { reason = "an unexpected error is a 500", replace = unexpected_errors }

M["051"] = { reason = "a list without an order has the database's own: PostgreSQL's changes as rows do", replace = function(recorded)
  if is(recorded, "expect") and recorded.values.expect.values.action == "list" then return { step("expect_unordered", recorded.values.expect) } end
end }

M["058"] = M["049"]

local function page_of_users(first, last, rest)
  local users = {}
  for i = first, last do users[#users + 1] = ('{"id": %d, "username": "user%02d", "email": ""}'):format(i, i) end
  local list = "[" .. table.concat(users, ", ") .. "]"
  return json.decode(rest and ('{"count": 10, "results": %s, %s}'):format(list, rest) or list)
end

M["062"] = { reason = "a null or malformed limit means the default one", replace = function(recorded, context)
  if is(recorded, "expect_close") then return { envelope(context.last, {}, 200, page_of_users(1, 3, '"limit": 3, "offset": 0')) } end
end }

M["064"] = { reason = "without a limit the default one counts: there is none, so the list is whole", replace = function(recorded, context)
  if is(recorded, "expect_close") then return { envelope(context.last, {}, 200, page_of_users(1, 4)) } end
end }

M["070"] = { reason = "list_cancel ends all lists", replace = function(recorded)
  if is(recorded, "expect") and recorded.values.expect.values.request_id == "second" then return {} end
end }

M["080"] = { reason = "an unexpected error is a 500", replace = unexpected_errors }

M["089"] = { reason = "composed permissions nest", replace = function(recorded, context, i)
  if recorded.values.connect then context.path = recorded.values.connect.values.path end
  if not is(recorded, "expect_handshake_status", "500") then return nil end
  local opened = { step("expect_handshake_status", number(101)), step("send", json.decode '{"action": "go", "request_id": 1}') }
  local refused = context.path == "/2/" -- not (Yes and Yes): can_connect is negated, too
  assert(i < 20)
  if refused then return { step("expect_handshake_status", number(403)) } end
  table.insert(opened, step("expect", json.decode '{"errors": [], "data": "ok", "action": "go", "response_status": 200, "request_id": 1}'))
  return opened
end }

M["160"] = { reason = "an unexpected error is a 500 and closes nothing; no group is left behind when the connection closes", replace =
  function(recorded, context)
    if is(recorded, "expect_close") then return { unexpected_errors(recorded, context)[1], step("close", number(1000)) } end
    if is(recorded, "note") then context.crashed = true end
    if context.crashed and is(recorded, "expect") then
      return { json.object { { "client", "b" }, { "expect", envelope(context.last, {}, 200, number(0)).values.expect } } }
    end
  end }

---Transcripts of these topics that need what Tidewire does not have yet.
M.later = {
  ["084"] = "permissions that judge an HTTP request and a view come with views",
  ["085"] = "permissions that judge an HTTP request and a view come with views",
  ["086"] = "permissions that judge an HTTP request and a view come with views",
}

return M
