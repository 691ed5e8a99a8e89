local support = require "support.models"
local class = require "tidewire.class"
local models = require "tidewire.models"
local registry = require "tidewire.models.registry"

local raised = support.raised
local CASCADE = models.CASCADE

local function names(list)
  local all = {}
  for i, item in ipairs(list) do all[i] = item.name end
  return all
end

describe("a model's declaration", function()
  before_each(support.reset)

  it("gives it names, a table and a key", function()
    local Shelf = models.Model:extend("BookShelf", { label = models.TextField(), Meta = { app_label = "shop" } })
    local meta = Shelf._meta
    assert.same({ "BookShelf", "bookshelf", "shop", "shop.BookShelf", "shop_bookshelf", "book shelf", "book shelfs" }, {
      meta.object_name, meta.model_name, meta.app_label, meta.label, meta.db_table, meta.verbose_name, meta.verbose_name_plural,
    })
    assert.same({ "id", "label" }, names(meta.concrete_fields))
    assert.same({ "AutoField", "ID", true, true, true }, {
      meta.pk.internal_type, meta.pk.verbose_name, meta.pk.auto_created, meta.pk.blank, meta.pk.unique,
    })
    assert.equal(Shelf, meta.model)
    assert.equal(Shelf, models.get_model "shop.bookshelf")
    assert.same({ Shelf }, models.get_models "shop")
    assert.is_true(class.is_subclass(Shelf.DoesNotExist, require "tidewire.exceptions".ObjectDoesNotExist))
  end)

  it("keeps fields in the order they were written", function()
    local Thing = models.Model:extend("Thing", {
      zebra = models.TextField(), apple = models.TextField(), mango = models.TextField(), berry = models.TextField(), code = models.TextField { primary_key = true },
    })
    assert.same({ "zebra", "apple", "mango", "berry", "code" }, names(Thing._meta.concrete_fields))
    assert.equal("code", Thing._meta.pk.name)
  end)

  it("takes a table, an order and words from Meta", function()
    local meta = models.Model:extend("Thing", {
      a = models.TextField(), b = models.TextField(),
      Meta = { table = "things", ordering = { "-a", "b" }, verbose_name = "thing", verbose_name_plural = "thingies", unique_together = { "a", "b" }, get_latest_by = "a" },
    })._meta
    assert.same({ "things", { "-a", "b" }, "thingies", { { "a", "b" } }, "a" }, {
      meta.db_table, meta.ordering, meta.verbose_name_plural, meta.unique_together, meta.get_latest_by,
    })
  end)

  it("knows its app by the module that declares it", function()
    package.preload["shop.models"] = loadstring 'return require "tidewire.models".Model:extend("Thing", {})'
    assert.equal("shop.Thing", require "shop.models"._meta.label)
    package.loaded["shop.models"] = nil
  end)

  it("points at the app's line when something is wrong", function()
    local function refuses(text, members)
      local message = raised(function() models.Model:extend("Thing", members) end)
      assert.truthy(message and message:find("models_options_spec.lua:%d+: Thing" .. text), message)
    end
    refuses(': Meta has no option "orderin"; did you mean ordering?', { Meta = { orderin = {} } })
    refuses(": Meta.ordering is a string; expected a table", { Meta = { ordering = "x" } })
    refuses(': Meta.ordering names "y", which is no field', { xyz = models.TextField(), Meta = { ordering = { "-y" } } })
    refuses(': Meta.unique_together names "tilte", which is no field; did you mean title?', { title = models.TextField(), Meta = { unique_together = { "tilte" } } })
    refuses(': Meta.indexes names "tilte"', { title = models.TextField(), Meta = { indexes = { models.Index { fields = { "-tilte" } } } } })
    refuses(".a__b: a field's name cannot hold two underscores", { a__b = models.TextField() })
    refuses(".a_: a field's name cannot end with an underscore", { a_ = models.TextField() })
    refuses(".save: models have a member of that name", { save = models.TextField() })
    refuses(".pk: models have a member of that name", { pk = models.TextField() })
    refuses(": both a and b are primary keys", { a = models.TextField { primary_key = true }, b = models.TextField { primary_key = true } })
    refuses(": the fields author_id and author share the name \"author_id\"", {
      author_id = models.TextField(), author = models.ForeignKey("Author", { on_delete = CASCADE }),
    })
    models.Model:extend("Thing", {})
    assert.truthy(raised(function() models.Model:extend("Thing", {}) end):find "there is a model %w+%.Thing already")
    assert.truthy(raised(function() models.Model:extend({}) end):find "the model's name comes first")
  end)

  it("refuses constraints and indexes that make no sense", function()
    local Q = models.Q
    for text, make in pairs {
      ["UniqueConstraint needs fields"] = function() models.UniqueConstraint { name = "x" } end,
      ["UniqueConstraint needs a name"] = function() models.UniqueConstraint { fields = { "a" } } end,
      ['UniqueConstraint has no option "feilds"; did you mean fields?'] = function() models.UniqueConstraint { feilds = { "a" } } end,
      ['deferrable is "later"'] = function() models.UniqueConstraint { fields = { "a" }, name = "x", deferrable = "later" } end,
      ["CheckConstraint needs check, a Q"] = function() models.CheckConstraint { name = "x" } end,
      ["CheckConstraint needs a name"] = function() models.CheckConstraint { check = Q { a = 1 } } end,
      ["Index needs fields"] = function() models.Index { name = "x" } end,
      ["needs a name"] = function() models.Index { fields = { "a" }, condition = Q { a = 1 } } end,
    } do
      assert.truthy(raised(make):find(text, 1, true), raised(make))
    end
  end)
end)

