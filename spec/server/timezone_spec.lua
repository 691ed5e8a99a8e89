---The setting time_zone, in the real binary.
local json = require "support.json"
local process = require "support.process"
local server = require "support.server"

local CHUNK = [[
  local datetime, timezone = require "tidewire.datetime", require "tidewire.timezone"
  local moment = datetime.DateTime(2021, 7, 1, 10, 0, 0, 0, timezone.utc)
  return { zone = tostring(timezone.current()), here = timezone.localtime(moment), moment = moment, day = moment:date() } ]]

local function run(options)
  local reply
  server.with({ app = "spec/apps/values", args = options }, function(running)
    local ws = assert(running:connect())
    ws:send_text(json.encode { action = "run", chunk = CHUNK })
    reply = json.plain(json.decode(assert(ws:receive(server.patience))))
    ws:close()
  end)
  return reply.data
end

describe("the setting time_zone", function()
  it("is UTC by default", function()
    assert.same({ zone = "UTC", here = "2021-07-01T10:00:00Z", moment = "2021-07-01T10:00:00Z", day = "2021-07-01" }, run {})
  end)

  it("says what local time is", function()
    assert.same({ zone = "Asia/Kolkata", here = "2021-07-01T15:30:00+05:30", moment = "2021-07-01T10:00:00Z", day = "2021-07-01" }, run { "--time-zone", "Asia/Kolkata" })
  end)

  it("has to name a zone", function()
    local _, out, err = process.run { server.binary, "serve", "spec/apps/values", "--time-zone", "Europe/Berln" }
    assert.matches('%-%-time%-zone: "Europe/Berln" is not a time zone: expected a name such as Europe/Berlin', (out or "") .. (err or ""))
  end)
end)
