---What stands in for values in querysets: fields by name, functions, conditions, aggregates.
---
---    local expressions = require "tidewire.expressions"
---    local F, Q, Count = expressions.F, expressions.Q, expressions.Count
local aggregates = require "tidewire.sql.aggregates"
local conditions = require "tidewire.sql.conditions"
local dates = require "tidewire.sql.dates"
local expression = require "tidewire.sql.expression"
local functions = require "tidewire.sql.functions"
local subquery = require "tidewire.sql.subquery"

---@class tidewire.expressions
local M = {}

for _, name in ipairs { "F", "OuterRef", "Value", "RawSQL", "Func", "ExpressionWrapper", "OrderBy", "Star", "is_expression" } do
  M[name] = expression[name]
end
for _, name in ipairs { "Q", "Case", "When" } do M[name] = conditions[name] end
for _, module in ipairs { functions, dates, aggregates, subquery } do
  for name, value in pairs(module) do M[name] = value end
end

return M
