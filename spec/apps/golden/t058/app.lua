local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local serializers = require "tidewire.serializers"

local NoUnique = serializers.ModelSerializer:extend("NoUnique", {
  Meta = { model = data.User, fields = { "id", "username" }, extra_kwargs = { username = { validators = {} } } },
})

local C = GenericConsumer:extend("C", mixins.CreateModelMixin, { queryset = data.User.objects, serializer_class = NoUnique })

return data.app { ["/ws/"] = C }
