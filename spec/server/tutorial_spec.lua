---The chat of docs/tutorial.md, as its steps show it.
local cjson = require "cjson"
local databases = require "support.databases"
local server = require "support.server"

databases.for_each(function(vendor, create)
  describe("apps/tutorial on " .. vendor, function()
    local running, database

    setup(function()
      database = create()
      running = server.start { app = "apps/tutorial", workers = 2, args = { "--database", database.url } }
    end)
    teardown(function()
      running:stop()
      database:drop()
    end)

    local function connect(path, user)
      local ws = assert(running:connect { path = path .. (user and "?user=" .. user or "") })
      local function reply()
        local text = ws:receive(server.patience)
        return text and cjson.decode(text)
      end
      local sent = 0
      local function ask(action, args)
        sent = sent + 1
        local message = { action = action, request_id = sent }
        for key, value in pairs(args or {}) do message[key] = value end
        ws:send_text(cjson.encode(message))
        return reply()
      end
      return { ask = ask, reply = reply, ws = ws }
    end

    ---Read events until one says that so many are in the room; the other worker's news of an earlier moment may come first.
    local function wait_for_users(member, count)
      repeat
        local event = member.reply()
        assert.same("update_users", event.action)
      until #event.data.users == count
    end

    it("lets two people talk in a room", function()
      local users = connect "/ws/users/"
      for _, name in ipairs { "ann", "ben" } do assert.same(201, users.ask("create", { data = { username = name } }).response_status) end
      local twice = users.ask("create", { data = { username = "ann", email = "x" } })
      assert.same({ { username = { "user with this username already exists." }, email = { "Enter a valid email address." } } }, twice.errors)

      local guest, ann, ben = connect "/ws/rooms/", connect("/ws/rooms/", "ann"), connect("/ws/rooms/", "ben")
      assert.same(403, guest.ask("create", { data = { name = "Sea" } }).response_status)
      local room = ann.ask("create", { data = { name = "Sea", host = 2 } }).data
      assert.same({ "Sea", users.ask("list").data[1].id }, { room.name, room.host })
      assert.same(1, guest.ask("list", { search = "sea", limit = 10 }).data.count)
      assert.same(403, ben.ask("patch", { pk = room.pk, data = { name = "Mine" } }).response_status)
      assert.same(403, ben.ask("create_message", { data = { text = "Hello" } }).response_status)

      assert.same(200, ann.ask("join_room", { pk = room.pk }).response_status)
      assert.same("update_users", ann.reply().action)
      assert.same(200, ben.ask("join_room", { pk = room.pk }).response_status)
      for _, member in ipairs { ann, ben } do wait_for_users(member, 2) end

      local said = ben.ask("create_message", { data = { text = "Hello" } })
      local event = ann.reply()
      assert.same({ "create", "Hello", "ben" }, { event.action, event.data.text, event.data.user.username })
      assert.is_truthy(event.data.created_at_formatted:find "^%d%d%-%d%d%-%d%d%d%d %d%d:%d%d:%d%d$")
      assert.is_true(said.action == "create_message" or said.action == "create")

      local listed = connect("/ws/messages/", "ann").ask("list", { room = room.pk })
      assert.same({ 1, "Hello" }, { listed.data.count, listed.data.results[1].text })
      assert.same("Hello", guest.ask("retrieve", { pk = room.pk }).data.last_message.text)

      ben.ws:vanish()
      wait_for_users(ann, 1)
    end)
  end)
end)
