---Lists of rows as JSON without Lua values between: a serializer whose fields are all plain columns of its model becomes a row encoder of the host
---(src/lua/row_encoder.c), which is given to the queryset's query instead of a shape.
---
---What an encoder writes is what the fields would have written. A field is encoded only when all of its class, its arguments and the settings say that
---it does nothing else.
local class = require "tidewire.class"
local compiler = require "tidewire.compiler"
local db = require "tidewire.db"
local fields = require "tidewire.fields"
local host = require "tidewire.host"
local models = require "tidewire.models"
local relations = require "tidewire.relations"
local settings = require "tidewire.settings"
local timezone = require "tidewire.timezone"

local M = {}

local rawget, type = rawget, type

-- ---- kinds of columns ----

local TEXTS = {
  [fields.CharField] = true, [fields.EmailField] = true, [fields.SlugField] = true, [fields.URLField] = true, [fields.RegexField] = true,
  [fields.IPAddressField] = true,
}

local function setting_or(value, name)
  if value == nil then return settings[name] end
  return value
end

local function is_iso(field, name) return setting_or(field.format, name) == "iso-8601" end

local function is_utc() return settings.use_tz and timezone.current() == timezone.utc end

-- kinds by class of field: what the column has to be, and whether the field writes it plainly
local KINDS = {
  [fields.IntegerField] = { "integer", models.IntegerField },
  [fields.BigIntegerField] = { "integer", models.IntegerField, function(field) return not setting_or(field.coerce_to_string, "coerce_bigint_to_string") end },
  [fields.FloatField] = { "float", models.FloatField },
  [fields.BooleanField] = { "bool", models.BooleanField },
  [fields.JSONField] = { "json", models.JSONField, function(field) return not field.binary end },
  [fields.DateField] = { "date", models.DateField, function(field) return is_iso(field, "date_format") end },
  [fields.TimeField] = { "time", models.TimeField, function(field) return is_iso(field, "time_format") end },
  [fields.DateTimeField] = { "datetime", models.DateTimeField, function(field)
    return is_iso(field, "datetime_format") and not field.timezone and is_utc()
  end },
  [fields.UUIDField] = { "uuid", models.UUIDField, function(field) return field.uuid_format == "hex_verbose" end },
  [fields.DecimalField] = { "decimal", models.DecimalField, function(field, column)
    return setting_or(field.coerce_to_string, "coerce_decimal_to_string") and not field.normalize_output and not field.rounding
      and field.decimal_places == column.decimal_places and field.max_digits == column.max_digits and not column:is_text(db.vendor())
  end },
}

---Is a model's field of that kind, and does it read its column as that kind does?
local function is_plain(column, kind) return class.is_instance(column, kind) and column.converter == class.flat(kind).converter end

local function text_kind(column)
  return (is_plain(column, models.CharField) or is_plain(column, models.TextField)) and "text" or nil
end

---The model's field whose column an entry represents, followed to what a relation refers to.
local function column_field(model, attname)
  local field = model._meta.fields_by_name[attname]
  while field and field.is_relation do field = field.target_field end
  return field
end

local function key_kind(column)
  if is_plain(column, models.IntegerField) then return "integer" end
  return is_plain(column, models.UUIDField) and "uuid" or text_kind(column)
end

---@param entry tidewire.FieldPlan
---@param column tidewire.Field
---@return string? kind nil: the column is not encoded
local function kind_of(entry, column)
  local field = entry.field
  if class.of(field) == relations.PrimaryKeyRelatedField then return field.pk_field == nil and key_kind(column) or nil end
  if TEXTS[class.of(field)] then return text_kind(column) end
  local kind = KINDS[class.of(field)]
  if not kind or not is_plain(column, kind[2]) or kind[3] and not kind[3](field, column) then return nil end
  return kind[1]
end

-- ---- encoders ----

---@param places table<string, integer> columns of the result by attname
local function columns_of(plan, places)
  local columns = {}
  for i, entry in ipairs(plan.readable) do
    local column = entry.attname and column_field(plan.model, entry.attname)
    local kind = column and places[entry.attname] and kind_of(entry, column)
    if not kind then return nil end
    columns[i] = { key = entry.name, column = places[entry.attname], kind = kind, places = column.decimal_places }
  end
  return columns[1] and columns or nil
end

---@return userdata|false
local function encoder_for(plan, signature, places)
  local encoders = plan.encoders
  if not encoders then
    encoders = {}
    plan.encoders = encoders
  end
  local encoder = encoders[signature]
  if encoder == nil then
    local columns = columns_of(plan, places)
    encoder = columns and host.db_row_encoder(columns) or false
    encoders[signature] = encoder
  end
  return encoder
end

---Where each column of the model stands in the result, and a name for that order.
local function places_of(columns)
  local places, names = {}, {}
  for i, column in ipairs(columns) do
    places[column.target.attname] = i
    names[i] = column.target.attname
  end
  return table.concat(names, ","), places
end

local function own_places(model)
  local places = {}
  for i, field in ipairs(model._meta.concrete_fields) do places[field.attname] = i end
  return places
end

-- ---- asking ----

---A queryset of a model's rows that nobody has asked for yet.
local function is_fresh(plan, queryset)
  return type(queryset) == "table" and queryset.__is_queryset and rawget(queryset, "__rows") == "model" and rawget(queryset, "__result_cache") == nil
    and queryset.model == plan.model
end

---Can the plan's fields be encoded, whatever the query?
local function is_encodable(plan)
  if plan.encodable == nil then plan.encodable = plan.model ~= nil and columns_of(plan, own_places(plan.model)) ~= nil end
  return plan.encodable
end

---The queryset's SQL, its parameters, and the encoder for its columns.
---@return string? sql nil: no row can match
local function prepare(plan, queryset)
  local shortcut = rawget(queryset, "__plan")
  if shortcut and shortcut.list and not rawget(queryset, "query") then
    return shortcut.list, rawget(queryset, "__params"), encoder_for(plan, "", own_places(plan.model))
  end
  local sql, params, c = compiler.compile(queryset.query)
  if sql and c.tree then return sql, params, encoder_for(plan, places_of(c.tree.columns)) end
end

---The rows of a queryset, encoded. Nil when the plan has a field that cannot be.
---@async
---@param plan tidewire.Plan
---@param queryset any
---@return table? raw
function M.encode(plan, queryset)
  if not is_encodable(plan) then return nil end
  if type(queryset) == "table" and queryset.__is_manager then queryset = queryset:all() end
  if not is_fresh(plan, queryset) then return nil end
  local sql, params, encoder = prepare(plan, queryset)
  return sql and encoder and db.execute(sql, params, encoder) or nil
end

return M
