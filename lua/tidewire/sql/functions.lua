---Functions of the database on texts, numbers and values that may be missing.
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local expression = require "tidewire.sql.expression"
local types = require "tidewire.sql.types"

local M = {}
local Func, Value = expression.Func, expression.Value

local function define(name, sql, members)
  members = members or {}
  members["function"] = sql
  M[name] = Func:extend(name, members)
  return M[name]
end

---For functions of at least two arguments.
local function at_least_two(self, ...)
  local n = select("#", ...)
  local last = n > 0 and select(n, ...)
  if n - (type(last) == "table" and getmetatable(last) == nil and 1 or 0) < 2 then
    error(exceptions.ValueError(class.of(self).name .. " must take at least two expressions"), 0)
  end
  Func.init(self, ...)
end

-- ---- missing and compared values ----

define("Coalesce", "COALESCE", { init = at_least_two })
define("NullIf", "NULLIF", { arity = 2 })
---PostgreSQL leaves NULLs out; SQLite answers NULL when one argument is.
define("Greatest", "GREATEST", { init = at_least_two, as_sqlite = function(self, compiler) return self:as_sql(compiler, { ["function"] = "MAX" }) end })
define("Least", "LEAST", { init = at_least_two, as_sqlite = function(self, compiler) return self:as_sql(compiler, { ["function"] = "MIN" }) end })

---@class tidewire.Cast: tidewire.Func
local Cast = define("Cast", "CAST")

---@param what any
---@param options table { output_field = … }, or the field itself
function Cast:init(what, options) self.sources, self.output = { expression.parse(what) }, options.output_field or options end

function Cast:as_sql(compiler)
  local sql = compiler:compile(self.sources[1])
  return sql and compiler.dialect.cast(sql, self.output)
end

-- ---- texts ----

define("Lower", "LOWER", { arity = 1 })
define("Upper", "UPPER", { arity = 1 })
define("Length", "LENGTH", { arity = 1, output_field_name = "IntegerField" })
define("Trim", "TRIM", { arity = 1 })
define("LTrim", "LTRIM", { arity = 1 })
define("RTrim", "RTRIM", { arity = 1 })
define("Replace", "REPLACE", { init = function(self, what, text, replacement, options)
  Func.init(self, what, text, replacement or Value "", options)
end })
define("Substr", "SUBSTRING", {
  output_field_name = "CharField",
  as_sqlite = function(self, compiler) return self:as_sql(compiler, { ["function"] = "SUBSTR" }) end,
})
define("Left", "LEFT", {
  output_field_name = "CharField", arity = 2,
  as_sqlite = function(self, compiler)
    return M.Substr(self.sources[1], Value(1), self.sources[2]):as_sqlite(compiler)
  end,
})
define("Right", "RIGHT", {
  output_field_name = "CharField", arity = 2,
  as_sqlite = function(self, compiler)
    return M.Substr(self.sources[1], self.sources[2] * -1):as_sqlite(compiler)
  end,
})
define("StrIndex", "STRPOS", {
  output_field_name = "IntegerField", arity = 2,
  as_sqlite = function(self, compiler) return self:as_sql(compiler, { ["function"] = "INSTR" }) end,
})

---Texts put together; a NULL among them counts as "".
---@class tidewire.Concat: tidewire.Func
local Concat = define("Concat", nil, { init = at_least_two })

---From the end on, pair by pair, as Django's does: that is how its message names them when they are mixed.
function Concat:resolve_output()
  local fields, n = self:source_fields()
  local found = fields[n]
  for i = n - 1, 1, -1 do
    local field, problem = types.common({ fields[i], found }, 2)
    if problem then error(problem, 0) end
    found = field
  end
  return found
end

function Concat:as_sql(compiler)
  local list = self:compile_sources(compiler)
  if not list then return nil end
  for i, sql in ipairs(list) do list[i] = compiler.dialect.concat_part(sql) end
  return "(" .. table.concat(list, " || ") .. ")"
end

-- ---- numbers ----

define("Abs", "ABS", { arity = 1 })
define("Ceil", "CEIL", { arity = 1 })
define("Floor", "FLOOR", { arity = 1 })
define("Round", "ROUND", { arity = 1 })
define("Power", "POWER", { arity = 2, output_field_name = "FloatField" })
define("Sqrt", "SQRT", { arity = 1, output_field_name = "FloatField" })
define("Mod", "MOD", { arity = 2 })
define("Random", "RANDOM", { arity = 0, output_field_name = "FloatField" })

return M
