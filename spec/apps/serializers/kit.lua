---What specs of serializers declare and count with.
local class = require "tidewire.class"
local db = require "tidewire.db"
local json = require "tidewire.json"
local models = require "serializers.models"
local runner = require "serializers.runner"

local M = { json = json, null = json.null, m = models, s = require "tidewire.serializers", class = class }

M.clear = runner.clear

---Two authors, three tags, four books.
function M.library()
  M.clear()
  local ann = models.Author.objects:create { name = "Ann", email = "ann@x.org" }
  local bob = models.Author.objects:create { name = "Bob", email = "bob@x.org" }
  local red, blue = models.Tag.objects:create { name = "red" }, models.Tag.objects:create { name = "blue" }
  for i, row in ipairs { { "One", ann, bob, { red, blue } }, { "Two", ann, nil, { red } }, { "Three", bob, ann, {} }, { "Four", bob, nil, { blue } } } do
    local book = models.Book.objects:create { title = row[1], author = row[2], editor = row[3], year = 2000 + i }
    book.tags:set(row[4])
  end
end

---How many statements `fn` makes, and what it returns.
function M.count(fn)
  local execute, statements = db.execute, 0
  db.execute = function(...)
    statements = statements + 1
    return execute(...)
  end
  local ok, result = pcall(fn)
  db.execute = execute
  if not ok then error(result, 0) end
  return statements, result
end

---The class and the text of what `fn` raises.
function M.raised(fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then return "nothing was raised" end
  local its_class = class.of(err)
  return (its_class and its_class.name .. ": " or "") .. tostring(err)
end

return M
