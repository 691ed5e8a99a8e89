---Throttles count what all workers do together.
local databases = require "support.databases"
local rows = require "support.rows"

describe("throttles", function()
  local app

  before_each(function() app = rows.start(databases.create "sqlite", { workers = 2 }) end)
  after_each(function()
    app:rest()
    app:stop()
  end)

  it("refuse with 429 and the seconds to wait, whatever the action", function()
    local client = app:client "Throttled"
    assert.same({ 200, 405, 429, 429 }, {
      client:ask("list").response_status, client:ask("nope").response_status, client:ask("list").response_status, client:ask("nope").response_status,
    })
    local reply = client:ask "list"
    local seconds = tonumber(reply.errors[1]:match "^Request was throttled%. Expected available in (%d+) seconds%.$")
    assert.is_true(seconds > 50 and seconds <= 60, reply.errors[1])
  end)

  it("of an action take the place of the consumer's", function()
    local client = app:client "Throttled"
    for _ = 1, 5 do assert.same(200, client:ask("free").response_status) end
    assert.same({ 200, 429 }, { client:ask("scoped").response_status, client:ask("scoped").response_status })
  end)

  it("that connect() gives one connection hold for that one", function()
    local slow, other = app:client("Late", { ["x-slow"] = "yes" }), app:client "Late"
    assert.same({ 200, 200, 429 }, { slow:ask("ping").response_status, slow:ask("ping").response_status, slow:ask("ping").response_status })
    for _ = 1, 3 do assert.same(200, other:ask("ping").response_status) end
  end)

  it("of guests let users pass", function()
    local client = app:client("Throttled", { ["x-user"] = "ann" })
    for _ = 1, 5 do assert.same(200, client:ask("list").response_status) end
  end)

  it("count the connections of all workers, and users apart", function()
    local clients, allowed, refused = {}, 0, 0
    for i = 1, 12 do clients[i] = app:client "Shared" end -- the kernel spreads them over both workers
    for _ = 1, 3 do
      for _, client in ipairs(clients) do client:send "ping" end
      for _, client in ipairs(clients) do
        local status = client:reply().response_status
        if status == 200 then allowed = allowed + 1 else refused = refused + (status == 429 and 1 or 1000) end
      end
    end
    assert.same({ 20, 16 }, { allowed, refused })
    for _, user in ipairs { "ann", "ben" } do
      local client = app:client("Shared", { ["x-user"] = user })
      assert.same(200, client:ask("ping").response_status)
    end
  end)
end)
