local support = require "support.models"
local datetime = require "tidewire.datetime"
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local models = require "tidewire.models"
local uuid = require "tidewire.uuid"
local validators = require "tidewire.validators"

local null, raised = json.null, support.raised

---A field that belongs to a model.
local function placed(field)
  models.Model:extend("Thing", { x = field, Meta = { app_label = "shop" } })
  return field
end

---Texts and codes with which a field refuses a value.
local function refusal(field, value)
  local ok, err = pcall(field.clean, field, value)
  if ok then return nil end
  assert(err.error_list, tostring(err))
  local texts, codes = err.messages, {}
  for i, single in ipairs(err.error_list) do codes[i] = single.code end
  return texts, codes
end

local function cleans(field, cases)
  for _, case in ipairs(cases) do
    local value = field:clean(case[1])
    assert.equal(tostring(case[2]), tostring(value))
    assert.equal(type(case[2]), type(value))
  end
end

local function refuses(field, text, values)
  for _, value in ipairs(values) do assert.same({ text }, (refusal(field, value)), tostring(value)) end
end

describe("options of fields", function()
  before_each(support.reset)

  local function problem(make)
    local field = make()
    return (raised(placed, field))
  end

  it("that do not exist are refused where the field is written, with the nearest name", function()
    local message = problem(function() return models.CharField { maxlength = 10 } end)
    assert.truthy(message:find 'models_fields_spec.lua:%d+: Thing.x: CharField has no option "maxlength"; did you mean max_length?')
  end)

  it("of the wrong type are refused", function()
    for text, make in pairs {
      ["max_length is a string; expected an integer"] = function() return models.CharField { max_length = "10" } end,
      ["max_length is a number; expected an integer"] = function() return models.CharField { max_length = 1.5 } end,
      ["null is a number; expected a boolean"] = function() return models.TextField { null = 1 } end,
      ["choices is a table; expected a list"] = function() return models.TextField { choices = { a = "A" } } end,
      ["choices[1] is not { value, label }"] = function() return models.TextField { choices = { "a" } } end,
      ["validators[1] is a string; expected a function or a validator"] = function() return models.TextField { validators = { "x" } } end,
      ["default is a table, which all rows would share; give a function that makes one"] = function() return models.JSONField { default = {} } end,
      ["TextField takes a table of options; got a number"] = function() return models.TextField(5) end,
    } do
      assert.truthy(problem(make):find("Thing.x: " .. text, 1, true), problem(make))
      support.reset()
    end
  end)

  it("that are needed are missed", function()
    for text, make in pairs {
      ["CharField needs max_length"] = function() return models.CharField() end,
      ["max_length has to be at least 1"] = function() return models.CharField { max_length = 0 } end,
      ["DecimalField needs max_digits and decimal_places"] = function() return models.DecimalField { max_digits = 5 } end,
      ["max_digits has to be at least decimal_places"] = function() return models.DecimalField { max_digits = 1, decimal_places = 2 } end,
      ["AutoField has to be the primary key"] = function() return models.AutoField {} end,
      ["a primary key cannot have null = true"] = function() return models.IntegerField { primary_key = true, null = true } end,
      ["auto_now, auto_now_add and default exclude one another"] = function() return models.DateField { auto_now = true, auto_now_add = true } end,
      ["blank = true needs null = true"] = function() return models.GenericIPAddressField { blank = true } end,
      ['protocol is "v4"; expected "both", "IPv4" or "IPv6"'] = function() return models.GenericIPAddressField { protocol = "v4" } end,
      ["ForeignKey needs on_delete: models.CASCADE"] = function() return models.ForeignKey "self" end,
      ["on_delete is a string; expected models.CASCADE"] = function() return models.ForeignKey("self", { on_delete = "cascade" }) end,
      ["on_delete = models.SET_NULL needs null = true"] = function() return models.ForeignKey("self", { on_delete = models.SET_NULL }) end,
      ["on_delete = models.SET_DEFAULT needs a default"] = function() return models.ForeignKey("self", { on_delete = models.SET_DEFAULT }) end,
      ["ForeignKey: the target comes first"] = function() return models.ForeignKey { on_delete = models.CASCADE } end,
      ["through_fields needs through"] = function() return models.ManyToManyField("self", { through_fields = { "a", "b" } }) end,
      ['ManyToManyField has no option "null"'] = function() return models.ManyToManyField("self", { null = true }) end,
    } do
      assert.truthy(problem(make):find("Thing.x: " .. text, 1, true), problem(make))
      support.reset()
    end
  end)

  it("are there as Django names them", function()
    local field = placed(models.CharField("nice name", {
      max_length = 10, null = true, blank = true, default = "d", unique = true, db_index = true, help_text = "some help", editable = false,
      db_column = "col", choices = { { "a", "A" }, { "Group", { { "b", "B" } } } }, unique_for_date = "day", error_messages = { null = "Nothing there." },
    }))
    assert.same({ "x", "x", "col", "nice name", "some help", true, true, true, true, false, 10, "d", "day" }, {
      field.name, field.attname, field.column, field.verbose_name, field.help_text, field.null, field.blank, field.unique, field.db_index, field.editable,
      field.max_length, field.default, field.unique_for_date,
    })
    assert.same({ { "a", "A" }, { "b", "B" } }, field.flatchoices)
    assert.is_true(field:has_default())
    assert.equal("shop.Thing.x", tostring(field))
    assert.equal("CharField", field.internal_type)
  end)
end)

