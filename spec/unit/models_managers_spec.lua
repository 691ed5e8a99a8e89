local support = require "support.models"
local models = require "tidewire.models"
local schema = require "tidewire.schema"
local signals = require "tidewire.signals"

local raised, count_queries = support.raised, support.count_queries
local CASCADE, SET_NULL = models.CASCADE, models.SET_NULL

local Author, Book, Tag
local ann, bob, dune, emma

local function titles(rows)
  local all = {}
  for i, row in ipairs(rows:order_by("title"):list()) do all[i] = row.title end
  return table.concat(all, " ")
end

local function tags(rows)
  local all = {}
  for i, row in ipairs(rows:order_by("name"):list()) do all[i] = row.name end
  return table.concat(all, " ")
end

before_each(function()
  support.reset()
  Author = models.Model:extend("Author", { name = models.CharField { max_length = 30 }, Meta = { app_label = "shop" } })
  Tag = models.Model:extend("Tag", { name = models.CharField { max_length = 30, unique = true }, Meta = { app_label = "shop" } })
  Book = models.Model:extend("Book", {
    title = models.CharField { max_length = 30 }, tags = models.ManyToManyField(Tag, { related_name = "books" }),
    author = models.ForeignKey(Author, { on_delete = CASCADE, related_name = "books" }),
    editor = models.ForeignKey(Author, { on_delete = SET_NULL, null = true }), Meta = { app_label = "shop" },
  })
  support.create_tables()
  ann, bob = Author.objects:create { name = "Ann" }, Author.objects:create { name = "Bob" }
  dune, emma = Book.objects:create { title = "Dune", author = ann }, Book.objects:create { title = "Emma", author = ann, editor = bob }
  for _, name in ipairs { "blue", "green", "red" } do Tag.objects:create { name = name } end
end)

