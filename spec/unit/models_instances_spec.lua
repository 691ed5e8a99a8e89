local support = require "support.models"
local class = require "tidewire.class"
local json = require "tidewire.json"
local models = require "tidewire.models"
local repr = require "tidewire.repr"
local signals = require "tidewire.signals"
local uuid = require "tidewire.uuid"

local null, raised, count_queries = json.null, support.raised, support.count_queries

local Author, Book, Profile

local function declare()
  support.reset()
  Author = models.Model:extend("Author", {
    name = models.CharField { max_length = 30 }, born = models.IntegerField { null = true }, Meta = { app_label = "shop" },
    greet = function(self) return "I am " .. self.name end,
  })
  Book = models.Model:extend("Book", {
    title = models.CharField { max_length = 30 }, pages = models.IntegerField { default = 0 },
    author = models.ForeignKey(Author, { on_delete = models.CASCADE, related_name = "books" }),
    editor = models.ForeignKey(Author, { on_delete = models.SET_NULL, null = true, related_name = "edited" }), Meta = { app_label = "shop" },
    __tostring = function(self) return self.title end,
  })
  Profile = models.Model:extend("Profile", {
    author = models.OneToOneField(Author, { on_delete = models.CASCADE, related_name = "profile" }), text = models.TextField(), Meta = { app_label = "shop" },
  })
  support.create_tables()
end

describe("an instance", function()
  before_each(declare)

  it("is made of values by name", function()
    local ann = Author { name = "Ann", born = null }
    assert.same({ "Ann", "I am Ann" }, { ann.name, ann:greet() })
    assert.is_nil(ann.born)
    assert.is_nil(ann.pk)
    assert.is_nil(ann.nothing)
    ann.pk = 5
    assert.same({ 5, 5 }, { ann.pk, ann.id })
    assert.equal(7, Author { pk = 7 }.id)
    assert.same({ "Author() got an unexpected keyword argument 'nmae'", "TypeError" }, { raised(Author, { nmae = "x" }) })
    assert.same({ "Author() takes a table of values, got a string", "TypeError" }, { raised(Author, "x") })
  end)

  it("is written by its class and key, or as the app says", function()
    assert.equal("Author object (None)", tostring(Author()))
    assert.equal("Author object (5)", tostring(Author { id = 5 }))
    assert.equal("Dune", tostring(Book { title = "Dune" }))
    assert.equal("<Book: Dune>", repr.repr(Book { title = "Dune" }))
  end)

  it("equals another of its model and key", function()
    assert.is_true(Author { id = 1 } == Author { id = 1, name = "x" })
    assert.is_true(Author { id = 1 } == Author { id = 1LL })
    assert.is_false(Author { id = 1 } == Author { id = 2 })
    assert.is_false(Author { id = 1 } == Book { id = 1 })
    assert.is_false(Author() == Author())
    local one = Author()
    assert.is_true(one == one) -- luacheck: ignore
  end)

  it("takes null as nil where nothing is yet", function()
    local ann = Author()
    ann.born = null
    assert.is_nil(ann.born)
    ann.anything = 5
    assert.equal(5, ann.anything)
  end)

  it("knows its class", function()
    assert.equal(Author, class.of(Author()))
    assert.is_true(class.is_instance(Author(), models.Model))
    assert.equal(Author._meta, Author()._meta)
  end)
end)