describe("abstract models", function()
  before_each(support.reset)

  it("give their fields, methods, managers and Meta to those that extend them", function()
    local Published = models.Manager:extend "Published"
    local Stamped = models.Model:extend("Stamped", {
      created = models.DateTimeField { auto_now_add = true }, note = models.TextField(), recent = Published(),
      describe = function(self) return "stamped " .. self.name end,
      Meta = { abstract = true, ordering = { "-created" }, app_label = "shop" },
    })
    local Book = Stamped:extend("Book", { name = models.TextField(), note = models.CharField { max_length = 5 } })
    local Shop = models.Model:extend("Shop", Stamped, { name = models.TextField(), Meta = { app_label = "shop" } })
    assert.same({ "id", "created", "name", "note" }, names(Book._meta.concrete_fields))
    assert.same({ "id", "created", "note", "name" }, names(Shop._meta.concrete_fields))
    assert.equal("CharField", Book._meta:get_field "note".internal_type)
    assert.same({ "-created" }, Book._meta.ordering)
    assert.same({}, Shop._meta.ordering)
    assert.equal("shop_book", Book._meta.db_table)
    assert.equal("stamped x", Book { name = "x" }:describe())
    assert.is_true(class.is_instance(Book.recent, Published))
    assert.equal(Book, Book.recent.model)
    assert.equal(Shop, Shop.recent.model)
    assert.equal(Book, Book._meta:get_field "created".model)
    assert.is_nil(models.get_model "shop.Stamped")
    assert.same({ "Abstract models cannot be instantiated.", "TypeError" }, { raised(Stamped) })
  end)

  it("may have relations, named after those that extend them", function()
    local User = models.Model:extend("User", {})
    local Owned = models.Model:extend("Owned", {
      owner = models.ForeignKey(User, { on_delete = CASCADE, related_name = "%(class)s_list" }), friends = models.ManyToManyField "self", Meta = { abstract = true },
    })
    local Cat, Dog = Owned:extend("Cat", {}), Owned:extend("Dog", {})
    assert.equal(Cat, User._meta:get_field "cat_list".related_model)
    assert.equal(Dog, User._meta:get_field "dog_list".related_model)
    assert.equal("Cat_friends", Cat.friends.through.name)
    assert.equal(Cat, Cat._meta:get_field "friends".related_model)
  end)

  it("are all that can be extended", function()
    local Book = models.Model:extend("Book", {})
    assert.truthy(raised(function() Book:extend("Novel", {}) end):find "Novel: Book is not abstract, and a model cannot extend another's table")
  end)
end)

describe("managers", function()
  before_each(support.reset)

  it("are objects unless the model says otherwise", function()
    local Book = models.Model:extend("Book", {})
    assert.equal(Book, Book.objects.model)
    assert.equal(Book.objects, Book._default_manager)
    local Other = models.Manager:extend "Other"
    local Shop = models.Model:extend("Shop", { people = Other() })
    assert.is_nil(Shop.objects)
    assert.equal(Shop.people, Shop._default_manager)
    local Third = models.Model:extend("Third", { a = models.Manager(), b = Other(), Meta = { default_manager_name = "b", base_manager_name = "b" } })
    assert.equal(Third.b, Third._default_manager)
    assert.equal(Third.b, Third._base_manager)
  end)
end)

