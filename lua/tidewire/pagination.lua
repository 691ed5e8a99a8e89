---Pagination: which part of a list is answered, and in what form.
---
---    local Pages = pagination.WebsocketLimitOffsetPagination:extend("Pages", { default_limit = 20, max_limit = 100 })
---    C.pagination_class = Pages
---
---A new object serves each page. `next` and `previous` of DRF's shapes are not URLs here but what the next request has to say: { limit = 20, offset = 40 },
---{ page = 3 }, { cursor = "…" }, or null at the ends.
local class = require "tidewire.class"
local db = require "tidewire.db"
local exceptions = require "tidewire.exceptions"
local expressions = require "tidewire.expressions"
local integers = require "tidewire.integers"
local json = require "tidewire.json"
local settings = require "tidewire.settings"

local M = {}
local null, Q = json.null, expressions.Q

-- ---- the classes' common part ----

---@class tidewire.BasePagination: tidewire.Class
---@field wraps function? the get_paginated_response that does not look at the rows: they may be JSON text then
local BasePagination = class.new "BasePagination"
M.BasePagination = BasePagination

---The rows of the page: a list, or a queryset that the serializer will ask; nil when the whole list is to be answered.
---@async
---@param queryset tidewire.QuerySet
---@param scope tidewire.Scope
---@param consumer tidewire.Consumer
---@param args table the frame's keys
---@return table[]|tidewire.QuerySet|nil
function BasePagination:paginate_queryset(queryset, scope, consumer, args) -- luacheck: ignore
  error(exceptions.ImproperlyConfigured "a pagination class has to have paginate_queryset", 0)
end

---What is answered for the page.
---@param data any the serialised rows
---@return table
function BasePagination:get_paginated_response(data) -- luacheck: ignore
  error(exceptions.ImproperlyConfigured "a pagination class has to have get_paginated_response", 0)
end

---What the request for the page behind this one says besides what this one said; nil when this is the last. Streamed lists go on with it.
---@return table<string, any>?
function BasePagination:get_next_args() return nil end -- luacheck: ignore

---The same for the page before.
---@return table<string, any>?
function BasePagination:get_previous_args() return nil end -- luacheck: ignore

local function ordered(...) return { __fields = { ... } } end

local WITH_COUNT, WITHOUT_COUNT = ordered("count", "next", "previous", "results"), ordered("next", "previous", "results")

---A whole number as Python's int() reads it, not below `least`; nil when it is none.
local function whole(value, least, cutoff)
  local number = integers.parse(value)
  if type(number) ~= "number" or number < least then return nil end
  return cutoff and math.min(number, cutoff) or number
end

local function default_size(own)
  if own == nil then own = settings.page_size end
  return own or nil
end

-- ---- limit and offset ----

---DRF's: { count, next, previous, results }.
---@class tidewire.LimitOffsetPagination: tidewire.BasePagination
---@field default_limit integer? when the client names none; the app's setting page_size when nil
---@field max_limit integer?
---@field limit_query_param string
---@field offset_query_param string
---@field count integer of the page that was asked for, as are limit and offset
---@field limit integer
---@field offset integer
local LimitOffsetPagination = BasePagination:extend("LimitOffsetPagination", { limit_query_param = "limit", offset_query_param = "offset" })
M.LimitOffsetPagination = LimitOffsetPagination

---@param args table
---@return integer? limit the default one when the client's is no number above 0
function LimitOffsetPagination:get_limit(args)
  return whole(args[self.limit_query_param], 1, self.max_limit) or default_size(self.default_limit)
end

---@param args table
---@return integer offset
function LimitOffsetPagination:get_offset(args) return whole(args[self.offset_query_param], 0) or 0 end

---@async
---@param queryset tidewire.QuerySet
---@return integer
function LimitOffsetPagination:get_count(queryset) return queryset:count() end -- luacheck: ignore

