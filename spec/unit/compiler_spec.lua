local support = require "support.models"
local compiler = require "tidewire.compiler"
local db = require "tidewire.db"
local models = require "tidewire.models"

local Count, F = models.Count, models.F

describe("the compiler", function()
  local Author, Book

  before_each(function()
    support.reset()
    Author = models.Model:extend("Author", { name = models.CharField { max_length = 9 }, Meta = { app_label = "t" } })
    Book = models.Model:extend("Book", {
      title = models.CharField { max_length = 9 }, author = models.ForeignKey(Author, { on_delete = models.CASCADE, related_name = "books" }),
      editor = models.ForeignKey(Author, { on_delete = models.CASCADE, null = true, related_name = "+" }), pages = models.IntegerField(),
      Meta = { app_label = "t" },
    })
  end)

  local vendor = db.vendor
  after_each(function() db.vendor = vendor end)

  ---SQL and parameters, as the database gets them.
  local function compiled(queryset, for_vendor)
    db.vendor = function() return for_vendor or "sqlite" end
    local sql, params = compiler.compile(queryset.query)
    return sql, { unpack(params, 1, params.n) }
  end

  it("numbers placeholders as the database writes them", function()
    local books = Book.objects:filter { title = "a", pages__in = { 1, 2 } }:values "id"
    assert.equal([[SELECT "t_book"."id" FROM "t_book" WHERE ("t_book"."pages" IN (?1, ?2) AND "t_book"."title" = ?3)]], (compiled(books)))
    local sql, params = compiled(books, "postgresql")
    assert.equal([[SELECT "t_book"."id" FROM "t_book" WHERE ("t_book"."pages" IN ($1, $2) AND "t_book"."title" = $3)]], sql)
    assert.same({ 1, 2, "a" }, params)
  end)

  it("uses the same parameter wherever an annotation stands", function()
    local rows = Book.objects:annotate { more = F "pages" + 5 }:filter { more__gt = 7 }:values "more":annotate { n = Count "id" }:order_by()
    local sql, params = compiled(rows, "postgresql")
    assert.equal([[SELECT ("t_book"."pages" + $1) AS "more", COUNT("t_book"."id") AS "n" FROM "t_book" WHERE ("t_book"."pages" + $1) > $2 GROUP BY "more"]], sql)
    assert.same({ 5, 7 }, params)
  end)

  it("takes back the parameters of what matches nothing", function()
    local q = models.Q({ title = "a", pk__in = {} }) + models.Q { pages = 1 }
    local sql, params = compiled(Book.objects:filter(q):values "id")
    assert.equal([[SELECT "t_book"."id" FROM "t_book" WHERE "t_book"."pages" = ?1]], sql)
    assert.same({ 1 }, params)
    assert.is_nil((compiled(Book.objects:filter { pk__in = {}, title = "a" })))
  end)

  it("joins once where it can, and outer joins where it must", function()
    assert.equal([[SELECT "t_book"."id" FROM "t_book" INNER JOIN "t_author" ON ("t_book"."author_id" = "t_author"."id") ]]
      .. [[WHERE ("t_author"."name" = ?1 AND "t_author"."name" < ?2)]],
      (compiled(Book.objects:filter { author__name = "a" }:filter { author__name__lt = "b" }:values "id")))
    assert.equal([[SELECT "t_book"."id", "T3"."name" FROM "t_book" INNER JOIN "t_author" ON ("t_book"."author_id" = "t_author"."id") ]]
      .. [[LEFT OUTER JOIN "t_author" "T3" ON ("t_book"."editor_id" = "T3"."id") WHERE "t_author"."name" = ?1]],
      (compiled(Book.objects:filter { author__name = "a" }:values("id", "editor__name"))))
    assert.equal([[SELECT "t_author"."id" FROM "t_author" INNER JOIN "t_book" ON ("t_author"."id" = "t_book"."author_id") ]]
      .. [[INNER JOIN "t_book" "T3" ON ("t_author"."id" = "T3"."author_id") WHERE ("t_book"."pages" = ?1 AND "T3"."pages" = ?2)]],
      (compiled(Author.objects:filter { books__pages = 1 }:filter { books__pages = 2 }:values "id")))
  end)

  it("groups by the primary key alone where the database can", function()
    local authors = Author.objects:annotate { n = Count "books" }:order_by "id"
    assert.matches([[GROUP BY "t_author"."id", "t_author"."name" ORDER BY]], (compiled(authors)))
    assert.matches([[GROUP BY "t_author"."id" ORDER BY]], (compiled(authors, "postgresql")))
  end)

  it("leaves a queryset as it was", function()
    local books = Book.objects:order_by("author__name"):select_related "editor"
    local first = compiled(books)
    assert.equal(first, (compiled(books)))
    assert.equal([[SELECT COUNT(*) AS "__count" FROM "t_book"]], (compiler.compile(books.query:count_query())))
  end)

  it("quotes whatever a model calls its table and columns", function()
    local Odd = models.Model:extend("Odd", { select = models.CharField { max_length = 5, db_column = 'a"b c' }, Meta = { app_label = "t", db_table = 'x"; --' } })
    assert.equal([[SELECT "x""; --"."a""b c" FROM "x""; --" WHERE "x""; --"."a""b c" = ?1]], (compiled(Odd.objects:filter(models.Q { select = "a" }):values "select")))
  end)
end)
