---Texts that mean something to SQL, wherever an app can put one: as a value they are that value, as a name they are an error that says so. Neither
---changes a statement.
local data = require "support.data"
local databases = require "support.databases"

---Defined in the server: texts, and what may be raised.
local PRELUDE = [==[
local PROBES = {
  "'", '"', "\\", "`", ";", "--", "/*", "*/", "'; DROP TABLE data_row; --", '"; DROP TABLE data_row; --', "name' OR '1'='1", 'name" OR "1"="1', ") OR (1=1", "1 OR 1=1",
  "%", "_", "%%", "a%b_c", "%s", "%(x)s", "?", "?1", "$1", "$$", ":name", "@name", "#", "\\'", "\\\\", "\\%", "\\_", "a\\", "NULL", "null", "true", "x'41'", "E'\\x41'",
  "", " ", "\n", "\t", "name\n", "é", "日本", "[", "(", "a**", "(?i)x", "name;", "pk--", "name name", "name,title", "*", "data_tag.name", '"name"', "1", "0x1", ("x"):rep(20000),
}
local HOSTILE = { "a\0b", "\0", "name\0", "a\255b", "\237\160\128" } -- no text for PostgreSQL
local ALLOWED = { FieldError = true, ValueError = true, TypeError = true, AssertionError = true, FieldDoesNotExist = true, AttributeError = true, DjangoValidationError = true }
local HOSTILE_TOO = { DataError = true, OperationalError = true }
local NUMBER = { exact = true, gt = true, gte = true, lt = true, lte = true }
local wrong = {}
local function short(text)
  text = text:gsub("[^ -~]", function(c) return ("\\%d"):format(c:byte()) end)
  return #text > 120 and text:sub(1, 117) .. "..." or text
end
local function try(what, probe, more, fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then return err end
  local d = described(err)
  if not ALLOWED[d.class] and not (more and more[d.class]) then wrong[#wrong + 1] = what .. " " .. short(probe) .. ": " .. d.class .. " " .. short(d.message) end
end
local function each(fn)
  for _, probe in ipairs(PROBES) do fn(probe, nil) end
  for _, probe in ipairs(HOSTILE) do fn(probe, HOSTILE_TOO) end
end
]==]

local SAFE = [==[

local tables = (...).tables
if Tag.objects:count() ~= tables.tags then wrong[#wrong + 1] = "rows have gone" end
return array(wrong)]==]

databases.for_each(function(vendor, create)
  describe("a text that means something to SQL, on " .. vendor, function()
    local running, tags

    setup(function()
      running = data.start(create())
      tags = running:run(PRELUDE .. [[
        local author = Author.objects:create { name = "Ann" }
        Book.objects:create { title = "A book", author = author }
        for _, probe in ipairs(PROBES) do
          if #probe <= 100 then Tag.objects:create { name = probe } end
        end
        return Tag.objects:count()]])
    end)
    teardown(function() running:stop() end)

    local function check(code)
      assert.same({}, running:run(PRELUDE .. code .. SAFE, { tables = { tags = tags } }))
      assert.equal(tostring(tags), running.database:query "SELECT count(*) FROM data_tag")
      assert.equal("1", running.database:query "SELECT count(*) FROM data_book")
    end

    it("finds itself alone, as a value of a text lookup", function()
      check [==[
        local names = Tag.objects:values_list("name", { flat = true }):list()
        local fold = db.vendor() == "sqlite" and string.lower or function(text) return text end -- LIKE does not tell ASCII case there
        local function same(text) return text end
        local match = {
          exact = function(name, probe) return name == probe end,
          iexact = function(name, probe) return name:lower() == probe:lower() end,
          contains = function(name, probe) return fold(name):find(fold(probe), 1, true) ~= nil end,
          icontains = function(name, probe) return name:lower():find(probe:lower(), 1, true) ~= nil end,
          startswith = function(name, probe) return fold(name):sub(1, #probe) == fold(probe) end,
          istartswith = function(name, probe) return name:lower():sub(1, #probe) == probe:lower() end,
          endswith = function(name, probe) return probe == "" or fold(name):sub(-#probe) == fold(probe) end,
          iendswith = function(name, probe) return probe == "" or name:lower():sub(-#probe) == probe:lower() end,
        }
        for lookup, matches in pairs(match) do
          each(function(probe, more)
            local wanted = 0
            for _, name in ipairs(names) do
              if matches(same(name), probe) then wanted = wanted + 1 end
            end
            for _, key in ipairs { "name__", "books__tags__name__" } do
              local got = try(lookup, probe, more, function() return Tag.objects:filter { [key .. lookup] = probe }:count() end)
              if key == "name__" and got ~= nil and got ~= wanted and not more then wrong[#wrong + 1] = ("%s %s: %d rows, expected %d"):format(lookup, short(probe), got, wanted) end
            end
            try("exclude " .. lookup, probe, more, function() return Tag.objects:exclude(Q { ["name__" .. lookup] = probe } + Q { ["books__title__" .. lookup] = probe }):count() end)
          end)
        end]==]
    end)

    it("is a value in lists, ranges, regular expressions and comparisons", function()
      check [==[
        local REGEX = { DataError = true, OperationalError = true }
        each(function(probe, more)
          local got = try("in", probe, more, function() return Tag.objects:filter { name__in = { probe, probe .. "'" } }:count() end)
          if got and #probe <= 100 and not more and got < 1 then wrong[#wrong + 1] = "in " .. probe end
          for _, lookup in ipairs { "gt", "gte", "lt", "lte" } do
            try(lookup, probe, more, function() return Tag.objects:filter { ["name__" .. lookup] = probe }:count() end)
          end
          try("range", probe, more, function() return Tag.objects:filter { name__range = { probe, probe } }:count() end)
          try("regex", probe, REGEX, function() return Tag.objects:filter { name__regex = probe }:count() end)
          try("iregex", probe, REGEX, function() return Tag.objects:filter { name__iregex = probe }:count() end)
          try("isnull", probe, more, function() return Tag.objects:filter { name__isnull = probe }:count() end)
          try("raw", probe, more, function() return #Tag.objects:raw("SELECT * FROM data_tag WHERE name = %s", { probe }):list() end)
          try("execute", probe, more, function() return db.execute("SELECT name FROM data_tag WHERE name = " .. (db.vendor() == "sqlite" and "?1" or "$1"), { probe, n = 1 }) end)
        end)]==]
    end)

    it("is refused where a number, a date or another typed value stands", function()
      check [==[
        local fields = { "pages", "price", "published", "created", "author", "author_id", "id", "pk", "published__year", "created__hour", "created__date", "tags", "tags__id", "author__mentor" }
        each(function(probe, more)
          for _, field in ipairs(fields) do
            for _, lookup in ipairs { "", "__gt", "__in", "__range" } do
              local value = (lookup == "__in" or lookup == "__range") and { probe, probe } or probe
              try(field .. lookup, probe, more, function() return Book.objects:filter { [field .. lookup] = value }:count() end)
            end
          end
          for _, field in ipairs { "boolean", "float", "duration", "uuid", "big_integer", "time", "binary", "json" } do
            try(field, probe, more, function() return Everything.objects:filter { [field] = probe }:count() end)
          end
          try("ip", probe, { DataError = true }, function() return Everything.objects:filter { ip = probe }:count() end) -- the database judges it
        end)]==]
    end)

    it("is kept as it is when it is written", function()
      check [==[
        each(function(probe, more)
          local row = try("create", probe, more, function() return Book.objects:create { title = "t", author = Author.objects:first(), note = probe } end)
          if row then
            local back = Book.objects:get { pk = row.pk }.note
            if back ~= probe then wrong[#wrong + 1] = "written " .. short(probe) .. " read " .. short(back) end
            try("update", probe, more, function() Book.objects:filter { pk = row.pk }:update { note = probe .. probe } end)
            if Book.objects:get { pk = row.pk }.note ~= probe .. probe then wrong[#wrong + 1] = "updated " .. short(probe) end
            row:delete()
          end
          try("bulk_create", probe, more, function()
            db.atomic(function()
              Book.objects:bulk_create { Book { title = "t", author = Author.objects:first(), note = probe }, Book { title = "t", author = Author.objects:first(), note = probe } }
              error(exceptions.ValueError "roll back")
            end)
          end)
        end)]==]
    end)

    it("is no name of a field, wherever a name stands", function()
      check [==[
        local F, Count = expressions.F, models.Count
        local ways = {
          filter = function(p) return Book.objects:filter { [p] = 1 }:count() end,
          exclude = function(p) return Book.objects:exclude { [p] = 1 }:count() end,
          lookup = function(p) return Book.objects:filter { ["title__" .. p] = "x" }:count() end,
          relation = function(p) return Book.objects:filter { ["author__" .. p] = "x" }:count() end,
          nested = function(p) return Book.objects:filter { ["author__" .. p .. "__exact"] = "x" }:count() end,
          q = function(p) return Book.objects:filter(Q { [p] = 1 } + -Q { title = 1 }):count() end,
          order_by = function(p) return Book.objects:order_by(p):list() end,
          descending = function(p) return Book.objects:order_by("-" .. p):list() end,
          across = function(p) return Book.objects:order_by("author__" .. p):list() end,
          values = function(p) return Book.objects:values(p):list() end,
          values_list = function(p) return Book.objects:values_list("author__" .. p, { flat = true }):list() end,
          only = function(p) return Book.objects:only(p):list() end,
          defer = function(p) return Book.objects:defer(p):list() end,
          select_related = function(p) return Book.objects:select_related(p):list() end,
          prefetch_related = function(p) return Book.objects:prefetch_related(p):list() end,
          f = function(p) return Book.objects:filter { title = F(p) }:count() end,
          count = function(p) return Book.objects:annotate { n = Count(p) }:list() end,
          aggregate = function(p) return Book.objects:aggregate { n = models.Max(p) } end,
          update = function(p) return Book.objects:filter { pk = 0 }:update { [p] = 1 } end,
          update_f = function(p) return Book.objects:filter { pk = 0 }:update { title = F(p) } end,
          create = function(p) return Book.objects:create { [p] = 1 } end,
          get = function(p) return Book.objects:get { [p] = 1 } end,
          latest = function(p) return Book.objects:latest(p) end,
          dates = function(p) return Book.objects:dates(p, "year"):list() end,
          part = function(p) return Book.objects:dates("published", p):list() end,
          in_bulk = function(p) return Book.objects:in_bulk({ 1 }, { field_name = p }) end,
          bulk_update = function(p) return Book.objects:bulk_update(Book.objects:list(), { p }) end,
          save = function(p) return Book.objects:first():save { update_fields = { p } } end,
        }
        local MISSING = { DoesNotExist = true, MultipleObjectsReturned = true, IntegrityError = true }
        for what, way in pairs(ways) do
          each(function(probe) try(what, probe, MISSING, way, probe) end)
        end]==]
    end)

    it("is harmless as the name of an annotation", function()
      check [==[
        local Count = models.Count
        each(function(probe, more)
          local one = try("annotate", probe, more, function() return Book.objects:annotate { [probe] = Count "tags" }:values(probe):first() end)
          if one and one[probe] ~= 0 then wrong[#wrong + 1] = "annotate " .. short(probe) .. " is lost" end
          local total = try("aggregate", probe, more, function() return Book.objects:aggregate { [probe] = Count "id" } end)
          if total and total[probe] ~= 1 then wrong[#wrong + 1] = "aggregate " .. short(probe) .. " is lost" end
          try("order", probe, more, function() return Book.objects:annotate { [probe] = Count "tags" }:order_by(probe):list() end)
          try("filter", probe, more, function() return Book.objects:annotate { [probe] = Count "tags" }:filter { [probe .. "__gte"] = 0 }:list() end)
        end)]==]
    end)
  end)
end)