describe("defaults", function()
  before_each(support.reset)

  it("are values, functions, null, or what the kind says", function()
    local n = 0
    local function next_one()
      n = n + 1
      return n
    end
    local Thing = models.Model:extend("Thing", {
      text = models.TextField(), nullable_text = models.TextField { null = true }, number = models.IntegerField(), five = models.IntegerField { default = 5 },
      counted = models.IntegerField { default = next_one }, none = models.TextField { default = null, null = true }, flag = models.BooleanField { default = false },
      list = models.JSONField { default = function() return json.array {} end }, id2 = models.UUIDField { default = uuid.uuid4 },
    })
    local one, two = Thing(), Thing { five = 6, counted = null, flag = true }
    assert.equal("", one.text)
    assert.is_nil(one.nullable_text)
    assert.is_nil(one.number)
    assert.equal(5, one.five)
    assert.equal(1, one.counted)
    assert.is_nil(one.none)
    assert.is_false(one.flag)
    assert.is_true(uuid.is(one.id2))
    assert.same({ 6, true, 1 }, { two.five, two.flag, n })
    assert.is_nil(two.counted)
    assert.are_not.equal(one.list, two.list)
  end)
end)

describe("texts", function()
  before_each(support.reset)

  it("are cleaned", function()
    local field = placed(models.CharField { max_length = 3 })
    cleans(field, { { "äöü", "äöü" }, { 5, "5" } })
    assert.equal("True", field:to_python(true))
    assert.equal("9007199254740993", field:to_python(9007199254740993LL))
    refuses(field, "Ensure this value has at most 3 characters (it has 4).", { "abcd" })
    refuses(field, "This field cannot be blank.", { "" })
    refuses(field, "This field cannot be null.", { null })
    assert.same({ "blank" }, (select(2, refusal(field, ""))))
    assert.same({ "null" }, (select(2, refusal(field, null))))
  end)

  it("may be blank or null", function()
    local field = placed(models.CharField { max_length = 3, blank = true, null = true })
    cleans(field, { { "", "" }, { null, nil } })
  end)

  it("are chosen among choices", function()
    local field = placed(models.CharField { max_length = 5, choices = { { "a", "A" }, { "Group", { { "b", "B" } } } } })
    cleans(field, { { "a", "a" }, { "b", "b" } })
    refuses(field, "Value 'c' is not a valid choice.", { "c" })
    assert.same({ "invalid_choice" }, (select(2, refusal(field, "c"))))
  end)

  it("have a method for their choice's label", function()
    local Thing = models.Model:extend("Thing", { status = models.CharField { max_length = 1, choices = { { "a", "Active" }, { "b", "Banned" } } } })
    assert.equal("Active", Thing { status = "a" }:get_status_display())
    assert.equal("x", Thing { status = "x" }:get_status_display())
  end)

  it("ask all validators, and may word refusals themselves", function()
    local field = placed(models.TextField {
      error_messages = { max_length = "Too long: %(show_value)d.", blank = "Say something." },
      validators = { validators.MaxLengthValidator(2), validators.RegexValidator "^[a-z]*$", function() end },
    })
    assert.same({ "Too long: 3.", "Enter a valid value." }, (refusal(field, "ABC")))
    assert.same({ "Say something." }, (refusal(field, "")))
    assert.has_error(function() placed(models.TextField { validators = { function() error("a bug", 0) end } }):run_validators "x" end)
  end)

  it("are e-mail addresses, URLs, slugs", function()
    refuses(placed(models.EmailField()), "Enter a valid email address.", { "x" })
    support.reset()
    refuses(placed(models.URLField()), "Enter a valid URL.", { "x" })
    support.reset()
    local slug = placed(models.SlugField())
    refuses(slug, "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.", { "a b", "é" })
    assert.same({ 254, 200, 50, true, false }, {
      models.EmailField().max_length, models.URLField().max_length, slug.max_length, slug.db_index, slug.allow_unicode,
    })
    support.reset()
    cleans(placed(models.SlugField { allow_unicode = true }), { { "é", "é" } })
  end)
end)

