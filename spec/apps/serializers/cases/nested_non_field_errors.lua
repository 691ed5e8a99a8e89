local Validators = require "serializers.cases.validate_methods"
local serializers = require "tidewire.serializers"

return serializers.Serializer:extend("NestedValidators", { pair = Validators() })
