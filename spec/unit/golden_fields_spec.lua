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

local function with_settings(recorded, play)
  host.settings.time_zone = recorded.TIME_ZONE or "UTC"
  settings { use_tz = recorded.USE_TZ }
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
