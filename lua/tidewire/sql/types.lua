---The fields that expressions without a model's column are of: what `Length "title"` gives is an IntegerField. tidewire.models.fields puts its classes in
---here, since it stands above this module.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"

local M = {}

local constructors, instances = {}, {}

---What each kind of field also is, as Django's classes extend one another.
local EXTENDS = {
  AutoField = "IntegerField", BigAutoField = "BigIntegerField", SmallAutoField = "SmallIntegerField", BigIntegerField = "IntegerField",
  SmallIntegerField = "IntegerField", PositiveIntegerField = "IntegerField", PositiveSmallIntegerField = "IntegerField",
  PositiveBigIntegerField = "IntegerField", DateTimeField = "DateField", SlugField = "CharField", EmailField = "CharField", URLField = "CharField",
  NullBooleanField = "BooleanField", OneToOneField = "ForeignKey",
}

---Make a kind of field known.
---@param name string its internal type
---@param constructor fun(): table makes a field without options
function M.register(name, constructor) constructors[name], instances[name] = constructor, nil end

---A decimal without a number of digits: it rounds nothing.
local function free_decimal(kind)
  local field = kind { max_digits = 15, decimal_places = 0 }
  field.max_digits, field.decimal_places = nil, nil
  function field:to_db(value) return value:is_finite() and value:to_fixed() or tostring(value) end -- luacheck: ignore
  function field:db_type(vendor) return vendor == "sqlite" and "decimal" or "numeric" end -- luacheck: ignore
  return field
end

---A text without a greatest length.
local function free_text(kind)
  local field = kind { max_length = 1 }
  field.max_length = nil
  function field:db_type() return "text" end -- luacheck: ignore
  return field
end

local FREE = { DecimalField = free_decimal, CharField = free_text }

---Make known all kinds of a module of fields, by their internal types.
---@param kinds table<string, tidewire.Class>
function M.register_kinds(kinds)
  for name, kind in pairs(kinds) do
    if class.is_class(kind) and name:find "Field$" then
      M.register(name, function() return FREE[name] and FREE[name](kind) or kind {} end)
    end
  end
end

---The one field of a kind that expressions share.
---@param name string "IntegerField"
---@return table
function M.field(name)
  local field = instances[name]
  if not field then
    local constructor = constructors[name] or error("no field is registered as " .. name, 2)
    field = constructor()
    field.name = field.name or "None" -- as messages call it
    instances[name] = field
  end
  return field
end

---Is a field of that kind, or of one that extends it?
---@param field table?
---@param name string
---@return boolean
function M.is_a(field, name)
  local kind = field and field.internal_type
  while kind do
    if kind == name then return true end
    kind = EXTENDS[kind]
  end
  return false
end

---DecimalFields with more digits than a double holds are texts in SQLite, with functions of their own.
---@return boolean
function M.is_text_decimal(field)
  return field ~= nil and field.internal_type == "DecimalField" and (field.max_digits or 0) > 15
end

---Two fields that expressions of one type may have.
local function same_type(a, b) return M.is_a(a, b.internal_type) end

---The one type of several fields; raises FieldError when they are mixed. Nil when there is none.
---@param fields table[] may have holes up to `n`
---@param n integer
---@return table?
function M.common(fields, n)
  local found
  for i = 1, n do
    local field = fields[i]
    if field then
      if found and not same_type(found, field) then return nil, M.mixed(found, field) end
      found = found or field
    end
  end
  return found
end

function M.mixed(a, b)
  return exceptions.FieldError(("Expression contains mixed types: %s, %s. You must set output_field."):format(M.name(a), M.name(b)))
end

---The class name of a field, for messages.
---@return string
function M.name(field)
  local kind = class.of(field)
  return kind and kind.name or field.internal_type
end

return M
