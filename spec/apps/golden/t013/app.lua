local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local json = require "tidewire.json"
local Consumer = require "tidewire.consumer".Consumer

local Teapot = exceptions.APIException:extend("Teapot", { status_code = 418, default_detail = "I am a teapot", default_code = "teapot" })
local invalid = exceptions.ValidationError

local kinds = {
  api = function() return exceptions.APIException() end,
  api_detail = function() return exceptions.APIException "custom text" end,
  api_list = function() return exceptions.APIException { "a", "b" } end,
  api_dict = function() return exceptions.APIException { k = "v", n = { "x" } } end,
  validation_default = function() return invalid() end,
  validation_str = function() return invalid "bad value" end,
  validation_list = function() return invalid { "bad", "worse" } end,
  validation_dict = function() return invalid { name = "bad" } end,
  validation_dict_list = function() return invalid { name = { "bad" }, age = { "x", "y" } } end,
  validation_nested = function() return invalid { items = { {}, { qty = { "required" } } }, addr = { zip = "bad" } } end,
  validation_tuple = function() return invalid { "a", "b" } end,
  validation_int = function() return invalid(5) end,
  validation_none_in_list = function() return invalid { json.null, true, 1 } end,
  parse = function() return exceptions.ParseError() end,
  auth_failed = function() return exceptions.AuthenticationFailed() end,
  not_authenticated = function() return exceptions.NotAuthenticated() end,
  denied = function() return exceptions.PermissionDenied() end,
  denied_detail = function() return exceptions.PermissionDenied "no way" end,
  not_found = function() return exceptions.NotFound() end,
  not_found_detail = function() return exceptions.NotFound "no such thing" end,
  method = function() return exceptions.MethodNotAllowed "GET" end,
  method_detail = function() return exceptions.MethodNotAllowed("GET", "nope") end,
  not_acceptable = function() return exceptions.NotAcceptable() end,
  media = function() return exceptions.UnsupportedMediaType "text/x" end,
  throttled = function() return exceptions.Throttled() end,
  throttled_wait = function() return exceptions.Throttled { wait = 10 } end,
  throttled_wait_1 = function() return exceptions.Throttled { wait = 0.2 } end,
  throttled_detail = function() return exceptions.Throttled { detail = "slow down", wait = 3 } end,
  custom = function() return Teapot() end,
  custom_detail = function() return Teapot "short and stout" end,
  http404 = function() return exceptions.Http404() end,
  http404_msg = function() return exceptions.Http404 "No User matches the given query." end,
  http404_class = function() return exceptions.Http404 end,
}

local C = Consumer:extend("C")

C.fail = action(function(_, args) error(kinds[args.kind]()) end)

C.fail_sync = action(function(_, args) error(kinds[args.kind]()) end)

return support.app { ["/ws/"] = C }
