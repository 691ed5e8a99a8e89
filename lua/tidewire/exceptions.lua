---DRF's exceptions. Raise them with `error(exceptions.NotFound())`; the consumer answers with their status and detail.
---
---    error(exceptions.NotFound())                                   -- 404 ["Not found."]
---    error(exceptions.ValidationError { text = { "Too long." } })   -- 400 [{"text": ["Too long."]}]
---    error(exceptions.Throttled { wait = 10 })
local class = require "tidewire.class"
local repr = require "tidewire.repr"

local M = {}

local PYTHON_WORDS = { userdata = "None", ["true"] = "True", ["false"] = "False" }

---Codes of texts, by the list or object that holds them and the key there: what an app and its clients see are the texts alone.
local codes = setmetatable({}, { __mode = "k" })

---A text with a code of its own, for details that are put together by hand: `ValidationError { name = { ErrorDetail("Taken.", "unique") } }`.
---@class tidewire.ErrorDetail: tidewire.Class
---@field text string
---@field code string?
local ErrorDetail = class.new("ErrorDetail", {
  init = function(self, text, code) self.text, self.code = tostring(text), code end,
  __tostring = function(self) return self.text end,
})
M.ErrorDetail = ErrorDetail

local function is_container(detail)
  if type(detail) ~= "table" then return false end
  local meta = getmetatable(detail)
  return not (meta and meta.__tostring)
end

local function text_of(detail)
  if type(detail) == "string" then return detail end
  local meta = getmetatable(detail)
  if meta and meta.__tostring then return tostring(detail) end
  return PYTHON_WORDS[type(detail)] or PYTHON_WORDS[tostring(detail)] or tostring(detail)
end

local function own_code(detail) return class.of(detail) == ErrorDetail and detail.code or nil end

---Details are texts, in lists and objects as they came: what is no text becomes one, as DRF words it. A text that comes with a code keeps it.
local function to_details(detail, code)
  local texts, theirs, known = setmetatable({}, getmetatable(detail)), {}, codes[detail]
  for key, value in pairs(detail) do
    if is_container(value) then
      texts[key] = to_details(value, code)
    else
      texts[key], theirs[key] = text_of(value), own_code(value) or known and known[key] or code
    end
  end
  codes[texts] = theirs
  return texts
end

---@param detail table a list or an object of details
---@param visit fun(text: string, code: string?): any
local function map_details(detail, visit)
  local known, result = codes[detail], setmetatable({}, getmetatable(detail))
  for key, value in pairs(detail) do
    if type(value) == "table" then result[key] = map_details(value, visit) else result[key] = visit(value, known and known[key]) end
  end
  return result
end

local function code_alone(_, code) return code or "invalid" end
local function both(text, code) return { message = text, code = code or "invalid" } end

---The codes in the place of the texts: `{ name = { "required" } }`.
---@param detail table the detail of an exception, or errors of a serializer
---@return table
function M.get_codes(detail) return map_details(detail, code_alone) end

---Texts and codes: `{ name = { { message = "This field is required.", code = "required" } } }`.
---@param detail table
---@return table
function M.get_full_details(detail) return map_details(detail, both) end

