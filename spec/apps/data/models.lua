---Models with every kind of field and relation.
local models = require "tidewire.models"

local M = {}

---Every field, all of them optional, so that a spec can write one at a time.
M.Everything = models.Model:extend("Everything", {
  boolean = models.BooleanField { null = true },
  char = models.CharField { max_length = 200, null = true },
  text = models.TextField { null = true },
  slug = models.SlugField { null = true },
  email = models.EmailField { null = true },
  url = models.URLField { null = true },
  small_integer = models.SmallIntegerField { null = true },
  integer = models.IntegerField { null = true },
  big_integer = models.BigIntegerField { null = true },
  positive_small_integer = models.PositiveSmallIntegerField { null = true },
  positive_integer = models.PositiveIntegerField { null = true },
  positive_big_integer = models.PositiveBigIntegerField { null = true },
  float = models.FloatField { null = true },
  decimal_5 = models.DecimalField { max_digits = 5, decimal_places = 2, null = true },
  decimal_15 = models.DecimalField { max_digits = 15, decimal_places = 5, null = true },
  decimal_20 = models.DecimalField { max_digits = 20, decimal_places = 10, null = true },
  decimal_40 = models.DecimalField { max_digits = 40, decimal_places = 20, null = true },
  date = models.DateField { null = true },
  time = models.TimeField { null = true },
  moment = models.DateTimeField { null = true },
  duration = models.DurationField { null = true },
  uuid = models.UUIDField { null = true },
  json = models.JSONField { null = true },
  binary = models.BinaryField { null = true },
  ip = models.GenericIPAddressField { null = true },
})

M.Author = models.Model:extend("Author", {
  name = models.CharField { max_length = 100 },
  mentor = models.ForeignKey("self", { null = true, on_delete = models.SET_NULL, related_name = "pupils" }),
})

M.Tag = models.Model:extend("Tag", { name = models.CharField { max_length = 100, unique = true } })

M.Book = models.Model:extend("Book", {
  title = models.CharField { max_length = 100 },
  author = models.ForeignKey(M.Author, { on_delete = models.CASCADE, related_name = "books" }),
  tags = models.ManyToManyField(M.Tag, { related_name = "books" }),
  pages = models.IntegerField { default = 0 },
  price = models.DecimalField { max_digits = 8, decimal_places = 2, default = "1.00" },
  published = models.DateField { null = true },
  created = models.DateTimeField { null = true },
  note = models.TextField { default = "" },
})

---What transactions and faults write.
M.Row = models.Model:extend("Row", {
  name = models.CharField { max_length = 100, unique = true },
  number = models.IntegerField { default = 0 },
})

---Names that need quoting.
M.Odd = models.Model:extend("Odd", {
  select = models.CharField { max_length = 20, db_column = 'the "select"; --' },
  Meta = { table = 'odd "table"' },
})

return M
