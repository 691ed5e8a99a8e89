local serializers = require "tidewire.serializers"

local ValidationError = serializers.ValidationError

local Validators = serializers.Serializer:extend("Validators", {
  a = serializers.IntegerField(),
  b = serializers.IntegerField(),
  name = serializers.CharField { required = false },
})

function Validators:validate_a(value)
  if value == 13 then error(ValidationError "unlucky") end
  if value == 14 then error(ValidationError { "one", "two" }) end
  if value == 15 then error(ValidationError { deep = "reason" }) end
  if value == 16 then error(ValidationError("coded", "my_code")) end
  return value + 1
end

function Validators:validate_name(value) return value:upper() end

function Validators:validate(attrs)
  if attrs.b == 100 then error(ValidationError { b = "not 100" }) end
  if attrs.b == 101 then error(ValidationError { "first", "second" }) end
  if attrs.b == 102 then error(ValidationError { b = { "x", "y" }, other = { z = "deep" } }) end
  if attrs.a >= attrs.b then error(ValidationError "a must be less than b") end
  attrs.sum = attrs.a + attrs.b
  return attrs
end

return Validators
