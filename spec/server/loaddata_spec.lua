---`tidewire loaddata`, on both databases.
local data = require "support.data"
local databases = require "support.databases"
local process = require "support.process"
local server = require "support.server"

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local GOOD = [[
{"model": "data.author", "pk": 1, "fields": {"name": "Ann", "mentor": null}}
{"model": "data.author", "pk": 2, "fields": {"name": "Bob", "mentor": 1}}

{"model": "data.tag", "pk": 7, "fields": {"name": "red"}}
{"model": "data.tag", "pk": 8, "fields": {"name": "'; DROP TABLE data_tag; --"}}
{"model": "data.book", "pk": 3, "fields": {"title": "A", "author": 2, "tags": [7, 8], "pages": 12, "price": "10.50", "published": "2001-01-01", "created": "2021-01-01T10:00:00.123Z"}}
{"model": "data.everything", "pk": 1, "fields": {"big_integer": 9223372036854775807, "decimal_40": "0.00000000000000000001", "json": {"a": [1, null]}, "boolean": true}}
{"model": "data.everything", "pk": 2, "fields": {"duration": "1 00:00:01.000002", "uuid": "12345678-1234-5678-1234-567812345678"}}
]]

databases.for_each(function(vendor, create)
  describe("loaddata on " .. vendor, function()
    local database, folder

    before_each(function()
      database, folder = create(), process.temporary_folder()
    end)
    after_each(function()
      database:drop()
      process.run { "rm", "-rf", folder }
    end)

    local function load(text, name)
      local path = folder .. "/" .. (name or "fixture.jsonl")
      write(path, text)
      local code, out, err = process.run { server.binary, "loaddata", "spec/apps/data", path, "--database", database.url }
      return code, out .. err
    end

    it("puts every row in, into tables that it makes", function()
      local code, said = load(GOOD)
      assert.equal(0, code, said)
      local app = data.start(database)
      assert.same({ 2, "Ann", 2, "10.50", "2001-01-01", "2021-01-01 10:00:00.123000+00:00", 12 }, app:run [[
        local book = Book.objects:get { pk = 3 }
        return { Author.objects:count(), book.author.mentor.name, book.tags:count(), tostring(book.price), tostring(book.published), tostring(book.created), book.pages }]])
      assert.same({ "9223372036854775807", "1E-20", '{"a":[1,null]}', 1, 1, 2, true }, app:run [[
        local row, other = Everything.objects:get { pk = 1 }, Everything.objects:get { pk = 2 }
        return { (tostring(row.big_integer):gsub("LL", "")), tostring(row.decimal_40), json.encode(row.json), other.duration.days, other.duration.seconds, other.duration.microseconds, row.boolean }]])
      assert.is_true(app:run [[return Author.objects:create { name = "Cid" }.pk > 2]]) -- numbers go on behind those that were loaded
      app:stop(true)
    end)

    it("takes a JSON list, too, and replaces rows that are there", function()
      assert.equal(0, (load(GOOD)))
      local code, said = load('[{"model": "data.author", "pk": 1, "fields": {"name": "Anna"}}, {"model": "data.author", "pk": 9, "fields": {"name": "Eve", "mentor": 1}}]', "list.json")
      assert.equal(0, code, said)
      assert.equal("1 Anna\n2 Bob\n9 Eve", database:query "SELECT id || ' ' || name FROM data_author ORDER BY id")
    end)

    it("loads all or nothing, and says where it stopped", function()
      for line, why in pairs {
        ['{"model": "data.author", "pk": 4, "fields": {"nickname": "x"}}'] = "nickname",
        ['{"model": "data.nothing", "pk": 4, "fields": {}}'] = "nothing",
        ['{"model": "data.author", "pk": 4, "fields": '] = "fixture.jsonl:9",
        ['{"model": "data.book", "pk": 4, "fields": {"title": "x", "author": 77}}'] = "",
        ['{"model": "data.book", "pk": 4, "fields": {"title": "x", "author": 1, "published": "yesterday"}}'] = "yesterday",
        ['{"model": "data.tag", "pk": 10, "fields": {"name": "red"}}'] = "",
        ['{"pk": 10}'] = "model",
      } do
        local code, said = load(GOOD .. line .. "\n")
        assert.is_true(code ~= 0, line .. " was taken")
        assert.truthy(said:find(why, 1, true), said)
        local ok, count = pcall(database.query, database, "SELECT count(*) FROM data_author")
        assert.is_true(not ok or count == "0", line .. ": some rows were loaded")
      end
    end)

    it("says which file is missing", function()
      local code, _, err = process.run { server.binary, "loaddata", "spec/apps/data", folder .. "/none.jsonl", "--database", database.url }
      assert.is_true(code ~= 0)
      assert.truthy(err:find("none.jsonl", 1, true), err)
    end)

    it("says that a folder is none", function()
      local code, _, err = process.run { server.binary, "loaddata", "spec/apps/data", folder, "--database", database.url }
      assert.is_true(code ~= 0)
      assert.truthy(err:find(folder .. ": Is a directory", 1, true), err)
    end)
  end)
end)
