---What the real DCRF answered, replayed against the real binary, with one worker and with two.
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

describe("the golden transcripts", function()
  for _, recorded in ipairs(list) do
    local title = recorded.number .. ": " .. recorded.about:sub(1, 100)
    local later = differences.later[recorded.number]
    if later then
      pending(title .. " (" .. later .. ")")
    else
      for workers = 1, 2 do
        it(("%s [%d worker%s]"):format(title, workers, workers == 1 and "" or "s"), function()
          local app = APPS .. recorded.number
          assert(exists(app .. "/app.lua"), "no app for this transcript: write " .. app .. "/app.lua")
          server.with({ app = app, workers = workers, env = { SPEC_APPS = "spec/apps" } }, function(running)
            transcript.play(recorded, running, differences[recorded.number], server.patience)
            running:wait_until_idle()
          end)
        end)
      end
    end
  end
end)