describe("relations", function()
  before_each(support.reset)

  local function step(relation, i)
    local one = relation:path()[i or 1]
    return { one.from_column, one.to_table, one.to_column, one.nullable, one.multiple, one.direct, one.m2m }
  end

  it("lead both ways", function()
    local Author = models.Model:extend("Author", { Meta = { app_label = "shop" } })
    local Book = models.Model:extend("Book", { author = models.ForeignKey(Author, { on_delete = CASCADE, null = true }), Meta = { app_label = "shop" } })
    local forward, reverse = Book._meta:get_field "author", Author._meta:get_field "book"
    assert.equal(forward, Book._meta:get_field "author_id")
    assert.same({ "author_id", "author_id", true, true, "author" }, { forward.attname, forward.column, forward.db_index, forward.is_relation, forward.cache_name })
    assert.same({ "author_id", "shop_author", "id", true, false, true, false }, step(forward))
    assert.same({ "id", "shop_book", "author_id", true, true, false, false }, step(reverse))
    assert.same({ Book, "book_set", "book", true, forward }, { reverse.related_model, reverse.accessor_name, reverse.name, reverse.multiple, reverse.field })
    assert.equal(Author, forward.related_model)
    assert.equal(Author._meta.pk, forward.target_field)
    assert.same({ "book", "id" }, Author._meta:field_names())
    assert.same({ "author", "author_id", "id" }, Book._meta:field_names())
    assert.equal(Author._meta.pk, Author._meta:get_field "pk")
    assert.is_nil(Author._meta:get_field "nothing")
  end)

  it("have other names when asked", function()
    local Author = models.Model:extend("Author", {})
    models.Model:extend("Book", {
      author = models.ForeignKey(Author, { on_delete = CASCADE, related_name = "books" }),
      editor = models.ForeignKey(Author, { on_delete = CASCADE, related_name = "edited", related_query_name = "edition" }),
      reader = models.ForeignKey(Author, { on_delete = CASCADE, related_name = "+" }),
      key = models.OneToOneField(Author, { on_delete = CASCADE }),
    })
    local meta = Author._meta
    assert.equal("books", meta:get_field "books".accessor_name)
    assert.equal("edited", meta:get_field "edition".accessor_name)
    assert.is_nil(meta:get_field "edited")
    assert.is_false(meta:get_field "book".multiple)
    assert.equal("book", meta:get_field "book".accessor_name)
    assert.same({ "book", "books", "edition", "id" }, meta:field_names())
    assert.equal(4, #meta.related_objects)
  end)

  it("may name what does not exist yet, and themselves", function()
    local Book = models.Model:extend("Book", {
      author = models.ForeignKey("Author", { on_delete = CASCADE }), shop = models.ForeignKey("trade.Shop", { on_delete = CASCADE }),
      sequel_of = models.ForeignKey("self", { on_delete = CASCADE, null = true, related_name = "sequels" }), Meta = { app_label = "shop" },
    })
    assert.is_nil(Book._meta:get_field "author".related_model)
    assert.equal(Book, Book._meta:get_field "sequel_of".related_model)
    assert.equal(2, #registry.unresolved())
    local Author = models.Model:extend("Author", { Meta = { app_label = "shop" } })
    local Shop = models.Model:extend("Shop", { Meta = { app_label = "trade" } })
    assert.equal(Author, Book._meta:get_field "author".related_model)
    assert.equal(Shop, Book._meta:get_field "shop".related_model)
    assert.equal(Book, Author._meta:get_field "book".related_model)
    assert.same({}, registry.unresolved())
  end)

  it("may refer to another column", function()
    local Author = models.Model:extend("Author", { name = models.CharField { max_length = 9, unique = true }, city = models.TextField() })
    local Book = models.Model:extend("Book", { author = models.ForeignKey(Author, { on_delete = CASCADE, to_field = "name" }) })
    local field = Book._meta:get_field "author"
    assert.same({ "name", "varchar(9)", "name" }, { field.target_field.name, field:db_type "sqlite", field:path()[1].to_column })
    local function refer(to_field)
      return raised(function() models.Model:extend("X" .. to_field, { author = models.ForeignKey(Author, { on_delete = CASCADE, to_field = to_field }) }) end)
    end
    assert.truthy(refer "town":find 'Xtown.author: Author has no field "town"')
    assert.truthy(refer "city":find 'Xcity.author: to_field = "city" has to be unique')
  end)

  it("say when their other end's name is taken", function()
    local Author = models.Model:extend("Author", { books = models.TextField() })
    local function relate(name, related_name)
      return raised(function()
        models.Model:extend(name, { author = models.ForeignKey(Author, { on_delete = CASCADE, related_name = related_name }) })
      end)
    end
    assert.truthy(relate("A", "books"):find "models_options_spec.lua:%d+: %w+.A.author: its other end would be called Author.books, which is taken")
    assert.truthy(relate("B", "save"):find "Author.save, which is taken")
    assert.is_nil(relate("C", "things"))
    assert.truthy(relate("D", "things"):find "Author.things, which is taken")
  end)

  it("refuse targets that are none", function()
    local Abstract = models.Model:extend("Abstract", { Meta = { abstract = true } })
    assert.truthy(raised(function() models.Model:extend("A", { x = models.ForeignKey(Abstract, { on_delete = CASCADE }) }) end):find "Abstract, which is abstract")
    assert.truthy(raised(function() models.Model:extend("B", { x = models.ForeignKey(5, { on_delete = CASCADE }) }) end):find "the target comes first")
  end)

  describe("from many to many", function()
    it("go through a table of their own", function()
      local Tag = models.Model:extend("Tag", { Meta = { app_label = "shop" } })
      local Book = models.Model:extend("Book", { tags = models.ManyToManyField(Tag, { related_name = "books" }), Meta = { app_label = "shop" } })
      local through = Book.tags.through
      assert.same({ "Book_tags", "shop_book_tags", Book, { { "book", "tag" } } }, {
        through.name, through._meta.db_table, through._meta.auto_created, through._meta.unique_together,
      })
      assert.same({ "id", "book", "tag" }, names(through._meta.concrete_fields))
      local forward, reverse = Book._meta:get_field "tags", Tag._meta:get_field "books"
      assert.same({ "id", "shop_book_tags", "book_id", true, true, false, true }, step(forward, 1))
      assert.same({ "tag_id", "shop_tag", "id", false, false, true, false }, step(forward, 2))
      assert.same({ "id", "shop_book_tags", "tag_id", true, true, false, true }, step(reverse, 1))
      assert.same({ "book_id", "shop_book", "id", false, false, true, false }, step(reverse, 2))
      assert.same({ forward }, Book._meta.many_to_many)
      assert.equal(through, Tag.books.through)
    end)

    it("may be with themselves, one way or both", function()
      local Person = models.Model:extend("Person", {
        friends = models.ManyToManyField "self", follows = models.ManyToManyField("self", { symmetrical = false, related_name = "followers" }),
      })
      assert.same({ "id", "from_person", "to_person" }, names(Person.friends.through._meta.concrete_fields))
      assert.is_true(Person._meta:get_field "friends".symmetrical)
      assert.is_false(Person._meta:get_field "follows".symmetrical)
      assert.same({ "followers", "follows", "friends", "id" }, Person._meta:field_names())
      assert.same({ "id", "from_person_id" }, { Person._meta:get_field "follows":path()[1].from_column, Person._meta:get_field "follows":path()[1].to_column })
      assert.equal("to_person_id", Person._meta:get_field "followers":path()[1].to_column)
    end)

    it("go through a model of the app's", function()
      local Person = models.Model:extend("Person", { Meta = { app_label = "shop" } })
      local Club = models.Model:extend("Club", {
        members = models.ManyToManyField(Person, { through = "Membership", through_fields = { "club", "person" } }), Meta = { app_label = "shop" },
      })
      assert.is_nil(Club._meta:get_field "members".through)
      local Membership = models.Model:extend("Membership", {
        person = models.ForeignKey(Person, { on_delete = CASCADE }), club = models.ForeignKey(Club, { on_delete = CASCADE }),
        inviter = models.ForeignKey(Person, { on_delete = CASCADE, related_name = "invited" }), Meta = { app_label = "shop" },
      })
      assert.equal(Membership, Club.members.through)
      assert.same({ "id", "shop_membership", "club_id", true, true, false, true }, step(Club._meta:get_field "members", 1))
      assert.same({ "id", "shop_membership", "person_id", true, true, false, true }, step(Person._meta:get_field "club", 1))
    end)

    it("say when the model between does not fit", function()
      local Person = models.Model:extend("Person", {})
      local Link = models.Model:extend("Link", {
        a = models.ForeignKey(Person, { on_delete = CASCADE, related_name = "+" }), b = models.ForeignKey(Person, { on_delete = CASCADE, related_name = "+" }),
        club = models.ForeignKey("Club", { on_delete = CASCADE, related_name = "+" }),
      })
      local function club(name, options)
        options.through = Link
        return raised(function() models.Model:extend(name, { members = models.ManyToManyField(Person, options) }) end)
      end
      assert.truthy(club("Team", {}):find "Team.members: %w+.Link has no foreign key to %w+.Team")
      assert.truthy(club("Club", {}):find "Club.members: %w+.Link has several foreign keys to %w+.Person; name them in through_fields")
    end)
  end)
end)
