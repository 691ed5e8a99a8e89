---Django's shortcuts for consumers: rows, or 404.
local exceptions = require "tidewire.exceptions"
local class = require "tidewire.class"

local M = {}

local function queryset_of(source)
  if class.is_class(source) and source.objects then return source.objects end
  return source
end

local MISSING = { "ObjectDoesNotExist", "ValueError", "TypeError", "DataError", "ModelValidationError" }

---Does an error of get() say that no row can be meant? For the framework.
---@return boolean
function M.is_missing(err)
  for _, name in ipairs(MISSING) do
    if class.is_instance(err, exceptions[name]) then return true end
  end
  return false
end

---The one row that matches; a value that no row can have (`pk = "x"`, or none at all) is not found either.
---@async
---@param source tidewire.Model|tidewire.QuerySet|tidewire.Manager a model, a manager or a queryset
---@param lookups table
---@return tidewire.Model
---Raises Http404 (404 "Not found"), MultipleObjectsReturned, FieldError.
function M.get_object_or_404(source, lookups)
  if next(lookups) == nil then error(exceptions.Http404 "no lookup was given", 2) end
  local queryset = queryset_of(source)
  local ok, result = pcall(queryset.get, queryset, lookups)
  if ok then return result end
  if M.is_missing(result) then error(exceptions.Http404(tostring(result)), 0) end
  error(result, 0)
end

---The rows that match, at least one.
---@async
---@param source tidewire.Model|tidewire.QuerySet|tidewire.Manager
---@param lookups table
---@return tidewire.Model[]
---Raises Http404 when there is none.
function M.get_list_or_404(source, lookups)
  local rows = queryset_of(source):filter(lookups):list()
  if rows[1] == nil then error(exceptions.Http404 "no row matches", 0) end
  return rows
end

return M
