---Consumers of books, each about one thing.
local action = require "tidewire.actions".action
local filters = require "tidewire.filters"
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"
local pagination = require "tidewire.pagination"
local permissions = require "tidewire.permissions"
local throttling = require "tidewire.throttling"
local db = require "tidewire.db"
local m, s = require "rows.models", require "rows.serializers"

local M = {}

local CRUD = GenericConsumer:extend("CRUD", mixins.CreateModelMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.UpdateModelMixin,
  mixins.PatchModelMixin, mixins.DeleteModelMixin, { queryset = m.Book.objects, serializer_class = s.BookSerializer })

M.Books = CRUD:extend "Books"

local function keys_of(rows)
  local keys = {}
  for i, row in ipairs(rows) do keys[i] = row.pk end
  return keys
end

---Make rows from outside of what is tested.
M.Books.fill = action(function(_, args)
  for _, name in ipairs { "Book", "Author", "Tag" } do m[name].objects:all():delete() end
  local authors, tags = {}, {}
  for i, name in ipairs(args.authors or { "Ann" }) do authors[i] = m.Author.objects:create { name = name } end
  for i, name in ipairs(args.tags or {}) do tags[i] = m.Tag.objects:create { name = name } end
  local keys = {}
  for i, row in ipairs(args.books or {}) do
    local own, of_book = {}, {}
    for key, value in pairs(row) do own[key] = value end
    own.author, own.tags = authors[row.author or 1], nil
    for _, tag in ipairs(row.tags or {}) do of_book[#of_book + 1] = tags[tag] end
    local book = m.Book.objects:create(own)
    book.tags:set(of_book)
    keys[i] = book.pk
  end
  return { books = keys, authors = keys_of(authors), tags = keys_of(tags) }, 200
end)

M.Books.stored = action(function(_, args) return m.Book.objects:filter({ pk = args.pk }):values("title", "owner", "pages"):first(), 200 end)

M.Books.count = action(function() return { count = m.Book.objects:count(), vendor = db.vendor() }, 200 end)

-- ---- permissions of rows ----

local IsOwner = permissions.BasePermission:extend("IsOwner", {
  has_permission = function() return true end,
  has_object_permission = function(_, scope, _, _, book) return book.owner == scope.headers["x-user"] end,
})
local IsStaff = permissions.BasePermission:extend("IsStaff", {
  has_permission = function(_, scope) return scope.headers["x-staff"] == "yes" end,
})
local Everybody = permissions.BasePermission:extend("Everybody", { has_permission = function() return true end })

M.Owned = CRUD:extend("Owned", { permission_classes = { IsOwner } })
M.Owned.shown = action(function(self, args) return { title = self:get_object({ pk = args.pk }).title }, 200 end)
M.Owned.open = action({ permission_classes = { Everybody } }, function(self, args) return { title = self:get_object(args).title }, 200 end)

M.OwnedOrStaff = CRUD:extend("OwnedOrStaff", { permission_classes = { IsOwner + IsStaff } })
M.OwnedAndStaff = CRUD:extend("OwnedAndStaff", { permission_classes = { IsOwner * IsStaff } })
M.NotNotOwned = CRUD:extend("NotNotOwned", { permission_classes = { -(-IsOwner) } })

M.ReadOnly = CRUD:extend("ReadOnly", { permission_classes = { permissions.IsAuthenticatedOrReadOnly } })
M.ReadOnly.peek = action({ safe = true }, function() return "peeked", 200 end)
M.ReadOnly.poke = action(function() return "poked", 200 end)

-- ---- throttles ----

local Twice = throttling.AnonRateThrottle:extend("Twice", { rate = "2/min" })
M.Throttled = CRUD:extend("Throttled", { throttle_classes = { Twice, throttling.ScopedRateThrottle }, throttle_scope = "books" })
M.Throttled.free = action({ throttle_classes = {} }, function() return "free", 200 end)
M.Throttled.scoped = action({ throttle_classes = { throttling.ScopedRateThrottle }, throttle_scope = "rare" }, function() return "rare", 200 end)

local ByAddress = throttling.UserRateThrottle:extend("ByAddress", { rate = "20/h" })
M.Shared = CRUD:extend("Shared", { throttle_classes = { ByAddress } })
M.Shared.ping = action(function() return "pong", 200 end)

---Some connections only have throttles.
M.Late = CRUD:extend("Late", { connect = function(self)
  if self.scope.headers["x-slow"] then self.throttle_classes = { Twice } end
  self:accept()
end })
M.Late.ping = action(function() return "pong", 200 end)

-- ---- lists ----

M.Filtered = CRUD:extend("Filtered", mixins.ListModelMixin, {
  filter_backends = { filters.FieldFilter, filters.SearchFilter, filters.OrderingFilter },
  filterset_fields = { "author", "in_print", "tags", price = { "lt", "gte", "range" }, title = { "exact", "in", "istartswith" }, pages = { "isnull", "exact" },
    published = { "exact", "year", "year__gt" }, author__name = { "exact" } },
  search_fields = { "title", "^author__name", "tags__name", "=owner", "$title" },
  ordering_fields = { "title", "price", "author__name" }, ordering = { "id" },
})

M.Shown = CRUD:extend("Shown", { filter_backends = { filters.OrderingFilter }, serializer_class = s.TitleSerializer })
M.All = CRUD:extend("All", { filter_backends = { filters.OrderingFilter }, ordering_fields = "__all__", serializer_class = s.TitleSerializer })

local function paged(name, pagination_class, members)
  members = members or {}
  members.queryset, members.serializer_class, members.pagination_class = m.Book.objects:order_by "id", s.TitleSerializer, pagination_class
  M[name] = GenericConsumer:extend(name, mixins.PaginatedModelListMixin, members)
end

paged("LimitOffset", pagination.LimitOffsetPagination:extend("Pages", { default_limit = 2, max_limit = 4 }))
paged("PageNumber", pagination.PageNumberPagination:extend("Pages", { page_size = 2, page_size_query_param = "page_size", max_page_size = 3 }))
paged("DefaultSize", pagination.PageNumberPagination)
paged("Cursor", pagination.CursorPagination:extend("Pages", { page_size = 2, ordering = { "-pages" }, page_size_query_param = "size" }))
paged("OrderedCursor", pagination.CursorPagination:extend("Pages", { page_size = 2, ordering = "id" }), {
  filter_backends = { filters.OrderingFilter }, ordering_fields = { "title" },
})

---Code between the rows and the client: it sees lists of tables, however the rows would go out without it.
M.Looked = M.Books:extend "Looked"
M.Looked.list = action(function(self, args)
  local list, status = M.Looked.super.list(self, args)
  return { first = list[1].title, n = #list }, status
end)
M.Looked.again = action(function(self, args) return (self:list(args)).n, 200 end)

M.LookedPages = M.LimitOffset:extend "LookedPages"
function M.LookedPages:get_paginated_response(data) return { first = data[1].title, n = #data } end -- luacheck: ignore self

M.LookedWrap = M.LimitOffset:extend("LookedWrap", {
  pagination_class = pagination.LimitOffsetPagination:extend("Pages", {
    default_limit = 2, get_paginated_response = function(_, data) return { first = data[1].title, n = #data } end,
  }),
})

M.LookedSent = M.Books:extend "LookedSent"
function M.LookedSent:send_json(content)
  if content.action == "list" then content.data = #content.data end
  return M.LookedSent.super.send_json(self, content)
end

M.Streamed = GenericConsumer:extend("Streamed", mixins.StreamedPaginatedListMixin, {
  queryset = m.Book.objects:order_by "id", serializer_class = s.TitleSerializer, sleep_time_between_pages = 0.05,
  pagination_class = pagination.WebsocketLimitOffsetPagination:extend("Pages", { default_limit = 1 }),
})

function M.Streamed:get_paginated_response(data, paginator)
  if self.slow then require "tidewire.sleep"(self.slow) end -- the list is in the middle of a page
  return M.Streamed.super.get_paginated_response(self, data, paginator)
end

M.Streamed.slow_down = action(function(self, args)
  self.slow = args.seconds
  return nil, 200
end)

M.StreamedPages = M.Streamed:extend("StreamedPages", { pagination_class = pagination.PageNumberPagination:extend("Pages", { page_size = 2 }) })

return M
