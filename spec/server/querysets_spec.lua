---What the real Django answered to the recorded querysets, asked of the real binary on both databases.
local cjson = require "cjson"
local App = require "support.queryset_app"
local databases = require "support.databases"
local differences = require "golden.queryset_differences"

local FOLDERS = "spec/golden/querysets/*.json spec/golden/querysets-own/*.json"

local function load(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return cjson.decode(text)
end

local files = {}
for path in io.popen("ls " .. FOLDERS):lines() do
  if not path:find("_data", 1, true) then files[#files + 1] = load(path) end
end

---Keys in order, so that the same values give the same text.
local function text_of(value)
  if type(value) ~= "table" then return cjson.encode(value) end
  local parts = {}
  if #value > 0 or next(value) == nil then
    for i, item in ipairs(value) do parts[i] = text_of(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  for i, key in ipairs(keys) do parts[i] = cjson.encode(key) .. ":" .. text_of(value[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end

---Rows in the order of their texts.
local function unordered(result)
  for _, key in ipairs { "rows", "pks" } do
    if result[key] then
      local texts = {}
      for i, row in ipairs(result[key]) do texts[i] = text_of(row) end
      table.sort(texts)
      result[key] = texts
    end
  end
end

---What the case has to answer, in the form that the app answers.
local function expected_of(case)
  if case.raises then return { raises = case.raises, message = case.message } end
  local expected = {}
  for key, value in pairs(case.result) do expected[key] = value end
  expected["then"] = case["then"] and case["then"].result
  expected.queries = case.queries
  return expected
end

local WRITES = { writes = true, ["own-writes"] = true }

for _, vendor in ipairs(databases.VENDORS) do
  describe("the recorded querysets on " .. vendor, function()
    local app, fresh

    lazy_setup(function() app = App.start(vendor) end)
    lazy_teardown(function()
      if app then app:stop() end
    end)

    for _, file in ipairs(files) do
      for _, case in ipairs(file.cases) do
        local steps = text_of(case.q)
        local different = differences.both[steps] or differences[vendor] and differences[vendor][steps] or {}
        it(("%s: %s%s"):format(file.name, steps:sub(1, 150), different.reason and " (" .. different.reason .. ")" or ""), function()
          if not fresh then app:ask { action = "load" } end
          fresh = not WRITES[file.name]
          local got, expected = app:ask { action = "run", case = case }, expected_of(case)
          if different.replace then expected = different.replace(expected) end
          if expected.rows and #expected.rows == 0 and got.pks and #got.pks == 0 then expected = { pks = {}, queries = expected.queries } end
          if case.unordered or different.unordered then
            unordered(got)
            unordered(expected)
          end
          local as_text = vendor == "postgresql" and function(value) return differences.on_postgresql(text_of(value)) end or text_of
          assert.equal(as_text(expected), as_text(got))
        end)
      end
    end
  end)
end
