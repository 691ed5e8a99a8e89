---Serializers as text, with their fields: what `print(serializer)` shows of one that follows from a model. DRF's utils.representation.
local class = require "tidewire.class"
local fields = require "tidewire.fields"
local ordered = require "tidewire.serializers.ordered"
local repr = require "tidewire.repr"

local M = {}

local Field = fields.Field

---"NestedSerializer(many=True, read_only=True)".
local function heading(serializer, child)
  if not child then return Field.__repr(serializer) end
  local arguments = Field.__repr(serializer):match "^[%w_]+%((.*)%)$"
  local parts = { "many=True" }
  for part in arguments:gmatch "[^,]+" do
    local text = part:gsub("^ ", "")
    if not text:find "^child=" then parts[#parts + 1] = text end
  end
  table.sort(parts)
  return ("%s(%s)"):format(class.of(child).name, table.concat(parts, ", "))
end

local function show_validators(serializer, indent)
  local parts = {}
  for i, validator in ipairs(serializer.validators) do parts[i] = repr.repr(validator) end
  if #parts == 0 then return "" end
  return ("\n%sclass Meta:\n%s    validators = [%s]"):format(indent, indent, table.concat(parts, ", "))
end

---@param serializer tidewire.BaseSerializer a serializer, or the list of one
---@param depth? integer
---@return string
function M.show(serializer, depth)
  depth = depth or 1
  local child = serializer.many and serializer.child or nil
  local its = child or serializer
  if not its.__plan then return heading(serializer, child) end
  local lines, indent = { heading(serializer, child) .. ":" }, ("    "):rep(depth)
  for _, name in ipairs(ordered.names(its.fields)) do
    local field = its.fields[name]
    lines[#lines + 1] = ("%s%s = %s"):format(indent, name, field.is_serializer and M.show(field, depth + 1) or repr.repr(field))
  end
  return table.concat(lines, "\n") .. show_validators(its, indent)
end

return M
