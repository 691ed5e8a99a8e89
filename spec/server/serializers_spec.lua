---Serializers beyond what the golden files show: fields of one's own, inheritance, queries, rows straight from the database, declarations that are wrong.
local databases = require "support.databases"
local json = require "support.json"
local process = require "support.process"
local server = require "support.server"

local PREAMBLE = [[
local kit = require "serializers.kit"
local json, null, m, s = kit.json, kit.null, kit.m, kit.s
]]

databases.for_each(function(vendor, create)
  describe("serializers on " .. vendor, function()
    local database, running, ws

    setup(function()
      database = create()
      running = server.start { app = "spec/apps/serializers", args = { "--database", database.url, "--debug" } }
      ws = assert(running:connect())
    end)
    teardown(function()
      ws:close()
      running:stop()
      database:drop()
    end)

    ---What a chunk returns, as JSON text.
    local function run(chunk)
      ws:send_text(json.encode(json.object { { "action", "run" }, { "chunk", PREAMBLE .. chunk } }))
      local text = assert(ws:receive(server.patience))
      local reply = json.decode(text).values
      assert.equal("200", reply.response_status.text, running:log():match '"error":"(.-)",[^\n]*\n*$' or text)
      return (text:match '^{"errors":%[%],"data":(.*),"action":"run"')
    end

    local function check(expected, chunk) assert.equal(expected, run(chunk)) end

    -- ---- making one ----

    it("takes an object and options, or options alone", function()
      check('[{"x":1},{"x":2},true,"5"]', [[
        local X = s.Serializer:extend("X", { x = s.IntegerField() })
        local third = X { data = { x = 5 } }
        return { X({ x = 1 }).data, X({ x = 2 }, { context = {} }).data, third:is_valid(), tostring(third.validated_data.x) }]])
      check('[[{"x":1}],[{"x":2}]]', [[
        local X = s.Serializer:extend("X", { x = s.IntegerField() })
        return { X({ { x = 1 } }, { many = true }).data, X { instance = { { x = 2 } }, many = true }.data }]])
    end)

    it("says when its properties can be read", function()
      check('["AssertionError: You must call `.is_valid()` before accessing `.errors`.","AssertionError: You must call `.is_valid()` before accessing '
        .. '`.validated_data`.","AssertionError: Cannot call `.is_valid()` as no `data=` keyword argument was passed when instantiating the serializer '
        .. 'instance.","AssertionError: You must call `.is_valid()` before calling `.save()`.","AssertionError: You cannot call `.save()` on a serializer with '
        .. 'invalid data."]', [[
        local X = s.Serializer:extend("X", { x = s.IntegerField() })
        local with_data, bad = X(nil, { data = { x = 1 } }), X(nil, { data = {} })
        bad:is_valid()
        return {
          kit.raised(function() return with_data.errors end), kit.raised(function() return with_data.validated_data end),
          kit.raised(function() X {}:is_valid() end), kit.raised(function() with_data:save() end), kit.raised(function() bad:save() end),
        }]])
      check('["AssertionError: When a serializer is passed a `data` keyword argument you must call `.is_valid()` before attempting to access the serialized '
        .. '`.data` representation.\\nYou should either call `.is_valid()` first, or access `.initial_data` instead."]', [[
        local X = s.Serializer:extend("X", { x = s.IntegerField() })
        return { kit.raised(function() return X(nil, { data = { x = 1 } }).data end) }]])
    end)

    it("raises its errors when it is asked to", function()
      check('[400,{"x":["This field is required."]},{"x":["required"]}]', [[
        local X = s.Serializer:extend("X", { x = s.IntegerField() })
        local ok, err = pcall(function() X(nil, { data = {} }):is_valid { raise_exception = true } end)
        return { err.status_code, err.detail, err:get_codes() }]])
    end)

    it("shows initial values, or the data as it came, without valid data", function()
      check('[{"name":"","count":5},{"name":"x","count":"no"}]', [[
        local X = s.Serializer:extend("X", { name = s.CharField(), count = s.IntegerField { initial = 5 }, shown = s.CharField { read_only = true } })
        local bad = X(nil, { data = { name = "x", count = "no", other = 1 } })
        bad:is_valid()
        return { X():get_data(), bad.data }]])
    end)

    -- ---- fields ----

    it("inherits fields, in their order, and gives some of them up", function()
      check('[["a","b","c","d"],["a","c"],["a","b","c"],["z","a","b","c"]]', [[
        local ordered = require "tidewire.serializers.ordered"
        local Base = s.Serializer:extend("Base", { a = s.CharField(), b = s.CharField(), c = s.CharField() })
        local More = Base:extend("More", { d = s.CharField(), b = s.IntegerField() })
        local Less = Base:extend("Less", { b = null })
        local Method = Base:extend("Method", { validate = function(_, attrs) return attrs end })
        local Mixin = s.Serializer:extend("Mixin", { z = s.CharField() })
        local Both = Base:extend("Both", Mixin, {})
        local list = {}
        for i, X in ipairs { More, Less, Method, Both } do list[i] = ordered.names(X().fields) end
        return list]])
    end)

    it("has fields of its own, which may be changed before they are used", function()
      check('[{"a":"1","c":3},{"a":"1","b":"2"},{"a":["This field is required."],"c":["This field is required."]}]', [[
        local X = s.Serializer:extend("X", { a = s.CharField(), b = s.CharField() })
        local one = X { instance = { a = 1, b = 2, c = 3 } }
        one.fields.b, one.fields.c = nil, s.IntegerField()
        local two = X(nil, { data = {} })
        two.fields.b = nil
        two.fields.c = s.CharField()
        two:is_valid()
        return { one.data, X({ a = 1, b = 2 }, {}).data, two.errors }]])
    end)

    it("lets init() take options of its own", function()
      check('[{"a":"1"},{"a":"1","b":"2"}]', [[
        local X = s.Serializer:extend("X", { a = s.CharField(), b = s.CharField() })
        function X:init(instance, options)
          local rest = {}
          for name, value in pairs(options) do rest[name] = value end
          rest.only = nil
          X.super.init(self, instance, rest)
          for name in pairs(options.only and self.fields or {}) do
            if not options.only[name] then self.fields[name] = nil end
          end
        end
        return { X({ a = 1, b = 2 }, { only = { a = true } }).data, X({ a = 1, b = 2 }, {}).data }]])
    end)

    it("asks get_fields() anew for each serializer where it is overridden", function()
      check('[{"a":"1"},{"a":"1","extra":"k"},{"a":["This field is required."],"extra":["This field is required."]}]', [[
        local X = s.Serializer:extend("X", { a = s.CharField() })
        function X:get_fields()
          local fields = X.super.get_fields(self)
          if self.context.extra then fields.extra = s.CharField() end
          return fields
        end
        local bad = X(nil, { data = {}, context = { extra = true } })
        bad:is_valid()
        return { X({ a = 1 }, {}).data, X({ a = 1, extra = "k" }, { context = { extra = true } }).data, bad.errors }]])
    end)

    it("hands the context to nested fields and their methods", function()
      check('[{"inner":{"k":5,"u":"ann"},"list":[{"k":5,"u":"ann"}]},{"inner":{"k":6,"u":"bob"},"list":[]}]', [[
        local Inner = s.Serializer:extend("Inner", { k = s.SerializerMethodField(), u = s.SerializerMethodField() })
        function Inner:get_k() return self.context.k end
        function Inner:get_u() return self.root.context.u end
        local X = s.Serializer:extend("X", { inner = Inner(), list = Inner { many = true } })
        return {
          X({ inner = {}, list = { {} } }, { context = { k = 5, u = "ann" } }).data, X({ inner = {}, list = json.array {} }, { context = { k = 6, u = "bob" } }).data,
        }]])
    end)

    it("keeps what is put to representations, behind their own keys", function()
      check('[{"b":"2","a":"1","z":true},{"b":"2","a":"1"},{"a":"1","y":1}]', [[
        local X = s.Serializer:extend("X", { b = s.CharField(), a = s.CharField() })
        local one, two, three = X({ a = 1, b = 2 }, {}).data, X({ a = 1, b = 2 }, {}).data, X({ a = 1, b = 2 }, {}).data
        one.z, three.y, three.b = true, 1, nil
        return { one, two, three }]])
    end)

    it("takes what a serializer gave out as data", function()
      check('[true,{"inner":{"x":1}}]', [[
        local Inner = s.Serializer:extend("Inner", { x = s.IntegerField() })
        local X = s.Serializer:extend("X", { inner = Inner() })
        local again = X(nil, { data = X({ inner = { x = 1 } }, {}).data })
        return { again:is_valid(), again.validated_data }]])
    end)

    it("validates a part of nested objects with the whole", function()
      check('[true,{"inner":{"x":1}},false,{"inner":{"x":["A valid integer is required."]}}]', [[
        local Inner = s.Serializer:extend("Inner", { x = s.IntegerField(), y = s.IntegerField() })
        local X = s.Serializer:extend("X", { inner = Inner(), name = s.CharField() })
        local one, two = X({}, { data = { inner = { x = 1 } }, partial = true }), X({}, { data = { inner = { x = "q" } }, partial = true })
        return { one:is_valid(), one.validated_data, two:is_valid(), two.errors }]])
    end)

    -- ---- models ----

    it("does not take read-only fields from clients", function()
      check('[true,{"title":"x"},1,"One"]', [[
        kit.library()
        local Book = s.ModelSerializer:extend("Book", { Meta = { model = m.Book, fields = { "id", "title", "author", "shout" }, read_only_fields = { "author" } } })
        local book = m.Book.objects:get { title = "One" }
        local serializer = Book(book, { data = { id = 99, title = "x", author = 2, shout = "!" } })
        local valid, values = serializer:is_valid(), serializer.validated_data
        return { valid, values, book.author_id, book.title }]])
    end)

    it("saves relations to many rows, and only what came in of a part", function()
      check('[{"title":"New","tags":[2,1],"author":1},{"title":"New","tags":[],"author":2}]', [[
        kit.library()
        local Book = s.ModelSerializer:extend("Book", { Meta = { model = m.Book, fields = { "title", "tags", "author" } } })
        local new = Book(nil, { data = { title = "New", author = 1, tags = { 2, 1 } } })
        new:is_valid { raise_exception = true }
        local row = new:save()
        local first = new.data
        table.sort(first.tags, function(a, b) return a > b end)
        local part = Book(row, { data = { author = 2, tags = json.array {} }, partial = true })
        part:is_valid { raise_exception = true }
        part:save()
        return { first, part.data }]])
    end)

    it("creates a row a member of a list, and leaves updates of lists to the app", function()
      check('[[{"name":"a"},{"name":"b"}],2,"NotImplementedError","{\\"name\\":\\"A\\"}"]', [[
        kit.clear()
        local Tag = s.ModelSerializer:extend("Tag", { Meta = { model = m.Tag, fields = { "name" } } })
        local many = Tag(nil, { data = { { name = "a" }, { name = "b" } }, many = true })
        many:is_valid { raise_exception = true }
        many:save()
        local update = Tag(m.Tag.objects:list(), { data = { { name = "c" } }, many = true })
        update:is_valid { raise_exception = true }
        local refused = kit.raised(function() update:save() end):match "^%w+"
        local List = s.ListSerializer:extend "List"
        function List:update(rows, data)
          for i, row in ipairs(rows) do rows[i] = self.child:update(row, data[i]) end
          return rows
        end
        local Own = Tag:extend("Own", { Meta = { model = m.Tag, fields = { "name" }, list_serializer_class = List } })
        local own = Own(m.Tag.objects:filter { name = "a" }:list(), { data = { { name = "A" } }, many = true })
        own:is_valid { raise_exception = true }
        own:save()
        return { many.data, m.Tag.objects:count(), refused, json.encode(own.data[1]) }]])
    end)

    it("refuses to write nested objects and dotted sources by itself", function()
      check('["AssertionError: The `.create()` method does not support writable nested fields by default.\\nWrite an explicit `.create()` method for serializer '
        .. '`Nested`, or set `read_only=True` on nested serializer fields.","AssertionError: The `.update()` method does not support writable dotted-source '
        .. 'fields by default.\\nWrite an explicit `.update()` method for serializer `Dotted`, or set `read_only=True` on dotted-source serializer fields."]', [[
        kit.library()
        local Author = s.Serializer:extend("Author", { name = s.CharField() })
        local Nested = s.ModelSerializer:extend("Nested", { author = Author(), Meta = { model = m.Book, fields = { "title", "author" } } })
        local Dotted = s.ModelSerializer:extend("Dotted", {
          author_name = s.CharField { source = "author.name" }, Meta = { model = m.Book, fields = { "title", "author_name" } },
        })
        local one = Nested(nil, { data = { title = "t", author = { name = "n" } } })
        local two = Dotted(m.Book.objects:first(), { data = { title = "t", author_name = "n" } })
        one:is_valid { raise_exception = true } two:is_valid { raise_exception = true }
        return { kit.raised(function() one:save() end), kit.raised(function() two:save() end) }]])
    end)

    it("represents and finds rows by a slug", function()
      check('[{"title":"One","author":"Ann","tags":["red","blue"]},true,2,{"author":["Object with name=Zoe does not exist."],"tags":["Object with name={} does not exist."]}]', [[
        kit.library()
        local Book = s.ModelSerializer:extend("Book", {
          author = s.SlugRelatedField { queryset = m.Author.objects, slug_field = "name" },
          tags = s.SlugRelatedField { queryset = m.Tag.objects, slug_field = "name", many = true },
          Meta = { model = m.Book, fields = { "title", "author", "tags" } },
        })
        local good = Book(nil, { data = { title = "t", author = "Bob", tags = { "red" } } })
        local valid = good:is_valid()
        local bad = Book(nil, { data = { title = "t", author = "Zoe", tags = { {} } } })
        bad:is_valid()
        local one = Book(m.Book.objects:get { title = "One" }).data
        table.sort(one.tags, function(a, b) return a > b end)
        return { one, valid, good.validated_data.author.pk, bad.errors }]])
    end)

    it("writes keys by pk_field", function()
      check('[{"author":"1"},{"author":"2"}]', [[
        kit.library()
        local Book = s.ModelSerializer:extend("Book", {
          author = s.PrimaryKeyRelatedField { queryset = m.Author.objects, pk_field = s.CharField() }, Meta = { model = m.Book, fields = { "author" } },
        })
        local books = m.Book.objects:order_by "pk"
        return { Book(books:first()).data, Book(books:last()).data }]])
    end)

    it("checks constraints that hold for some rows", function()
      check('[false,["The fields room, hour must make a unique set."],true,true]', [[
        kit.clear()
        local Q = require "tidewire.models".Q
        m.Slot.objects:create { room = "A", day = "2020-01-01", hour = 10 }
        local Slot = s.ModelSerializer:extend("Slot", { Meta = { model = m.Slot, fields = { "room", "day", "hour" }, validators = {
          s.UniqueTogetherValidator { queryset = m.Slot.objects, fields = { "room", "hour" }, condition = Q { hour__gte = 9 }, condition_fields = { "hour" } },
        } } })
        local function try(room, hour)
          local serializer = Slot(nil, { data = { room = room, day = "2021-01-01", hour = hour } })
          return serializer:is_valid(), serializer.errors.non_field_errors
        end
        local a, errors = try("A", 10)
        m.Slot.objects:create { room = "A", day = "2020-02-02", hour = 8 }
        return { a, errors, (try("B", 10)), (try("A", 8)) }]])
    end)

    it("represents rows of values()", function()
      check('[[{"title":"One","year":2001},{"title":"Untitled","year":null}]]', [[
        kit.library()
        m.Book.objects:create { title = "Untitled", author_id = 1 }
        local Book = s.Serializer:extend("Book", { title = s.CharField(), year = s.IntegerField() })
        return { Book(m.Book.objects:filter { title__in = { "One", "Untitled" } }:order_by("pk"):values("title", "year"), { many = true }).data }]])
    end)

    -- ---- queries ----

    local NESTED = [[
      local Tag = s.ModelSerializer:extend("TagN", { Meta = { model = m.Tag, fields = { "name" } } })
      local Author = s.ModelSerializer:extend("AuthorN", { Meta = { model = m.Author, fields = { "name" } } })
      local Book = s.ModelSerializer:extend("BookN", {
        author = Author { read_only = true }, tags = Tag { many = true, read_only = true }, editor_name = s.CharField { source = "editor.name", allow_null = true, read_only = true },
        Meta = { model = m.Book, fields = { "title", "author", "tags", "editor_name" } },
      })
      local Shelf = s.ModelSerializer:extend("AuthorWithBooks", { books = Book { many = true, read_only = true }, Meta = { model = m.Author, fields = { "name", "books" } } })
    ]]

    it("makes one query a relation for all rows of a list, whether the queryset loads them or not", function()
      check('[4,4,2,true]', [[
        kit.library()]] .. NESTED .. [[
        local books = m.Book.objects:order_by "pk"
        local plain, first = kit.count(function() return Book(books:all(), { many = true }).data end)
        local some, second = kit.count(function() return Book(books:select_related "author":prefetch_related("tags", "editor"), { many = true }).data end)
        local joined, third = kit.count(function() return Book(books:select_related("author", "editor"):prefetch_related "tags", { many = true }).data end)
        return { plain, some + 1, joined, json.encode(first) == json.encode(second) and json.encode(second) == json.encode(third) }]])
    end)

    it("does so below nested lists", function()
      check('[4,"One","Ann"]', [[
        kit.library()]] .. NESTED .. [[
        local queries, data = kit.count(function() return Shelf(m.Author.objects:order_by "pk", { many = true }).data end)
        return { queries, data[1].books[1].title, data[1].books[1].author.name }]])
    end)

    it("names in debug mode the field that a queryset should load, once", function()
      run("kit.library()" .. NESTED .. [[
        for _ = 1, 2 do local _ = Book(m.Book.objects:order_by "pk", { many = true }).data end]])
      local found = {}
      for _, event in ipairs(running:events()) do
        if event.event:find("related rows were not loaded", 1, true) and event.serializer == "BookN" then found[#found + 1] = event.field .. " " .. event.hint end
      end
      table.sort(found)
      assert.same({ 'author select_related("author")', 'editor_name select_related("editor")', 'tags prefetch_related("tags")' }, found)
    end)

    it("reads a foreign key without the row it refers to", function()
      check('[1,[1,1,2,2],[2,null,1,null]]', [[
        kit.library()
        local Book = s.ModelSerializer:extend("Book", { Meta = { model = m.Book, fields = { "author", "editor" } } })
        local queries, data = kit.count(function() return Book(m.Book.objects:order_by "pk", { many = true }).data end)
        local authors, editors = {}, {}
        for i, row in ipairs(data) do authors[i], editors[i] = row.author, row.editor end
        return { queries, authors, editors }]])
    end)

    -- ---- straight from the database ----

    it("writes lists of plain columns as their fields would, in one go", function()
      check('[true,true,true,true]', [==[
        kit.clear()
        local decimal, datetime, timezone = require "tidewire.decimal", require "tidewire.datetime", require "tidewire.timezone"
        local function row(i, more)
          local values = {
            auto_text = "t" .. i, char_choices = "r", char_unique = "u" .. i, char_verbose = "v", char_minlen = "abc", char_regex = "a", text = "é\"\\\n" .. i,
            boolean = i % 2 == 0, integer = -i, integer_minmax = 5, integer_choices = 1, bigint = 9007199254740993LL, smallint = i, posint = i, possmall = i,
            posbig = i, float_field = i / 3, decimal_field = decimal.Decimal("1" .. i .. ".50"), decimal_validators = decimal.Decimal "0.55",
            date = "2020-02-0" .. i, datetime = datetime.DateTime(2020, 1, i, 3, 4, 5, i == 1 and 0 or 120 * i, timezone.utc), time = i == 1 and "10:00:00" or "10:00:00.5",
            duration = datetime.Duration { seconds = 5 }, email = "a@x.org", url = "http://x.org/", slug = "s", slug_unicode = "s" .. i,
            uuid_field = "11111111-2222-3333-4444-55555555555" .. i, ip = "10.0.0.1", json = { a = { 1, "é", null } }, binary = "x",
          }
          for name, value in pairs(more or {}) do values[name] = value end
          m.AllTypes.objects:create(values)
        end
        row(1) row(2, { integer_null = 7, boolean_null = true, time_null = "23:59:59.000001", char_null = "" }) row(3, { float_field = 2 })
        local names = {
          "id", "auto_text", "char_blank", "char_null", "char_verbose", "text", "boolean", "boolean_null", "integer", "integer_null", "bigint", "smallint",
          "posbig", "float_field", "decimal_field", "decimal_validators", "date", "date_auto_now", "datetime", "datetime_auto_now_add", "time", "time_null",
          "email", "url", "slug", "uuid_field", "uuid_default", "json",
        }
        local All = s.ModelSerializer:extend("All", { Meta = { model = m.AllTypes, fields = names } })
        local function same(queryset)
          local raw = assert(All(queryset, { many = true }):data_json(), "not encoded")
          local function normal(text) return json.encode(json.decode(text)) end -- JSON columns keep the database's white space
          local plain = json.encode(All(queryset:all(), { many = true }).data)
          local raw_text = json.encode(raw)
          if #raw_text ~= #plain then raw_text = raw_text:gsub(': ', ':'):gsub(', ', ',') end
          return raw_text == plain or { raw_text, plain }
        end
        local rows = m.AllTypes.objects:order_by "pk"
        return { same(rows), same(rows:slice(1, 2)), same(rows:filter { integer = -2 }), same(m.AllTypes.objects:filter { pk = -1 }) }]==])
      assert.equal("1", run "return m.AllTypes.objects:filter { integer = -1 }:count()")
    end)

    it("leaves other lists to the fields", function()
      check('[false,false,false,false,false,false,false,true,true]', [[
        kit.library()
        local function is_encoded(X, rows) return X(rows, { many = true }):data_json() ~= nil end
        local Meta = { model = m.Book, fields = { "id", "title", "author" } }
        local Plain = s.ModelSerializer:extend("Plain", { Meta = Meta })
        local Own = s.ModelSerializer:extend("Own", { Meta = Meta, to_representation = function() return {} end })
        local Upper = s.CharField:extend("Upper", { to_representation = function(_, value) return value:upper() end })
        local Field = s.ModelSerializer:extend("Field", { title = Upper(), Meta = Meta })
        local Method = s.ModelSerializer:extend("Method", { title = s.SerializerMethodField(), get_title = function() return "x" end, Meta = Meta })
        local Many = s.ModelSerializer:extend("Many", { Meta = { model = m.Book, fields = { "id", "tags" } } })
        local evaluated = m.Book.objects:all()
        evaluated:list()
        return {
          is_encoded(Own, m.Book.objects:all()), is_encoded(Field, m.Book.objects:all()), is_encoded(Method, m.Book.objects:all()),
          is_encoded(Many, m.Book.objects:all()), is_encoded(Plain, evaluated), is_encoded(Plain, m.Author.objects:all()),
          is_encoded(Plain, m.Book.objects:only "title"), is_encoded(Plain, m.Book.objects:select_related "author"), is_encoded(Plain, m.Book.objects),
        }]])
    end)
  end)
end)

-- ---- declarations that are wrong ----

describe("a serializer that is declared wrongly", function()
  local folder

  before_each(function() folder = process.temporary_folder() end)
  after_each(function() os.execute("rm -rf " .. folder) end)

  local function write(name, text)
    local file = assert(io.open(folder .. "/trial/" .. name, "wb"))
    file:write(text)
    file:close()
  end

  ---What `tidewire check` says about a declaration, which stands in line 9 and those that follow.
  local function complaint(declaration)
    os.execute("mkdir -p " .. folder .. "/trial")
    write("serializers.lua", ([[local models = require "tidewire.models"
local s = require "tidewire.serializers"
local Author = models.Model:extend("Author", { name = models.CharField { max_length = 9 } })
local Book = models.Model:extend("Book", {
  title = models.CharField { max_length = 9 },
  author = models.ForeignKey(Author, { on_delete = models.CASCADE }),
})
local Base = s.Serializer:extend("Base", { x = s.CharField() })
%s
return { Author, Book, Base }
]]):format(declaration))
    write("app.lua", 'require "trial.serializers"\nreturn require "tidewire".app { name = "trial", database = "sqlite::memory:", routes = {} }\n')
    local code, out, err = process.run { server.binary, "check", folder .. "/trial" }
    assert.equal(1, code, out .. err)
    return err
  end

  local function complains(words, declaration)
    local text = complaint(declaration)
    for _, word in ipairs(words) do assert.truthy(text:find(word, 1, true), ("%q is not in %s"):format(word, text)) end
  end

  it("is complained about with DRF's text and the app's line when the app is loaded", function()
    complains({ "serializers.lua:9:", "Field name `titel` is not valid for model `Book` in `X`." },
      's.ModelSerializer:extend("X", { Meta = { model = Book, fields = { "titel" } } })')
    complains({ "serializers.lua:9:", "The field 'x' was declared on serializer X, but has not been included in the 'fields' option." },
      's.ModelSerializer:extend("X", { x = s.CharField(), Meta = { model = Book, fields = { "title" } } })')
    complains({ "serializers.lua:9:", "The field 'nope' was included on serializer X in the 'exclude' option, but does not match any model field." },
      's.ModelSerializer:extend("X", { Meta = { model = Book, exclude = { "nope" } } })')
    complains({ "serializers.lua:9:", "Cannot set both 'fields' and 'exclude' options on serializer X." },
      's.ModelSerializer:extend("X", { Meta = { model = Book, fields = { "id" }, exclude = { "id" } } })')
    complains({ "serializers.lua:9:", "Creating a ModelSerializer without either the 'fields' attribute or the 'exclude' attribute has been deprecated since 3.3.0" },
      's.ModelSerializer:extend("X", { Meta = { model = Book } })')
    complains({ "serializers.lua:9:", 'Class X missing "Meta.model" attribute' }, 's.ModelSerializer:extend("X", { Meta = { fields = "__all__" } })')
    complains({ "serializers.lua:9:", "the correct spelling for the option is `read_only_fields`." },
      's.ModelSerializer:extend("X", { Meta = { model = Book, fields = "__all__", readonly_fields = { "title" } } })')
    complains({ "serializers.lua:9:", "read_only_feilds", "did you mean read_only_fields?" },
      's.ModelSerializer:extend("X", { Meta = { model = Book, fields = "__all__", read_only_feilds = { "title" } } })')
    complains({ "serializers.lua:9:", "extra_kwargs", "titel" },
      's.ModelSerializer:extend("X", { Meta = { model = Book, fields = "__all__", extra_kwargs = { titel = { required = false } } } })')
    complains({ "serializers.lua:9:", "read_only_fields", "titel" },
      's.ModelSerializer:extend("X", { Meta = { model = Book, fields = "__all__", read_only_fields = { "titel" } } })')
    complains({ "serializers.lua:9:", "It is redundant to specify `source='title'` on field 'CharField' in serializer 'X'" },
      's.Serializer:extend("X", { title = s.CharField { source = "title" } })')
    complains({ "serializers.lua:9:", "PrimaryKeyRelatedField", "Relational field must provide a `queryset` argument" },
      's.Serializer:extend("X", { a = s.PrimaryKeyRelatedField() })')
    complains({ "serializers.lua:9:", "The `slug_field` argument is required." },
      's.Serializer:extend("X", { a = s.SlugRelatedField { queryset = Author.objects } })')
    complains({ "serializers.lua:9:", "'depth' may not be greater than 10." },
      's.ModelSerializer:extend("X", { Meta = { model = Book, fields = "__all__", depth = 11 } })')
    complains({ "serializers.lua:9:", "validate_titel" },
      's.ModelSerializer:extend("X", { validate_titel = function(_, value) return value end, Meta = { model = Book, fields = { "title" } } })')
    complains({ "serializers.lua:9:", "get_full" }, 's.Serializer:extend("X", { full = s.SerializerMethodField() })')
  end)
end)
