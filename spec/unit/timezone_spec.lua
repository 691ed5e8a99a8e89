require "support.host"
local class = require "tidewire.class"
local datetime = require "tidewire.datetime"
local timezone = require "tidewire.timezone"

local DateTime = datetime.DateTime
local host = package.loaded["tidewire.host"]

local function raised(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return class.of(err).name .. ": " .. tostring(err)
end

describe("timezone", function()
  after_each(function() host.settings.time_zone, timezone.FOLDER = "UTC", "/usr/share/zoneinfo" end)

  it("says what holds at a moment", function()
    local berlin = timezone.get "Europe/Berlin"
    assert.same({ 7200, 0, "CEST" }, { berlin:offset_at(1625133600) })
    assert.same({ 3600, 0, "CET" }, { berlin:offset_at(1609459200) })
    assert.same({ 3208, 0, "LMT" }, { berlin:offset_at(-5e9) })
    assert.same({ 7200, 0, "CEST" }, { berlin:offset_at(4087238400) }) -- 2099-07-09: by the rule in the file's footer
    assert.same({ 3600, 1, "CET" }, { berlin:offset_at(1635642000) }) -- the first second that comes again
    assert.same({ 0, 0, "UTC" }, { timezone.utc:offset_at(0) })
    assert.same({ -10800, 0, "UTC-03:00" }, { timezone.fixed(-10800):offset_at(0) })
  end)

  it("takes local times that do not exist, or come twice", function()
    local berlin = timezone.get "Europe/Berlin"
    local gap, twice = { year = 2021, month = 3, day = 28, hour = 2, minute = 30 }, { year = 2021, month = 10, day = 31, hour = 2, minute = 30 }
    assert.same({ 3600, 7200, 7200, 3600 }, { (berlin:local_offset(gap)), (berlin:local_offset(gap, 1)), (berlin:local_offset(twice)), (berlin:local_offset(twice, 1)) })
    assert.equal("2021-10-31 02:30:00+01:00", tostring(DateTime(2021, 10, 31, 2, 30, 0, 0, berlin, 1)))
    local moment = DateTime(2021, 10, 31, 1, 30, 0, 0, timezone.utc):astimezone(berlin)
    assert.same({ "2021-10-31 02:30:00+01:00", 1 }, { tostring(moment), moment.fold })
    assert.equal("2021-10-31 01:30:00+00:00", tostring(moment:astimezone(timezone.utc)))
  end)

  it("knows zones with odd rules", function()
    local expected = { -- at 2050-01-01 and 2050-07-01: beyond what files list
      ["Europe/Dublin"] = { "GMT", "IST" }, ["Australia/Lord_Howe"] = { "+11", "+1030" }, ["America/St_Johns"] = { "NST", "NDT" }, ["Asia/Kolkata"] = { "IST", "IST" },
      ["America/Sao_Paulo"] = { "-03", "-03" },
    }
    for name, pair in pairs(expected) do
      local zone = timezone.get(name)
      assert.same(pair, { (select(3, zone:offset_at(2524608000))), (select(3, zone:offset_at(2540246400))) }, name)
    end
  end)

  it("is named by the setting time_zone", function()
    assert.equal(timezone.utc, timezone.current())
    host.settings.time_zone = "Europe/Berlin"
    assert.equal("Europe/Berlin", tostring(timezone.current()))
    local moment = DateTime(2021, 7, 1, 10, 0, 0, 0, timezone.utc)
    assert.equal("2021-07-01 12:00:00+02:00", tostring(timezone.localtime(moment)))
    assert.equal("2021-07-01 12:00:00", tostring(timezone.make_naive(moment)))
    assert.is_true(timezone.make_aware(timezone.make_naive(moment)) == moment)
    assert.equal("2021-07-01 08:00:00.000001", datetime.to_db(DateTime(2021, 7, 1, 10, 0, 0, 1), "sqlite")) -- a naive one is local time
    assert.is_true(timezone.is_aware(moment) and timezone.is_naive(DateTime(2021, 7, 1)))
  end)

  it("refuses what has no zone, or has one", function()
    assert.matches("^ValueError: localtime", raised(timezone.localtime, DateTime(2021, 1, 1)))
    assert.matches("^ValueError: make_aware", raised(timezone.make_aware, DateTime(2021, 1, 1, 0, 0, 0, 0, timezone.utc)))
    assert.matches("^ValueError: make_naive", raised(timezone.make_naive, DateTime(2021, 1, 1)))
  end)

  it("refuses names that are no zones", function()
    for _, name in ipairs { "Europe/Berln", "", "Europe", "/etc/passwd", "../../../etc/passwd", "zone.tab", "Europe//Berlin", "Europe/", 5 } do
      assert.matches("^ValueError: .* is not a time zone", raised(timezone.get, name))
    end
    for _, seconds in ipairs { 86400, -86400, 0.5, "x" } do assert.matches("^ValueError: offset must be", raised(timezone.fixed, seconds)) end
  end)

  it("names the package when there are no zones at all", function()
    timezone.FOLDER = "/nowhere"
    assert.equal('ImproperlyConfigured: time zone "Europe/Paris": there are no time zones in /nowhere; install the package tzdata', raised(timezone.get, "Europe/Paris"))
    assert.equal(timezone.utc, timezone.get "UTC")
  end)

  it("tells zones from other values", function()
    assert.is_true(timezone.is(timezone.get "Asia/Tokyo") and not timezone.is "Asia/Tokyo")
  end)
end)
