---Step 5 of docs/tutorial.md: who may do what.
local permissions = require "tidewire.permissions"

---Rooms are changed by their hosts only; everybody may look at them.
local IsHostOrReadOnly = permissions.IsAuthenticatedOrReadOnly:extend("IsHostOrReadOnly", {
  has_object_permission = function(_, scope, consumer, action, room)
    return consumer:is_safe_action(action) or room.host_id == scope.user.pk
  end,
})

return { IsHostOrReadOnly = IsHostOrReadOnly }
