---What a generic consumer declares is checked when the app loads; the complaint names the line.
local process = require "support.process"
local server = require "support.server"

local APP = [[
local tidewire = require "tidewire"
local filters = require "tidewire.filters"
local models = require "tidewire.models"
local serializers = require "tidewire.serializers"
local throttling = require "tidewire.throttling"
local Thing = models.Model:extend("Thing", { name = models.CharField { max_length = 5 } })
local S = serializers.ModelSerializer:extend("S", { Meta = { model = Thing, fields = { "id", "name" } } })
local Things = require "tidewire.generics".GenericConsumer:extend("Things", {
  queryset = %s, serializer_class = S,
  %s
})
return tidewire.app { name = "declared", routes = { tidewire.websocket("/ws/", Things) } }
]]

local CASES = {
  { [[lookup_field = "nam"]], [[lookup_field: declared.Thing has no field "nam"]] },
  { [[filter_backends = { filters.SearchFilter }, search_fields = { "^nme" }]], [[search_fields: declared.Thing has no field "nme"; did you mean name?]] },
  { [[filter_backends = { filters.FieldFilter }, filterset_fields = { nome = { "lt" } }]], [[filterset_fields: declared.Thing has no field "nome__lt"]] },
  { [[filter_backends = { filters.FieldFilter }, filterset_fields = { name = { "lesser" } }]], [[Unsupported lookup 'lesser' for CharField]] },
  { [[filter_backends = { filters.OrderingFilter }, ordering = { "-nope" }]], [[ordering: declared.Thing has no field "nope"; did you mean name?]] },
  { [[filter_backends = { filters.OrderingFilter }, ordering_fields = { "nam" }]], [[ordering_fields: declared.Thing has no field "nam"]] },
  { [[filter_backends = filters.SearchFilter]], [[filter_backends is a table; expected a list of classes]] },
  { [[throttle_classes = { throttling.AnonRateThrottle }]], [[No default throttle rate set for 'anon' scope]] },
  { [[throttle_classes = { throttling.UserRateThrottle:extend("X", { rate = "often" }) }]], [[throttle rate "often": expected a number, /]] },
  { [[permission_classes = { 5 }]], "permission_classes[1] is no permission class" },
  { [[pagination_class = 5]], "pagination_class is no pagination class" },
  { [[serializer_class = {}]], "serializer_class is no serializer class" },
  { "", "queryset is no queryset or manager, such as Room.objects", queryset = "Thing" },
}

describe("declarations of generic consumers", function()
  local folder

  setup(function() folder = process.temporary_folder() end)
  teardown(function() process.run { "rm", "-rf", folder } end)

  local function check(members, queryset)
    process.run { "mkdir", "-p", folder .. "/declared" }
    local file = assert(io.open(folder .. "/declared/app.lua", "w"))
    file:write(APP:format(queryset or "Thing.objects", members))
    file:close()
    local code, _, err = process.run { server.binary, "check", folder .. "/declared" }
    return code, err
  end

  it("are fine as they are in the guide", function() assert.equal(0, (check "")) end)

  for _, case in ipairs(CASES) do
    it("are refused: " .. case[2], function()
      local code, err = check(case[1], case.queryset)
      assert.equal(1, code)
      assert.is_truthy(err:find(case[2], 1, true), err)
      assert.is_truthy(err:find("app.lua:8: Things: ", 1, true), err)
    end)
  end
end)
