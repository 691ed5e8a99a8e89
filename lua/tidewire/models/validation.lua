---Validation of whole instances: full_clean and its parts. Nothing calls it but the app, as in Django.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local Model = require "tidewire.models.base"

local ValidationError = exceptions.ModelValidationError

local function capitalise(text) return (text:gsub("^%l", string.upper)) end

local function set_of(names)
  local set = {}
  for _, name in ipairs(names or {}) do set[name] = true end
  return set
end

---Run a check and put what it raises to the errors.
local function collect(errors, fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then return end
  if not class.is_instance(err, ValidationError) then error(err, 0) end
  err:update_error_dict(errors)
end

-- ---- fields ----

local function clean_field(instance, field)
  local raw = instance[field.attname]
  if field.blank and field.is_empty(raw) then return end -- what may be left out is not looked at
  instance[field.attname] = field:clean(raw, instance)
end

---Convert and check each field's value. Raises ModelValidationError with the errors by field.
---@async
---@param options? { exclude?: string[] }
function Model:clean_fields(options)
  local exclude, errors = set_of(options and options.exclude), {}
  for _, field in ipairs(self._meta.concrete_fields) do
    if not exclude[field.name] then
      local ok, err = pcall(clean_field, self, field)
      if not ok then
        if not class.is_instance(err, ValidationError) then error(err, 0) end
        errors[field.name] = err.error_list
      end
    end
  end
  if next(errors) ~= nil then error(ValidationError(errors), 0) end
end

---For the app: checks of the whole object. Raise ModelValidationError.
function Model:clean() end

-- ---- uniqueness ----

---Groups of names that have to be unique together: those of Meta, and of constraints without a condition.
local function groups_of(meta)
  local groups = {}
  for _, together in ipairs(meta.unique_together) do groups[#groups + 1] = together end
  for _, constraint in ipairs(meta.constraints) do
    if constraint.is_total_unique then groups[#groups + 1] = constraint.fields end
  end
  return groups
end

local function is_excluded(exclude, names)
  for _, name in ipairs(names) do
    if exclude[name] then return true end
  end
  return false
end

local function checks_of(meta, exclude)
  local checks = {}
  for _, names in ipairs(groups_of(meta)) do
    if not is_excluded(exclude, names) then checks[#checks + 1] = names end
  end
  for _, field in ipairs(meta.concrete_fields) do
    if field.unique and not exclude[field.name] then checks[#checks + 1] = { field.name } end
  end
  return checks
end

---What another row would have to have; nil when a value is null, which is equal to nothing, or a key that is not changed.
local function lookups_of(instance, names)
  local meta, lookups = instance._meta, {}
  for _, name in ipairs(names) do
    local field = meta.fields_by_name[name]
    local value = instance[field.attname]
    if value == nil or value == json.null then return nil end
    if field.primary_key and not rawget(instance, "__adding") then return nil end
    lookups[field.attname] = value
  end
  return lookups
end

local function others(instance, lookups)
  local rows = instance._meta.model._default_manager:filter(lookups)
  if not rawget(instance, "__adding") and instance.pk ~= nil then rows = rows:exclude { pk = instance.pk } end
  return rows
end

local function join_labels(labels)
  if #labels < 2 then return labels[1] or "" end
  return table.concat(labels, ", ", 1, #labels - 1) .. " and " .. labels[#labels]
end

---@param names string[]
---@return tidewire.ModelValidationError
function Model:unique_error_message(names)
  local meta, labels = self._meta, {}
  for i, name in ipairs(names) do labels[i] = capitalise(meta.fields_by_name[name].verbose_name) end
  local params = {
    model = self, model_class = meta.model, model_name = capitalise(meta.verbose_name), unique_check = names,
    field_label = labels[1], field_labels = join_labels(labels),
  }
  if #names == 1 then return ValidationError(meta.fields_by_name[names[1]].error_messages.unique, "unique", params) end
  return ValidationError("%(model_name)s with this %(field_labels)s already exists.", "unique_together", params)
end

local DATE_PARTS = { date = { "year", "month", "day" }, month = { "month" }, year = { "year" } }

local function date_lookups(instance, field, kind, date_name)
  local date = instance[date_name]
  if date == nil then return nil end
  local lookups = { [field.attname] = instance[field.attname] }
  for _, part in ipairs(DATE_PARTS[kind]) do lookups[date_name .. "__" .. part] = date[part] end
  return lookups
end

local function date_error(instance, field, kind, date_name)
  local meta = instance._meta
  return ValidationError(field.error_messages.unique_for_date, "unique_for_date", {
    model_name = capitalise(meta.verbose_name), field = field.name, field_label = capitalise(field.verbose_name), lookup_type = kind,
    date_field = date_name, date_field_label = capitalise(meta.fields_by_name[date_name].verbose_name),
  })
end

local function check_dates(instance, exclude, errors)
  for _, field in ipairs(instance._meta.concrete_fields) do
    for kind in pairs(DATE_PARTS) do
      local date_name = field["unique_for_" .. kind]
      local lookups = date_name and not exclude[field.name] and not exclude[date_name] and date_lookups(instance, field, kind, date_name)
      if lookups and others(instance, lookups):exists() then
        errors[field.name] = errors[field.name] or {}
        table.insert(errors[field.name], date_error(instance, field, kind, date_name))
      end
    end
  end
end

---Look for other rows with values that have to be unique. Raises ModelValidationError: by field, or "__all__" where several fields are involved.
---@async
---@param options? { exclude?: string[] }
function Model:validate_unique(options)
  local exclude, errors = set_of(options and options.exclude), {}
  for _, names in ipairs(checks_of(self._meta, exclude)) do
    local lookups = lookups_of(self, names)
    if lookups and others(self, lookups):exists() then
      local key = #names == 1 and names[1] or "__all__"
      errors[key] = errors[key] or {}
      table.insert(errors[key], self:unique_error_message(names))
    end
  end
  check_dates(self, exclude, errors)
  if next(errors) ~= nil then error(ValidationError(errors), 0) end
end

---All checks of a row before it is saved: its fields, `clean`, uniqueness. Raises ModelValidationError with all errors by field.
---@async
---@param options? { exclude?: string[], validate_unique?: boolean }
function Model:full_clean(options)
  options = options or {}
  local exclude, errors = { unpack(options.exclude or {}) }, {}
  collect(errors, self.clean_fields, self, { exclude = exclude })
  collect(errors, self.clean, self)
  if options.validate_unique ~= false then
    for name in pairs(errors) do exclude[#exclude + 1] = name end
    collect(errors, self.validate_unique, self, { exclude = exclude })
  end
  if next(errors) ~= nil then error(ValidationError(errors), 0) end
end

return Model
