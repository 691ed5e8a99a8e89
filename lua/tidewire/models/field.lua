---What all fields of models have in common: options, names, conversion in steps, validation.
---
---A value passes through three forms. What the app assigns (`"5"`, an ISO date, a Decimal) becomes the field's own form by `to_python` (for validation)
---or `get_prep_value` (for the database); `to_db` makes of that what drivers bind. A row's raw values go the other way through `converter`.
---
---TO ADD A KIND: `Field:kind(name, members)` with `internal_type`, `types` (column types by vendor), `to_python`; and where the default is not
---enough `to_db`, `placeholder`, `converter`. `options` and `messages` are put to those of the parent.
local caller = require "tidewire.caller"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local nearest = require "tidewire.nearest"
local repr = require "tidewire.repr"

---@class tidewire.Field: tidewire.Class
---@field name string
---@field attname string key of its value in instances: "author_id" of the relation author
---@field column string?
---@field model tidewire.Model
---@field verbose_name string
---@field help_text string
---@field null boolean
---@field blank boolean
---@field default any nil: none; tidewire.null: nil
---@field unique boolean
---@field db_index boolean
---@field primary_key boolean
---@field editable boolean
---@field choices { [1]: any, [2]: string|table }[]?
---@field max_length integer?
---@field internal_type string
---@field is_relation boolean
---@field auto_created boolean
---@field error_messages table<string, string>
local Field = class.new("Field", {
  internal_type = "Field",
  is_relation = false,
  many_to_many = false,
  concrete = true,
  auto_created = false,
  empty_strings_allowed = true,
  null = false, blank = false, unique = false, db_index = false, primary_key = false, editable = true,
  help_text = "",
  types = {},
  default_validators = {},
  options = {
    null = "boolean", blank = "boolean", default = "any", unique = "boolean", db_index = "boolean", primary_key = "boolean", editable = "boolean",
    choices = "list", validators = "list", db_column = "string", help_text = "string", verbose_name = "string", error_messages = "table",
    unique_for_date = "string", unique_for_month = "string", unique_for_year = "string",
  },
  messages = {
    invalid_choice = "Value %(value)r is not a valid choice.",
    null = "This field cannot be null.",
    blank = "This field cannot be blank.",
    unique = "%(model_name)s with this %(field_label)s already exists.",
    unique_for_date = "%(field_label)s must be unique for %(date_field_label)s %(lookup_type)s.",
  },
})

local function merged(base, more)
  local all = {}
  for key, value in pairs(base) do all[key] = value end
  for key, value in pairs(more or {}) do all[key] = value or nil end
  return all
end

---Extend a kind of field; `options` and `messages` are put to the parent's (an option that is false is taken away).
---@param name string
---@param members? table
---@return tidewire.Field
function Field:kind(name, members)
  members = members or {}
  members.options, members.messages = merged(self.options, members.options), merged(self.messages, members.messages)
  return self:extend(name, members)
end

-- ---- options ----

local function is_list(value)
  return type(value) == "table" and (value[1] ~= nil or next(value) == nil)
end

local CHECKS = {
  any = function() return true end,
  list = is_list,
  integer = function(value) return type(value) == "number" and value == math.floor(value) end,
}

local function option_problem(self, key, value)
  local expected = self.options[key]
  if not expected then return ("%s has no option %q%s"):format(class.of(self).name, tostring(key), nearest.hint(tostring(key), self.options)) end
  local check = CHECKS[expected]
  if check and check(value) or not check and type(value) == expected then return nil end
  return ("%s is a %s; expected %s %s"):format(key, type(value), expected:find "^[aeiou]" and "an" or "a", expected)
end

local function is_pair(choice) return is_list(choice) and #choice == 2 end

