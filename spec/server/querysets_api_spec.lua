---What querysets do that the recorded cases do not show, on both databases, inside the real binary.
local App = require "support.queryset_app"
local databases = require "support.databases"

for _, vendor in ipairs(databases.VENDORS) do
  describe("querysets on " .. vendor, function()
    local app

    local function run(code) return app:run(code) end
    local function raised(code) return app:raised(code) end

    lazy_setup(function() app = App.start(vendor) end)
    lazy_teardown(function()
      if app then app:stop() end
    end)

    before_each(function() app:ask { action = "load" } end)

    it("asks once, when rows are wanted, and keeps them", function()
      assert.same({ 0, 1, 10 }, run [[
        local execute, n, counts = db.execute, 0, {}
        db.execute = function(...) n = n + 1 return execute(...) end
        local books = Book.objects:filter { pages__gt = 0 }:order_by "id"
        counts[1] = n
        local size = #books:list()
        for _ in books:iter() do end
        books:exists()
        counts[2], counts[3] = n, books:count()
        db.execute = execute
        return counts
      ]])
    end)

    it("streams rows in chunks", function()
      assert.same({ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, run [[
        local pks = {}
        for book in Book.objects:order_by "id":iterator(3) do pks[#pks + 1] = book.pk end
        return pks
      ]])
      assert.same({ "Alpha", "Beta" }, run [[
        local titles = {}
        for title in Book.objects:order_by "id":values_list("title", { flat = true }):iterator(3) do
          titles[#titles + 1] = title
          if #titles == 2 then break end
        end
        return titles
      ]])
    end)

    it("makes instances of raw SQL with bound parameters", function()
      assert.same({ { "Alpha", 101 }, { "Gamma ray", 311 } }, run [[
        local rows = {}
        for book in Book.objects:raw("SELECT id, title, pages + %s AS more FROM p4app_book WHERE price = %s AND title <> '100%%' ORDER BY id",
          { 1, decimal.Decimal "10.00" }):iter() do
          rows[#rows + 1] = { book.title, book.more }
        end
        return rows
      ]])
      assert.equal(100, run [[return Book.objects:raw("SELECT id, title FROM p4app_book WHERE id = %s", { 1 }):at(0).pages]])
      assert.equal("FieldDoesNotExist", (raised [[return Book.objects:raw("SELECT title FROM p4app_book"):list()]]))
    end)

    it("gives rows of values that are JSON, with their NULLs", function()
      local books = "Book.objects:filter { pk__lt = 3 }:order_by 'id'"
      assert.equal('[{"id":1,"subtitle":null},{"id":2,"subtitle":"the second"}]', run("return json.encode(" .. books .. ":values('id', 'subtitle'):list())"))
      assert.equal('[[1,null],[2,"the second"]]', run("return json.encode(" .. books .. ":values_list('id', 'subtitle'):list())"))
      assert.equal('[null,"the second"]', run("return json.encode(" .. books .. ":values_list('subtitle', { flat = true }):list())"))
    end)

    it("explains", function()
      assert.matches(vendor == "sqlite" and "p4app_book" or "Scan", run [[return Book.objects:filter { pages = 1 }:explain()]])
    end)

    it("shows its SQL with values", function()
      local sql = run [[return tostring(Book.objects:filter { title = "it's", active__isnull = nil, author__active = true, pages__in = { 1, 2 } }.query)]]
      assert.matches([[WHERE %("p4app_author"."active" AND "p4app_book"."pages" IN %(1, 2%) AND "p4app_book"."title" = 'it''s'%)]], sql)
    end)

    it("locks rows in a transaction only", function()
      local kind, message = raised [[return #Book.objects:select_for_update():list()]]
      assert.equal("TransactionManagementError", kind)
      assert.equal("select_for_update cannot be used outside of a transaction.", message)
      assert.equal(3, run [[
        local n
        db.atomic(function() n = #Book.objects:select_for_update { skip_locked = true, of = { "self" } }:select_related "author":filter { author = 1 }:list() end)
        return n
      ]])
      assert.equal(1, run [[
        local n
        db.atomic(function() n = Book.objects:select_for_update { nowait = true }:get { pk = 1 }.pk end)
        return n
      ]])
      if vendor == "postgresql" then
        kind, message = raised [[db.atomic(function() Book.objects:select_for_update { of = { "self", "tags" } }:list() end)]]
        assert.equal("FieldError", kind)
        assert.matches("Invalid field name%(s%) given in select_for_update%(of=%(%.%.%.%)%): tags%..* Choices are: self%.", message)
      end
    end)

    it("keeps the first of rows with the same value, on PostgreSQL", function()
      local code = [[return Book.objects:order_by("author_id", "-id"):distinct "author_id":values_list("id", { flat = true }):list()]]
      if vendor == "postgresql" then
        assert.same({ 8, 10, 9, 7 }, run(code))
      else
        local kind, message = raised(code)
        assert.equal("NotSupportedError", kind)
        assert.equal("DISTINCT ON fields is not supported by this database backend", message)
      end
    end)

    it("takes values only as values", function()
      assert.same({ 0, 0, 10 }, run [[
        local evil = "x' OR 1=1; DROP TABLE p4app_book; --"
        return {
          Book.objects:filter { title = evil }:count(),
          Book.objects:filter { title__contains = evil, subtitle__in = { evil, "?1", "$1", "%s" } }:count(),
          Book.objects:count(),
        }
      ]])
      for _, name in ipairs { 'a"; DROP TABLE p4app_book; --', "a b", "a'b", "a;b", "a--b", "a/*b", "a#b", "a[b", "a\tb", "" } do
        local kind, message = raised(("return Book.objects:annotate { [%q] = F 'id' }:list()"):format(name))
        assert.equal("ValueError", kind)
        assert.equal("Column aliases cannot contain whitespace characters, hashes, control characters, quotation marks, semicolons, or SQL comments.", message)
        kind = raised(("return Book.objects:order_by(%q):list()"):format(name))
        assert.equal("FieldError", kind)
        kind = raised(("return Book.objects:filter { [%q] = 1 }:list()"):format(name))
        assert.equal("FieldError", kind)
        kind = raised(("return Book.objects:values(%q):list()"):format(name))
        assert.is_true(kind == "ValueError" or kind == "FieldError")
        kind = raised(("return Trunc('published', %q)"):format(name))
        assert.equal("ValueError", kind)
        kind = raised(("return Extract('published', %q)"):format(name))
        assert.equal("ValueError", kind)
      end
    end)

    it("reckons with dates and durations", function()
      assert.same({ 2, { 1, 9 }, 1609581599 }, run [[
        local day = datetime.Duration { days = 1 }
        local moment = datetime.parse_datetime "2021-01-02T10:00:00Z"
        local shifted = Review.objects:annotate { later = ExpressionWrapper(F "created" + datetime.Duration { hours = 10, microseconds = 5 },
          { output_field = DateTimeField() }) }:get { pk = 2 }
        return {
          Book.objects:filter { published__lt = F "published" + day, author__born = datetime.Date(1970, 5, 1), id__lt = 3 }:count(),
          Review.objects:filter { created = Value(moment) - day }:order_by "id":values_list("id", { flat = true }):list(),
          (shifted.later - datetime.Duration { hours = 10, microseconds = 5 }):timestamp() - 86400 + 86400 - 50400,
        }
      ]])
      assert.equal("1 day, 13:59:59", run [[
        return tostring(Review.objects:annotate { age = F "created" - Value(datetime.parse_datetime "2021-01-01T10:00:00Z") }:get { pk = 2 }.age)
      ]])
    end)

    it("cuts and takes apart times in another zone", function()
      assert.same({ 2021, 0, "2021-01-01" }, run [[
        local berlin = timezone.get "Europe/Berlin"
        local review = Review.objects:annotate {
          year = Extract("created", "year", { tzinfo = berlin }), hour = Extract("created", "hour", { tzinfo = berlin }),
          day = Trunc("created", "day", { tzinfo = berlin }),
        }:get { pk = 4 }
        return { review.year, review.hour, tostring(review.day:astimezone(berlin):date()) }
      ]])
    end)

    it("computes spreads, powers and remainders", function()
      assert.same({ 4, 25, 2 }, run [[
        local book = Book.objects:annotate { square = F "id" ^ 2, rest = F "pages" % 6 }:get { pk = 5 }
        return { Book.objects:filter { id = 7 }:annotate { rest = F "pages" % 73 }:get().rest, book.square, book.rest - 2 }
      ]])
    end)

    it("combines querysets of one model", function()
      assert.same({ { 1, 2, 4, 8 }, { 2, 8 } }, run [[
        local ann, long = Book.objects:filter { author = 1 }, Book.objects:filter { pages__gt = 110, id__lt = 9, title__gt = "B", title__lt = "U" }
        local function pks(qs) return qs:distinct():order_by "id":exclude { id = 5 }:values_list("id", { flat = true }):list() end
        return { pks(ann + long), pks(ann * long) }
      ]])
    end)

    it("prefetches with querysets and attributes of its own", function()
      assert.same({ 2, { "Beta" }, { "Alpha", "Beta", 'The "quoted" \'book\'' } }, run [[
        local execute, n = db.execute, 0
        db.execute = function(...) n = n + 1 return execute(...) end
        local long = Prefetch("books", { queryset = Book.objects:filter { pages__gt = 150 }, to_attr = "long_books" })
        local ann = Author.objects:prefetch_related(long):order_by "id":list()[1]
        local titles, all = {}, {}
        for i, book in ipairs(ann.long_books) do titles[i] = book.title end
        db.execute = execute
        for i, book in ipairs(ann.books:order_by "id":list()) do all[i] = book.title end
        return { n, titles, all }
      ]])
    end)

    it("gives whole numbers beyond 2^53 exactly", function()
      assert.equal("9007199254740993", run [[
        local sum = Book.objects:filter { id = 1 }:annotate { big = Value(9007199254740993LL) }:get().big
        return (tostring(sum):gsub("LL$", ""))
      ]])
    end)
  end)
end
