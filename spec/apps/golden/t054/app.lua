local data = dofile(os.getenv "SPEC_APPS" .. "/golden_data.lua")
local GenericConsumer = require "tidewire.generics".GenericConsumer
local mixins = require "tidewire.mixins"

local exceptions = require "tidewire.exceptions"
local serializers = require "tidewire.serializers"

local CtxSerializer = serializers.ModelSerializer:extend("CtxSerializer", {
  shown = serializers.SerializerMethodField(),
  get_shown = function(self, post)
    return self.context.prefix .. post.title .. (self.context.consumer and self.context.scope and "!" or "")
  end,
  Meta = { model = data.Post, fields = { "id", "title", "shown", "author" }, extra_kwargs = { author = { required = false } } },
})

local C = GenericConsumer:extend("C", mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.PatchModelMixin, mixins.DeleteModelMixin,
  mixins.ListModelMixin, mixins.RetrieveModelMixin, { queryset = data.Post.objects })

function C:get_serializer_class(args) -- luacheck: ignore self
  return args.action == "list" and data.PostTitleSerializer or CtxSerializer
end

function C:get_serializer_context(args)
  local context = C.super.get_serializer_context(self, args)
  context.prefix = args.prefix or "-"
  return context
end

function C:perform_create(serializer, args) -- luacheck: ignore self
  data.log { "perform_create", data.sorted_keys(args), data.sorted_keys(serializer.validated_data) }
  serializer:save { author_id = args.author_pk or 1 }
end

function C:perform_update(serializer, args) -- luacheck: ignore self
  data.log { "perform_update", data.sorted_keys(args) }
  serializer:save { body = "updated" }
end

function C:perform_patch(serializer, args) -- luacheck: ignore self
  data.log { "perform_patch", data.sorted_keys(args) }
  serializer:save { body = "patched" }
end

function C:perform_delete(instance, args) -- luacheck: ignore self
  data.log { "perform_delete", data.sorted_keys(args) }
  if instance.pk == 1 then error(exceptions.PermissionDenied "keep") end
  instance:delete()
end

return data.app { ["/ws/"] = C }
