---Fields with a set of values to choose from.
local base = require "tidewire.fields.base"
local class = require "tidewire.class"
local json = require "tidewire.json"
local text = require "tidewire.fields.text"

local M = {}

local Field = base.Field
local null = json.null

---@alias tidewire.Choice any|{ [1]: any, [2]: string }|{ [1]: string, [2]: table } a value; a value and its label; a group of choices and its name

-- ---- reading choices ----

local function sorted_keys(object)
  local keys = {}
  for key in pairs(object) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return text.str(a) < text.str(b) end)
  return keys
end

---An object of labels by value is a list, too; it has no order, so its values stand in the alphabet's.
local function as_list(choices)
  if choices[1] ~= nil or next(choices) == nil then return choices end
  local list = {}
  for i, key in ipairs(sorted_keys(choices)) do list[i] = { key, choices[key] } end
  return list
end

local function is_plain_table(value) return type(value) == "table" and class.of(value) == nil and not text.is_number_object(value) end

---Choices with their groups: { value, label } and { name, { { value, label }, … } }.
local function grouped(choices)
  local list = {}
  for i, choice in ipairs(as_list(choices)) do
    if not is_plain_table(choice) then list[i] = { choice, choice }
    elseif is_plain_table(choice[2]) then list[i] = { choice[1], grouped(choice[2]), is_group = true }
    else list[i] = { choice[1], choice[2] } end
  end
  return list
end

local function flattened(groups)
  local list = {}
  for _, choice in ipairs(groups) do
    if choice.is_group then
      for _, inner in ipairs(choice[2]) do list[#list + 1] = inner end
    else
      list[#list + 1] = choice
    end
  end
  return list
end

-- ---- one ----

---@class tidewire.serializers.ChoiceField: tidewire.SerializerField
---@field choices { [1]: any, [2]: string }[] without their groups
---@field grouped_choices table[]
---@field choice_strings_to_values table<string, any>
---@field allow_blank boolean
---@field html_cutoff integer?
---@field html_cutoff_text string
local ChoiceField = Field:extend("ChoiceField", {
  options = { choices = "table", allow_blank = "boolean", html_cutoff = "integer", html_cutoff_text = "string" },
  default_error_messages = { invalid_choice = '"{input}" is not a valid choice.' },
  allow_blank = false,
  html_cutoff_text = "More than {count} items...",
})
M.ChoiceField = ChoiceField

function ChoiceField:check_arguments(given)
  if not given.choices then self:refuse "missing required argument 'choices'" end
end

function ChoiceField:prepare() self:set_choices(self.choices) end

---Choose from other values.
---@param choices tidewire.Choice[]|table<any, string>
function ChoiceField:set_choices(choices)
  self.grouped_choices = grouped(choices)
  self.choices = flattened(self.grouped_choices)
  self.choice_strings_to_values = {}
  for _, choice in ipairs(self.choices) do self.choice_strings_to_values[text.str(choice[1])] = choice[1] end
end

---@param data any
---@return any
function ChoiceField:to_internal_value(data)
  if data == "" and self.allow_blank then return "" end
  local value = self.choice_strings_to_values[text.str(data)]
  if value == nil then self:fail("invalid_choice", { input = data }) end
  return value
end

---@param value any
---@return any
function ChoiceField:to_representation(value)
  if value == "" then return value end
  if value == nil or value == null then return null end
  local choice = self.choice_strings_to_values[text.str(value)]
  if choice == nil then return value end
  return choice
end

-- ---- many ----

---@class tidewire.serializers.MultipleChoiceField: tidewire.serializers.ChoiceField
---@field allow_empty boolean
local MultipleChoiceField = ChoiceField:extend("MultipleChoiceField", {
  options = { allow_empty = "boolean" },
  allow_empty = true,
  default_error_messages = {
    not_a_list = 'Expected a list of items but got type "{input_type}".',
    empty = "This selection may not be empty.",
  },
  default_empty_html = json.array {},
})
M.MultipleChoiceField = MultipleChoiceField

---Values of a list in their order, each once.
local function add_once(list, seen, value)
  if value == nil or seen[value] then return end
  seen[value] = true
  list[#list + 1] = value
end

---An object stands for its keys, as in Python.
---@param data any
---@return any[]
function MultipleChoiceField:to_internal_value(data)
  if text.is_object(data) then data = sorted_keys(data)
  elseif not text.is_list(data) then self:fail("not_a_list", { input_type = text.type_name(data) }) end
  if not self.allow_empty and #data == 0 then self:fail "empty" end
  local list, seen = json.array {}, {}
  for i = 1, #data do add_once(list, seen, ChoiceField.to_internal_value(self, data[i])) end
  return list
end

---@param value any[]
---@return any[]
function MultipleChoiceField:to_representation(value)
  local list, seen, known = json.array {}, {}, self.choice_strings_to_values
  for i = 1, #value do
    local choice = known[text.str(value[i])]
    if choice == nil then choice = value[i] end
    add_once(list, seen, choice)
  end
  return list
end

return M