function LimitOffsetPagination:paginate_queryset(queryset, _, _, args)
  self.limit = self:get_limit(args)
  if not self.limit then return nil end
  self.offset, self.count = self:get_offset(args), self:get_count(queryset)
  if self.count == 0 or self.offset > self.count then return json.array {} end
  return queryset:slice(self.offset, self.offset + self.limit)
end

function LimitOffsetPagination:get_next_args()
  if self.offset + self.limit >= self.count then return nil end
  return { [self.limit_query_param] = self.limit, [self.offset_query_param] = self.offset + self.limit }
end

function LimitOffsetPagination:get_previous_args()
  if self.offset <= 0 then return nil end
  return { [self.limit_query_param] = self.limit, [self.offset_query_param] = math.max(self.offset - self.limit, 0) }
end

local function with_count(self, data)
  return setmetatable({ count = self.count, next = self:get_next_args() or null, previous = self:get_previous_args() or null, results = data }, WITH_COUNT)
end

LimitOffsetPagination.get_paginated_response, LimitOffsetPagination.wraps = with_count, with_count

local DCRF = ordered("count", "results", "limit", "offset")

local function as_dcrf(self, data)
  return setmetatable({ count = self.count, results = data, limit = self.limit, offset = self.offset }, DCRF)
end

---DCRF's: { count, results, limit, offset }.
---@class tidewire.WebsocketLimitOffsetPagination: tidewire.LimitOffsetPagination
M.WebsocketLimitOffsetPagination = LimitOffsetPagination:extend("WebsocketLimitOffsetPagination", {
  get_paginated_response = as_dcrf, wraps = as_dcrf,
})

-- ---- numbered pages ----

---DRF's: { count, next, previous, results }.
---@class tidewire.PageNumberPagination: tidewire.BasePagination
---@field page_size integer? the app's setting page_size when nil; without both, lists are whole
---@field page_query_param string
---@field page_size_query_param string? with which the client may choose the size
---@field max_page_size integer?
---@field last_page_strings string[] what stands for the last page
---@field invalid_page_message string
local PageNumberPagination = BasePagination:extend("PageNumberPagination", {
  page_query_param = "page", last_page_strings = { "last" }, invalid_page_message = "Invalid page.",
})
M.PageNumberPagination = PageNumberPagination

---@param args table
---@return integer?
function PageNumberPagination:get_page_size(args)
  local param = self.page_size_query_param
  return param and whole(args[param], 1, self.max_page_size) or default_size(self.page_size)
end

---@param args table
---@return integer|string the client's page; 1 when it names none
function PageNumberPagination:get_page_number(args)
  local number = args[self.page_query_param]
  for _, text in ipairs(self.last_page_strings) do
    if number == text then return self.num_pages end
  end
  if number == nil or number == null or number == "" then return 1 end
  return number
end

local function is_fraction(value) return type(value) == "number" and value % 1 ~= 0 end

function PageNumberPagination:paginate_queryset(queryset, _, _, args)
  local size = self:get_page_size(args)
  if not size then return nil end
  self.count = queryset:count()
  self.num_pages = math.max(1, math.ceil(self.count / size))
  local asked = self:get_page_number(args)
  self.number = type(asked) ~= "boolean" and not is_fraction(asked) and whole(asked, 1) or nil
  if not self.number or self.number > self.num_pages then error(exceptions.NotFound(self.invalid_page_message), 0) end
  local from = (self.number - 1) * size
  return queryset:slice(from, from + size)
end

local function to_page(self, number)
  if number < 1 or number > self.num_pages then return nil end
  return { [self.page_query_param] = number }
end

function PageNumberPagination:get_next_args() return to_page(self, self.number + 1) end
function PageNumberPagination:get_previous_args() return to_page(self, self.number - 1) end
PageNumberPagination.get_paginated_response, PageNumberPagination.wraps = with_count, with_count

-- ---- cursors ----