describe("save", function()
  before_each(declare)

  it("inserts a row without a key, and updates it afterwards", function()
    local ann = Author { name = "Ann" }
    assert.equal(1, count_queries(function() ann:save() end))
    assert.equal(1, ann.pk)
    ann.name = "Anna"
    assert.equal(1, count_queries(function() ann:save() end))
    assert.equal("Anna", Author.objects:get { pk = 1 }.name)
    assert.equal(1, Author.objects:count())
  end)

  it("tries an update first when there is a key", function()
    assert.equal(2, count_queries(function() Author { id = 9, name = "x" }:save() end))
    assert.equal(9, Author.objects:get().id)
    assert.equal(1, count_queries(function() Author { id = 9, name = "y" }:save() end))
    assert.equal("y", Author.objects:get().name)
  end)

  it("does as it is told", function()
    local ann = Author.objects:create { name = "Ann", born = 1970 }
    assert.equal("IntegrityError", (select(2, raised(ann.save, ann, { force_insert = true }))))
    assert.same({ "Forced update did not affect any rows.", "DatabaseError" }, { raised(function() Author { id = 9 }:save { force_update = true } end) })
    assert.same({ "Cannot force an update in save() with no primary key.", "ValueError" }, { raised(function() Author():save { force_update = true } end) })
    assert.same({ "Cannot force both insert and updating in model saving.", "ValueError" },
      { raised(ann.save, ann, { force_insert = true, force_update = true }) })
    assert.truthy(raised(ann.save, ann, { update_feilds = {} }):find "save: unknown option 'update_feilds'; did you mean update_fields?")
  end)

  it("writes only the columns named", function()
    local ann = Author.objects:create { name = "Ann", born = 1970 }
    ann.name, ann.born = "Anna", 1980
    ann:save { update_fields = { "born" } }
    local row = Author.objects:get()
    assert.same({ "Ann", 1980 }, { row.name, row.born })
    assert.equal(0, count_queries(function() ann:save { update_fields = {} } end))
    local text, kind = raised(ann.save, ann, { update_fields = { "nmae" } })
    assert.equal("ValueError", kind)
    assert.truthy(text:find "non%-concrete fields: nmae; did you mean name?")
    assert.same({ "Save with update_fields did not affect any rows.", "DatabaseError" },
      { raised(function() Author { id = 9 }:save { update_fields = { "name" } } end) })
  end)

  it("does not try an update when the key comes from a default", function()
    local Token = models.Model:extend("Token", { key = models.UUIDField { primary_key = true, default = uuid.uuid4 }, note = models.TextField() })
    require "tidewire.schema".create { Token }
    local token = Token()
    assert.equal(1, count_queries(function() token:save() end))
    assert.equal(token, Token.objects:get { pk = tostring(token.key) })
    assert.equal(1, count_queries(function() token:save() end))
  end)

  it("follows a related row that was saved in the meantime", function()
    local ann = Author { name = "Ann" }
    local book = Book { title = "x", author = ann }
    assert.same({ "save() prohibited to prevent data loss due to unsaved related object 'author'.", "ValueError" }, { raised(book.save, book) })
    ann:save()
    book:save()
    assert.equal(ann.pk, book.author_id)
    assert.equal("IntegrityError", (select(2, raised(function() Book { title = "y" }:save() end))))
  end)

  it("takes expressions", function()
    local book = Book.objects:create { title = "x", author = Author.objects:create {}, pages = 5 }
    book.pages = models.F "pages" * 2
    book:save()
    assert.equal(10, Book.objects:get().pages)
  end)

  it("sends signals", function()
    local heard = {}
    signals.pre_save:connect(function(_, kwargs) heard[#heard + 1] = { "pre", kwargs.instance.pk or "new", kwargs.update_fields or "all" } end, { sender = Author })
    signals.post_save:connect(function(sender, kwargs)
      assert.equal(Author, sender)
      heard[#heard + 1] = { "post", kwargs.instance.pk, kwargs.created, kwargs.raw }
    end, { sender = "shop.Author" })
    local ann = Author.objects:create { name = "Ann" }
    ann:save { update_fields = { "name" } }
    Book.objects:create { title = "x", author = ann }
    assert.same({ { "pre", "new", "all" }, { "post", 1, true, false }, { "pre", 1, { "name" } }, { "post", 1, false, false } }, heard)
  end)

  it("keeps integers that no double can hold", function()
    local Big = models.Model:extend("Big", { n = models.BigIntegerField() })
    require "tidewire.schema".create { Big }
    Big.objects:create { n = "9007199254740993" }
    local row = Big.objects:get { n = 9007199254740993LL }
    assert.equal(9007199254740993LL, row.n)
    row:save()
    assert.equal(1, Big.objects:filter { n = "9007199254740993" }:count())
  end)
end)

describe("refresh_from_db", function()
  before_each(declare)

  it("loads all columns again, and forgets related rows", function()
    local ann, bob = Author.objects:create { name = "Ann" }, Author.objects:create { name = "Bob" }
    local book = Book.objects:create { title = "x", author = ann }
    assert.equal(ann, book.author)
    Book.objects:update { title = "y", author = bob }
    book:refresh_from_db()
    assert.same({ "y", bob.pk, "Bob" }, { book.title, book.author_id, book.author.name })
  end)

  it("loads the columns named", function()
    local ann = Author.objects:create { name = "Ann", born = 1 }
    Author.objects:update { name = "Anna", born = 2 }
    ann:refresh_from_db { fields = { "born" } }
    assert.same({ "Ann", 2 }, { ann.name, ann.born })
    assert.same({ "Author has no field named 'x'", "FieldDoesNotExist" }, { raised(ann.refresh_from_db, ann, { fields = { "x" } }) })
  end)

  it("raises when the row is gone", function()
    local ann = Author.objects:create { name = "Ann" }
    Author.objects:all():delete()
    local ok, err = pcall(ann.refresh_from_db, ann)
    assert.is_false(ok)
    assert.is_true(class.is_instance(err, Author.DoesNotExist))
  end)
end)

describe("columns that were not loaded", function()
  before_each(function()
    declare()
    Author.objects:create { name = "Ann", born = 1970 }
  end)

  it("are loaded when they are asked for, once", function()
    local ann = Author.objects:only "name":get()
    assert.same({ born = true }, ann:get_deferred_fields())
    assert.equal(0, count_queries(function() assert.equal("Ann", ann.name) end))
    assert.equal(1, count_queries(function() assert.equal(1970, ann.born) end))
    assert.equal(0, count_queries(function() assert.equal(1970, ann.born) end))
    assert.same({}, ann:get_deferred_fields())
  end)

  it("are remembered when they are null", function()
    Author.objects:update { born = null }
    local ann = Author.objects:defer "born":get()
    assert.equal(1, count_queries(function() assert.is_nil(ann.born) end))
    assert.equal(0, count_queries(function() assert.is_nil(ann.born) end))
  end)

  it("belong to each row: loading one's leaves the others'", function()
    Author.objects:create { name = "Bob", born = 2 }
    local rows = Author.objects:order_by "id":only "name":list()
    assert.equal(1970, rows[1].born)
    assert.equal(1, count_queries(function() assert.equal(2, rows[2].born) end))
  end)

  it("are there once they are assigned, and saved only then", function()
    local ann = Author.objects:only "name":get()
    ann.name = "Anna"
    ann:save()
    assert.equal(1970, Author.objects:get().born)
    ann.born = 5
    assert.equal(0, count_queries(function() assert.equal(5, ann.born) end))
    ann:save()
    assert.equal(5, Author.objects:get().born)
    local other = Author.objects:only "name":get()
    other.born = null
    assert.equal(0, count_queries(function() assert.is_nil(other.born) end))
  end)
end)

describe("a relation to one row", function()
  local ann, bob
  before_each(function()
    declare()
    ann, bob = Author.objects:create { name = "Ann" }, Author.objects:create { name = "Bob" }
    Book.objects:create { title = "x", author = ann }
  end)

  it("is loaded when it is asked for, once", function()
    local book = Book.objects:get()
    assert.equal(1, count_queries(function() assert.equal("Ann", book.author.name) end))
    assert.equal(0, count_queries(function() assert.equal("Ann", book.author.name) end))
    assert.is_nil(book.editor)
    assert.equal(0, count_queries(function() return book.editor end))
  end)

  it("comes along with select_related", function()
    local book = Book.objects:select_related("author", "editor"):get()
    assert.equal(0, count_queries(function()
      assert.equal("Ann", book.author.name)
      assert.is_nil(book.editor)
    end))
  end)

  it("follows its key", function()
    local book = Book.objects:select_related("author", "editor"):get()
    book.author_id, book.editor_id = bob.pk, ann.pk
    assert.same({ "Bob", "Ann" }, { book.author.name, book.editor.name })
    book.editor_id = nil
    assert.is_nil(book.editor)
  end)

  it("is assigned", function()
    local book = Book.objects:get()
    book.author, book.editor = bob, ann
    assert.same({ bob.pk, ann.pk }, { book.author_id, book.editor_id })
    assert.equal(0, count_queries(function() assert.equal("Bob", book.author.name) end))
    book.editor = nil
    assert.is_nil(book.editor_id)
    assert.is_nil(book.editor)
    book.editor = ann
    book.editor = null
    assert.is_nil(book.editor)
  end)

  it("takes rows of its model only", function()
    local book = Book.objects:get()
    assert.same({ 'Cannot assign "1": "Book.author" must be a "Author" instance.', "ValueError" }, { raised(function() book.author = 1 end) })
    assert.same({ 'Cannot assign "<Book: x>": "Book.author" must be a "Author" instance.', "ValueError" }, { raised(Book, { author = book }) })
  end)

  it("says when there is none where there has to be one", function()
    local ok, err = pcall(function() return Book().author end)
    assert.is_false(ok)
    assert.is_true(class.is_instance(err, Author.DoesNotExist))
    assert.equal("Book has no author.", err.message)
  end)

  it("is seen from both ends when it is one to one", function()
    local profile = Profile.objects:create { author = ann, text = "hello" }
    assert.equal(0, count_queries(function() assert.equal(profile, ann.profile) end))
    local row = Author.objects:get { name = "Ann" }
    assert.equal(1, count_queries(function() assert.equal("hello", row.profile.text) end))
    assert.equal(0, count_queries(function()
      assert.equal("hello", row.profile.text)
      assert.equal(row, row.profile.author)
    end))
    assert.same({ "Author has no profile.", "DoesNotExist" }, { raised(function() return bob.profile end) })
    assert.same({ "Author has no profile.", "DoesNotExist" }, { raised(function() return Author().profile end) })
    local other = Profile { text = "x" }
    bob.profile = other
    assert.equal(bob.pk, other.author_id)
    assert.same({ 'Cannot assign "5": "Author.profile" must be a "Profile" instance.', "ValueError" }, { raised(function() bob.profile = 5 end) })
    assert.equal("hello", Author.objects:select_related "profile":get { name = "Ann" }.profile.text)
  end)

  it("may refer to another column than the key", function()
    local City = models.Model:extend("City", { name = models.CharField { max_length = 9, unique = true } })
    local Shop = models.Model:extend("Shop", { city = models.ForeignKey(City, { on_delete = models.CASCADE, to_field = "name" }) })
    require "tidewire.schema".create { City, Shop }
    City.objects:create { name = "Bonn" }
    local shop = Shop.objects:create { city = City.objects:get() }
    assert.equal("Bonn", shop.city_id)
    assert.equal(1, Shop.objects:get().city.pk)
    assert.equal(1, City.objects:get().shop_set:count())
    assert.equal(1, Shop.objects:filter { city = City.objects:get() }:count())
    assert.equal(1, Shop.objects:filter { city__id = 1 }:count())
  end)
end)
