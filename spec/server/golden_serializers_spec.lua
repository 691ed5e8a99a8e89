---What the real DRF's serializers answered, replayed inside the real binary on both databases.
local databases = require "support.databases"
local differences = require "golden.serializer_differences"
local json = require "support.json"
local server = require "support.server"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local files = {}
local FOLDER = os.getenv "SERIALIZERS_GOLDEN" or "spec/golden/serializers"
for path in io.popen("ls " .. FOLDER .. "/*.json"):lines() do
  local recorded = json.decode(read(path))
  if recorded.values.cases then files[#files + 1] = recorded.values end
end
local more = json.decode(read "spec/golden/serializers_more.json")
local mapping = json.decode(read "spec/golden/serializers/model-field-mapping.json").values

-- ---- values as texts to be compared ----

---Keys in their order (of what serializers give out) or sorted.
local function show(value, sorted)
  local kind = type(value) == "table" and getmetatable(value)
  if kind == json.Number then return value.text end
  if kind == json.Array then
    local parts = {}
    for i, member in ipairs(value) do parts[i] = show(member, sorted) end
    return "[" .. table.concat(parts, ", ") .. "]"
  end
  if kind ~= json.Object then return type(value) == "string" and ("%q"):format(value) or tostring(value) end
  local keys, parts = { unpack(value.keys) }, {}
  if sorted then table.sort(keys) end
  for i, key in ipairs(keys) do parts[i] = ("%q: %s"):format(key, show(value.values[key], sorted)) end
  return "{" .. table.concat(parts, ", ") .. "}"
end

local OUTCOMES = { "raises", "valid", "validated", "errors", "codes", "result" }
local IN_ORDER = { result = true, errors = true }

local function compare(file, case, outcome)
  local expected, actual = {}, {}
  for _, key in ipairs(OUTCOMES) do
    local ordered = IN_ORDER[key] and case.op ~= "rows" and not differences.unordered[file.name]
    expected[#expected + 1] = key .. " " .. show(case[key] == nil and json.null or case[key], not ordered)
    actual[#actual + 1] = key .. " " .. show(outcome[key] == nil and json.null or outcome[key], not ordered)
  end
  return table.concat(expected, "\n"), table.concat(actual, "\n")
end

-- ---- the mapping ----

local function expected_repr(text, model_field, vendor)
  for _, difference in ipairs(differences.reprs) do
    local from, to = text:find(difference.from, 1, true)
    if from then text = text:sub(1, from - 1) .. difference.to .. text:sub(to + 1) end
  end
  local bounds = vendor == "postgresql" and differences.bounds[model_field.type]
  if bounds and model_field.choices then return (text:gsub("%)$", ", validators=[<MinValueValidator object>, <MaxValueValidator object>])")) end
  if not bounds or text:find("_value=", 1, true) then return text end
  local before, inside = text:match "^(%w+%()(.*)%)$"
  local parts = {}
  for part in (bounds .. (inside ~= "" and ", " .. inside or "")):gmatch "[^,]+" do parts[#parts + 1] = (part:gsub("^ ", "")) end
  table.sort(parts)
  return before .. table.concat(parts, ", ") .. ")"
end

databases.for_each(function(vendor, create)
  describe("serializers of DRF on " .. vendor, function()
    local database, running, ws

    setup(function()
      database = create()
      running = server.start { app = "spec/apps/serializers", args = { "--database", database.url } }
      ws = assert(running:connect())
    end)
    teardown(function()
      ws:close()
      running:stop()
      database:drop()
    end)

    local function ask(message)
      ws:send_text(json.encode(message))
      local reply = json.decode(assert(ws:receive(server.patience))).values
      assert.equal("200", reply.response_status.text, running:log():match '"error":"(.-)",[^\n]*\n*$')
      return reply.data
    end

    for _, file in ipairs(files) do
      describe(file.name .. ": " .. file.about:sub(1, 80), function()
        local outcomes
        for i, case in ipairs(file.cases) do
          it(("case %d: %s %s"):format(i, case.values.op, show(case.values.data or case.values.instance or "", true):sub(1, 80)), function()
            outcomes = outcomes or ask(json.object {
              { "action", "play" }, { "name", file.name }, { "cases", file.cases }, { "rows", file.rows or json.array {} }, { "options", file.options or json.object {} },
            })
            local expected, actual = compare(file, case.values, outcomes[i].values)
            assert.equal(expected, actual)
          end)
        end
      end)
    end

    describe("more of them", function()
      local outcomes
      for _, name in ipairs(more.keys) do
        it(name, function()
          outcomes = outcomes or ask(json.object { { "action", "more" } })
          assert.equal(show(more.values[name], true), show(outcomes.values[name] or json.null, true))
        end)
      end
    end)

    describe("the mapping", function()
      local answers
      for i, mapped in ipairs(mapping.mappings) do
        it(("of %s %s"):format(mapped.values.model, show(mapped.values.meta)), function()
          answers = answers or ask(json.object { { "action", "map" }, { "mappings", mapping.mappings } })
          local answer = answers[i].values
          for name, recorded in pairs(mapped.values.fields.values) do
            if not differences.unmapped[name] then
              local field = answer.fields.values[name] and answer.fields.values[name].values or {}
              assert.equal(recorded.values.serializer_field, field.class or "nothing", name)
              local model_field = { type = recorded.values.model_field.values.type, choices = recorded.values.model_field.values.choices }
              assert.equal(name .. " " .. expected_repr(recorded.values.repr, model_field, vendor), name .. " " .. (field.repr or "nothing"):gsub("%s+", " "))
            end
          end
          assert.equal(show(mapped.values.serializer_validators), show(answer.validators))
        end)
      end
    end)
  end)
end)
