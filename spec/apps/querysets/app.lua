---Runs recorded queryset cases (spec/golden/querysets) inside the server: {"action": "run", "case": {…}} answers with what the case gives,
---{"action": "load"} puts the recorded rows back.
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local db = require "tidewire.db"
local json = require "tidewire.json"
local tidewire = require "tidewire"
local models = require "querysets.models"

local SPEC = os.getenv "SPEC_APPS" .. "/.."
local runner = dofile(SPEC .. "/support/querysets.lua")(models)

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local TABLES = { "p4app_shelf", "p4app_review", "p4app_book_tags", "p4app_book", "p4app_tag", "p4app_author" }

---Empty tables whose next keys are 1.
local function empty()
  if db.vendor() == "postgresql" then return db.execute("TRUNCATE " .. table.concat(TABLES, ", ") .. " RESTART IDENTITY CASCADE") end
  db.atomic(function()
    for _, name in ipairs(TABLES) do db.execute("DELETE FROM " .. name) end
    db.execute "DELETE FROM sqlite_sequence"
  end)
end

local C = Consumer:extend("C")

C.load = action(function()
  empty()
  runner.load(json.decode(read(SPEC .. "/golden/querysets/_data.json")))
  return { loaded = true }, 200
end)

C.run = action(function(_, args) return runner.run(args.case), 200 end)

return tidewire.app { name = "querysets", routes = { tidewire.websocket("/ws/", C) } }
