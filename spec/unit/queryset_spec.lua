local support = require "support.models"
local decimal = require "tidewire.decimal"
local json = require "tidewire.json"
local models = require "tidewire.models"

local F, Q, Count = models.F, models.Q, models.Count
local CASCADE = models.CASCADE

---What the recorded cases (spec/server/querysets_spec.lua) do not have: other kinds of relations and fields, orders of models, laziness, managers.
describe("querysets", function()
  local Country, Person, Passport, Club, Member, Payment

  before_each(function()
    support.reset()
    Country = models.Model:extend("Country", {
      code = models.CharField { max_length = 2, unique = true }, name = models.CharField { max_length = 50 },
      Meta = { app_label = "t", ordering = { "name" } },
    })
    Person = models.Model:extend("Person", {
      name = models.CharField { max_length = 50 }, born = models.DateField { null = true },
      country = models.ForeignKey(Country, { on_delete = CASCADE, to_field = "code", null = true, related_name = "people" }),
      friends = models.ManyToManyField("self"),
      Meta = { app_label = "t", get_latest_by = "born" },
    })
    Passport = models.Model:extend("Passport", {
      person = models.OneToOneField(Person, { on_delete = CASCADE, related_name = "passport" }), number = models.UUIDField(),
      Meta = { app_label = "t" },
    })
    Club = models.Model:extend("Club", {
      name = models.CharField { max_length = 50 }, members = models.ManyToManyField(Person, { through = "Member", related_name = "clubs" }),
      Meta = { app_label = "t", ordering = { "-name" } },
    })
    Member = models.Model:extend("Member", {
      club = models.ForeignKey(Club, { on_delete = CASCADE }), person = models.ForeignKey(Person, { on_delete = CASCADE }),
      since = models.IntegerField(), Meta = { app_label = "t" },
    })
    Payment = models.Model:extend("Payment", {
      member = models.ForeignKey(Member, { on_delete = CASCADE, related_name = "payments" }),
      amount = models.DecimalField { max_digits = 30, decimal_places = 10 }, took = models.DurationField { null = true },
      Meta = { app_label = "t" },
    })
    support.create_tables()
    Country.objects:bulk_create { Country { code = "de", name = "Germany" }, Country { code = "at", name = "Austria" } }
    Person.objects:bulk_create {
      Person { name = "Ann", country_id = "de", born = "1990-01-01" }, Person { name = "Bob", country_id = "at", born = "1980-01-01" },
      Person { name = "Cid" },
    }
    Passport.objects:create { person_id = 1, number = "0b54a9dc-8a5f-4c4b-9a7e-1de5e53c9f0a" }
    Club.objects:bulk_create { Club { name = "Chess" }, Club { name = "Go" } }
    Member.objects:bulk_create {
      Member { club_id = 1, person_id = 1, since = 2000 }, Member { club_id = 1, person_id = 2, since = 2010 }, Member { club_id = 2, person_id = 1, since = 2020 },
    }
  end)

  local function names(queryset)
    local list = {}
    for i, row in ipairs(queryset:list()) do list[i] = row.name end
    return list
  end

  describe("follow relations", function()
    it("to a field that is not the primary key", function()
      assert.same({ "Ann" }, names(Person.objects:filter { country = "de" }))
      assert.same({ "Ann" }, names(Person.objects:filter { country = Country.objects:get { code = "de" } }))
      assert.same({ "Ann" }, names(Person.objects:filter { country__name = "Germany" }))
      assert.same({ "Ann" }, names(Person.objects:filter { country__code = "de" }))
      assert.same({ "Ann", "Bob" }, names(Person.objects:filter { country__in = Country.objects:all() }:order_by "id"))
      assert.same({ "Germany" }, names(Country.objects:filter { people__name = "Ann" }))
      assert.same({ "Germany" }, names(Country.objects:exclude { people__name = "Bob" }))
    end)

    it("to one row at the other side", function()
      assert.same({ "Ann" }, names(Person.objects:filter { passport__isnull = false }))
      assert.same({ "Bob", "Cid" }, names(Person.objects:filter { passport = json.null }:order_by "id"))
      assert.same({ "Ann" }, names(Person.objects:filter { passport__number__startswith = "0b54a9dc-8a5f" }))
    end)

    it("between rows of one model, and over a model of the app's own", function()
      local ann = Person.objects:get { pk = 1 }
      ann.friends:add(Person.objects:get { pk = 2 })
      assert.same({ "Bob" }, names(Person.objects:filter { friends = ann }))
      assert.same({ "Cid" }, names(Person.objects:exclude { friends__name__in = { "Ann", "Bob" } }))
      assert.same({ "Ann", "Bob" }, names(Person.objects:filter { clubs__name = "Chess", member__since__lt = 2015 }:distinct():order_by "id"))
      assert.same({ "Go" }, names(Club.objects:filter { member__since = 2020 }))
    end)
  end)

  describe("load related rows", function()
    it("of one-to-one relations, linked both ways", function()
      local passport = Passport.objects:select_related "person":get { pk = 1 }
      local person = Person.objects:select_related("passport", "country"):get { pk = 1 }
      local bob = Person.objects:select_related "passport":get { pk = 2 }
      assert.equal(0, support.count_queries(function()
        assert.equal("Ann", passport.person.name)
        assert.equal(passport, passport.person.passport)
        assert.equal("0b54a9dc-8a5f-4c4b-9a7e-1de5e53c9f0a", tostring(person.passport.number))
        assert.equal(person, person.passport.person)
        assert.equal("Germany", person.country.name)
        assert.has_error(function() return bob.passport end)
      end))
    end)

    it("in one query a relation", function()
      local function load()
        local people = Person.objects:prefetch_related("passport", "country", "clubs", "friends"):order_by "id":list()
        assert.equal("Germany", people[1].country.name)
        assert.equal(people[1], people[1].passport.person)
        assert.same({ "Go", "Chess" }, names(people[1].clubs:all()))
        assert.is_nil(people[3].country)
        assert.same({}, names(people[3].clubs:all()))
      end
      assert.equal(5, support.count_queries(load))
    end)
  end)

  describe("order", function()
    it("as the model says, unless they say otherwise", function()
      assert.same({ "Austria", "Germany" }, names(Country.objects:all()))
      assert.same({ "Germany", "Austria" }, names(Country.objects:reverse()))
      assert.same({ "Germany", "Austria" }, names(Country.objects:order_by "id"))
      assert.equal("Austria", Country.objects:first().name)
      assert.equal("Germany", Country.objects:last().name)
      assert.is_true(Country.objects:all():ordered())
      assert.is_false(Country.objects:order_by():ordered())
      assert.equal("Ann", Person.objects:latest().name)
      assert.equal("Bob", Person.objects:filter { born__isnull = false }:earliest().name)
    end)

    it("by the order of the related model", function()
      local clubs = {}
      for i, member in ipairs(Member.objects:order_by("club", "id"):list()) do clubs[i] = member.club_id end
      assert.same({ 2, 1, 1 }, clubs)
      for i, member in ipairs(Member.objects:order_by("club_id", "id"):list()) do clubs[i] = member.club_id end
      assert.same({ 1, 1, 2 }, clubs)
    end)

    it("is dropped where rows are grouped", function()
      local rows = Club.objects:values "name":annotate { n = Count "members" }:order_by "name":list()
      assert.same({ { name = "Chess", n = 2 }, { name = "Go", n = 1 } }, { { name = rows[1].name, n = rows[1].n }, { name = rows[2].name, n = rows[2].n } })
    end)
  end)

  describe("with decimals that SQLite keeps as texts", function()
    before_each(function()
      Payment.objects:bulk_create {
        Payment { member_id = 1, amount = "12345678901234567890.0000000001" }, Payment { member_id = 1, amount = "2" },
        Payment { member_id = 2, amount = "10.5" },
      }
    end)

    it("compare and sum exactly", function()
      assert.equal(2, Payment.objects:filter { amount__lt = 11 }:count())
      assert.equal(1, Payment.objects:filter { amount__gt = "12345678901234567890" }:count())
      local sum = Payment.objects:aggregate { sum = models.Sum "amount", most = models.Max "amount" }
      assert.equal(decimal.Decimal "12345678901234567902.5000000001", sum.sum)
      assert.equal(decimal.Decimal "12345678901234567890.0000000001", sum.most)
    end)

    it("add exactly", function()
      Payment.objects:filter { pk = 1 }:update { amount = F "amount" + decimal.Decimal "0.0000000001" }
      assert.equal(decimal.Decimal "12345678901234567890.0000000002", Payment.objects:get { pk = 1 }.amount)
    end)
  end)

  describe("are lazy and never change", function()
    it("ask nothing before rows are wanted, and once then", function()
      local base = Person.objects:filter { name__startswith = "A" }
      assert.equal(0, support.count_queries(function()
        base:exclude { born = json.null }:order_by "name":slice(0, 2)
      end))
      assert.equal(1, support.count_queries(function()
        base:list()
        base:list()
        assert.equal(1, base:count())
        assert.is_true(base:exists())
        assert.equal("Ann", base:slice(0, 1):list()[1].name)
      end))
    end)

    it("stay what they were when others are made of them", function()
      local all = Person.objects:order_by "id"
      for _, other in ipairs { all:filter { pk = 1 }, all:exclude { pk = 1 }, all:slice(0, 1), all:annotate { n = Count "clubs" }, all:values "name" } do
        assert.not_equal(tostring(all.query), tostring(other.query))
      end
      assert.same({ "Ann", "Bob", "Cid" }, names(all))
      local by_key = Person.objects:filter { pk = 1 }
      local narrower = by_key:filter { name = "Bob" }
      assert.same({ "Ann" }, names(by_key))
      assert.same({}, names(narrower))
    end)

    it("ask nothing when no row can match", function()
      assert.equal(0, support.count_queries(function()
        assert.same({}, Person.objects:none():list())
        assert.same({}, Person.objects:filter { pk__in = {} }:list())
        assert.equal(0, Person.objects:filter { pk__in = {} }:count())
        assert.is_false(Person.objects:filter(Q { pk__in = {} } * Q { name = "Ann" }):exists())
        assert.is_nil(Person.objects:none():first())
        assert.equal(0, Person.objects:filter { pk__in = {} }:update { name = "x" })
        assert.same({ n = 0 }, Person.objects:none():aggregate { n = Count "id", most = models.Max "id" })
      end))
    end)
  end)

  describe("of a form that was seen before", function()
    local compiler = require "tidewire.compiler"
    local compile = compiler.compile
    local compiled

    before_each(function()
      compiled = 0
      compiler.compile = function(...)
        compiled = compiled + 1
        return compile(...)
      end
    end)
    after_each(function() compiler.compile = compile end)

    local function found(text, country)
      return names(Person.objects:filter { name__startswith = text }:exclude { country = country }:order_by "-id":slice(0, 2))
    end

    it("are not compiled again, whatever their values", function()
      assert.same({ "Ann" }, found("a", "at"))
      assert.same({ "Cid" }, found("c", "at"))
      assert.same({}, found("a", "de"))
      assert.same({ "Ann" }, found("A", Country.objects:get { code = "at" }))
      assert.equal(1, compiled)
    end)

    it("are other forms when a value changes the SQL", function()
      local function passports(value) return Person.objects:filter { passport__isnull = value }:count() end
      assert.same({ 1, 2, 1, 2 }, { passports(false), passports(true), passports(false), passports(true) })
      local function of(country) return names(Person.objects:filter { country__code = country }:order_by "id") end
      assert.same({ "Ann" }, of "de")
      assert.same({ "Cid" }, of(json.null))
      assert.same({ "Bob" }, of "at")
      assert.equal(4, compiled)
    end)

    it("refuse values at once, and go on when asked for more", function()
      local function at_least(id) return Person.objects:filter { id__gte = id }:order_by "id" end
      assert.same({ "Bob", "Cid" }, names(at_least(1.5)))
      assert.same({ "Cid" }, names(at_least "3"))
      local message, kind = support.raised(at_least, "x")
      assert.same({ "ValueError", "Field 'id' expected a number but got 'x'." }, { kind, message })
      assert.same({ "Bob" }, names(at_least(1):filter { clubs__name__in = { "Chess" } }:exclude { name = "Ann" }))
      assert.equal("Cannot filter a query once a slice has been taken.", (support.raised(function() return at_least(1):slice(0, 1):filter { id = 1 } end)))
      assert.matches("LIMIT 1$", tostring(at_least(1):slice(0, 1).query))
    end)
  end)

  describe("of an app's own class", function()
    it("are what managers give", function()
      local PeopleQuerySet = models.QuerySet:extend "PeopleQuerySet"
      function PeopleQuerySet:adults() return self:filter { born__year__lt = 1990 } end
      local Pupil = models.Model:extend("Pupil", {
        name = models.CharField { max_length = 9 }, born = models.DateField(), objects = PeopleQuerySet:as_manager(), Meta = { app_label = "t" },
      })
      require "tidewire.schema".create { Pupil }
      Pupil.objects:create { name = "Old", born = "1970-01-01" }
      Pupil.objects:create { name = "Young", born = "2000-01-01" }
      assert.same({ "Old" }, names(Pupil.objects:adults()))
      assert.same({}, names(Pupil.objects:filter { name = "Young" }:adults()))
    end)
  end)

  it("give each key of values() in JSON, also those of NULLs", function()
    local row = Person.objects:filter { pk = 3 }:values("name", "country__name"):list()[1]
    assert.is_nil(row.country__name)
    assert.equal('{"name":"Cid","country__name":null}', json.encode(row))
    assert.equal("[null]", json.encode(Person.objects:filter { pk = 3 }:values_list("born", { flat = true }):list()))
  end)

  it("save many objects in few statements", function()
    local people = {}
    for i = 1, 700 do people[i] = Person { name = "p" .. i } end
    assert.equal(1, support.count_queries(function() Person.objects:bulk_create(people) end))
    assert.equal(703, people[700].pk)
    for _, person in ipairs(people) do person.name = person.name .. "!" end
    assert.equal(3, support.count_queries(function() Person.objects:bulk_update(people, { "name" }) end))
    assert.equal("p700!", Person.objects:get { pk = 703 }.name)
    Country.objects:bulk_create({ Country { code = "de", name = "x" }, Country { code = "fr", name = "France" } }, { ignore_conflicts = true })
    assert.equal(3, Country.objects:count())
  end)

  it("refuse what makes no sense, in Django's words", function()
    local cases = {
      { "Cannot filter a query once a slice has been taken.", function() return Person.objects:slice(0, 1):filter { pk = 1 } end },
      { "Cannot update a query once a slice has been taken.", function() return Person.objects:slice(0, 1):update { name = "x" } end },
      { "Cannot reverse a query once a slice has been taken.", function() return Person.objects:slice(0, 1):reverse() end },
      { "Negative indexing is not supported.", function() return Person.objects:slice(-1) end },
      { "Cannot call only() after .values() or .values_list()", function() return Person.objects:values "id":only "name" end },
      { "'flat' is not valid when values_list is called with more than one field.", function()
        return Person.objects:values_list("id", "name", { flat = true })
      end },
      { "The annotation 'name' conflicts with a field on the model.", function() return Person.objects:annotate { name = F "id" } end },
      { "QuerySet.annotate() received non-expression(s): 5.", function() return Person.objects:annotate { n = 5 } end },
      { "Cannot compute Count('n'): 'n' is an aggregate", function() return Person.objects:annotate { n = Count "clubs" }:annotate { m = Count "n" } end },
      { "Calling QuerySet.filter() after union() is not supported.", function() return Person.objects:all():union(Person.objects:all()):filter { pk = 1 } end },
      { 'Cannot query "Country object (1)": Must be "Person" instance.', function()
        return Member.objects:filter { person = Country.objects:get { code = "de" } }
      end },
      { "Cannot use QuerySet for \"Country\": Use a QuerySet for \"Person\".", function() return Member.objects:filter { person__in = Country.objects:all() } end },
      { "The QuerySet value for an exact lookup must be limited to one result using slicing.", function()
        return Member.objects:filter { person = Person.objects:all() }
      end },
      { "Cannot use None as a query value", function() return Person.objects:filter { name__gt = json.null } end },
      { "Field Person.country cannot be both deferred and traversed using select_related at the same time.", function()
        return Person.objects:only "name":select_related "country":list()
      end },
    }
    for _, case in ipairs(cases) do
      assert.equal(case[1], (support.raised(case[2])))
    end
  end)
end)