describe("booleans", function()
  before_each(support.reset)

  it("are as strict as Django's", function()
    local field = placed(models.BooleanField())
    cleans(field, { { true, true }, { false, false }, { "t", true }, { "True", true }, { "1", true }, { "f", false }, { "0", false }, { 1, true }, { 0, false } })
    refuses(field, "“yes” value must be either True or False.", { "yes" })
    refuses(field, "“2” value must be either True or False.", { 2 })
    assert.equal("“None” value must be either True or False.", refusal(field, null)[1])
    assert.equal("“x” value must be either True or False.", (raised(field.get_prep_value, field, "x")) and refusal(field, "x")[1])
  end)

  it("may be null", function()
    local field = placed(models.BooleanField { null = true, blank = true })
    cleans(field, { { null, nil }, { "", nil } })
    refuses(field, "“x” value must be either True, False, or None.", { "x" })
  end)
end)

describe("integers", function()
  before_each(support.reset)

  it("are cleaned", function()
    local field = placed(models.IntegerField { null = true, blank = true })
    cleans(field, { { 5, 5 }, { "5", 5 }, { " 7 ", 7 }, { 1.9, 1 }, { true, 1 }, { null, nil } })
    assert.equal(9007199254740993LL, field:clean "9007199254740993")
    refuses(field, "“x” value must be an integer.", { "x" })
  end)

  it("are prepared for the database as Django words it", function()
    local field = placed(models.BigIntegerField())
    assert.equal(5, field:get_prep_value "5")
    assert.equal(9223372036854775807LL, field:get_prep_value(9223372036854775807LL))
    assert.same({ "Field 'x' expected a number but got 'abc'.", "ValueError" }, { raised(field.get_prep_value, field, "abc") })
    assert.same({ "Field 'x' expected a number but got [1].", "TypeError" }, { raised(field.get_prep_value, field, { 1 }) })
    assert.same({ "integer out of range: 9223372036854775808", "DataError" }, { raised(field.get_prep_value, field, "9223372036854775808") })
    assert.is_nil(field:get_prep_value(null))
    assert.is_nil(field:get_db_prep_value(nil, "sqlite"))
  end)

  it("have types of columns by size", function()
    local expected = {
      SmallIntegerField = { "smallint", "smallint" }, IntegerField = { "integer", "integer" }, BigIntegerField = { "bigint", "bigint" },
      PositiveSmallIntegerField = { "smallint unsigned", "smallint" }, PositiveIntegerField = { "integer unsigned", "integer" },
      PositiveBigIntegerField = { "bigint unsigned", "bigint" },
    }
    for kind, types in pairs(expected) do
      local field = models[kind]()
      assert.same(types, { field:db_type "sqlite", field:db_type "postgresql" })
      assert.is_true((kind:find "Positive" and '"n" >= 0' or nil) == field:db_check("sqlite", '"n"'))
    end
    local key = models.BigAutoField { primary_key = true }
    assert.same({ "integer", "bigint", "bigint" }, { key:db_type "sqlite", key:db_type "postgresql", key:rel_db_type "postgresql" })
  end)

  it("have PostgreSQL's range there, and any in SQLite", function()
    local field, vendor = placed(models.SmallIntegerField()), support.db.vendor
    assert.equal(0, #field:get_validators())
    support.db.vendor = function() return "postgresql" end
    local texts = refusal(field, 40000)
    support.db.vendor = vendor
    assert.same({ "Ensure this value is less than or equal to 32767." }, texts)
  end)
end)

describe("floats and decimals", function()
  before_each(support.reset)

  it("are read", function()
    local float = placed(models.FloatField())
    cleans(float, { { "1.5", 1.5 }, { "1e3", 1000 }, { 2, 2 }, { " -.5 ", -0.5 } })
    refuses(float, "“x” value must be a float.", { "x" })
    refuses(float, "“0x10” value must be a float.", { "0x10" })
    assert.equal(math.huge, float:get_prep_value "inf")
    assert.same({ "Field 'x' expected a number but got 'a'.", "ValueError" }, { raised(float.get_prep_value, float, "a") })
  end)

  it("keep decimals exact", function()
    local field = placed(models.DecimalField { max_digits = 5, decimal_places = 2 })
    for given, expected in pairs { ["1.10"] = "1.10", ["  2 "] = "2", [3] = "3", [0.1] = "0.10000" } do
      assert.equal(expected, tostring(field:to_python(given)))
    end
    assert.equal("1.50", field:get_db_prep_value(1.5, "sqlite"))
    assert.equal("0.12", field:get_db_prep_value("0.125", "sqlite"))
    assert.equal("10.00", tostring(field:converter "sqlite"(10)))
    assert.equal("10.50", tostring(field:converter "sqlite"(10.5)))
    assert.equal("10.50", tostring(field:converter "postgresql" "10.50"))
    refuses(field, "“x” value must be a decimal number.", { "x" })
    refuses(field, "Ensure that there are no more than 2 decimal places.", { "1.234" })
    refuses(field, "Ensure that there are no more than 3 digits before the decimal point.", { "1234" })
    assert.same({ "Ensure that there are no more than 5 digits in total." }, (refusal(field, "123456")))
    refuses(field, "Enter a number.", { "nan" })
    assert.equal("DataError", (select(2, raised(field.get_db_prep_value, field, "12345", "sqlite"))))
    assert.equal("DataError", (select(2, raised(field.get_db_prep_value, field, "Infinity", "sqlite"))))
  end)

  it("store long decimals as texts in SQLite", function()
    local long = models.DecimalField { max_digits = 40, decimal_places = 10 }
    assert.same({ "text COLLATE tidewire_decimal", "numeric(40, 10)" }, { long:db_type "sqlite", long:db_type "postgresql" })
    assert.equal("%s::numeric", long:placeholder "postgresql")
    local exact = decimal.Decimal "123456789012345678901234567890.0123456789"
    assert.equal(tostring(exact), long:to_db(exact, "sqlite"))
    assert.equal(tostring(exact), tostring(long:converter "sqlite"(tostring(exact))))
  end)
end)

describe("dates and times", function()
  before_each(support.reset)

  it("are read from texts", function()
    local date = placed(models.DateField())
    assert.equal("2001-02-03", tostring(date:clean "2001-02-03"))
    assert.equal("2001-02-03", tostring(date:clean(datetime.DateTime(2001, 2, 3, 4, 5))))
    refuses(date, "“x” value has an invalid date format. It must be in YYYY-MM-DD format.", { "x" })
    refuses(date, "“2001-02-30” value has the correct format (YYYY-MM-DD) but it is an invalid date.", { "2001-02-30" })
    assert.same({ "invalid_date" }, (select(2, refusal(date, "2001-02-30"))))
    support.reset()
    local time = placed(models.TimeField())
    assert.equal("04:05:00", tostring(time:clean "04:05"))
    refuses(time, "“x” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format.", { "x" })
    refuses(time, "“25:00” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid time.", { "25:00" })
    support.reset()
    local moment = placed(models.DateTimeField())
    assert.equal("2001-02-03 04:05:06+00:00", tostring(moment:clean "2001-02-03T04:05:06Z"))
    refuses(moment, "“x” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.", { "x" })
    refuses(moment, "“2001-02-30” value has the correct format (YYYY-MM-DD) but it is an invalid date.", { "2001-02-30" })
    refuses(moment, "“2001-02-03 25:00” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is an invalid date/time.",
      { "2001-02-03 25:00" })
    support.reset()
    local duration = placed(models.DurationField())
    assert.equal(90, duration:clean "00:01:30":total_seconds())
    refuses(duration, "“x” value has an invalid format. It must be in [DD] [[HH:]MM:]ss[.uuuuuu] format.", { "x" })
  end)

  it("take times without a zone in the current one, and store UTC", function()
    local host = require "tidewire.host"
    local field = placed(models.DateTimeField())
    host.settings.time_zone = "Europe/Berlin"
    local stored = field:get_db_prep_value("2021-06-01 12:00:00", "sqlite")
    local day = field:get_db_prep_value(datetime.Date(2021, 1, 1), "sqlite")
    host.settings.time_zone = nil
    assert.equal("2021-06-01 10:00:00", stored)
    assert.equal("2020-12-31 23:00:00", day)
    assert.equal("2021-06-01 10:00:00+00:00", tostring(field:converter "sqlite" "2021-06-01 10:00:00"))
  end)

  it("are taken by themselves at saving", function()
    local Thing = models.Model:extend("Thing", { created = models.DateTimeField { auto_now_add = true }, changed = models.DateField { auto_now = true } })
    local meta, thing = Thing._meta, Thing()
    assert.same({ true, false, true }, { meta:get_field "created".blank, meta:get_field "created".editable, meta:get_field "changed".blank })
    assert.is_true(datetime.is_datetime(meta:get_field "created":pre_save(thing, true)))
    assert.is_true(datetime.is_date(meta:get_field "changed":pre_save(thing, false)))
    local created = thing.created
    meta:get_field "created":pre_save(thing, false)
    assert.equal(created, thing.created)
  end)

  it("are cast for PostgreSQL", function()
    for kind, cast in pairs {
      DateField = "%s::date", TimeField = "%s::time", DateTimeField = "%s::timestamptz", DurationField = "%s::interval", UUIDField = "%s::uuid",
      JSONField = "%s::jsonb", GenericIPAddressField = "%s::inet",
    } do
      assert.equal(cast, models[kind]():placeholder "postgresql")
      assert.is_nil(models[kind]():placeholder "sqlite")
    end
  end)
end)

describe("JSON, bytes, UUIDs and addresses", function()
  before_each(support.reset)

  it("keep what JSON can say", function()
    local field = placed(models.JSONField())
    assert.equal('{"a":[1,null]}', field:get_db_prep_value({ a = { 1, null } }, "sqlite"))
    assert.same({ a = { 1 } }, field:converter "sqlite" '{"a":[1]}')
    assert.is_nil(field:get_db_prep_value(null, "sqlite"))
    refuses(field, "Value must be valid JSON.", { { f = print } })
    assert.equal('(JSON_VALID("x") OR "x" IS NULL)', field:db_check("sqlite", '"x"'))
  end)

  it("send bytes in hexadecimal to PostgreSQL", function()
    local field = models.BinaryField()
    assert.equal("\0\255a", field:to_db("\0\255a", "sqlite"))
    assert.equal("00ff61", field:to_db("\0\255a", "postgresql"))
    assert.same({ "CAST(%s AS BLOB)", "decode(%s, 'hex')" }, { field:placeholder "sqlite", field:placeholder "postgresql" })
    assert.is_false(field.editable)
  end)

  it("count bytes of binary fields", function()
    local field = placed(models.BinaryField { max_length = 3, editable = true })
    refuses(field, "Ensure this value has at most 3 characters (it has 4).", { "ää" })
  end)

  it("read UUIDs", function()
    local field = placed(models.UUIDField())
    local text = "825d7aeb-05a9-45b5-a5b7-05df87923cda"
    assert.equal(text, tostring(field:clean(text:gsub("-", ""))))
    assert.equal("00000000-0000-0000-0000-000000000005", tostring(field:clean(5)))
    assert.equal((text:gsub("-", "")), field:get_db_prep_value(text, "sqlite"))
    assert.equal(text, field:get_db_prep_value(text, "postgresql"))
    assert.equal(text, tostring(field:converter "sqlite"((text:gsub("-", "")))))
    refuses(field, "“x” is not a valid UUID.", { "x" })
    assert.equal("DjangoValidationError", (select(2, raised(field.get_prep_value, field, "x"))))
  end)

  it("write addresses in their shortest form", function()
    local field = placed(models.GenericIPAddressField())
    cleans(field, { { " 2001:DB8:0:0::1 ", "2001:db8::1" }, { "1.2.3.4", "1.2.3.4" }, { "::ffff:1.2.3.4", "::ffff:1.2.3.4" } })
    refuses(field, "Enter a valid IPv4 or IPv6 address.", { "x", "1.2.3", ":::" })
    support.reset()
    local unpacked = placed(models.GenericIPAddressField { unpack_ipv4 = true })
    cleans(unpacked, { { "::ffff:1.2.3.4", "1.2.3.4" } })
    support.reset()
    refuses(placed(models.GenericIPAddressField { protocol = "IPv4" }), "Enter a valid IPv4 address.", { "::1" })
  end)
end)

describe("an app's own kind of field", function()
  before_each(support.reset)

  it("extends another and adds options and texts", function()
    local Upper = models.CharField:kind("UpperField", {
      options = { shout = "boolean" }, messages = { quiet = "%(value)s is not loud." },
      to_python = function(self, value)
        value = models.CharField.to_python(self, value)
        if self.shout and value ~= value:upper() then self:fail("quiet", { value = value }) end
        return value
      end,
    })
    local field = placed(Upper { max_length = 5, shout = true })
    cleans(field, { { "ABC", "ABC" } })
    refuses(field, "abc is not loud.", { "abc" })
    assert.same({ "abc is not loud." }, exceptions.ModelValidationError("%(value)s is not loud.", "quiet", { value = "abc" }).messages)
  end)
end)
