---The models that spec/golden/serializers was recorded with.
local datetime = require "tidewire.datetime"
local models = require "tidewire.models"
local uuid = require "tidewire.uuid"
local validators = require "tidewire.validators"

local CASCADE = models.CASCADE
local M = {}

M.Author = models.Model:extend("Author", {
  name = models.CharField { max_length = 50 },
  email = models.EmailField { unique = true },
  __tostring = function(self) return "author " .. self.name end,
})

M.Tag = models.Model:extend("Tag", { name = models.SlugField { unique = true }, __tostring = function(self) return self.name end })

M.Book = models.Model:extend("Book", {
  title = models.CharField { max_length = 30 },
  author = models.ForeignKey(M.Author, { related_name = "books", on_delete = CASCADE }),
  editor = models.ForeignKey(M.Author, { related_name = "edited", on_delete = CASCADE, null = true, blank = true }),
  tags = models.ManyToManyField(M.Tag, { blank = true }),
  year = models.IntegerField { null = true, blank = true },
  shout = function(self) return self.title:upper() .. "!" end,
  words = function(self) return select(2, self.title:gsub("%S+", "")) end,
  Meta = { unique_together = { { "title", "author" } } },
})

M.Passport = models.Model:extend("Passport", {
  author = models.OneToOneField(M.Author, { on_delete = CASCADE }),
  number = models.CharField { max_length = 10, unique = true },
})

M.Slot = models.Model:extend("Slot", {
  room = models.CharField { max_length = 10 },
  day = models.DateField(),
  hour = models.IntegerField { default = 9 },
  Meta = { constraints = { models.UniqueConstraint { fields = { "room", "day" }, name = "slot_once" } } },
})

M.DateUnique = models.Model:extend("DateUnique", {
  slug = models.SlugField { unique_for_date = "published", db_index = false },
  title = models.CharField { max_length = 20, unique_for_year = "published" },
  published = models.DateField(),
})

M.CharPK = models.Model:extend("CharPK", { code = models.CharField { max_length = 5, primary_key = true } })

M.UUIDPK = models.Model:extend("UUIDPK", {
  id = models.UUIDField { primary_key = true, default = uuid.uuid4 },
  name = models.CharField { max_length = 10 },
})

M.UUIDChild = models.Model:extend("UUIDChild", { parent = models.ForeignKey(M.UUIDPK, { on_delete = CASCADE }) })

M.Shelf = models.Model:extend("Shelf", {
  books = models.ManyToManyField(M.Book, { through = "Through" }),
  parent = models.ForeignKey("self", { null = true, blank = true, on_delete = CASCADE }),
})

M.Through = models.Model:extend("Through", {
  book = models.ForeignKey(M.Book, { on_delete = CASCADE }),
  shelf = models.ForeignKey(M.Shelf, { on_delete = CASCADE }),
  position = models.IntegerField(),
})

-- what spec/golden/serializers_more.json was recorded with besides

M.CharChild = models.Model:extend("CharChild", {
  parent = models.ForeignKey(M.CharPK, { on_delete = CASCADE, null = true, blank = true }),
  label = models.CharField { max_length = 5, default = "x" },
})

M.Month = models.Model:extend("Month", {
  slug = models.SlugField { unique_for_month = "published" },
  published = models.DateField { default = function() return datetime.Date(2020, 5, 6) end },
})

M.NullT = models.Model:extend("NullT", {
  a = models.CharField { max_length = 5, null = true, blank = true },
  b = models.IntegerField { default = 1 },
  c = models.IntegerField { null = true },
  Meta = { unique_together = { { "a", "b" }, { "b", "c" } } },
})

M.ToField = models.Model:extend("ToField", {
  author = models.ForeignKey(M.Author, { to_field = "email", on_delete = CASCADE }),
  lim = models.ForeignKey(M.Tag, { on_delete = CASCADE, null = true, limit_choices_to = { name = "red" } }),
})

local COLOURS = { { "r", "Red" }, { "g", "Green" } }

M.AllTypes = models.Model:extend("AllTypes", {
  auto_text = models.CharField { max_length = 10 },
  char_blank = models.CharField { max_length = 10, blank = true },
  char_null = models.CharField { max_length = 10, null = true },
  char_null_blank = models.CharField { max_length = 10, null = true, blank = true },
  char_default = models.CharField { max_length = 10, default = "d" },
  char_choices = models.CharField { max_length = 1, choices = COLOURS },
  char_choices_blank = models.CharField { max_length = 1, choices = COLOURS, blank = true },
  char_choices_null = models.CharField { max_length = 1, choices = { { "r", "Red" } }, null = true, blank = true },
  char_unique = models.CharField { max_length = 10, unique = true },
  char_verbose = models.CharField("nice name", { max_length = 10, help_text = "some help" }),
  char_minlen = models.CharField { max_length = 10, validators = { validators.MinLengthValidator(3) } },
  char_regex = models.CharField { max_length = 10, validators = { validators.RegexValidator { regex = "^a" } } },
  char_noteditable = models.CharField { max_length = 10, editable = false, default = "n" },
  text = models.TextField(),
  text_blank = models.TextField { blank = true },
  boolean = models.BooleanField(),
  boolean_default = models.BooleanField { default = false },
  boolean_null = models.BooleanField { null = true },
  integer = models.IntegerField(),
  integer_null = models.IntegerField { null = true, blank = true },
  integer_default = models.IntegerField { default = 5 },
  integer_minmax = models.IntegerField { validators = { validators.MinValueValidator(1), validators.MaxValueValidator(9) } },
  integer_choices = models.IntegerField { choices = { { 1, "one" }, { 2, "two" } } },
  bigint = models.BigIntegerField(),
  smallint = models.SmallIntegerField(),
  posint = models.PositiveIntegerField(),
  possmall = models.PositiveSmallIntegerField(),
  posbig = models.PositiveBigIntegerField(),
  float_field = models.FloatField(),
  decimal_field = models.DecimalField { max_digits = 5, decimal_places = 2 },
  decimal_validators = models.DecimalField {
    max_digits = 5, decimal_places = 2, validators = { validators.MinValueValidator(require "tidewire.decimal".Decimal "0.5") },
  },
  date = models.DateField(),
  date_auto_now = models.DateField { auto_now = true },
  datetime = models.DateTimeField(),
  datetime_auto_now_add = models.DateTimeField { auto_now_add = true },
  time = models.TimeField(),
  time_null = models.TimeField { null = true, blank = true },
  duration = models.DurationField(),
  email = models.EmailField(),
  url = models.URLField(),
  slug = models.SlugField(),
  slug_unicode = models.SlugField { allow_unicode = true, unique = true },
  uuid_field = models.UUIDField(),
  uuid_default = models.UUIDField { default = uuid.uuid4 },
  ip = models.GenericIPAddressField(),
  ip4 = models.GenericIPAddressField { protocol = "IPv4", null = true },
  json = models.JSONField(),
  json_default = models.JSONField { default = function() return {} end, blank = true },
  binary = models.BinaryField(),
})

return M
