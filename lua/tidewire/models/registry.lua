---The models there are, by label ("chat.Room"), and what waits for some that are not there yet: relations may name a model before it exists.
local M = {}

local by_label, in_order, waiting = {}, {}, {}

---@return string label
---@return string key labels are found whatever the case of their letters
local function key_of(label) return label, label:lower() end

local function missing(labels)
  for _, label in ipairs(labels) do
    local _, key = key_of(label)
    if not by_label[key] then return label end
  end
end

local function run_ready()
  local at = 1
  while waiting[at] do
    local wait = waiting[at]
    if missing(wait.labels) then
      at = at + 1
    else
      table.remove(waiting, at)
      M.when(wait.labels, wait.fn)
    end
  end
end

---Take a model that is complete but for its relations.
---@param model tidewire.Model
---@return string? problem
function M.register(model)
  local label, key = key_of(model._meta.label)
  if by_label[key] then return ("there is a model %s already"):format(label) end
  by_label[key] = model
  in_order[#in_order + 1] = model
  run_ready()
end

---Call `fn` with the models of these labels as soon as all of them are there: now, or when the last is declared.
---@param labels string[]
---@param fn fun(...: tidewire.Model)
function M.when(labels, fn)
  if missing(labels) then
    waiting[#waiting + 1] = { labels = labels, fn = fn }
    return
  end
  local models = {}
  for i, label in ipairs(labels) do models[i] = M.get_model(label) end
  fn(unpack(models))
end

---@param label string "chat.Room"
---@return tidewire.Model?
function M.get_model(label)
  local _, key = key_of(label)
  return by_label[key]
end

---All models in the order they were declared; those that many-to-many relations make come with their relation.
---@param app_label? string of this app only
---@return tidewire.Model[]
function M.get_models(app_label)
  local list = {}
  for _, model in ipairs(in_order) do
    if not app_label or model._meta.app_label == app_label then list[#list + 1] = model end
  end
  return list
end

---Labels that relations name and no model has: a mistake once every module is loaded.
---@return string[]
function M.unresolved()
  local list = {}
  for _, wait in ipairs(waiting) do list[#list + 1] = missing(wait.labels) end
  return list
end

---Forget every model. For tests that declare their own.
function M.reset() by_label, in_order, waiting = {}, {}, {} end

return M