describe("rows that refer to one", function()
  it("are a queryset", function()
    assert.equal("Dune Emma", titles(ann.books))
    assert.equal("Emma", titles(ann.books:filter { title__startswith = "E" }))
    assert.equal("Dune", titles(ann.books:exclude { title = "Emma" }))
    assert.same({ 2, 0, true, false }, { ann.books:count(), bob.books:count(), ann.books:exists(), bob.books:exists() })
    assert.equal("Emma", titles(bob.book_set))
    assert.equal(dune, ann.books:get { title = "Dune" })
    assert.equal(0, Author().books:count())
  end)

  it("know the row they were asked of", function()
    local rows = ann.books:order_by("id"):list()
    assert.equal(0, count_queries(function() assert.is_true(rawequal(ann, rows[1].author)) end))
  end)

  it("are made, found, or changed", function()
    local book = ann.books:create { title = "New" }
    assert.equal(ann.pk, book.author_id)
    local found, created = ann.books:get_or_create({ title = "New" })
    assert.same({ book.pk, false }, { found.pk, created })
    found, created = bob.books:get_or_create({ title = "New" })
    assert.same({ true, bob.pk }, { created, found.author_id })
    found, created = bob.books:update_or_create({ title = "New" }, { title = "Newer" })
    assert.same({ false, "Newer", bob.pk }, { created, found.title, found.author_id })
  end)

  it("are added in one statement, or saved one by one", function()
    assert.equal(1, count_queries(function() bob.books:add(dune, emma) end))
    assert.same({ "Dune Emma", bob.pk }, { titles(bob.books), dune.author_id })
    local saved = 0
    signals.post_save:connect(function() saved = saved + 1 end, { sender = Book })
    ann.books:add(dune, Book { title = "New" }, { bulk = false })
    assert.same({ 2, "Dune New" }, { saved, titles(ann.books) })
    assert.same({ "<Book: Book object (None)> instance isn't saved. Use bulk=False or save the object first.", "ValueError" },
      { raised(ann.books.add, ann.books, Book { title = "x" }) })
    assert.same({ "'Book' instance expected, got <Author: Author object (2)>", "TypeError" }, { raised(ann.books.add, ann.books, bob) })
    assert.same({ "'Book' instance expected, got 5", "TypeError" }, { raised(ann.books.add, ann.books, 5) })
  end)

  it("are removed where they may refer to none", function()
    ann.book_set:add(dune, emma)
    ann.book_set:remove(dune)
    assert.equal("Emma", titles(ann.book_set))
    assert.is_nil(Book.objects:get { pk = dune.pk }.editor_id)
    assert.equal("<Book: Book object (1)> is not related to <Author: Author object (2)>.", (raised(bob.book_set.remove, bob.book_set, dune)))
    ann.book_set:clear()
    assert.equal(0, ann.book_set:count())
    assert.truthy(raised(ann.books.remove, ann.books, dune):find "books:remove%(%) needs null = true on shop.Book.author")
    assert.truthy(raised(ann.books.clear, ann.books):find "needs null = true")
  end)

  it("are set as a whole", function()
    local third = Book.objects:create { title = "Third", author = ann }
    ann.book_set:set { dune, third }
    assert.equal("Dune Third", titles(ann.book_set))
    ann.book_set:set({ third, emma }, { bulk = false })
    assert.equal("Emma Third", titles(ann.book_set))
    ann.book_set:set(Book.objects:filter { title = "Dune" })
    assert.equal("Dune", titles(ann.book_set))
    ann.book_set:set({ emma }, { clear = true })
    assert.equal("Emma", titles(ann.book_set))
    ann.book_set:set {}
    assert.equal("", titles(ann.book_set))
    bob.books:set { dune } -- others have to refer to some author: they are left alone
    assert.same({ "Dune", "Emma Third" }, { titles(bob.books), titles(ann.books) })
  end)

  it("cannot be assigned", function()
    assert.same({ "Direct assignment to the reverse side of a related set is prohibited. Use books.set() instead.", "TypeError" },
      { raised(function() ann.books = { dune } end) })
  end)

  it("come from what was prefetched, until they change", function()
    local author = Author.objects:prefetch_related "books":get { name = "Ann" }
    assert.equal(0, count_queries(function() assert.equal(2, #author.books:list()) end))
    assert.equal(0, count_queries(function() assert.equal(2, author.books:count()) end))
    author.books:create { title = "New" }
    assert.equal(3, #author.books:list())
  end)

  it("have the methods of the model's own manager", function()
    local Shops = models.QuerySet:extend "Shops"
    function Shops:open() return self:filter { open = true } end
    local Shop = models.Model:extend("Shop", {
      open = models.BooleanField { default = true }, owner = models.ForeignKey(Author, { on_delete = CASCADE }), objects = models.Manager.from_queryset(Shops)(),
    })
    schema.create { Shop }
    Shop.objects:create { owner = ann }
    Shop.objects:create { owner = ann, open = false }
    Shop.objects:create { owner = bob }
    assert.same({ 2, 1, 1 }, { Shop.objects:open():count(), ann.shop_set:open():count(), ann.shop_set:filter { open = false }:count() })
  end)
end)

describe("rows of many to many", function()
  local red, blue, green
  before_each(function() red, blue, green = Tag.objects:get { name = "red" }, Tag.objects:get { name = "blue" }, Tag.objects:get { name = "green" } end)

  it("are added from both ends, as rows or keys, once each", function()
    dune.tags:add(red, blue.pk, red)
    dune.tags:add(red)
    blue.books:add(emma, dune)
    assert.same({ "blue red", "blue", "Dune Emma", "Dune" }, { tags(dune.tags), tags(emma.tags), titles(blue.books), titles(red.books) })
    assert.equal(3, Book.tags.through.objects:count())
    assert.same({ "'Tag' instance expected, got <Book: Book object (2)>", "TypeError" }, { raised(dune.tags.add, dune.tags, emma) })
    assert.same({ "Cannot add \"<Tag: Tag object (None)>\": the value for field \"tag\" is None", "ValueError" }, { raised(dune.tags.add, dune.tags, Tag()) })
    assert.equal("ValueError", (select(2, raised(dune.tags.add, dune.tags, "x"))))
    dune.tags:add()
  end)

  it("need a row that is saved", function()
    assert.same({ '"<Book: Book object (None)>" needs to have a value for field "id" before this many-to-many relationship can be used.', "ValueError" },
      { raised(function() return Book().tags end) })
  end)

  it("are removed, cleared and set", function()
    dune.tags:add(red, blue, green)
    emma.tags:add(red)
    dune.tags:remove(red, blue.pk)
    dune.tags:remove()
    assert.same({ "green", "red" }, { tags(dune.tags), tags(emma.tags) })
    dune.tags:set { red, green.pk }
    assert.equal("green red", tags(dune.tags))
    dune.tags:set({ blue }, { clear = true })
    assert.equal("blue", tags(dune.tags))
    dune.tags:set(Tag.objects:exclude { name = "blue" })
    assert.equal("green red", tags(dune.tags))
    dune.tags:clear()
    assert.same({ "", "red" }, { tags(dune.tags), tags(emma.tags) })
  end)

  it("are made, found or changed", function()
    local tag = dune.tags:create { name = "new" }
    assert.equal("new", tags(dune.tags))
    local found, created = dune.tags:get_or_create { name = "new" }
    assert.same({ tag.pk, false }, { found.pk, created })
    assert.is_true(select(2, dune.tags:get_or_create { name = "newer" }))
    found = dune.tags:update_or_create({ name = "newer" }, { name = "newest" })
    assert.same({ "newest", "new newest" }, { found.name, tags(dune.tags) })
  end)

  it("are filtered across the same link", function()
    dune.tags:add(red, blue)
    assert.equal("red", tags(dune.tags:filter { name__contains = "r" }))
    assert.equal("red", tags(dune.tags:filter { books__title = "Dune", name = "red" }))
    assert.equal(1, dune.tags:exclude { name = "red" }:count())
  end)

  it("cannot be assigned", function()
    assert.same({ "Direct assignment to the forward side of a many-to-many set is prohibited. Use tags.set() instead.", "TypeError" },
      { raised(Book, { tags = { red } }) })
    assert.same({ "Direct assignment to the reverse side of a many-to-many set is prohibited. Use books.set() instead.", "TypeError" },
      { raised(function() red.books = {} end) })
  end)

  it("send m2m_changed with the keys that change", function()
    local heard = {}
    signals.m2m_changed:connect(function(sender, kwargs)
      assert.equal(Book.tags.through, sender)
      heard[#heard + 1] = { kwargs.action, kwargs.instance, kwargs.reverse, kwargs.model, kwargs.pk_set or "all" }
    end, { sender = Book.tags.through })
    dune.tags:add(red, blue)
    dune.tags:add(red)
    assert.same({
      { "pre_add", dune, false, Tag, { red.pk, blue.pk } }, { "post_add", dune, false, Tag, { red.pk, blue.pk } },
      { "pre_add", dune, false, Tag, {} }, { "post_add", dune, false, Tag, {} },
    }, heard)
    heard = {}
    red.books:remove(dune, emma)
    dune.tags:clear()
    assert.same({
      { "pre_remove", red, true, Book, { dune.pk, emma.pk } }, { "post_remove", red, true, Book, { dune.pk, emma.pk } },
      { "pre_clear", dune, false, Tag, "all" }, { "post_clear", dune, false, Tag, "all" },
    }, heard)
    heard = {}
    dune.tags:set { red }
    dune.tags:set { blue }
    local actions = {}
    for i, entry in ipairs(heard) do actions[i] = entry[1] end
    assert.equal("pre_add post_add pre_remove post_remove pre_add post_add", table.concat(actions, " "))
  end)

  it("change all or nothing", function()
    dune.tags:add(red)
    signals.m2m_changed:connect(function(_, kwargs) if kwargs.action == "post_add" then error("no", 0) end end)
    assert.equal("no", (raised(function() dune.tags:set { blue } end)))
    assert.equal("red", tags(dune.tags))
  end)

  it("come from what was prefetched, until they change", function()
    dune.tags:add(red)
    local book = Book.objects:prefetch_related "tags":get { title = "Dune" }
    assert.equal(0, count_queries(function() assert.equal(1, #book.tags:list()) end))
    book.tags:add(blue)
    assert.equal(2, #book.tags:list())
  end)
end)

describe("rows of the same model", function()
  local Person, a, b, c
  local function names(rows)
    local all = {}
    for i, row in ipairs(rows:order_by("name"):list()) do all[i] = row.name end
    return table.concat(all)
  end

  before_each(function()
    Person = models.Model:extend("Person", {
      name = models.TextField(), friends = models.ManyToManyField "self",
      follows = models.ManyToManyField("self", { symmetrical = false, related_name = "followers" }), Meta = { app_label = "shop" },
    })
    schema.create { Person }
    a, b, c = Person.objects:create { name = "a" }, Person.objects:create { name = "b" }, Person.objects:create { name = "c" }
  end)

  it("are friends both ways", function()
    a.friends:add(b, c)
    assert.same({ "bc", "a", "a" }, { names(a.friends), names(b.friends), names(c.friends) })
    b.friends:remove(a)
    assert.same({ "c", "", "a" }, { names(a.friends), names(b.friends), names(c.friends) })
    b.friends:set { a, c }
    assert.same({ "bc", "ac", "ab" }, { names(a.friends), names(b.friends), names(c.friends) })
    a.friends:clear()
    assert.same({ "", "c", "b" }, { names(a.friends), names(b.friends), names(c.friends) })
    assert.equal("c", names(Person.objects:filter { friends__name = "b" }))
  end)

  it("follow one way", function()
    a.follows:add(b)
    c.follows:add(b)
    assert.same({ "b", "", "ac", "" }, { names(a.follows), names(b.follows), names(b.followers), names(a.followers) })
    b.followers:remove(a)
    assert.same({ "", "c" }, { names(a.follows), names(b.followers) })
  end)
end)

describe("a model between of the app's", function()
  it("gets values of its own", function()
    local Club = models.Model:extend("Club", { members = models.ManyToManyField(Author, { through = "Membership" }), Meta = { app_label = "shop" } })
    local Membership = models.Model:extend("Membership", {
      author = models.ForeignKey(Author, { on_delete = CASCADE }), club = models.ForeignKey(Club, { on_delete = CASCADE }),
      role = models.TextField(), Meta = { app_label = "shop" },
    })
    schema.create { Club, Membership }
    local club = Club.objects:create {}
    club.members:add(ann, { through_defaults = { role = "chair" } })
    club.members:add(bob, { through_defaults = { role = function() return "guest" end } })
    assert.same({ "chair", "guest" }, Membership.objects:order_by("author_id"):values_list("role", { flat = true }):list())
    assert.equal(club, ann.club_set:get())
    local carl = club.members:create({ name = "Carl" }, { through_defaults = { role = "cook" } })
    assert.equal("cook", carl.membership_set:get().role)
    club.members:set({ carl })
    assert.equal(1, Membership.objects:count())
  end)
end)
