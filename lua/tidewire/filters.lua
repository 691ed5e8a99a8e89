---Filter backends: which rows a list has, as the request says it.
---
---    C.filter_backends = { filters.FieldFilter, filters.SearchFilter, filters.OrderingFilter }
---    C.filterset_fields = { "author", price = { "lt", "gt" } }          -- {"action": "list", "author": 3, "price__lt": 10}
---    C.search_fields = { "title", "^author__name" }                    -- {"action": "list", "search": "sea whale"}
---    C.ordering_fields, C.ordering = { "title", "price" }, { "title" }   -- {"action": "list", "ordering": "-price,title"}
---
---As in DRF they narrow what get_object finds, too.
local class = require "tidewire.class"
local db = require "tidewire.db"
local decimal = require "tidewire.decimal"
local exceptions = require "tidewire.exceptions"
local expressions = require "tidewire.expressions"
local json = require "tidewire.json"
local lookups = require "tidewire.lookups"
local nearest = require "tidewire.nearest"
local ordered = require "tidewire.serializers.ordered"
local paths = require "tidewire.paths"
local types = require "tidewire.sql.types"

local M = {}
local null, Q = json.null, expressions.Q

---@class tidewire.BaseFilterBackend: tidewire.Class
local BaseFilterBackend = class.new "BaseFilterBackend"
M.BaseFilterBackend = BaseFilterBackend

---@param args table the frame's keys
---@param queryset tidewire.QuerySet
---@param consumer tidewire.GenericConsumer
---@return tidewire.QuerySet
function BaseFilterBackend:filter_queryset(args, queryset, consumer) -- luacheck: ignore
  error(exceptions.ImproperlyConfigured ".filter_queryset() must be overridden.", 0)
end

---Raise when what a consumer class declares for this backend cannot work. Called when the app loads.
---@param kind tidewire.GenericConsumer the class
---@param model tidewire.Model
function BaseFilterBackend.check_declaration(kind, model) end -- luacheck: ignore

---Follow a declared name to its field; raises when it leads nowhere.
local function declared(model, name, where)
  local path = type(name) == "string" and paths.follow(model, name)
  if path then return path end
  error(exceptions.FieldError(("%s: %s has no field %q%s"):format(where, model._meta.label, tostring(name),
    nearest.hint(tostring(name), model._meta.fields_by_name))), 0)
end

local function ask_pattern(text)
  db.execute(db.vendor() == "postgresql" and "SELECT '' ~* $1::text" or "SELECT iregexp(?1, '')", { text, n = 1 })
end

---Can the database read a client's regular expression? Asked apart from the rows, so that an expression is what is wrong, and so that a transaction goes on.
---@async
local function is_pattern(text)
  local ok, err
  if db.in_atomic_block() then ok, err = pcall(db.atomic, function() ask_pattern(text) end) else ok, err = pcall(ask_pattern, text) end
  if not ok and not class.is_instance(err, exceptions.DatabaseError) then error(err, 0) end
  return ok
end

local BAD_PATTERN = "Enter a valid regular expression."
local NULL_CHARACTERS = "Null characters are not allowed."

-- ---- search ----

local FullText = lookups.Lookup:extend "FullText"

function FullText:as_sql(compiler)
  if compiler.vendor ~= "postgresql" then error(exceptions.NotSupportedError "full-text search (\"@\" in search_fields) needs PostgreSQL", 0) end
  return ("to_tsvector(COALESCE(%s, '')) @@ plainto_tsquery(%s)"):format(compiler:compile(self.left), (self:right_sql(compiler)))
end

lookups.register("CharField", "search", FullText)
lookups.register("TextField", "search", FullText)

local PREFIXES = { ["^"] = "istartswith", ["="] = "iexact", ["@"] = "search", ["$"] = "iregex" }