---Choices without their groups.
local function flatten_choices(choices)
  local flat = {}
  for _, choice in ipairs(choices) do
    if type(choice[2]) == "table" and class.of(choice[2]) == nil then
      for _, inner in ipairs(choice[2]) do flat[#flat + 1] = inner end
    else
      flat[#flat + 1] = choice
    end
  end
  return flat
end

local function choices_problem(choices)
  for i, choice in ipairs(choices) do
    if not is_pair(choice) then return ("choices[%d] is not { value, label }"):format(i) end
  end
  for i, choice in ipairs(flatten_choices(choices)) do
    if not is_pair(choice) then return ("choices: value %d is not { value, label }"):format(i) end
  end
end

local function is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call ~= nil
end

local function validators_problem(validators)
  for i, validator in ipairs(validators) do
    if not is_callable(validator) then return ("validators[%d] is a %s; expected a function or a validator"):format(i, type(validator)) end
  end
end

---What is wrong with options that are of the right types. Kinds add their own.
function Field:check_options(options)
  if options.primary_key and options.null then return "a primary key cannot have null = true" end
  if type(options.default) == "table" and class.of(options.default) == nil then
    return "default is a table, which all rows would share; give a function that makes one"
  end
  return options.choices and choices_problem(options.choices) or options.validators and validators_problem(options.validators)
end

local function problem_of(self, options)
  if type(options) ~= "table" then return ("%s takes a table of options; got a %s"):format(class.of(self).name, type(options)) end
  for key, value in pairs(options) do
    local problem = option_problem(self, key, value)
    if problem then return problem end
  end
  return self:check_options(options)
end

local counter, auto_counter = 0, 0

---The next creation number: fields stand in the order they were made. Those that the framework adds stand first.
function Field.next_counter(auto)
  if auto then
    auto_counter = auto_counter - 1
    return auto_counter
  end
  counter = counter + 1
  return counter
end

---Options that are wrong are complained about when the model takes the field: only then it has a name.
---@param verbose_name? string|table
---@param options? table may be the first argument
function Field:init(verbose_name, options)
  if type(verbose_name) ~= "string" then options, verbose_name = verbose_name, nil end
  if options == nil then options = {} end
  self.position = caller.position()
  self.creation_counter = self.next_counter(type(options) == "table" and options.auto_created)
  self.problem = problem_of(self, options)
  if self.problem then return end
  for key, value in pairs(options) do self[key] = value end
  self.given = merged(options)
  self.verbose_name = verbose_name or options.verbose_name
  self.user_validators = options.validators or {}
  self.unique = self.unique or self.primary_key
  self.flatchoices = self.choices and flatten_choices(self.choices)
  self.error_messages = merged(self.messages, options.error_messages)
  self:prepare()
end

---For kinds: what follows from the options.
function Field:prepare() end

---@return tidewire.Field
function Field:clone()
  local copy = setmetatable({}, getmetatable(self))
  for key, value in pairs(self) do copy[key] = value end
  copy.given = merged(self.given)
  return copy
end

-- ---- names ----

function Field:get_attname() return self.name end

---Give the field its place in a model. Raises at the app's line when its options are wrong.
---@param model tidewire.Model
---@param name string
function Field:contribute_to_class(model, name)
  if self.problem then error(("%s%s.%s: %s"):format(self.position, model._meta.object_name, name, self.problem), 0) end
  self.name, self.model = name, model
  self.verbose_name = self.verbose_name or (name:gsub("_", " "))
  self.attname = self:get_attname()
  self.column = self.db_column or self.attname
  model._meta:add_field(self)
  if self.choices then self:add_display_method(model) end
end

---`get_status_display()` for a field `status` with choices.
function Field:add_display_method(model)
  local method = ("get_%s_display"):format(self.name)
  if model[method] ~= nil then return end
  local field = self
  model[method] = function(instance) return field:display(instance[field.attname]) end
end

---The label of a choice; the value itself when it is none.
function Field:display(value)
  for _, choice in ipairs(self.flatchoices) do
    if choice[1] == value then return choice[2] end
  end
  return value
end

function Field:__tostring()
  return self.model and ("%s.%s"):format(self.model._meta.label, self.name) or class.of(self).name
end

function Field:__repr() return ("<tidewire.models.%s: %s>"):format(class.of(self).name, self.name or "?") end

-- ---- values ----

---@return boolean
function Field:has_default() return self.default ~= nil end

---The value of a new instance that is not given one.
---@return any
function Field:get_default()
  local default = self.default
  if default == nil then
    if self.empty_strings_allowed and not self.null then return "" end
    return nil
  end
  if type(default) == "function" then default = default() end
  if default == json.null then return nil end
  return default
end

---@return boolean
function Field.is_empty(value)
  if value == nil or value == "" or value == json.null then return true end
  return type(value) == "table" and next(value) == nil and class.of(value) == nil
end

---Raise one of the field's messages.
---@param code string
---@param params? table
function Field:fail(code, params) error(exceptions.ModelValidationError(self.error_messages[code], code, params), 0) end

---The value in the field's own form. Raises ModelValidationError.
---@param value any
---@return any
function Field:to_python(value) return value end

---The value in the field's own form, for the database. Raises as the kind says: ValueError, TypeError or ModelValidationError.
---@param value any
---@return any
function Field:get_prep_value(value)
  if value == nil or value == json.null then return nil end
  return self:to_python(value)
end

---What the driver binds: boolean, number, int64, string or nil.
---@param value any as get_prep_value gives it
---@param vendor "sqlite"|"postgresql"
function Field:to_db(value, vendor) return value end

---The same for a value that the column's are compared with: it need not be one that the column can hold.
---@param value any
---@param vendor "sqlite"|"postgresql"
function Field:to_lookup(value, vendor) return self:to_db(value, vendor) end

---@param value any
---@param vendor "sqlite"|"postgresql"
function Field:get_db_prep_value(value, vendor)
  value = self:get_prep_value(value)
  if value == nil then return nil end
  return self:to_db(value, vendor)
end

---How the placeholder of a value is written where it is not the placeholder alone: "%s::date".
---@param vendor "sqlite"|"postgresql"
---@return string?
function Field:placeholder(vendor) end

---What makes the field's form of a raw value of the database; nil where the two are the same.
---@param vendor "sqlite"|"postgresql"
---@return nil|"bool"|"integer"|"float"|fun(raw: any): any
function Field:converter(vendor) end

---The value that is saved; `add` when the row is inserted.
---@param instance table
---@param add boolean
function Field:pre_save(instance, add) return instance[self.attname] end

-- ---- validation ----

---@return function[]
function Field:get_validators()
  local all = {}
  for _, validator in ipairs(self.default_validators) do all[#all + 1] = validator end
  for _, validator in ipairs(self.user_validators) do all[#all + 1] = validator end
  return all
end

local function own_message(self, err)
  local message = self.given.error_messages and self.given.error_messages[err.code]
  return message and exceptions.ModelValidationError(message, err.code, err.params) or err
end

---Every validator is asked; what they all say is raised together.
---@async when a validator waits
---@param value any
function Field:run_validators(value)
  if self.is_empty(value) then return end
  local errors = {}
  for _, validator in ipairs(self:get_validators()) do
    local ok, err = pcall(validator, value)
    if not ok then
      if not class.is_instance(err, exceptions.ModelValidationError) then error(err, 0) end
      for _, single in ipairs(err.error_list) do errors[#errors + 1] = own_message(self, single) end
    end
  end
  if #errors > 0 then error(exceptions.ModelValidationError(errors), 0) end
end

local function is_choice(self, value)
  for _, choice in ipairs(self.flatchoices) do
    if choice[1] == value then return true end
  end
  return false
end

---Choices, null and blank.
---@param value any as to_python gives it
---@param instance? table
function Field:validate(value, instance)
  if not self.editable then return end
  local empty = self.is_empty(value)
  if self.choices and not empty then
    if is_choice(self, value) then return end
    self:fail("invalid_choice", { value = value })
  end
  if (value == nil or value == json.null) and not self.null then self:fail "null" end
  if empty and not self.blank then self:fail "blank" end
end

---Convert and check a value. Raises ModelValidationError.
---@async when a validator waits
---@param value any
---@param instance? table
---@return any value in the field's form
function Field:clean(value, instance)
  if value == json.null then value = nil end
  value = self:to_python(value)
  self:validate(value, instance)
  self:run_validators(value)
  return value
end

-- ---- columns ----

---@param vendor "sqlite"|"postgresql"
---@return string? type nil: no column
function Field:db_type(vendor)
  local kind = self.types[vendor]
  return kind and (kind:gsub("%%%((%w+_?%w*)%)", function(key) return repr.str(self[key]) end))
end

---The type of a column that refers to this one.
---@return string?
function Field:rel_db_type(vendor) return self:db_type(vendor) end

---What stands behind the type: AUTOINCREMENT and its like.
---@return string?
function Field:db_suffix(vendor) end

---A condition that the column's values have to meet, nil when there is none.
---@param vendor "sqlite"|"postgresql"
---@param column string quoted
---@return string?
function Field:db_check(vendor, column) end

return Field
