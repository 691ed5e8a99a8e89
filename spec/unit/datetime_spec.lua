require "support.host"
local class = require "tidewire.class"
local datetime = require "tidewire.datetime"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local timezone = require "tidewire.timezone"

local Date, Time, DateTime, Duration = datetime.Date, datetime.Time, datetime.DateTime, datetime.Duration
local utc = timezone.utc

---The class and the message of what a call raises.
local function raised(fn, ...)
  local ok, err = pcall(fn, ...)
  assert.is_false(ok)
  return class.of(err) and class.of(err).name .. ": " .. tostring(err) or err
end

local function texts(list)
  for i, value in ipairs(list) do list[i] = tostring(value) end
  return list
end

describe("datetime", function()
  it("computes and formats as Python does", function()
    local environment = { d = datetime, tz = timezone, z = timezone.get, table = table, nil_ = nil }
    function environment.json(value) return getmetatable(value).__tojson(value) end
    function environment.try(fn, ...)
      local ok, value = pcall(fn, ...)
      return ok and value or nil
    end
    local count = 0
    for expression, expected in (require "support.datetime_vectors"):gmatch "(.-) => (.-)\n" do
      count = count + 1
      assert.equal(expected, tostring(setfenv(assert(loadstring("return " .. expression)), environment)()), expression)
    end
    assert.is_true(count > 400)
  end)

  it("refuses days and times that do not exist", function()
    assert.equal("ValueError: day is out of range for month", raised(Date, 2021, 2, 29))
    assert.equal("ValueError: month must be in 1..12", raised(Date, 2021, 13, 1))
    assert.equal("ValueError: year 0 is out of range", raised(Date, 0, 1, 1))
    assert.equal("ValueError: year 10000 is out of range", raised(DateTime, 10000, 1, 1))
    assert.equal("ValueError: hour must be in 0..23", raised(Time, 24))
    assert.equal("ValueError: second must be in 0..59", raised(DateTime, 2021, 1, 1, 0, 0, 60))
    assert.equal("TypeError: day: a whole number was expected, got 1.5", raised(Date, 2021, 1, 1.5))
    assert.equal("TypeError: year: a whole number was expected, got nil", raised(Date))
  end)

  it("ends with the years 1 and 9999", function()
    local day = Duration { days = 1 }
    assert.equal("OverflowError: date value out of range", raised(function() return Date(9999, 12, 31) + day end))
    assert.equal("OverflowError: date value out of range", raised(function() return DateTime(1, 1, 1) - day end))
    local last = datetime.parse_datetime "9999-12-31T21:59:59.99990-03:00"
    assert.equal("OverflowError: date value out of range", raised(last.astimezone, last, utc))
    assert.is_true(class.is_subclass(datetime.OverflowError, exceptions.ValueError))
    assert.equal("OverflowError: days=1000000000; must have magnitude <= 999999999", raised(Duration, { days = 1000000000 }))
  end)

  it("knows its own kinds", function()
    local values = { Date(2021, 1, 1), Time(1), DateTime(2021, 1, 1), Duration(), "x", 5 }
    for i, is in ipairs { datetime.is_date, datetime.is_time, datetime.is_datetime, datetime.is_duration } do
      for j, value in ipairs(values) do assert.equal(i == j, is(value)) end
    end
  end)

  it("compares by value", function()
    assert.is_true(Date(2021, 1, 1) == Date(2021, 1, 1) and Date(2021, 1, 1) < Date(2021, 1, 2) and Time(1) <= Time(1) and Time(2) > Time(1, 59))
    assert.is_true(DateTime(2021, 1, 1, 12, 0, 0, 0, utc) == DateTime(2021, 1, 1, 13, 0, 0, 0, timezone.fixed(3600)))
    assert.is_true(DateTime(2021, 1, 1, 12, 0, 0, 1, utc) > DateTime(2021, 1, 1, 13, 0, 0, 0, timezone.get "Europe/Berlin"))
    assert.is_false(DateTime(2021, 1, 1) == DateTime(2021, 1, 1, 0, 0, 0, 0, utc))
    assert.equal("TypeError: can't compare offset-naive and offset-aware datetimes",
      raised(function() return DateTime(2021, 1, 1) < DateTime(2021, 1, 1, 0, 0, 0, 0, utc) end))
    assert.equal("TypeError: can't compare class DateTime to class Date", raised(function() return DateTime(2021, 1, 1) < Date(2021, 1, 1) end))
    assert.equal("TypeError: unsupported operands for -: class Date and class DateTime", raised(function() return Date(2021, 1, 1) - DateTime(2021, 1, 1) end))
  end)

  it("replaces fields, and takes moments apart", function()
    local moment = DateTime(2021, 7, 1, 12, 30, 15, 5, timezone.get "Europe/Berlin")
    assert.same({ "2021-07-01", "12:30:15.000005", "2020-07-01 12:30:15.000005+02:00", "2021-07-01 12:30:15.000005", "2021-12-01 12:30:15.000005+01:00" },
      texts { moment:date(), moment:time(), moment:replace { year = 2020 }, moment:replace { tz = false }, moment:replace { month = 12 } })
    assert.same({ "2021-07-02", "00:30:15.000005" }, texts { moment:date():replace { day = 2 }, moment:time():replace { hour = 0 } })
    assert.equal("2021-07-01 12:30:15.000005+00:00", tostring(datetime.combine(moment:date(), moment:time(), utc)))
    assert.same({ "CEST", "UTC", "UTC+02:00" }, { moment:tzname(), moment:astimezone(utc):tzname(), moment:astimezone(timezone.fixed(7200)):tzname() })
  end)

  it("is sent as DRF's encoder sends it", function()
    local values = { Date(2021, 1, 2), Time(3, 4, 5), DateTime(2021, 1, 2, 3, 4, 5, 0, utc), DateTime(2021, 1, 2, 3, 4, 5, 123456, utc),
      DateTime(2021, 1, 2, 3, 4, 5), DateTime(2021, 1, 2, 3, 4, 5, 0, timezone.fixed(-5400)), Duration { hours = 1 }, Duration { microseconds = 5 } }
    assert.equal('["2021-01-02","03:04:05","2021-01-02T03:04:05Z","2021-01-02T03:04:05.123456Z","2021-01-02T03:04:05","2021-01-02T03:04:05-01:30","3600.0","5e-06"]',
      json.encode(values))
  end)

  it("has ISO text in every precision", function()
    local moment = DateTime(2021, 1, 2, 3, 4, 5, 678900, utc)
    assert.same({ "2021-01-02T03+00:00", "2021-01-02 03:04+00:00", "2021-01-02T03:04:05+00:00", "2021-01-02T03:04:05.678+00:00", "03:04:05.678900" },
      { moment:isoformat(nil, "hours"), moment:isoformat(" ", "minutes"), moment:isoformat("T", "seconds"), moment:isoformat("T", "milliseconds"), moment:time():isoformat "microseconds" })
    assert.equal("0001-02-03", tostring(Date(1, 2, 3)))
    assert.equal("01:00PM", Time(13):strftime "%I:%M%p")
  end)

  it("knows the time", function()
    local host = package.loaded["tidewire.host"]
    host.time = function() return 1625133600.25 end
    assert.equal("2021-07-01 10:00:00.250000+00:00", tostring(datetime.now()))
    assert.equal("2021-07-01 12:00:00.250000+02:00", tostring(datetime.now(timezone.get "Europe/Berlin")))
    assert.equal("2021-07-01", tostring(datetime.today()))
    host.time = nil
    assert.equal(1625133600.25, datetime.from_timestamp(1625133600.25):timestamp())
    assert.equal("1969-12-31 23:59:59.500000+00:00", tostring(datetime.from_timestamp(-0.5)))
  end)
end)