---DRF's: { next, previous, results }. Pages stay right while rows come and go, and are found by index however far they are: for long lists in an order that
---does not change. Rows that share a value of the first ordering field are told apart by their place among them.
---@class tidewire.CursorPagination: tidewire.BasePagination
---@field page_size integer? the app's setting page_size when nil; without both, lists are whole
---@field ordering string|string[] "-created" when a class says nothing
---@field cursor_query_param string
---@field page_size_query_param string?
---@field max_page_size integer?
---@field offset_cutoff integer how many rows may share a value
---@field invalid_cursor_message string
local CursorPagination = BasePagination:extend("CursorPagination", {
  cursor_query_param = "cursor", ordering = "-created", offset_cutoff = 1000, invalid_cursor_message = "Invalid cursor",
})
M.CursorPagination = CursorPagination

CursorPagination.get_page_size = PageNumberPagination.get_page_size

---What the list is ordered by: what a filter backend has chosen, else the class's `ordering`.
---@param queryset tidewire.QuerySet
---@param consumer tidewire.Consumer
---@param args table
---@return string[]
function CursorPagination:get_ordering(queryset, consumer, args)
  for _, backend in ipairs(consumer.filter_backends or {}) do
    local chosen = backend.get_ordering and backend():get_ordering(args, queryset, consumer)
    if chosen then return chosen end
  end
  return type(self.ordering) == "string" and { self.ordering } or self.ordering
end

---@class (private) tidewire.Cursor
---@field offset integer rows behind the position
---@field reverse boolean
---@field position string? value of the first ordering field

---@param args table
---@return tidewire.Cursor?
function CursorPagination:decode_cursor(args)
  local text = args[self.cursor_query_param]
  if text == nil or text == null or text == "" then return nil end
  local offset, direction, rest = tostring(text):match "^(%d+)([fr])(.*)$"
  if not offset or #offset > 9 or type(text) ~= "string" or text:find "%z" or rest ~= "" and rest:sub(1, 1) ~= ":" then
    error(exceptions.NotFound(self.invalid_cursor_message), 0)
  end
  return { offset = math.min(tonumber(offset), self.offset_cutoff), reverse = direction == "r", position = rest ~= "" and rest:sub(2) or nil }
end

---@param cursor tidewire.Cursor
---@return string
function CursorPagination:encode_cursor(cursor) -- luacheck: ignore
  return ("%d%s%s"):format(cursor.offset, cursor.reverse and "r" or "f", cursor.position and ":" .. cursor.position or "")
end

local function reversed(ordering)
  local list = {}
  for i, name in ipairs(ordering) do list[i] = name:sub(1, 1) == "-" and name:sub(2) or "-" .. name end
  return list
end

