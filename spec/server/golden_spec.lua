---What the real DCRF answered, replayed against the real binary, with one worker and with two.
local databases = require "support.databases"
local differences = require "golden.differences"
local server = require "support.server"
local transcript = require "support.transcript"

local APPS = "spec/apps/golden/t"

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local list = {}
for path in io.popen("ls spec/golden/transcripts/*.json"):lines() do list[#list + 1] = transcript.load(path) end

---@param vendor? string of the database that it needs
local function play(recorded, workers, vendor)
  local app = APPS .. recorded.number
  assert(exists(app .. "/app.lua"), "no app for this transcript: write " .. app .. "/app.lua")
  local database = vendor and databases.create(vendor)
  local args = database and { "--database", database.url }
  server.with({ app = app, workers = workers, args = args, env = { SPEC_APPS = "spec/apps" } }, function(running)
    transcript.play(recorded, running, differences[recorded.number], server.patience, database)
    running:wait_until_idle()
  end)
  if database then database:drop() end
end

describe("the golden transcripts", function()
  for _, recorded in ipairs(list) do
    local title = recorded.number .. ": " .. recorded.about:sub(1, 100)
    local later = differences.later[recorded.number]
    if later then
      pending(title .. " (" .. later .. ")")
    else
      for workers = 1, 2 do
        for _, vendor in ipairs(recorded.needs_database and databases.VENDORS or { "" }) do
          it(("%s [%d worker%s%s]"):format(title, workers, workers == 1 and "" or "s", vendor == "" and "" or ", " .. vendor), function()
            play(recorded, workers, vendor ~= "" and vendor or nil)
          end)
        end
      end
    end
  end
end)
