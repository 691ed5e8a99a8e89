local support = require "support.models"
local datetime = require "tidewire.datetime"
local exceptions = require "tidewire.exceptions"
local models = require "tidewire.models"

---Texts by field that validation refuses an instance with.
local function refusal(method, instance, options)
  local ok, err = pcall(instance[method], instance, options)
  if ok then return nil end
  assert(err.message_dict, tostring(err))
  return err.message_dict, err
end

describe("full_clean", function()
  local Author, Book
  before_each(function()
    support.reset()
    Author = models.Model:extend("Author", { name = models.CharField { max_length = 5, unique = true }, Meta = { verbose_name = "writer" } })
    Book = models.Model:extend("Book", {
      title = models.CharField { max_length = 5 }, pages = models.IntegerField { null = true, blank = true },
      price = models.DecimalField { max_digits = 4, decimal_places = 2, null = true, blank = true },
      author = models.ForeignKey(Author, { on_delete = models.CASCADE }), edition = models.IntegerField { default = 1 },
      day = models.DateField { null = true, blank = true }, slug = models.SlugField { unique_for_month = "day", default = "s" },
      Meta = { unique_together = { "title", "edition" }, constraints = { models.UniqueConstraint { fields = { "pages", "edition", "title" }, name = "u" } } },
      clean = function(self)
        if self.title == "bad" then error(exceptions.ModelValidationError("Bad book.", "bad")) end
        if self.title == "odd" then error(exceptions.ModelValidationError { pages = { "Odd pages." } }) end
      end,
    })
    support.create_tables()
    Author.objects:create { name = "Ann" }
  end)

  it("takes what is right, and converts it", function()
    local book = Book { title = "Dune", author_id = "1", pages = "12", price = "1.50" }
    book:full_clean()
    assert.same({ 1, 12, "1.50" }, { book.author_id, book.pages, tostring(book.price) })
  end)

  it("collects what fields refuse", function()
    local errors, err = refusal("full_clean", Book { title = "Dunes of", pages = "x" })
    assert.same({
      title = { "Ensure this value has at most 5 characters (it has 8)." }, pages = { "“x” value must be an integer." }, author = { "This field cannot be null." },
    }, errors)
    assert.equal("max_length", err.error_dict.title[1].code)
    assert.equal("DjangoValidationError", require "tidewire.class".of(err).name)
  end)

  it("leaves out what it is told to", function()
    assert.is_nil(refusal("full_clean", Book { title = "Dunes of" }, { exclude = { "title", "author" } }))
  end)

  it("looks for the related row", function()
    assert.same({ author = { "writer instance with id 7 does not exist." } }, (refusal("clean_fields", Book { title = "x", author_id = 7 })))
  end)

  it("asks the app", function()
    assert.same({ __all__ = { "Bad book." } }, (refusal("full_clean", Book { title = "bad", author_id = 1 })))
    assert.same({ pages = { "Odd pages." } }, (refusal("full_clean", Book { title = "odd", author_id = 1 })))
  end)

  it("looks for rows with the same values", function()
    assert.same({ name = { "Writer with this Name already exists." } }, (refusal("full_clean", Author { name = "Ann" })))
    assert.is_nil(refusal("full_clean", Author.objects:get()))
    assert.is_nil(refusal("validate_unique", Author { name = "Ann" }, { exclude = { "name" } }))
    assert.is_nil(refusal("full_clean", Author { name = "Ann" }, { validate_unique = false }))
    assert.same({ id = { "Writer with this ID already exists." } }, (refusal("validate_unique", Author { id = 1, name = "Bob" })))
  end)

  it("looks for rows with the same values together", function()
    local book = Book.objects:create { title = "Dune", author_id = 1, pages = 5 }
    local errors, err = refusal("full_clean", Book { title = "Dune", author_id = 1, pages = 5 })
    table.sort(errors.__all__)
    assert.same({ __all__ = { "Book with this Pages, Edition and Title already exists.", "Book with this Title and Edition already exists." } }, errors)
    assert.equal("unique_together", err.error_dict.__all__[1].code)
    assert.is_nil(refusal("full_clean", book))
    assert.is_nil(refusal("full_clean", Book { title = "Dune", author_id = 1, edition = 2 }))
  end)

  it("looks for rows of the same month", function()
    Book.objects:create { title = "Dune", author_id = 1, day = datetime.Date(2020, 5, 6) }
    local same = Book { title = "x", author_id = 1, day = datetime.Date(2019, 5, 1) }
    assert.same({ slug = { "Slug must be unique for Day month." } }, (refusal("full_clean", same)))
    assert.is_nil(refusal("full_clean", Book { title = "x", author_id = 1, day = datetime.Date(2020, 6, 6) }))
    assert.is_nil(refusal("full_clean", Book { title = "x", author_id = 1 }))
  end)
end)