---The ordering with the primary key last: the database may give rows of equal values in any order otherwise, another one for each page.
local function with_tie_breaker(ordering)
  local list = {}
  for i, name in ipairs(ordering) do
    local plain = name:gsub("^%-", "")
    if plain == "pk" or plain == "id" then return ordering end
    list[i] = name
  end
  list[#list + 1] = list[1]:sub(1, 1) == "-" and "-pk" or "pk"
  return list
end

local function first_field(ordering) return (ordering[1]:gsub("^%-", "")), ordering[1]:sub(1, 1) == "-" end

---Rows from the cursor's position on, in the order in which the page is walked. Where the database puts NULLs last, they come behind every position.
local function behind_position(self, queryset, cursor)
  local name, is_descending = first_field(self.ordering_used)
  local descending = cursor.reverse ~= is_descending
  local condition = Q { [name .. (descending and "__lt" or "__gt")] = cursor.position }
  if descending == (db.vendor() == "sqlite") then condition = condition + Q { [name .. "__isnull"] = true } end
  local ok, result = pcall(queryset.filter, queryset, condition)
  if not ok then error(exceptions.NotFound(self.invalid_cursor_message), 0) end
  return result
end

local function text_of(value)
  if value == nil or value == null then return nil end
  return (tostring(value):gsub("^(%-?%d+)U?LL$", "%1"))
end

---@param instance table
---@param ordering string[]
---@return string?
function CursorPagination:get_position_from_instance(instance, ordering) -- luacheck: ignore
  local value = instance
  for part in (first_field(ordering) .. "__"):gmatch "(.-)__" do
    if value == nil or value == null then return nil end
    value = value[part]
  end
  return text_of(value)
end

---The rows from `from` to `to`, walking either way.
local function part(list, from, to)
  local copy = json.array {}
  for i = from, to, from <= to and 1 or -1 do copy[#copy + 1] = list[i] end
  return copy
end

---What lies before and behind the page.
local function note_neighbours(self, cursor, following, following_position)
  local came_from = cursor.position ~= nil or cursor.offset > 0
  if cursor.reverse then
    self.has_next, self.has_previous = came_from, following
    self.next_position, self.previous_position = cursor.position, following_position
  else
    self.has_next, self.has_previous = following, came_from
    self.next_position, self.previous_position = following_position, cursor.position
  end
end

function CursorPagination:paginate_queryset(queryset, _, consumer, args)
  local size = self:get_page_size(args)
  if not size then return nil end
  local ordering = with_tie_breaker(self:get_ordering(queryset, consumer, args))
  local cursor = self:decode_cursor(args)
  self.size, self.ordering_used, self.cursor = size, ordering, cursor
  cursor = cursor or { offset = 0, reverse = false }
  queryset = queryset:order_by(unpack(cursor.reverse and reversed(ordering) or ordering))
  if cursor.position then queryset = behind_position(self, queryset, cursor) end
  -- one more than the page tells whether another page follows
  local rows = queryset:slice(cursor.offset, cursor.offset + size + 1):list()
  local extra, count = rows[size + 1], math.min(size, #rows)
  note_neighbours(self, cursor, extra ~= nil, extra and self:get_position_from_instance(extra, ordering))
  self.page = count == 0 and json.array {} or cursor.reverse and part(rows, count, 1) or part(rows, 1, count)
  return self.page
end

---Where the neighbouring page begins when all rows of this one share a value.
local function beside_equal_rows(self, forward)
  local cursor = self.cursor or { offset = 0, reverse = false }
  local is_end = not (forward and self.has_previous or not forward and self.has_next)
  local position = forward and self.previous_position or not forward and self.next_position or nil
  if is_end then return self.size, nil end
  if cursor.reverse == forward then return 0, position end -- turning round may skip rows ahead, as DRF's does
  return cursor.offset + self.size, position
end

---The cursor of the page behind this one, or before it: the nearest row with a value of its own, and how many rows lie between.
local function neighbour(self, forward)
  local page, cursor = self.page, self.cursor
  local ahead = forward and self.next_position or not forward and self.previous_position or nil
  if #page == 0 then return self:encode_cursor { offset = 0, reverse = not forward, position = ahead } end
  local ordering, compare = self.ordering_used, ahead
  if cursor and cursor.reverse == forward and cursor.offset ~= 0 then
    compare = self:get_position_from_instance(page[forward and #page or 1], ordering)
  end
  local offset = 0
  for i = 1, #page do
    local position = self:get_position_from_instance(page[forward and #page + 1 - i or i], ordering)
    if position ~= compare then return self:encode_cursor { offset = offset, reverse = not forward, position = position } end
    offset = offset + 1
  end
  local position
  offset, position = beside_equal_rows(self, forward)
  return self:encode_cursor { offset = offset, reverse = not forward, position = position }
end

function CursorPagination:get_next_args() return self.has_next and { [self.cursor_query_param] = neighbour(self, true) } or nil end
function CursorPagination:get_previous_args() return self.has_previous and { [self.cursor_query_param] = neighbour(self, false) } or nil end

function CursorPagination:get_paginated_response(data)
  return setmetatable({ next = self:get_next_args() or null, previous = self:get_previous_args() or null, results = data }, WITHOUT_COUNT)
end

return M
