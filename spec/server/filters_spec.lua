---Filters and pagination through the real binary.
local cjson = require "cjson"
local databases = require "support.databases"
local rows = require "support.rows"

databases.for_each(function(vendor, create)
  describe("lists on " .. vendor, function()
    local app, keys

    setup(function()
      app = rows.start(create())
      keys = app:fill {
        authors = { "Ann Lee", "Ben Ray" }, tags = { "sea", "seaside", "love" },
        books = {
          { title = "Moby Whale", author = 1, tags = { 1, 2 }, price = "9.50", pages = 600, owner = "x", published = "1851-10-18" },
          { title = "Emma", author = 2, tags = { 3 }, price = "4.00", owner = "Whale", published = "1815-12-23" },
          { title = "The Sea, the Sea", author = 2, tags = { 1 }, price = "7.25", pages = 500, in_print = false },
          { title = "A whale's song", author = 1, price = "20.00", pages = 100 },
        },
      }
    end)
    teardown(function() app:stop() end)
    after_each(function() app:rest() end)

    local function titles(reply)
      if reply.response_status ~= 200 then return reply.errors end
      local list = {}
      for i, book in ipairs(reply.data.results or reply.data) do list[i] = book.title end
      return list
    end

    local function listed(args) return titles(app:client("Filtered"):ask("list", args)) end
    local MOBY, EMMA, SEA, SONG = "Moby Whale", "Emma", "The Sea, the Sea", "A whale's song"

    -- ---- filters ----

    it("compares the declared fields with what the request says", function()
      assert.same({ MOBY, SONG }, listed { author = keys.authors[1] })
      assert.same({ EMMA, SEA }, listed { author__name = "Ben Ray" })
      assert.same({ SEA }, listed { in_print = false })
      assert.same({ SEA }, listed { in_print = "false" })
      assert.same({ EMMA }, listed { price__lt = 5 })
      assert.same({ MOBY, SONG }, listed { price__gte = "9.50" })
      assert.same({ MOBY, SEA }, listed { price__range = { "5", "10" } })
      assert.same({ MOBY, SEA }, listed { price__range = "5,10" })
      assert.same({ EMMA, SONG }, listed { title__in = { EMMA, SONG, "other" } })
      assert.same({ SEA }, listed { title__istartswith = "the" })
      assert.same({ EMMA }, listed { pages__isnull = true })
      assert.same({ MOBY }, listed { published__year = 1851 })
      assert.same({ MOBY }, listed { published__year__gt = 1820 })
      assert.same({ EMMA }, listed { published = "1815-12-23" })
      assert.same({ MOBY }, listed { author = keys.authors[1], price__lt = 10 })
      assert.same({ MOBY, SEA }, listed { tags = keys.tags[1] })
    end)

    it("passes over names that are not declared, null and empty values", function()
      assert.same(4, #listed { owner = "x" })
      assert.same(4, #listed { price__lte = 1 })
      assert.same(4, #listed { author = cjson.null, title = "" })
    end)

    it("answers values that a field cannot have with 400", function()
      assert.same({ { price__lt = { "Enter a number." } } }, listed { price__lt = "cheap" })
      assert.same({ { price__lt = { "Enter a number." } } }, listed { price__lt = { "__lookups" } })
      assert.same({ { price__range = { "Range query expects two values." } } }, listed { price__range = { 1 } })
      assert.same({ { published = { "Enter a valid date." } } }, listed { published = "1815-13-23" })
      assert.same({ { in_print = { "Enter a valid boolean." } } }, listed { in_print = "maybe" })
      assert.same({ { author = { "Enter a number." } } }, listed { author = true })
      assert.same({ { published__year = { "Enter a number." } } }, listed { published__year = "x" })
      local errors = listed { price__lt = "x", pages = "y" }
      assert.same({ { price__lt = { "Enter a number." }, pages = { "Enter a number." } } }, errors)
    end)

    it("searches words in the fields, each as its prefix says", function()
      assert.same({ MOBY, EMMA, SONG }, listed { search = "whale" })
      assert.same({ MOBY }, listed { search = "whale moby" })
      assert.same({ MOBY }, listed { search = "whale,moby" })
      assert.same({}, listed { search = "whale nothing" })
      assert.same({ MOBY, SONG }, listed { search = "ann" })
      assert.same({}, listed { search = "ee" }) -- the author's name only begins with a word
      assert.same({ SEA }, listed { search = "\"the sea\"" })
      assert.same({ EMMA }, listed { search = "^E" })
      assert.same({ MOBY, SEA }, listed { search = "sea" }) -- once, though two tags match
      assert.same({ EMMA }, listed { search = "love" })
      assert.same(4, #listed { search = "" })
      assert.same(4, #listed { search = cjson.null })
      assert.same(4, #listed { search = { "whale" } })
      assert.same({ { search = { "Null characters are not allowed." } } }, listed { search = "a\0b" })
    end)

    it("answers what a database cannot take with 400", function()
      local function refused(name, message, values)
        for _, value in ipairs(values) do assert.same({ { [name] = { message } } }, listed { [name] = value }) end
      end
      refused("search", "Enter a valid regular expression.", { "(", "[", "*", "whale \\" })
      refused("title", "Null characters are not allowed.", { "a\0b" })
      refused("title__in", "Null characters are not allowed.", { "a\0b", { "a", "\0" } })
      refused("title__istartswith", "Null characters are not allowed.", { "a\0b" })
      refused("published__year", "Enter a valid year.", { 0, -5, 10000, "2147483647" })
      refused("published__year__gt", "Enter a number.", { 1e300, "Infinity", "9999999999999" })
      refused("price__lt", "Enter a number.", { "1e1000000", "1e-1000000", "Infinity" })
    end)

    it("looks for so many words, each once, and orders by a field once", function()
      local words = {}
      for i = 1, 17 do words[i] = "w" .. i end
      assert.same({ { search = { "Ensure this value has at most 16 words." } } }, listed { search = table.concat(words, " ") })
      assert.same({}, listed { search = table.concat(words, " ", 2) })
      assert.same({ MOBY, EMMA, SONG }, listed { search = ("whale "):rep(3000) })
      assert.same({ SONG, EMMA, MOBY, SEA }, listed { ordering = ("title,-title,"):rep(9000) })
    end)

    it("orders by what is allowed, else by default", function()
      assert.same({ MOBY, EMMA, SEA, SONG }, listed {})
      assert.same({ SONG, EMMA, MOBY, SEA }, listed { ordering = "title" })
      assert.same({ SONG, MOBY, SEA, EMMA }, listed { ordering = "-price" })
      assert.same({ SEA, EMMA, MOBY, SONG }, listed { ordering = "-author__name,-title" })
      assert.same({ SEA, EMMA, MOBY, SONG }, listed { ordering = { "-author__name", "-title" } })
      assert.same({ MOBY, EMMA, SEA, SONG }, listed { ordering = "owner,id; DROP TABLE rows_book" })
      assert.same({ EMMA, SEA, MOBY, SONG }, listed { ordering = "nonsense,price" })
    end)

    it("orders by what the serializer shows, or by any field, when a consumer names none", function()
      local function first(consumer, ordering) return app:client(consumer):get("list", { ordering = ordering })[1].title end
      assert.same({ SONG, EMMA }, { first("Shown", "title"), first("All", "price") })
      app:client("Shown"):get("list", { ordering = "price,tags,author__name,nonsense" })
      assert.same({ SEA, SEA }, { first("Shown", "-title,price"), first("All", "in_print,nonsense") })
    end)

    it("filters narrow what get_object finds, too", function()
      local client = app:client "Filtered"
      assert.same(200, client:ask("retrieve", { pk = keys.books[1], search = "moby" }).response_status)
      assert.same(404, client:ask("retrieve", { pk = keys.books[1], search = "emma" }).response_status)
    end)

    -- ---- pages ----

    local function page(consumer, args)
      local reply = app:client(consumer):ask("list", args)
      local data = reply.data
      if data == cjson.null then return reply.errors, reply.response_status end
      return { titles(reply), data.previous == cjson.null and "-" or data.previous, data.next == cjson.null and "-" or data.next, data.count }
    end

    it("code that looks at the rows before they are sent finds lists", function()
      assert.same({ first = MOBY, n = 4 }, app:client("Looked"):get "list")
      assert.same(4, app:client("Looked"):get "again")
      assert.same({ first = MOBY, n = 2 }, app:client("LookedPages"):get "list")
      assert.same({ first = MOBY, n = 2 }, app:client("LookedWrap"):get "list")
      assert.same(4, app:client("LookedSent"):get "list")
    end)

    it("limits and offsets in DRF's shape", function()
      assert.same({ { MOBY, EMMA }, "-", { limit = 2, offset = 2 }, 4 }, page("LimitOffset"))
      assert.same({ { SEA, SONG }, { limit = 2, offset = 0 }, "-", 4 }, page("LimitOffset", { offset = 2 }))
      assert.same({ { EMMA, SEA, SONG }, { limit = 4, offset = 0 }, "-", 4 }, page("LimitOffset", { limit = 99, offset = 1 }))
      assert.same({ {}, { limit = 2, offset = 7 }, "-", 4 }, page("LimitOffset", { offset = 9 }))
      assert.same({ { MOBY, EMMA }, "-", { limit = 2, offset = 2 }, 4 }, page("LimitOffset", { limit = -1, offset = "x" }))
      assert.same({ { MOBY, EMMA }, "-", { limit = 2, offset = 2 }, 4 }, page("LimitOffset", { limit = cjson.null, offset = 1e300 }))
    end)

    it("numbers pages", function()
      assert.same({ { MOBY, EMMA }, "-", { page = 2 }, 4 }, page("PageNumber"))
      assert.same({ { SEA, SONG }, { page = 1 }, "-", 4 }, page("PageNumber", { page = "2" }))
      assert.same({ { SEA, SONG }, { page = 1 }, "-", 4 }, page("PageNumber", { page = "last" }))
      assert.same({ { SONG }, { page = 1 }, "-", 4 }, page("PageNumber", { page = 2, page_size = 50 }))
      assert.same({ { MOBY, EMMA, SEA }, "-", { page = 2 }, 4 }, page("DefaultSize"))
      for _, number in ipairs { 0, -1, 3, 1.5, "x", true, { 1 } } do
        local errors, status = page("PageNumber", { page = number })
        assert.same({ { "Invalid page." }, 404 }, { errors, status }, cjson.encode { number })
      end
    end)

    local function walk(consumer, args, direction)
      local seen = {}
      for _ = 1, 20 do
        local data = app:client(consumer):get("list", args)
        local list = titles { response_status = 200, data = data }
        seen[#seen + 1] = table.concat(list, " | ")
        if data[direction] == cjson.null then return seen, data end
        for key, value in pairs(data[direction]) do args[key] = value end
      end
      error "the pages have no end"
    end

    it("walks with cursors, forth and back, NULLs last or first", function()
      local nulls_first = vendor == "postgresql" -- in descending order
      local there = nulls_first and { EMMA .. " | " .. MOBY, SEA .. " | " .. SONG } or { MOBY .. " | " .. SEA, SONG .. " | " .. EMMA }
      local seen, last = walk("Cursor", {}, "next")
      assert.same(there, seen)
      local back = walk("Cursor", { cursor = last.previous.cursor }, "previous")
      assert.same({ there[1] }, back)
      assert.same({ there[1] .. " | " .. there[2] }, (walk("Cursor", { size = 4 }, "next")))
    end)

    it("a cursor follows the order that a filter backend has chosen", function()
      assert.same({ SONG .. " | " .. EMMA, MOBY .. " | " .. SEA }, (walk("OrderedCursor", { ordering = "title" }, "next")))
      assert.same({ SEA .. " | " .. MOBY, EMMA .. " | " .. SONG }, (walk("OrderedCursor", { ordering = "-title" }, "next")))
      assert.same({ MOBY .. " | " .. EMMA, SEA .. " | " .. SONG }, (walk("OrderedCursor", {}, "next")))
      assert.same(404, app:client("OrderedCursor"):ask("list", { ordering = "title", cursor = "0f:a\0b" }).response_status)
    end)

    it("a cursor nobody has given is not found", function()
      for _, cursor in ipairs { "x", "1", "0q", "0f1", "0f:notanumber", true, { "0f" }, "99999999999999f", "0f:a\0b" } do
        local errors, status = page("Cursor", { cursor = cursor })
        assert.same({ { "Invalid cursor" }, 404 }, { errors, status }, cjson.encode { cursor })
      end
    end)
  end)

  describe("cursors of equal values on " .. vendor, function()
    it("tell rows apart by their place", function()
      local app = rows.start(create())
      local books = {}
      for i = 1, 9 do books[i] = { title = ("%02d"):format(i), pages = i <= 6 and 5 or 4 } end
      app:fill { books = books }
      local client, args, seen = app:client "Cursor", {}, {}
      repeat
        local data = client:get("list", args)
        for _, book in ipairs(data.results) do seen[book.title] = (seen[book.title] or 0) + 1 end
        args = data.next ~= cjson.null and data.next or nil
      until not args
      for i = 1, 9 do assert.same(1, seen[("%02d"):format(i)]) end
      app:rest()
      app:stop()
    end)
  end)
end)
