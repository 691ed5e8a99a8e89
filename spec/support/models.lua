---For specs of models: an empty database and no models before each test, and what they ask most.
---
---    local support = require "support.models"
---    before_each(support.reset)
require "support.host"
local db = require "support.sqlite"
local class = require "tidewire.class"
local registry = require "tidewire.models.registry"
local schema = require "tidewire.schema"
local signals = require "tidewire.signals"

local M = { db = db }

function M.reset()
  db.open()
  registry.reset()
  for _, signal in pairs(signals) do
    if class.is_instance(signal, signals.Signal) then signal.receivers = {} end
  end
end

---Make the tables of all models that are declared.
function M.create_tables() schema.create() end

---What `fn` raises: the message and the name of the exception's class.
---@return string? message
---@return string? name
function M.raised(fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then return nil end
  local kind = class.of(err)
  return kind and (err.message or tostring(err)) or tostring(err), kind and kind.name
end

---Statements that `fn` runs, without those of transactions.
---@return integer
function M.count_queries(fn)
  local before = db.log.n
  fn()
  return db.log.n - before
end

return M