describe("datetime.parse_date", function()
  it("reads Django's form, and returns nil for others", function()
    assert.same({ "2001-01-01", "2001-01-02" }, texts { datetime.parse_date "2001-01-01", datetime.parse_date "2001-1-2" })
    for _, text in ipairs { "", "abc", "2001-01", "2001", "01-01-2001", "2001-01-01T00:00", "20010101", " 2001-01-01" } do assert.is_nil(datetime.parse_date(text)) end
    assert.equal("ValueError: month must be in 1..12", raised(datetime.parse_date, "2001-99-99"))
    assert.equal("ValueError: day is out of range for month", raised(datetime.parse_date, "2001-02-30"))
  end)
end)

describe("datetime.parse_time", function()
  it("reads what Django 3.2 reads", function()
    for text, expected in pairs { ["13:00"] = "13:00:00", ["13:00:01"] = "13:00:01", ["13:00:01.5"] = "13:00:01.500000", ["1:2"] = "01:02:00", ["13:00Z"] = "13:00:00",
      ["13:00+01:00"] = "13:00:00", ["13:00:01.1234567"] = "13:00:01.123456", ["13:00:01,5"] = "13:00:01.500000" } do
      assert.equal(expected, tostring(datetime.parse_time(text)))
    end
    for _, text in ipairs { "", "1pm", " 13:00", "13", "abc" } do assert.is_nil(datetime.parse_time(text)) end
    for _, text in ipairs { "24:00", "13:60", "99:99" } do assert.matches("^ValueError", raised(datetime.parse_time, text)) end
  end)
end)

