local null = require "tidewire".null
local serializers = require "tidewire.serializers"

local Methods = serializers.Serializer:extend("Methods", {
  full = serializers.SerializerMethodField(),
  other = serializers.SerializerMethodField { method_name = "compute" },
})

function Methods:get_full(object) return object.first .. " " .. object.last end

function Methods:compute(object) return { n = #object.first, ctx = self.context.k or null } end

return Methods
