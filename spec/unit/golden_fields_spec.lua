local host = require "support.host"
local differences = require "golden.field_differences"
local golden = require "support.golden_fields"
local settings = require "tidewire.settings"

local function files(folder)
  local list = {}
  local pipe = assert(io.popen(("ls %s/*.json"):format(folder)))
  for path in pipe:lines() do list[#list + 1] = path end
  pipe:close()
  return list
end

---Django's settings and rest_framework's are ours in small letters.
local function with_settings(recorded, play)
  local own = {}
  for name, value in pairs(recorded) do own[name:lower()] = value end
  host.settings.time_zone, own.time_zone = own.time_zone or "UTC", nil
  settings(own)
  local answer = play()
  host.settings.time_zone = "UTC"
  settings {}
  return answer
end

---FIELDS_GOLDEN names another folder of such files.
for _, path in ipairs(files(os.getenv "FIELDS_GOLDEN" or "spec/golden/fields")) do
  local name = path:match "([^/]+)%.json$"
  local cases, recorded = golden.cases(path)
  describe("golden field " .. name, function()
    for _, case in ipairs(cases) do
      local title = #case.name > 120 and ("%s… (%d)"):format(case.name:sub(1, 100), #case.name) or case.name
      local difference = (differences[name] or {})[case.name]
      it(difference and ("%s: %s"):format(title, difference.reason) or title, function()
        assert.equal(difference and difference.expect or case.expected, with_settings(recorded, case.play))
      end)
    end
  end)
end
