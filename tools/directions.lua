-- directions.lua: checks that C includes and Lua requires point one way only, as docs/architecture.md draws it. Run from the repository's top.
local problems = 0

local function complain(path, line, text)
  problems = problems + 1
  io.stderr:write(("%s:%d: %s\n"):format(path, line, text))
end

local function files(pattern)
  local list = {}
  local pipe = assert(io.popen("git ls-files '" .. pattern .. "'"))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  return list
end

local function each_line(path, visit)
  local number = 0
  for line in io.lines(path) do
    number = number + 1
    visit(number, line)
  end
end

-- What a folder of src may include.
local allowed = {
  base = { base = true },
  net = { base = true, net = true },
  db = { base = true, db = true },
  hub = { base = true, hub = true },
  lua = { base = true, net = true, db = true, hub = true, lua = true },
  cli = { base = true, lua = true, cli = true },
}

for _, path in ipairs(files "src/*.[ch]") do
  local layer = path:match "^src/(%w+)/"
  each_line(path, function(number, line)
    local included = line:match '^#include "(%w+)/'
    if layer and included and not allowed[layer][included] then
      complain(path, number, ("%s may not include %s"):format(layer, included))
    end
    if layer and line:find "^#include <lua" and layer ~= "lua" and layer ~= "cli" then
      complain(path, number, layer .. " may not see Lua")
    end
  end)
end

-- Framework modules from the bottom up: a module may require those that stand before it.
local order = {
  "host", "json", "class", "repr", "nearest", "caller", "status", "time", "log", "exceptions", "tracing", "settings",
  "decimal", "regex", "uuid",
  "datetime.calendar", "datetime.tzif", "timezone", "datetime.format", "datetime.duration", "datetime.types", "datetime.parse", "datetime",
  "task", "sleep", "spawn", "db",
  "integers", "ip", "signals", "validators",
  "fields.text", "fields.base", "fields.strings", "fields.numbers", "fields.temporal", "fields.choices", "fields.composite", "fields.special", "fields",
  "sql.types", "sql.expression", "sql.conditions", "sql.subquery", "sql.aggregates", "sql.functions", "sql.dates", "expressions", "lookups",
  "sql.joins", "sql.filters", "sql.aggregation", "sql.merging", "query", "sql.zones", "sql.sqlite", "sql.postgresql",
  "sql.related", "compiler", "sql.lookup_cache", "sql.writes",
  "prefetch", "sql.chaining", "sql.forms", "sql.combining", "sql.reading", "sql.writing", "sql.raw", "queryset",
  "models.registry", "models.on_delete", "models.field", "models.fields", "models.temporal", "models.related", "models.many", "models.accessors",
  "models.options", "models.managers", "models.base", "models.saving", "models.validation", "models.constraints", "models.deletion", "models",
  "schema", "shortcuts", "fixtures",
  "serializers.ordered", "relations", "serializers.conditions", "serializers.validators", "serializers.base", "serializers.plan",
  "serializers.representation", "serializers.serializer", "serializers.rows", "serializers.prefetching", "serializers.list", "serializers.model_info",
  "serializers.field_mapping", "serializers.uniqueness", "serializers.saving", "serializers.model", "serializers.checks",
  "serializers",
  "permissions", "throttling", "actions", "groups", "scope", "routing", "middleware", "origin", "consumer",
  "paths", "pagination", "filters", "generics", "mixins", "app", "init", "commands",
}
local rank = {}
for i, name in ipairs(order) do rank[name] = i end

local function module_of(path)
  return path:gsub("^lua/tidewire/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
end

for _, path in ipairs(files "lua/tidewire/*.lua") do
  local name = module_of(path)
  if not name:find "^_meta" then
    if not rank[name] then complain(path, 1, name .. " has no place in the order of tools/directions.lua") end
    each_line(path, function(number, line)
      for required in line:gsub("^%s*%-%-.*", ""):gmatch 'require%s*%(?%s*"tidewire%.([%w_.]+)"' do
        if not rank[required] then
          complain(path, number, "no such module: tidewire." .. required)
        elseif rank[name] and rank[required] >= rank[name] then
          complain(path, number, ("%s may not require %s"):format(name, required))
        end
      end
    end)
  end
end

for _, path in ipairs(files "apps/*.lua") do
  local app = path:match "^apps/([%w_]+)/"
  each_line(path, function(number, line)
    local required = line:match 'require%s*%(?%s*"([%w_]+)'
    if required and required ~= "tidewire" and required ~= app then
      complain(path, number, "an app requires tidewire and itself only, not " .. required)
    end
  end)
end

os.exit(problems == 0 and 0 or 1)
