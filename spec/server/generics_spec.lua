---Generic consumers through the real binary: what a client may write, whom rows are shown to, and lists that are streamed.
local cjson = require "cjson"
local databases = require "support.databases"
local rows = require "support.rows"

local ann, ben = { ["x-user"] = "ann" }, { ["x-user"] = "ben" }

databases.for_each(function(vendor, create)
  describe("generic consumers on " .. vendor, function()
    local app

    setup(function() app = rows.start(create(), { workers = 2 }) end)
    teardown(function() app:stop() end)
    after_each(function() app:rest() end)

    local function fill() return app:fill { books = { { title = "Moby", owner = "ann", pages = 600 }, { title = "Emma", owner = "ben" } } } end

    -- ---- writing ----

    it("reads nothing into read-only fields, at create, update and patch", function()
      local keys = fill()
      local client = app:client "Books"
      local made = client:get("create", { data = { title = "New", author = keys.authors[1], owner = "me", id = 999 } })
      assert.same("", made.owner)
      assert.not_same(999, made.id)
      local data = { title = "Changed", author = keys.authors[1], owner = "me", id = 999 }
      assert.same("ann", client:get("update", { pk = keys.books[1], data = data }).owner)
      assert.same("ann", client:get("patch", { pk = keys.books[1], data = data }).owner)
      assert.same({ title = "Changed", owner = "ann", pages = cjson.null }, (function()
        local stored = client:get("stored", { pk = keys.books[1] })
        stored.pages = cjson.null
        return stored
      end)())
    end)

    it("names what is missing", function()
      fill()
      local client = app:client "Books"
      local function errors_of(action, args)
        local reply = client:ask(action, args)
        assert.same(400, reply.response_status)
        return reply.errors
      end
      local required = { "This field is required." }
      assert.same({ { data = required } }, errors_of "create")
      assert.same({ { pk = required } }, errors_of "retrieve")
      assert.same({ { pk = required } }, errors_of "delete")
      assert.same({ { data = required } }, errors_of("update", { pk = 1 }))
      assert.same({ { pk = required } }, errors_of("patch", { data = { title = "x" } }))
    end)

    it("a related row's key that no column can hold is a row that does not exist", function()
      local keys = fill()
      for text, shown in pairs { ["1e300"] = "1e+300", ["99999999999999999999999"] = "99999999999999999999999" } do
        local client = app:client "Books"
        client.ws:send_text(('{"action":"patch","request_id":1,"pk":%d,"data":{"author":%s}}'):format(keys.books[1], text))
        local reply = client:reply()
        assert.same(400, reply.response_status)
        assert.same({ { author = { ('Invalid pk "%s" - object does not exist.'):format(shown) } } }, reply.errors)
      end
    end)

    it("integers have the bounds of the database's columns, in each worker", function()
      local keys = fill()
      for _ = 1, 6 do
        local reply = app:client("Books"):ask("patch", { pk = keys.books[1], data = { pages = 3000000000 } })
        if vendor == "sqlite" then
          assert.same(3000000000, reply.data.pages)
        else
          assert.same({ { pages = { "Ensure this value is less than or equal to 2147483647." } } }, reply.errors)
        end
      end
    end)

    it("finds no row by a key of another type", function()
      fill()
      local client = app:client "Books"
      for _, pk in ipairs { true, 1.5, "x", "", cjson.null, 1e30, "99999999999999999999", { 1 }, { a = 1 }, "1 OR 1=1", -1 } do
        local reply = client:ask("retrieve", { pk = pk })
        assert.same(404, reply.response_status, cjson.encode { pk })
        assert.same({ "Not found" }, reply.errors)
      end
    end)

    it("asks a queryset anew for each request", function()
      fill()
      local client, other = app:client "Books", app:client "Books"
      assert.same(2, #client:get "list")
      other:get("delete", { pk = client:get("list")[1].id })
      assert.same(1, #client:get "list")
    end)

    -- ---- permissions of rows ----

    it("shows and changes rows only for those whom has_object_permission allows", function()
      local keys = fill()
      local client = app:client("Owned", ann)
      local own, other = keys.books[1], keys.books[2]
      local function status(action, args) return client:ask(action, args).response_status end
      assert.same(200, status("retrieve", { pk = own }))
      assert.same(200, status("patch", { pk = own, data = { title = "A" } }))
      assert.same(200, status("update", { pk = own, data = { title = "B", author = keys.authors[1] } }))
      assert.same(403, status("retrieve", { pk = other }))
      assert.same(403, status("patch", { pk = other, data = { title = "A" } }))
      assert.same(403, status("update", { pk = other, data = { title = "B", author = keys.authors[1] } }))
      assert.same(403, status("delete", { pk = other }))
      assert.same("Emma", app:client("Books"):get("stored", { pk = other }).title)
      assert.same(403, status("shown", { pk = other }))
      assert.same(200, status("shown", { pk = own }))
      assert.same(404, status("retrieve", { pk = -1 }))
      assert.same(204, status("delete", { pk = own }))
      assert.same(2, #client:get "list" + 1) -- lists are the queryset's concern, as in DRF
    end)

    it("asks an action's own permissions about rows, not the consumer's", function()
      local keys = fill()
      assert.same("Emma", app:client("Owned", ann):get("open", { pk = keys.books[2] }).title)
    end)

    it("composes permissions of rows: or, and, not", function()
      local keys = fill()
      local function status(consumer, headers, book)
        local client = app:client(consumer, headers)
        return client:ask("retrieve", { pk = keys.books[book] }).response_status
      end
      local staff = { ["x-user"] = "cat", ["x-staff"] = "yes" }
      local ann_staff = { ["x-user"] = "ann", ["x-staff"] = "yes" }
      assert.same(200, status("OwnedOrStaff", ann, 1))
      assert.same(403, status("OwnedOrStaff", ann, 2)) -- IsStaff refuses the action, so its consent to the row does not count
      assert.same(200, status("OwnedOrStaff", staff, 2))
      assert.same(403, status("OwnedAndStaff", staff, 1))
      assert.same(403, status("OwnedAndStaff", ann, 1))
      assert.same(200, status("OwnedAndStaff", ann_staff, 1))
      assert.same({ 403, 200 }, { status("NotNotOwned", ben, 1), status("NotNotOwned", ben, 2) })
    end)

    it("lets everybody read and only users write with IsAuthenticatedOrReadOnly", function()
      local keys = fill()
      local guest, user = app:client "ReadOnly", app:client("ReadOnly", ann)
      for action, args in pairs { list = {}, retrieve = { pk = keys.books[1] }, peek = {} } do
        assert.same(200, guest:ask(action, args).response_status, action)
      end
      for action, args in pairs { create = { data = {} }, update = { pk = keys.books[1], data = {} }, delete = { pk = keys.books[1] }, poke = {} } do
        assert.same(403, guest:ask(action, args).response_status, action)
      end
      assert.same(200, user:ask("poke").response_status)
      assert.same(204, user:ask("delete", { pk = keys.books[1] }).response_status)
    end)

    -- ---- streams ----

    local function fill_many(count)
      local books = {}
      for i = 1, count do books[i] = { title = ("Book %02d"):format(i) } end
      return app:fill { books = books }
    end

    it("streams pages of a pagination class of any kind", function()
      fill_many(5)
      local client = app:client "StreamedPages"
      client:send "list"
      for _, titles in ipairs { { "Book 01", "Book 02" }, { "Book 03", "Book 04" }, { "Book 05" } } do
        local reply, got = client:reply(), {}
        assert.same(1, reply.request_id)
        for i, book in ipairs(reply.data.results) do got[i] = book.title end
        assert.same(titles, got)
      end
      assert.is_nil(client:reply(0.2))
    end)

    it("list_cancel ends a list in the middle of a page", function()
      fill_many(5)
      local client = app:client "Streamed"
      client:get("slow_down", { seconds = 0.5 })
      client:send "list"
      client:send "list_cancel"
      local reply = client:reply()
      assert.same("list_cancel", reply.action)
      assert.same({ 200, cjson.null, {} }, { reply.response_status, reply.data, reply.errors })
      assert.is_nil(client:reply(0.8)) -- neither the page it was at nor another one
      client:get("slow_down", { seconds = 0 })
      client:send("list", { offset = 4 })
      assert.same("Book 05", client:reply().data.results[1].title)
    end)

    it("list_cancel ends a list between two pages, and is good for nothing when there is none", function()
      fill_many(50)
      local client = app:client "Streamed"
      client:get "list_cancel"
      client:send "list"
      client:reply()
      client:send "list_cancel"
      repeat local reply = client:reply() until reply.action == "list_cancel"
      assert.is_nil(client:reply(0.3))
    end)

    it("a client that goes away ends its lists", function()
      fill_many(50)
      local client = app:client "Streamed"
      client:send "list"
      client:send "list"
      assert.same("list", client:reply().action)
      client.ws:vanish()
      app.filler.ws:vanish()
      app.filler = nil
      app.server:wait_until_idle() -- no tasks are left
      for _, event in ipairs(app.server:events()) do assert.not_same("error", event.level, event.error) end
    end)

    it("other requests are answered while a list is streamed", function()
      fill_many(20)
      local client = app:client "Streamed"
      client:send "list"
      client:send("nope")
      local seen
      for _ = 1, 3 do
        local reply = client:reply()
        seen = seen or reply.response_status == 405
      end
      assert.is_true(seen)
      client:send "list_cancel"
      repeat local reply = client:reply() until reply.action == "list_cancel"
    end)
  end)
end)
