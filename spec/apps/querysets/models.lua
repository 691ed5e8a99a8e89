---The models that spec/golden/querysets was recorded with.
local models = require "tidewire.models"

local CASCADE = models.CASCADE

local Author = models.Model:extend("Author", {
  name = models.CharField { max_length = 100 },
  born = models.DateField { null = true },
  active = models.BooleanField { default = true },
  mentor = models.ForeignKey("self", { null = true, related_name = "pupils", on_delete = models.SET_NULL }),
  Meta = { app_label = "p4app" },
})

local Tag = models.Model:extend("Tag", { name = models.CharField { max_length = 50, unique = true }, Meta = { app_label = "p4app" } })

local Book = models.Model:extend("Book", {
  title = models.CharField { max_length = 100 },
  author = models.ForeignKey(Author, { related_name = "books", on_delete = CASCADE }),
  price = models.DecimalField { max_digits = 8, decimal_places = 2 },
  pages = models.IntegerField(),
  published = models.DateField(),
  subtitle = models.CharField { max_length = 100, null = true },
  tags = models.ManyToManyField(Tag, { related_name = "books" }),
  Meta = { app_label = "p4app" },
})

local Review = models.Model:extend("Review", {
  book = models.ForeignKey(Book, { related_name = "reviews", on_delete = CASCADE }),
  stars = models.IntegerField(),
  text = models.TextField(),
  reviewer = models.CharField { max_length = 50, null = true },
  created = models.DateTimeField(),
  Meta = { app_label = "p4app" },
})

local Shelf = models.Model:extend("Shelf", {
  label = models.CharField { max_length = 10 },
  book = models.ForeignKey(Book, { null = true, related_name = "shelves", on_delete = models.PROTECT }),
  Meta = { app_label = "p4app" },
})

return { Author = Author, Tag = Tag, Book = Book, Review = Review, Shelf = Shelf }
