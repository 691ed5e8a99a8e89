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

---Run a piece of Lua with the models and what they are asked with; answers what it returns, or the class and message of what it raises.
C.lua = action(function(_, args)
  local names = setmetatable({ db = db, json = json, null = json.null, datetime = require "tidewire.datetime", decimal = require "tidewire.decimal",
    timezone = require "tidewire.timezone" }, { __index = _G })
  for _, from in ipairs { models, require "tidewire.models" } do
    for name, value in pairs(from) do names[name] = value end
  end
  local chunk = assert(loadstring(args.code, "=spec"))
  local ok, result = pcall(setfenv(chunk, names))
  if ok then return { result = result == nil and json.null or result }, 200 end
  local kind = require "tidewire.class".of(result)
  return { raises = kind and kind.name or type(result), message = tostring(result) }, 200
end)

return tidewire.app { name = "querysets", routes = { tidewire.websocket("/ws/", C) } }
