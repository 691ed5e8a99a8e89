---What the apps of golden transcripts about rows share: the models and serializers of the recorded apps, and a route beside the app's own through which
---a spec makes rows. Loaded with `dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")`.
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local db = require "tidewire.db"
local models = require "tidewire.models"
local serializers = require "tidewire.serializers"
local support = dofile(os.getenv "SPEC_APPS" .. "/support.lua")
local uuid = require "tidewire.uuid"

local M = { log = support.log, sorted_keys = support.sorted_keys, auth = support.auth }

-- ---- models ----

local function model(name, members)
  members.Meta = { table = "golden_" .. name:lower() }
  M[name] = models.Model:extend(name, members)
end

model("Group", { name = models.CharField { max_length = 80 } })

model("User", {
  username = models.CharField { max_length = 150, unique = true },
  email = models.EmailField { blank = true, default = "" },
  groups = models.ManyToManyField(M.Group, { blank = true, related_name = "user_set" }),
})

model("Post", {
  title = models.CharField { max_length = 20 },
  body = models.TextField { blank = true, default = "" },
  author = models.ForeignKey(M.User, { on_delete = models.CASCADE, related_name = "posts" }),
  published = models.BooleanField { default = false },
  rating = models.IntegerField { null = true, blank = true },
})

model("Article", { slug = models.SlugField { unique = true }, title = models.CharField { max_length = 100 } })

model("Gadget", { id = models.UUIDField { primary_key = true, default = uuid.uuid4 }, name = models.CharField { max_length = 50 } })

model("Country", {
  code = models.CharField { max_length = 3, primary_key = true },
  name = models.CharField { max_length = 50, null = true, blank = true },
})

model("Account", {
  owner = models.CharField { max_length = 50 },
  balance = models.DecimalField { max_digits = 8, decimal_places = 2, default = 0 },
  opened = models.DateField { null = true, blank = true },
})

-- ---- serializers ----

local function serializer(name, of, fields)
  M[name] = serializers.ModelSerializer:extend(name, { Meta = { model = of, fields = fields } })
end

serializer("UserSerializer", M.User, { "id", "username", "email" })
serializer("UserGroupsSerializer", M.User, { "id", "username", "email", "groups" })
serializer("PostSerializer", M.Post, { "id", "title", "body", "author", "published", "rating" })
serializer("PostTitleSerializer", M.Post, { "id", "title" })
serializer("ArticleSerializer", M.Article, { "id", "slug", "title" })
serializer("GadgetSerializer", M.Gadget, { "id", "name" })
serializer("CountrySerializer", M.Country, { "code", "name" })
serializer("AccountSerializer", M.Account, { "id", "owner", "balance", "opened" })

-- ---- the way in for specs ----

local Control = Consumer:extend "Control"

---PostgreSQL counts on from what it has given itself, not from keys that a row came with; SQLite and the recorded app do.
local function set_sequence(of)
  local pk = of._meta.pk
  if db.vendor() ~= "postgresql" or pk.internal_type ~= "AutoField" and pk.internal_type ~= "BigAutoField" then return end
  db.sql(("SELECT setval(pg_get_serial_sequence('%s', '%s'), (SELECT max(%s) FROM %s))"):format(of._meta.db_table, pk.column, pk.column, of._meta.db_table))
end

local function create(row)
  local of = M[row.model]
  local made = of.objects:create(row.values)
  set_sequence(of)
  for name, keys in pairs(row.m2m or {}) do made[name]:set(keys) end
  return made
end

---{"action": "setup", "rows": [{"model", "values", "m2m"}]}
Control.setup = action(function(_, args)
  for _, row in ipairs(args.rows) do create(row) end
  return nil, 200
end)

local operations = {}

function operations.create(step) return { pk = create(step).pk } end
function operations.queryset_delete(step) return { deleted = (M[step.model].objects:filter(step.filter or {}):delete()) } end

---{"action": "db", "step": {"op": …}}
Control.db = action(function(_, args)
  local operation = operations[args.step.op]
  if not operation then error("no such operation: " .. args.step.op) end
  return operation(args.step), 200
end)

---An app of consumers by path.
function M.app(consumers, middleware)
  consumers["/__control/"] = Control
  return support.app(consumers, middleware)
end

return M