---Rows that hold every word of `search` in one of the consumer's `search_fields`. A prefix says how: ^ starts with, = is, @ full-text (PostgreSQL), $ regular
---expression; a lookup of its own may stand behind (`"title__startswith"`); otherwise the text is contained, whatever its case.
---@class tidewire.SearchFilter: tidewire.BaseFilterBackend
---@field search_param string
---@field max_words integer how many words a client may look for: each is compared with every field, and joins the related rows anew
local SearchFilter = BaseFilterBackend:extend("SearchFilter", { search_param = "search", max_words = 16 })
M.SearchFilter = SearchFilter

---@param consumer tidewire.GenericConsumer
---@param args table
---@return string[]?
function SearchFilter:get_search_fields(consumer, args) return consumer.search_fields end -- luacheck: ignore

local function unescaped(text) return (text:gsub("\\(.)", "%1")) end

---Words, parted by spaces and commas; what stands in quotes is one.
local function words_of(text)
  local words, at = {}, 1
  while true do
    at = text:find("[^%s,]", at)
    if not at then return words end
    local quote = text:match("^[\"']", at)
    local closing = quote and text:find("[^\\]" .. quote, at)
    if closing then
      words[#words + 1] = unescaped(text:sub(at + 1, closing))
      at = closing + 2
    else
      local word = text:match("^[^%s,]+", at)
      words[#words + 1], at = word, at + #word
    end
  end
end

---@param args table
---@return string[]
function SearchFilter:get_search_terms(args)
  local text = args[self.search_param]
  if type(text) ~= "string" and type(text) ~= "number" then return {} end
  text = tostring(text)
  if text:find "%z" then error(exceptions.ValidationError { [self.search_param] = { NULL_CHARACTERS } }, 0) end
  return words_of(text)
end

local function has_pattern(names)
  for _, name in ipairs(names) do
    if name:find "__i?regex$" then return true end
  end
  return false
end

local function each_once(words)
  local list, seen = {}, {}
  for _, word in ipairs(words) do
    if not seen[word] then list[#list + 1] = word end
    seen[word] = true
  end
  return list
end

---The words, when they can be looked for.
---@async
local function check_words(self, words, names)
  local function refuse(message) error(exceptions.ValidationError { [self.search_param] = { message } }, 0) end
  words = each_once(words)
  if #words > self.max_words then refuse(("Ensure this value has at most %d words."):format(self.max_words)) end
  for _, word in ipairs(has_pattern(names) and words or {}) do
    if not is_pattern(word) then refuse(BAD_PATTERN) end
  end
  return words
end

---@param name string as search_fields has it
---@param model tidewire.Model
---@return string lookup
---@return boolean many
local function lookup_of(name, model)
  local prefix = PREFIXES[name:sub(1, 1)]
  local plain = prefix and name:sub(2) or name
  local path = declared(model, plain, "search_fields")
  if prefix then return plain .. "__" .. prefix, path.many end
  return #path.lookups > 0 and plain or plain .. "__icontains", path.many
end

local function any_of(lookup_names, word)
  local condition
  for _, name in ipairs(lookup_names) do
    local one = Q { [name] = word }
    condition = condition and condition + one or one
  end
  return condition
end

function SearchFilter:filter_queryset(args, queryset, consumer)
  local fields, words = self:get_search_fields(consumer, args), self:get_search_terms(args)
  if not fields or #fields == 0 or #words == 0 then return queryset end
  local names, many = {}, false
  for i, field in ipairs(fields) do
    local crosses
    names[i], crosses = lookup_of(field, queryset.model)
    many = many or crosses
  end
  local found = queryset
  words = check_words(self, words, names)
  for _, word in ipairs(words) do found = found:filter(any_of(names, word)) end
  if not many then return found end
  return queryset:filter { pk__in = found:order_by():values "pk" } -- a row whose related rows match twice is there once
end

function SearchFilter.check_declaration(kind, model)
  for _, name in ipairs(kind.search_fields or {}) do lookup_of(name, model) end
end

-- ---- order ----

---The order that `ordering` asks for: names of the consumer's `ordering_fields`, "-" in front for descending, several parted by commas or in a list. What is
---not allowed is passed over. Without `ordering` the consumer's `ordering` counts. `ordering_fields` may be "__all__", every field of the model; when it
---is nil, the fields that the serializer shows are allowed.
---@class tidewire.OrderingFilter: tidewire.BaseFilterBackend
---@field ordering_param string
local OrderingFilter = BaseFilterBackend:extend("OrderingFilter", { ordering_param = "ordering" })
M.OrderingFilter = OrderingFilter

---@param consumer tidewire.GenericConsumer
---@return string[]?
function OrderingFilter:get_default_ordering(consumer) -- luacheck: ignore
  local ordering = consumer.ordering
  return type(ordering) == "string" and { ordering } or ordering
end

local function add_shown(names, consumer, args)
  local serializer = consumer:get_serializer { action_kwargs = args }
  for _, name in ipairs(ordered.names(serializer.fields)) do
    local field = serializer.fields[name]
    if not field.write_only and field.source ~= "*" then names[(field.source:gsub("%.", "__"))] = true end
  end
end

local function add_all(names, queryset)
  for _, field in ipairs(queryset.model._meta.concrete_fields) do names[field.name] = true end
  for name in pairs(rawget(queryset, "query") and queryset.query.annotations or {}) do names[name] = true end
end

---Names that a client may order by.
---@param queryset tidewire.QuerySet
---@param consumer tidewire.GenericConsumer
---@param args table
---@return table<string, true>
function OrderingFilter:get_valid_fields(queryset, consumer, args) -- luacheck: ignore
  local allowed, names = consumer.ordering_fields, {}
  if allowed == nil then
    add_shown(names, consumer, args)
  elseif allowed == "__all__" then
    add_all(names, queryset)
  else
    for _, name in ipairs(allowed) do names[name] = true end
  end
  return names
end

---@return string[]?
local function asked_for(value)
  local list = {}
  if type(value) == "string" then
    for name in value:gmatch "[^,]+" do list[#list + 1] = name:match "^%s*(.-)%s*$" end
  elseif type(value) == "table" then
    for _, name in ipairs(value) do list[#list + 1] = type(name) == "string" and name or nil end
  end
  return #list > 0 and list or nil
end

---@param args table
---@param queryset tidewire.QuerySet
---@param consumer tidewire.GenericConsumer
---@return string[]?
function OrderingFilter:get_ordering(args, queryset, consumer)
  local asked = asked_for(args[self.ordering_param])
  if asked then
    local valid, list, seen = self:get_valid_fields(queryset, consumer, args), {}, {}
    for _, name in ipairs(asked) do
      local plain = name:gsub("^%-", "")
      if valid[plain] and not seen[plain] then list[#list + 1] = name end
      seen[plain] = true -- what comes again orders nothing, and databases do not take thousands
    end
    if #list > 0 then return list end
  end
  return self:get_default_ordering(consumer)
end

function OrderingFilter:filter_queryset(args, queryset, consumer)
  local ordering = self:get_ordering(args, queryset, consumer)
  return ordering and queryset:order_by(unpack(ordering)) or queryset
end

function OrderingFilter.check_declaration(kind, model)
  local ordering = type(kind.ordering) == "string" and { kind.ordering } or kind.ordering or {}
  local annotated = kind.queryset and rawget(kind.queryset, "query") and kind.queryset.query.annotations or {}
  for _, name in ipairs(ordering) do
    local plain = type(name) == "string" and name:gsub("^%-", "")
    if plain and not annotated[plain] then declared(model, plain, "ordering") end
  end
  for _, name in ipairs(type(kind.ordering_fields) == "table" and kind.ordering_fields or {}) do
    if not annotated[name] then declared(model, name, "ordering_fields") end
  end
end

-- ---- fields ----

---@class (private) tidewire.FieldFilterRule
---@field param string what clients call it
---@field lookup string for filter()
---@field kind string the last lookup
---@field field tidewire.Field whose values are compared
---@field is_year boolean
---@field has_transform boolean the value is not the field's own: year, length, …

local NUMBERS = { IntegerField = true, FloatField = true, DecimalField = true }
local INVALID = {
  DateTimeField = "Enter a valid date/time.", DateField = "Enter a valid date.", TimeField = "Enter a valid time.", DurationField = "Enter a valid duration.",
  UUIDField = "Enter a valid UUID.", BooleanField = "Enter a valid boolean.", GenericIPAddressField = "Enter a valid IPv4 or IPv6 address.",
}
local TEXT = { iexact = true, contains = true, icontains = true, startswith = true, istartswith = true, endswith = true, iendswith = true, regex = true,
  iregex = true, search = true }

local function invalid_text(field)
  for name in pairs(NUMBERS) do
    if types.is_a(field, name) then return "Enter a number." end
  end
  for _, name in ipairs { "DateTimeField", "DateField", "TimeField", "DurationField", "UUIDField", "BooleanField", "GenericIPAddressField" } do
    if types.is_a(field, name) then return INVALID[name] end
  end
  return "Enter a valid value."
end

local function refuse(text) error(exceptions.ValueError(text), 0) end

local function is_scalar(value)
  local kind = type(value)
  return kind == "string" or kind == "number" or kind == "boolean" or kind == "cdata" or kind == "userdata" and value ~= null
end

local WORDS = { ["true"] = true, ["True"] = true, ["1"] = true, ["false"] = false, ["False"] = false, ["0"] = false }

local function boolean_of(value)
  if type(value) == "string" then value = WORDS[value] end
  if type(value) ~= "boolean" then refuse "Enter a valid boolean." end
  return value
end

local function check_choice(field, value)
  if not field.choices then return end
  for _, choice in ipairs(field.choices) do
    if choice[1] == value then return end
  end
  refuse(("Select a valid choice. %s is not one of the available choices."):format(tostring(value)))
end

---Databases have no numbers of so many places ("1e1000000"), before the point or behind it.
local function is_beyond_numeric(value)
  local _, digits, exponent = value:parts()
  return not value:is_finite() or #digits + exponent > 1000 or exponent < -1000
end

---A client's value in the field's own form.
local function own_value(field, value)
  if not is_scalar(value) or type(value) == "boolean" and not types.is_a(field, "BooleanField") then refuse(invalid_text(field)) end
  if types.is_a(field, "BooleanField") then return boolean_of(value) end
  if type(value) == "string" and value:find "%z" then refuse(NULL_CHARACTERS) end
  local ok, result = pcall(field.to_python, field, value)
  if not ok or result == nil or decimal.is(result) and is_beyond_numeric(result) then refuse(invalid_text(field)) end
  check_choice(field, result)
  return result
end

local function list_of(value)
  if json.is_array(value) then return value end
  if type(value) ~= "string" then return { value } end
  local list = {}
  for item in value:gmatch "[^,]+" do list[#list + 1] = item end
  return list
end

local function each_own(field, value)
  local list = {}
  for i, item in ipairs(list_of(value)) do list[i] = own_value(field, item) end
  return list
end

local convert = {}

function convert.isnull(_, value) return boolean_of(value) end
convert["in"] = function(rule, value) return each_own(rule.field, value) end

function convert.range(rule, value)
  local list = each_own(rule.field, value)
  if #list ~= 2 then refuse "Range query expects two values." end
  return list
end

local MOST = 2147483647 -- of PostgreSQL's integer, which its functions give

local function text_value(rule, value)
  if type(value) ~= "string" and type(value) ~= "number" then refuse "Enter a valid value." end
  local text = tostring(value)
  if text:find "%z" then refuse(NULL_CHARACTERS) end
  if (rule.kind == "regex" or rule.kind == "iregex") and not is_pattern(text) then refuse(BAD_PATTERN) end
  return text
end

---What a transform (year, length, …) is compared with. A year becomes dates, which have four digits.
local function number_value(rule, value)
  local number = type(value) ~= "boolean" and tonumber(value)
  if not number or number - number ~= 0 or math.abs(number) > MOST then refuse "Enter a number." end
  if rule.is_year and (number < 1 or number > 9999) then refuse "Enter a valid year." end
  return number
end

local function value_of(rule, value)
  if rule.has_transform then return number_value(rule, value) end
  if convert[rule.kind] then return convert[rule.kind](rule, value) end
  if TEXT[rule.kind] then return text_value(rule, value) end
  return own_value(rule.field, value)
end

local KINDS = { exact = true, lt = true, lte = true, gt = true, gte = true, isnull = true, ["in"] = true, range = true }
for name in pairs(TEXT) do KINDS[name] = true end

---@return tidewire.FieldFilterRule
local function rule_of(model, name, lookup)
  local whole = lookup == "exact" and name or name .. "__" .. lookup
  local path = declared(model, whole, "filterset_fields")
  local parts = path.lookups
  local kind = KINDS[parts[#parts]] and parts[#parts] or "exact"
  return {
    param = whole, lookup = whole, kind = kind, many = path.many, field = paths.value_field(path.field),
    has_transform = #parts > (KINDS[parts[#parts]] and 1 or 0), is_year = parts[1] == "year" or parts[1] == "iso_year",
  }
end

local function lookup_list(lookup)
  if type(lookup) == "string" then return { lookup } end
  return lookup
end

---Rules of a declaration: a list of names (compared for equality), names with the lookups allowed, or both.
---@return tidewire.FieldFilterRule[]
local function rules_of(model, fields)
  local rules, names = {}, {}
  for _, name in ipairs(fields) do rules[#rules + 1] = rule_of(model, name, "exact") end
  for name in pairs(fields) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    for _, lookup in ipairs(lookup_list(fields[name])) do rules[#rules + 1] = rule_of(model, name, lookup) end
  end
  return rules
end

---Rows whose fields are what the request says: names of the consumer's `filterset_fields`, with lookups as `price__lt`. Values that a field cannot have are
---answered with 400; null and "" do not filter. django-filter's DjangoFilterBackend.
---@class tidewire.FieldFilter: tidewire.BaseFilterBackend
local FieldFilter = BaseFilterBackend:extend "FieldFilter"
M.FieldFilter = FieldFilter
M.DjangoFilterBackend = FieldFilter

local rules_by_declaration = setmetatable({}, { __mode = "k" })

local function rules_for(fields, model)
  local by_model = rules_by_declaration[fields] or {}
  rules_by_declaration[fields] = by_model
  by_model[model] = by_model[model] or rules_of(model, fields)
  return by_model[model]
end

local function is_empty(value) return value == nil or value == null or value == "" or json.is_array(value) and #value == 0 end

function FieldFilter:filter_queryset(args, queryset, consumer) -- luacheck: ignore
  local fields = consumer.filterset_fields
  if not fields then return queryset end
  local errors, wanted, many = {}, {}, false
  for _, rule in ipairs(rules_for(fields, queryset.model)) do
    local value = args[rule.param]
    if not is_empty(value) then
      local ok, result = pcall(value_of, rule, value)
      if ok then wanted[rule.lookup] = result else errors[rule.param] = { result.message or error(result, 0) } end
      many = many or rule.many
    end
  end
  if next(errors) then error(exceptions.ValidationError(errors), 0) end
  if next(wanted) == nil then return queryset end
  local found = queryset:filter(wanted)
  return many and queryset:filter { pk__in = found:order_by():values "pk" } or found
end

---Try each rule once, so that names and lookups that do not exist are found when the app loads.
function FieldFilter.check_declaration(kind, model)
  if kind.filterset_fields then
    for _, rule in ipairs(rules_for(kind.filterset_fields, model)) do
      if rule.has_transform or not KINDS[rule.kind] then model.objects:filter { [rule.lookup] = 1 } end
    end
  end
end

return M
