local action = require "tidewire.actions".action
local exceptions = require "tidewire.exceptions"
local groups = require "tidewire.groups"
local Consumer = require "tidewire.consumer".Consumer

-- Each connection is joined to these groups.
local HelloConsumer = Consumer:extend("HelloConsumer", { groups = { "everybody" } })

-- {"action": "hello", "request_id": 1, "name": "Ada"} is answered with {"errors": [], "data": {"text": "Hello, Ada!"}, …}
HelloConsumer.hello = action(function(_, args)
  if type(args.name) ~= "string" or args.name == "" then
    error(exceptions.ValidationError { name = { "This field is required." } })
  end
  return { text = "Hello, " .. args.name .. "!" }, 200
end)

-- Sends a text to everybody who is connected.
HelloConsumer.shout = action(function(_, args)
  groups.send("everybody", { type = "chat.message", text = args.text })
  return nil, 200
end)

-- What a member of the group does with a message of type "chat.message".
function HelloConsumer:chat_message(message)
  self:send_json { shout = message.text }
end

return { HelloConsumer = HelloConsumer }
