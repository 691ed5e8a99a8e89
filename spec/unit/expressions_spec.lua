local support = require "support.models"
local datetime = require "tidewire.datetime"
local decimal = require "tidewire.decimal"
local models = require "tidewire.models"
local expressions = require "tidewire.expressions"

local F, Q, Value = expressions.F, expressions.Q, expressions.Value

describe("expressions", function()
  local Item

  before_each(function()
    support.reset()
    Item = models.Model:extend("Item", {
      name = models.CharField { max_length = 50 }, note = models.TextField { null = true }, count = models.IntegerField(),
      weight = models.FloatField { null = true }, price = models.DecimalField { max_digits = 8, decimal_places = 2, null = true },
      day = models.DateField { null = true }, at = models.DateTimeField { null = true }, open = models.BooleanField { default = true },
      Meta = { app_label = "t" },
    })
    support.create_tables()
    Item.objects:create {
      name = "Nail", count = 7, weight = 0.5, price = "1.50", day = "2024-02-29", at = "2024-02-29T23:59:58.25Z", open = true,
    }
    Item.objects:create { name = "saw", note = "sharp", count = 2 }
  end)

  ---The value of an expression for the first item.
  local function value_of(expression) return Item.objects:annotate { v = expression }:get { pk = 1 }.v end

  it("reckon in the types that Django gives", function()
    assert.equal(15, value_of(F "count" * 2 + 1))
    assert.equal(-6, value_of(1 - F "count"))
    assert.equal(3, value_of(F "count" / 2))
    assert.equal(1, value_of(F "count" % 3))
    assert.equal(49, value_of(F "count" ^ 2))
    assert.equal(-7, value_of(-F "count"))
    assert.equal(3.5, value_of(F "count" * F "weight"))
    assert.equal("10.50", tostring(value_of(F "count" * F "price"):quantize(2)))
    assert.equal("2.75", tostring(value_of(F "price" + decimal.Decimal "1.25")))
    assert.equal(3, value_of(F("count"):bitand(3)))
    assert.equal(15, value_of(F("count"):bitor(8)))
    local message, name = support.raised(value_of, F "price" + F "weight")
    assert.equal("Expression contains mixed types: DecimalField, FloatField. You must set output_field.", message)
    assert.equal("FieldError", name)
    assert.equal(2, value_of(expressions.ExpressionWrapper(F "price" + F "weight", { output_field = models.FloatField() })))
  end)

  it("call functions", function()
    assert.equal("nail", value_of(expressions.Lower "name"))
    assert.equal("NAIL", value_of(expressions.Upper "name"))
    assert.equal(4, value_of(expressions.Length "name"))
    assert.equal("Nail: 7", value_of(expressions.Concat("name", Value ": ", expressions.Cast("count", models.CharField { max_length = 9 }))))
    assert.equal("none", value_of(expressions.Coalesce("note", Value("none", models.TextField()))))
    assert.equal("Na", value_of(expressions.Left("name", 2)))
    assert.equal("il", value_of(expressions.Right("name", 2)))
    assert.equal("ai", value_of(expressions.Substr("name", 2, 2)))
    assert.equal("Nbil", value_of(expressions.Replace("name", Value "a", Value "b")))
    assert.equal(3, value_of(expressions.StrIndex("name", Value "i")))
    assert.equal(9, value_of(expressions.Greatest("count", Value(9))))
    assert.equal(7, value_of(expressions.Least("count", Value(9))))
    assert.is_nil(value_of(expressions.NullIf("name", Value "Nail")))
    assert.equal(7, value_of(expressions.Abs(-F "count")))
    assert.equal("7", value_of(expressions.Cast("count", models.CharField { max_length = 5 })))
    assert.equal(2024, value_of(expressions.Now()).year > 2000 and 2024)
  end)

  it("take moments apart and cut them", function()
    assert.same({ 2024, 1, 2, 9, 5, 4, 29, 23, 59, 58 }, {
      value_of(expressions.ExtractYear "day"), value_of(expressions.ExtractQuarter "day"), value_of(expressions.ExtractMonth "at"),
      value_of(expressions.ExtractWeek "day"), value_of(expressions.ExtractWeekDay "day"), value_of(expressions.ExtractIsoWeekDay "at"),
      value_of(expressions.ExtractDay "at"), value_of(expressions.ExtractHour "at"), value_of(expressions.ExtractMinute "at"),
      value_of(expressions.Extract("at", "second")),
    })
    assert.equal("2024-02-01", tostring(value_of(expressions.TruncMonth "day")))
    assert.equal("2024-02-26 00:00:00+00:00", tostring(value_of(expressions.TruncWeek "at")))
    assert.equal("2024-02-29 23:00:00+00:00", tostring(value_of(expressions.TruncHour "at")))
    assert.equal("2024-02-29", tostring(value_of(expressions.TruncDate "at")))
    assert.equal("23:59:58.250000", tostring(value_of(expressions.TruncTime "at")))
    local message = support.raised(value_of, expressions.ExtractHour "day")
    assert.equal("Cannot extract time component 'hour' from DateField 'day'. ", message)
    message = support.raised(value_of, expressions.ExtractYear "name")
    assert.equal("Extract input expression must be DateField, DateTimeField, TimeField, or DurationField.", message)
  end)

  it("move and subtract moments exactly", function()
    local second = datetime.Duration { microseconds = 750001 }
    assert.equal("2024-02-29 23:59:59.000001+00:00", tostring(value_of(F "at" + second)))
    assert.equal("2024-03-01", tostring(value_of(F "day" + datetime.Duration { days = 1 })))
    assert.equal("1 day, 0:00:00", tostring(value_of(Value(datetime.Date(2024, 3, 1)) - F "day")))
    assert.equal(1, Item.objects:filter { at__lt = F "at" + second }:count())
  end)

  it("choose by conditions", function()
    local case = expressions.Case(
      expressions.When({ count__lt = 5 }, Value "few"), expressions.When(Q { name = "Nail" } + Q { name = "x" }, "name"), { default = Value "many" })
    assert.equal("Nail", value_of(case))
    assert.equal("few", Item.objects:annotate { v = case }:get { pk = 2 }.v)
    assert.same({ "few", "Nail" }, Item.objects:order_by(case:desc()):values_list(case, { flat = true }):list())
    Item.objects:update { count = expressions.Case(expressions.When({ open = true, pk = 1 }, F "count" + 1), { default = F "count" }) }
    assert.equal(8, Item.objects:get { pk = 1 }.count)
    assert.equal("An empty Q() can't be used as a When() condition.", (support.raised(expressions.When, Q {}, Value(1))))
  end)

  it("may be an app's own functions", function()
    local Hex = expressions.Func:extend("Hex", { ["function"] = "HEX", arity = 1, output_field_name = "CharField" })
    local Quoted = expressions.Func:extend("Quoted", { template = "%(function)s(%(expressions)s, '!')", ["function"] = "PRINTF", arg_joiner = " || " })
    assert.equal("4E61696C", value_of(Hex "name"))
    assert.equal("Nail7", value_of(Quoted("name", "count", { output_field = models.CharField { max_length = 9 } })))
    assert.equal("'Hex' takes exactly 1 argument (2 given)", (support.raised(Hex, "a", "b")))
    assert.equal(14, value_of(expressions.RawSQL("count * %s", { 2 }, { output_field = models.IntegerField() })))
  end)

  it("subquery and exist", function()
    local newer = Item.objects:filter { pk__gt = expressions.OuterRef "pk" }
    assert.equal("saw", value_of(expressions.Subquery(newer:values "name":slice(0, 1))))
    assert.is_true(value_of(expressions.Exists(newer)))
    assert.same({ 2 }, Item.objects:filter(-expressions.Exists(newer)):values_list("pk", { flat = true }):list())
    assert.same({ 1 }, Item.objects:filter(expressions.Exists(newer) * Q { open = true }):values_list("pk", { flat = true }):list())
    local message = support.raised(function() return newer:list() end)
    assert.equal("This queryset contains a reference to an outer query and may only be used in a subquery.", message)
  end)

  it("aggregate", function()
    local all = Item.objects:aggregate {
      n = expressions.Count "*", notes = expressions.Count "note", open = expressions.Count("id", { filter = { count__gt = 5 } }),
      sum = expressions.Sum(F "count" * 2), mean = expressions.Avg "count", least = expressions.Min "name",
    }
    assert.same({ n = 2, notes = 1, open = 1, sum = 18, mean = 4.5, least = "Nail" }, all)
    assert.same({ count__sum = 9 }, Item.objects:aggregate(expressions.Sum "count"))
    assert.equal("Min does not allow distinct.", (support.raised(expressions.Min, "count", { distinct = true })))
    assert.equal("Complex annotations require an alias", (support.raised(function() return Item.objects:aggregate(expressions.Sum(F "count" * 2)) end)))
  end)

  it("compose conditions", function()
    local a, b, c = Q { count = 1 }, Q { count = 2 }, Q { name = "x" }
    local function sql(q) return tostring(Item.objects:filter(q):values "id".query):match "WHERE (.*)$" end
    assert.equal([[("t_item"."count" = 1 OR "t_item"."count" = 2)]], sql(a + b))
    assert.equal([[(("t_item"."count" = 1 OR "t_item"."count" = 2) AND "t_item"."name" = 'x')]], sql((a + b) * c))
    assert.equal([[NOT ("t_item"."count" = 1)]], sql(-a))
    assert.equal([[NOT (NOT ("t_item"."count" = 1) AND "t_item"."name" = 'x')]], sql(-(-a * c)))
    assert.equal([[("t_item"."count" = 1 OR "t_item"."count" = 2 OR "t_item"."name" = 'x')]], sql(Q.OR(a, b, c)))
    assert.equal([["t_item"."count" = 1]], sql(Q {} * a))
    assert.is_nil(sql(Q {}))
    assert.equal("TypeError", select(2, support.raised(function() return a + 5 end)))
  end)

  it("order with NULLs where one wants them", function()
    local function pks(...) return Item.objects:order_by(...):values_list("pk", { flat = true }):list() end
    assert.same({ 1, 2 }, pks "note")
    assert.same({ 2, 1 }, pks(F("note"):asc { nulls_last = true }))
    assert.same({ 1, 2 }, pks(F("note"):desc { nulls_first = true }))
    assert.same({ 1, 2 }, pks(expressions.Lower "name"))
    assert.equal("nulls_first and nulls_last are mutually exclusive", (support.raised(function() return F("a"):asc { nulls_first = true, nulls_last = true } end)))
  end)
end)