---Put the texts of a list of details behind those of another, with their codes.
---@param list string[]
---@param more string[]
---@return string[] list
function M.extend_details(list, more)
  local theirs, known = codes[list] or {}, codes[more]
  codes[list] = theirs
  for i, text in ipairs(more) do
    list[#list + 1] = text
    theirs[#list] = known and known[i]
  end
  return list
end

---@class tidewire.APIException: tidewire.Class
---@field status_code integer
---@field default_detail string
---@field default_code string
---@field detail any a string, a list, or an object of lists
---@field code string
local APIException = class.new("APIException", {
  status_code = 500,
  default_detail = "A server error occurred.",
  default_code = "error",
})

---@param detail? any a string, a list, or an object; the class's default_detail when nil
---@param code? string
function APIException:init(detail, code)
  if detail == nil then detail = self.default_detail end
  self.code = code or own_code(detail) or self.default_code
  self.detail = is_container(detail) and to_details(detail, self.code) or text_of(detail)
end

function APIException:__tostring()
  return type(self.detail) == "table" and tostring(class.of(self)) or tostring(self.detail)
end

---The codes in the place of the texts.
---@return string|table
function APIException:get_codes() return type(self.detail) == "table" and M.get_codes(self.detail) or self.code end

---Texts and codes.
---@return table
function APIException:get_full_details()
  return type(self.detail) == "table" and M.get_full_details(self.detail) or both(self.detail, self.code)
end

M.APIException = APIException

local function define(name, status_code, default_code, default_detail)
  M[name] = APIException:extend(name, { status_code = status_code, default_code = default_code, default_detail = default_detail })
  return M[name]
end

local ValidationError = define("ValidationError", 400, "invalid", "Invalid input.")

---@param detail? any a text is a list of one
---@param code? string of the texts that have none
function ValidationError:init(detail, code)
  if detail == nil then detail = self.default_detail end
  if not is_container(detail) then detail = { detail } end
  self.code = code or self.default_code
  self.detail = to_details(detail, self.code)
end

define("ParseError", 400, "parse_error", "Malformed request.")
define("AuthenticationFailed", 401, "authentication_failed", "Incorrect authentication credentials.")
define("NotAuthenticated", 401, "not_authenticated", "Authentication credentials were not provided.")
define("PermissionDenied", 403, "permission_denied", "You do not have permission to perform this action.")
define("NotFound", 404, "not_found", "Not found.")
define("Conflict", 409, "conflict", "The request conflicts with the current state.")
define("ServiceUnavailable", 503, "service_unavailable", "Service temporarily unavailable, try again later.")
---Raised at the wait that an action with a `timeout` is in when its time is over.
define("Timeout", 503, "timeout", "The action took too long.")
define("NotAcceptable", 406, "not_acceptable", "Could not satisfy the request Accept header.")

local MethodNotAllowed = define("MethodNotAllowed", 405, "method_not_allowed", 'Method "%s" not allowed.')

---@param method string what was asked for
---@param detail? any instead of the text that names the method
function MethodNotAllowed:init(method, detail)
  APIException.init(self, detail == nil and self.default_detail:format(tostring(method)) or detail)
end

local UnsupportedMediaType = define("UnsupportedMediaType", 415, "unsupported_media_type", 'Unsupported media type "%s" in request.')

---@param media_type string
---@param detail? any
function UnsupportedMediaType:init(media_type, detail)
  APIException.init(self, detail == nil and self.default_detail:format(tostring(media_type)) or detail)
end

local Throttled = define("Throttled", 429, "throttled", "Request was throttled.")

---@param options? { wait?: number, detail?: string } wait: seconds until it is worth trying again
function Throttled:init(options)
  options = type(options) == "string" and { detail = options } or options or {}
  local detail = options.detail or self.default_detail
  if options.wait then
    self.wait = math.ceil(options.wait)
    detail = ("%s Expected available in %d second%s."):format(detail, self.wait, self.wait == 1 and "" or "s")
  end
  APIException.init(self, detail)
end

---Django's Http404: answered as 404 whatever its message says.
M.Http404 = define("Http404", 404, "not_found", "Not found")
function M.Http404:init(message)
  APIException.init(self, "Not found")
  self.message = message
end

---Raised in `connect` to refuse a handshake, as in Channels.
M.DenyConnection = class.new("DenyConnection", { __tostring = function() return "the connection is denied" end })

---Raised where a task waits when it is cancelled. Not an APIException: nobody is answered. Let it pass after cleaning up.
M.Cancelled = class.new("Cancelled", {
  init = function(self, reason) self.reason = reason or "cancelled" end,
  __tostring = function(self) return self.reason end,
})

-- ---- Django's own exceptions: no API exceptions, so an action that lets one pass is answered with 500 ----

local function say(self) return tostring(self.message) end

---@class tidewire.Error: tidewire.Class
---@field message string
local Error = class.new("Error", { __tostring = say })

---@param message? string
function Error:init(message) self.message = message or class.of(self).name end

M.Error = Error

local function plain(name, parent)
  M[name] = (parent or Error):extend(name)
  return M[name]
end

---A value that makes no sense where it stands; Python's.
plain "ValueError"
plain "TypeError"
---A place in a list, or an attribute, that is not there.
plain "IndexError"
plain "AttributeError"
---An operation that is not possible on what it is asked of: filtering after a slice. (Django 3 raises AssertionError, later ones TypeError.)
plain("AssertionError", M.TypeError)
---A method that the app has to write is called.
plain "NotImplementedError"
plain "RuntimeError"
---Names of fields and lookups that do not exist.
plain "FieldError"
plain "FieldDoesNotExist"
---Each model has its own DoesNotExist and MultipleObjectsReturned that extend these.
plain "ObjectDoesNotExist"
plain "MultipleObjectsReturned"
plain "ImproperlyConfigured"
---What an object, or an object of JSON, does not have.
plain "AttributeError"
plain "KeyError"

---A model's `full_clean`, a field or a validator refuses a value: Django's ValidationError, not the API's.
---@class tidewire.ModelValidationError: tidewire.Error
---@field message string of a single one: the text with its %(name)s
---@field code string? of a single one
---@field params table? of a single one: what stands for %(name)s
---@field error_list tidewire.ModelValidationError[] single ones; itself when it is one
---@field error_dict table<string, tidewire.ModelValidationError[]>? single ones by field, "__all__" for the whole object
---@field messages string[] the texts, filled in
---@field message_dict table<string, string[]>? texts by field
local ModelValidationError = plain "DjangoValidationError"
M.ModelValidationError = ModelValidationError

local function as_error(message)
  return type(message) == "table" and message.error_list and message or ModelValidationError(message)
end

local function append(list, from)
  for _, err in ipairs(from) do list[#list + 1] = err end
end

local function texts_of(errors)
  local texts = {}
  for i, err in ipairs(errors) do texts[i] = repr.interpolate(err.message, err.params) end
  return texts
end

local function of_fields(self, lists)
  self.error_dict, self.message_dict, self.error_list = {}, {}, {}
  for field, list in pairs(lists) do
    local errors = as_error(list).error_list
    self.error_dict[field], self.message_dict[field] = errors, texts_of(errors)
    append(self.error_list, errors)
  end
end

local function of_list(self, list)
  self.error_list = {}
  for _, member in ipairs(list) do append(self.error_list, as_error(member).error_list) end
end

---@param message string|table a text, a list of texts and errors, or such lists by field
---@param code? string
---@param params? table for %(name)s in the text
function ModelValidationError:init(message, code, params)
  if type(message) ~= "table" then
    self.message, self.code, self.params, self.error_list = tostring(message), code, params, { self }
  elseif message.error_dict or message[1] == nil and next(message) ~= nil then
    of_fields(self, message.error_dict or message)
  else
    of_list(self, message.error_list or message)
  end
  self.messages = texts_of(self.error_list)
end

---Put its errors to those of others, by field: "__all__" when it names none.
---@param errors table<string, tidewire.ModelValidationError[]>
---@return table errors
function ModelValidationError:update_error_dict(errors)
  for field, list in pairs(self.error_dict or { __all__ = self.error_list }) do
    errors[field] = errors[field] or {}
    append(errors[field], list)
  end
  return errors
end

function ModelValidationError:__tostring() return repr.repr(self.message_dict or self.messages) end

local function details_of(errors)
  local list, theirs = {}, {}
  for i, err in ipairs(errors) do list[i], theirs[i] = repr.interpolate(err.message, err.params), err.code or "invalid" end
  codes[list] = theirs
  return list
end

---A model's or validator's error as a detail of the API's ValidationError, with its codes.
---@param err tidewire.ModelValidationError
---@return string[]|table<string, string[]>
function M.get_error_detail(err)
  if not err.error_dict then return details_of(err.error_list) end
  local details = {}
  for field, errors in pairs(err.error_dict) do details[field] = details_of(errors) end
  return details
end

---What a database refuses. `code` is PostgreSQL's SQLSTATE or SQLite's extended result code.
---@class tidewire.DatabaseError: tidewire.Error
---@field code string
---@field constraint string? of IntegrityError: its name, or the columns as SQLite names them
---@field detail string?
local DatabaseError = plain "DatabaseError"

---@param message string
---@param fields? { code?: string, constraint?: string, detail?: string }
function DatabaseError:init(message, fields)
  self.message = message
  for key, value in pairs(fields or {}) do self[key] = value end
end

plain("IntegrityError", DatabaseError)
plain("DataError", DatabaseError)
plain("OperationalError", DatabaseError)
plain("ProgrammingError", DatabaseError)
---What this database cannot do.
plain("NotSupportedError", DatabaseError)
---A transaction that an error has broken is used on: Django's TransactionManagementError.
plain("TransactionManagementError", M.ProgrammingError)
---`protected_objects` are the rows that refuse it.
local ProtectedError = plain("ProtectedError", M.IntegrityError)
function ProtectedError:init(message, objects) self.message, self.protected_objects = message, objects end
local RestrictedError = plain("RestrictedError", M.IntegrityError)
function RestrictedError:init(message, objects) self.message, self.restricted_objects = message, objects end

---No connection to the database within its time: answered with 503. `reason` is for whoever runs the server, not for clients.
M.DatabaseUnavailable = M.ServiceUnavailable:extend("DatabaseUnavailable", {
  default_detail = "The database is not available, try again later.",
  __tostring = function(self) return self.reason and "The database is not available: " .. self.reason or self.detail end,
})

---True for an API exception's object, or its class: both can be raised, as in Python.
---@return boolean
function M.is_api_exception(err)
  return type(err) == "table" and (class.is_instance(err, APIException) or class.is_subclass(err, APIException))
end

local function is_list(detail) return detail[1] ~= nil or next(detail) == nil end

---What a reply says about an API exception.
---@param err any
---@return table? errors a list; nil when `err` is no API exception
---@return integer? status
function M.to_reply(err)
  if not M.is_api_exception(err) then return nil end
  if class.is_class(err) then err = err() end
  local detail = err.detail
  if type(detail) ~= "table" then return { tostring(detail) }, err.status_code end
  return is_list(detail) and detail or { detail }, err.status_code
end

return M