describe("datetime.parse_datetime", function()
  it("reads what Django 3.2 reads", function()
    for text, expected in pairs { ["2001-01-01T13:00:00Z"] = "2001-01-01 13:00:00+00:00", ["2001-01-01 13:00"] = "2001-01-01 13:00:00",
      ["2001-01-01T13:00:00.5"] = "2001-01-01 13:00:00.500000", ["2001-01-01T13:00:00.1234567"] = "2001-01-01 13:00:00.123456", ["2001-01-01T13:00:00,5"] = "2001-01-01 13:00:00.500000",
      ["2001-01-01T13:00:00-0530"] = "2001-01-01 13:00:00-05:30", ["2001-01-01T13:00:00+02"] = "2001-01-01 13:00:00+02:00", ["2001-1-1T1:02"] = "2001-01-01 01:02:00",
      ["2001-01-01T13:00:00.123456+02:00"] = "2001-01-01 13:00:00.123456+02:00" } do
      assert.equal(expected, tostring(datetime.parse_datetime(text)))
    end
    for _, text in ipairs { "", "abc", "1-1-1", "2001-01-01", "2001-01-01t13:00:00z", "2001-01-01T13:00:00 Z", "2001-01-01T13:00:00.1234567890123", "2001-01-01T13:00+1" } do
      assert.is_nil(datetime.parse_datetime(text))
    end
    for _, text in ipairs { "2001-02-30T10:00", "2001-01-01T24:00", "2001-01-01T23:60", "2001-01-01T23:59:60", "2001-99-99T99:00", "2018-08-16 22:00-24:00" } do
      assert.matches("^ValueError", raised(datetime.parse_datetime, text))
    end
  end)
end)

describe("datetime.parse_duration", function()
  it("reads Django's, ISO's and PostgreSQL's forms", function()
    for text, expected in pairs { ["13"] = { 0, 13, 0 }, ["3 08:32:01.000123"] = { 3, 30721, 123 }, ["08:01"] = { 0, 481, 0 }, ["-08:01"] = { -1, 85919, 0 },
      ["08:32:01"] = { 0, 30721, 0 }, ["1 00:00:00"] = { 1, 0, 0 }, ["-1 day, 0:00:01"] = { -1, 1, 0 }, ["1 day, 1:00:00"] = { 1, 3600, 0 },
      ["P3DT08H32M01.000123S"] = { 3, 30721, 123 }, ["PT1H"] = { 0, 3600, 0 }, ["-PT1H"] = { -1, 82800, 0 }, ["-P1DT1H"] = { -2, 82800, 0 }, ["P0.5D"] = { 0, 43200, 0 },
      ["1.5"] = { 0, 1, 500000 }, ["-1"] = { -1, 86399, 0 }, [""] = { 0, 0, 0 }, ["999999999 00:00"] = { 999999999, 0, 0 }, ["-999999999 00"] = { -999999999, 0, 0 },
      ["1:2:3"] = { 0, 3723, 0 }, ["100:00:00"] = { 4, 14400, 0 }, ["4 15:30:01.5"] = { 4, 55801, 500000 }, ["3 days -00:00:01"] = { 2, 86399, 0 }, ["2 days"] = { 2, 0, 0 },
      ["1,5"] = { 0, 1, 500000 }, ["-3 days +01:00:00.5"] = { -3, 3600, 500000 } } do
      local d = datetime.parse_duration(text)
      assert.same(expected, { d.days, d.seconds, d.microseconds }, text)
    end
    for _, text in ipairs { "P1W", "P1Y", "abc", "3 08:32 01.123", "1:", ":1", "1 2 3", "P1D2H", "1.1234567890123" } do assert.is_nil(datetime.parse_duration(text), text) end
    assert.equal("OverflowError: days=1000000000; must have magnitude <= 999999999", raised(datetime.parse_duration, "1000000000 00:00"))
    assert.matches("^OverflowError", raised(datetime.parse_duration, ("9"):rep(400)))
  end)

  it("is undone by duration_string and duration_iso_string", function()
    for text, iso in pairs { ["00:00:00"] = "P0DT00H00M00S", ["1 01:00:01"] = "P1DT01H00M01S", ["00:00:00.000005"] = "P0DT00H00M00.000005S", ["-1 23:59:59"] = "-P0DT00H00M01S",
      ["-1 00:00:05.000010"] = "-P0DT23H59M54.999990S", ["100 03:00:00"] = "P100DT03H00M00S" } do
      local d = datetime.parse_duration(text)
      assert.same({ text, iso }, { datetime.duration_string(d), datetime.duration_iso_string(d) })
      assert.is_true(datetime.parse_duration(iso) == d)
    end
  end)
end)

