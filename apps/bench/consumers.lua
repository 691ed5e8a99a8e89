---What the benchmarks call: an echo, a fan-out, and something that waits.
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local groups = require "tidewire.groups"
local json = require "tidewire.json"
local sleep = require "tidewire.sleep"

local BenchConsumer = Consumer:extend("BenchConsumer")

BenchConsumer.echo = action(function(_, args) return { text = args.text }, 200 end)

BenchConsumer.subscribe = action(function(self, args)
  self:add_group("bench", args.request_id == nil and json.null or args.request_id)
  return nil, 201
end)

BenchConsumer.publish = action(function(_, args)
  groups.reply("bench", { action = "create", data = { text = args.text } })
  return nil, 200
end)

BenchConsumer.sleep = action({ detached = true }, function(_, args)
  sleep((tonumber(args.ms) or 0) / 1000)
  return { ms = args.ms }, 200
end)

return { BenchConsumer = BenchConsumer }
