local support = require "support.models"
local models = require "tidewire.models"
local schema = require "tidewire.schema"
local signals = require "tidewire.signals"

local raised, count_queries = support.raised, support.count_queries

---A model with a name, and one that refers to it with the options given.
local function pair(options)
  local Target = models.Model:extend("Target", { Meta = { app_label = "shop" } })
  local Source = models.Model:extend("Source", {
    name = models.TextField(), target = models.ForeignKey(Target, options), Meta = { app_label = "shop" },
  })
  schema.create { Target, Source }
  return Target, Source
end

describe("delete", function()
  before_each(support.reset)

  it("answers how many rows of which models are gone", function()
    local Target, Source = pair { on_delete = models.CASCADE }
    local target = Target.objects:create {}
    for _ = 1, 3 do Source.objects:create { target = target } end
    Source.objects:create { target = Target.objects:create {} }
    local total, by_label = target:delete()
    assert.same({ 4, { ["shop.Target"] = 1, ["shop.Source"] = 3 } }, { total, by_label })
    assert.is_nil(target.pk)
    assert.same({ "Target object can't be deleted because its id attribute is set to None.", "AssertionError" }, { raised(target.delete, target) })
    assert.same({ 0, {} }, { Target.objects:filter { pk = 99 }:delete() })
    assert.same({ 2, { ["shop.Target"] = 1, ["shop.Source"] = 1 } }, { Target.objects:all():delete() })
  end)

  it("does with one statement what nobody hears and nothing refers to", function()
    local Target, Source = pair { on_delete = models.CASCADE }
    local target = Target.objects:create {}
    for _ = 1, 3 do Source.objects:create { target = target } end
    assert.equal(1, count_queries(function() Source.objects:filter { name = "" }:delete() end))
    Source.objects:create { target = target }
    local one = Source.objects:create { target = target }
    assert.equal(1, count_queries(function() one:delete() end))
    assert.equal(2, count_queries(function() target:delete() end)) -- its sources, and itself
  end)

  it("sends signals for each row, with its key", function()
    local Target, Source = pair { on_delete = models.CASCADE }
    local heard = {}
    local function listen(signal, name)
      signal:connect(function(sender, kwargs) heard[#heard + 1] = ("%s %s %s"):format(name, sender.name, tostring(kwargs.instance.pk)) end)
    end
    listen(signals.pre_delete, "pre")
    listen(signals.post_delete, "post")
    local target = Target.objects:create {}
    Source.objects:create { target = target }
    Source.objects:create { target = target }
    target:delete()
    assert.equal("pre Source 1, pre Source 2, pre Target 1, post Source 2, post Source 1, post Target 1", table.concat(heard, ", "))
  end)

  it("is refused by PROTECT", function()
    local Target, Source = pair { on_delete = models.PROTECT }
    local target = Target.objects:create {}
    local source = Source.objects:create { target = target }
    local ok, err = pcall(target.delete, target)
    assert.is_false(ok)
    assert.equal("Cannot delete some instances of model 'Target' because they are referenced through protected foreign keys: 'Source.target'.", err.message)
    assert.same({ source }, err.protected_objects)
    assert.equal(1, target.pk)
    source:delete()
    target:delete()
  end)

  it("is refused by RESTRICT, unless the row goes anyway", function()
    local Artist = models.Model:extend("Artist", {})
    local Album = models.Model:extend("Album", { artist = models.ForeignKey(Artist, { on_delete = models.CASCADE }) })
    local Song = models.Model:extend("Song", {
      artist = models.ForeignKey(Artist, { on_delete = models.CASCADE }), album = models.ForeignKey(Album, { on_delete = models.RESTRICT }),
    })
    schema.create { Artist, Album, Song }
    local one, two = Artist.objects:create {}, Artist.objects:create {}
    local album = Album.objects:create { artist = one }
    Song.objects:create { artist = one, album = album }
    local other = Song.objects:create { artist = two, album = album }
    local text, kind = raised(album.delete, album)
    assert.same({ "Cannot delete some instances of model 'Album' because they are referenced through restricted foreign keys: 'Song.album'.", "RestrictedError" },
      { text, kind })
    assert.truthy(raised(one.delete, one):find "restricted foreign keys: 'Song.album'")
    other:delete()
    assert.equal(3, (one:delete()))
  end)

  it("sets to null, to a default, to a value", function()
    local first
    for name, case in pairs {
      null = { { on_delete = models.SET_NULL, null = true }, nil },
      default = { { on_delete = models.SET_DEFAULT, default = 1 }, 1 },
      value = { { on_delete = models.SET(function() return first end) }, 1 },
    } do
      support.reset()
      local Target, Source = pair(case[1])
      first = Target.objects:create {}
      local target = Target.objects:create {}
      Source.objects:create { target = target }
      assert.same({ 1, { ["shop.Target"] = 1 } }, { target:delete() }, name)
      assert.is_true(case[2] == Source.objects:get().target_id, name)
    end
  end)

  it("leaves the rest to the database", function()
    local Target, Source = pair { on_delete = models.DO_NOTHING }
    local target = Target.objects:create {}
    Source.objects:create { target = target }
    assert.equal("IntegrityError", (select(2, raised(target.delete, target))))
  end)

  it("goes through cycles and long chains", function()
    local Node = models.Model:extend("Node", { parent = models.ForeignKey("self", { on_delete = models.CASCADE, null = true }), Meta = { app_label = "shop" } })
    schema.create { Node }
    local top = Node.objects:create {}
    local last = top
    for _ = 1, 5 do last = Node.objects:create { parent = last } end
    top.parent = last
    top:save()
    assert.same({ 6, { ["shop.Node"] = 6 } }, { Node.objects:get { pk = 3 }:delete() })
  end)

  it("takes links of many-to-many relations along", function()
    local Tag = models.Model:extend("Tag", { Meta = { app_label = "shop" } })
    local Book = models.Model:extend("Book", { tags = models.ManyToManyField(Tag), Meta = { app_label = "shop" } })
    schema.create { Tag, Book }
    local book, tag = Book.objects:create {}, Tag.objects:create {}
    book.tags:add(tag)
    assert.same({ 2, { ["shop.Book"] = 1, ["shop.Book_tags"] = 1 } }, { book:delete() })
    Book.objects:create {}.tags:add(tag)
    assert.same({ 2, { ["shop.Tag"] = 1, ["shop.Book_tags"] = 1 } }, { Tag.objects:all():delete() })
    assert.equal(1, Book.objects:count())
  end)

  it("undoes all when something fails in between", function()
    local Target, Source = pair { on_delete = models.CASCADE }
    local target = Target.objects:create {}
    Source.objects:create { target = target }
    signals.post_delete:connect(function() error("no", 0) end, { sender = Source })
    assert.equal("no", (raised(target.delete, target)))
    assert.same({ 1, 1 }, { Target.objects:count(), Source.objects:count() })
  end)

  it("is refused for querysets that are no plain rows", function()
    local Target = pair { on_delete = models.CASCADE }
    assert.same({ "Cannot use 'limit' or 'offset' with delete.", "AssertionError" }, { raised(function() Target.objects:all():slice(0, 1):delete() end) })
    assert.same({ "Cannot call delete() after .values() or .values_list()", "TypeError" }, { raised(function() Target.objects:values("id"):delete() end) })
    assert.same({ "Cannot call delete() after .distinct().", "TypeError" }, { raised(function() Target.objects:distinct():delete() end) })
  end)
end)
