---What the benchmarks call: an echo, a fan-out, something that waits, and rows of a table.
local action = require "tidewire.actions".action
local Consumer = require "tidewire.consumer".Consumer
local GenericConsumer = require "tidewire.generics".GenericConsumer
local Item = require "bench.models".Item
local ItemSerializer = require "bench.serializers".ItemSerializer
local groups = require "tidewire.groups"
local json = require "tidewire.json"
local mixins = require "tidewire.mixins"
local pagination = require "tidewire.pagination"
local permissions = require "tidewire.permissions"
local shortcuts = require "tidewire.shortcuts"
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

local function row(item) return { id = item.id, name = item.name, price = item.price, note = item.note } end

---{"action": "get_item", "pk": 7}
BenchConsumer.get_item = action(function(_, args) return row(shortcuts.get_object_or_404(Item, { pk = args.pk })), 200 end)

---{"action": "add_item", "name": "lamp", "price": 30}
BenchConsumer.add_item = action(function(_, args) return row(Item.objects:create { name = args.name, price = args.price }), 201 end)

---{"action": "list_items", "repeat": 20}: 1,000 rows as instances, so many times.
BenchConsumer.list_items = action(function(_, args)
  local rows = 0
  for _ = 1, tonumber(args["repeat"]) or 1 do rows = rows + #Item.objects:order_by("id"):slice(0, 1000):list() end
  return { rows = rows }, 200
end)

---{"action": "iterate_items", "limit": 5000}: walk all rows, or the first ones, without keeping them.
BenchConsumer.iterate_items = action(function(_, args)
  local rows, items = 0, Item.objects:order_by("id")
  if args.limit then items = items:slice(0, args.limit) end
  for _ in items:iterator() do rows = rows + 1 end
  return { rows = rows }, 200
end)

---Items as every client of DCRF asks for them. `list` is a page when the request has a `limit`, else whole.
local ItemConsumer = GenericConsumer:extend("ItemConsumer", mixins.PaginatedModelListMixin, mixins.RetrieveModelMixin, mixins.CreateModelMixin,
  mixins.UpdateModelMixin, mixins.PatchModelMixin, mixins.DeleteModelMixin, {
  queryset = Item.objects,
  serializer_class = ItemSerializer,
  pagination_class = pagination.WebsocketLimitOffsetPagination,
  permission_classes = { permissions.AllowAny },
})

---{"action": "validate", "data": {"name": "a", "price": 3}, "repeat": 100}: what a serializer makes of it, so many times.
ItemConsumer.validate = action(function(_, args)
  local valid = 0
  for _ = 1, tonumber(args["repeat"]) or 1 do
    if ItemSerializer(nil, { data = args.data }):is_valid() then valid = valid + 1 end
  end
  return { valid = valid }, 200
end)

return { BenchConsumer = BenchConsumer, ItemConsumer = ItemConsumer }
