local models = require "tidewire.models"

local M = {}

M.Author = models.Model:extend("Author", { name = models.CharField { max_length = 50 } })

M.Tag = models.Model:extend("Tag", { name = models.CharField { max_length = 50 } })

M.Book = models.Model:extend("Book", {
  title = models.CharField { max_length = 100 },
  author = models.ForeignKey(M.Author, { on_delete = models.CASCADE, related_name = "books" }),
  tags = models.ManyToManyField(M.Tag, { related_name = "books", blank = true }),
  price = models.DecimalField { max_digits = 8, decimal_places = 2, default = "1.00" },
  pages = models.IntegerField { null = true, blank = true },
  in_print = models.BooleanField { default = true },
  published = models.DateField { null = true, blank = true },
  owner = models.CharField { max_length = 20, default = "" },
})

return M
