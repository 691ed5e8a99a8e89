local serializers = require "tidewire.serializers"
local m = require "rows.models"

local M = {}

M.BookSerializer = serializers.ModelSerializer:extend("BookSerializer", {
  Meta = {
    model = m.Book, fields = { "id", "title", "author", "price", "pages", "in_print", "published", "owner" }, read_only_fields = { "owner" },
  },
})

M.TitleSerializer = serializers.ModelSerializer:extend("TitleSerializer", { Meta = { model = m.Book, fields = { "id", "title" } } })

return M
