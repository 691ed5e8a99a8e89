---The host's settings as they came out of flags, environment and app.lua, and what app.lua gives under `settings`. Read-only.
---
---    local settings = require "tidewire.settings"
---    if settings.debug then … end
local host = require "tidewire.host"

local own = {}

---What DRF calls its api_settings, as far as there are any: app.lua may give others under `settings`. null stands for None: values as they are.
local defaults = {
  use_tz = true,
  coerce_decimal_to_string = true, coerce_bigint_to_string = false,
  datetime_format = "iso-8601", date_format = "iso-8601", time_format = "iso-8601", duration_format = "django",
  datetime_input_formats = { "iso-8601" }, date_input_formats = { "iso-8601" }, time_input_formats = { "iso-8601" },
  default_throttle_rates = {}, page_size = false,
}

local function unknown(key)
  error(("no setting is called %q; host settings are listed by `tidewire serve --help`, others stand in app.lua under settings"):format(tostring(key)), 3)
end

---Take the app's own settings. Called once, when the app is installed.
local function install(_, values)
  for key in pairs(values or {}) do
    if host.settings[key] ~= nil then error(("settings.%s: this is a setting of the host; write it beside routes"):format(key), 0) end
  end
  own = values or {}
end

return setmetatable({}, {
  __index = function(_, key)
    local value = host.settings[key]
    if value == nil then value = own[key] end
    if value == nil then value = defaults[key] end
    if value == nil then unknown(key) end
    return value
  end,
  __newindex = function(_, key) error(("settings.%s: settings cannot be changed while the app runs"):format(tostring(key)), 2) end,
  __call = install,
})