describe("datetime.strptime", function()
  it("reads DRF's custom formats", function()
    for _, case in ipairs { { "1:35pm, 1 Jan 2001", "%I:%M%p, %d %b %Y", "2001-01-01 13:35:00" }, { "2001/02/03 04:05", "%Y/%m/%d %H:%M", "2001-02-03 04:05:00" },
      { "12:00am", "%I:%M%p", "1900-01-01 00:00:00" }, { "2001-01-01T10:00:00+0530", "%Y-%m-%dT%H:%M:%S%z", "2001-01-01 10:00:00+05:30" }, { "1230", "%H%M", "1900-01-01 12:30:00" } } do
      assert.equal(case[3], tostring(datetime.strptime(case[1], case[2])))
    end
    assert.is_nil(datetime.strptime("2001-01-01", "%d %b %Y"))
    assert.equal("ValueError: day is out of range for month", raised(datetime.strptime, "30 Feb 2001", "%d %b %Y"))
    assert.equal("ValueError: 'Q' is a bad directive in format '%Q'", raised(datetime.strptime, "1", "%Q"))
  end)
end)

describe("datetime and databases", function()
  it("reads what they send", function()
    assert.equal("2021-01-31", tostring(datetime.date_from_db "2021-01-31"))
    for text, expected in pairs { ["2021-01-01 10:00:00"] = "2021-01-01 10:00:00+00:00", ["2021-01-01 10:00:00+00"] = "2021-01-01 10:00:00+00:00",
      ["2021-01-01 10:00:00.5+00"] = "2021-01-01 10:00:00.500000+00:00", ["2021-01-01 10:00:00.123456"] = "2021-01-01 10:00:00.123456+00:00",
      ["2021-01-01T10:00:00+02:00"] = "2021-01-01 08:00:00+00:00", ["2021-01-01 10:00"] = "2021-01-01 10:00:00+00:00" } do
      assert.equal(expected, tostring(datetime.datetime_from_db(text)))
    end
    assert.same({ "10:11:12", "10:11:12.000500" }, texts { datetime.time_from_db "10:11:12", datetime.time_from_db "10:11:12.0005" })
    for text, expected in pairs { ["P1Y2M3DT4H5M6.7S"] = "428 days, 4:05:06.700000", PT0S = "0:00:00", ["P-1DT-2H"] = "-2 days, 22:00:00", ["PT-0.000001S"] = "-1 day, 23:59:59.999999",
      ["P-1Y-2M3D"] = "-422 days, 0:00:00" } do
      assert.equal(expected, tostring(datetime.duration_from_interval(text)))
    end
  end)

  it("raises DataError for what Python could not hold either", function()
    for reader, list in pairs { date_from_db = { "infinity", "-infinity", "0044-03-15 BC", "10000-01-01", "0000-01-01", "2021-13-01", "2021-01-32", "x", "" },
      datetime_from_db = { "infinity", "0044-03-15 10:00:00+00 BC", "10000-01-01 00:00:00+00", "0000-01-01 00:00:00", "2021-01-01 24:00:00", "2021-01-01", "nonsense, but long enough" },
      time_from_db = { "24:00:00", "x", "10:00:00+02" }, duration_from_interval = { "x", "1 day" } } do
      for _, text in ipairs(list) do assert.matches("^DataError: the database holds the", raised(datetime[reader], text), text) end
    end
  end)

  it("writes what they take", function()
    local moment = DateTime(2021, 7, 1, 12, 0, 0, 5, timezone.get "Europe/Berlin")
    assert.same({ "2021-07-01 10:00:00.000005", "2021-07-01 10:00:00.000005+00:00" }, { datetime.to_db(moment, "sqlite"), datetime.to_db(moment, "postgresql") })
    assert.same({ "2021-07-01", "12:00:00.000005" }, { datetime.to_db(moment:date(), "sqlite"), datetime.to_db(moment:time(), "postgresql") })
    assert.same({ "1 days 3600.000005 seconds", "-0 days -1.500000 seconds" },
      { datetime.to_db(Duration { days = 1, hours = 1, microseconds = 5 }, "postgresql"), datetime.to_db(Duration { seconds = -1.5 }, "postgresql") })
    assert.matches("^TypeError", raised(datetime.to_db, "x", "sqlite"))
  end)

  it("keeps durations of any length as microseconds", function()
    for _, d in ipairs { Duration(), Duration { microseconds = 1 }, Duration { microseconds = -1 }, Duration { days = 100000, seconds = 1.5 },
      Duration { days = 106751990, microseconds = 3 }, Duration { days = -106751990, microseconds = 3 }, Duration { days = -104000, microseconds = -1 } } do
      assert.is_true(datetime.duration_from_microseconds(datetime.to_db(d, "sqlite")) == d)
    end
    assert.matches("^OverflowError", raised(datetime.to_db, Duration { days = 200000000 }, "sqlite"))
  end)
end)
