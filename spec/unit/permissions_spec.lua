local permissions = require "tidewire.permissions"

describe("permissions", function()
  local asked

  local function answering(name, answer)
    local function ask()
      asked[#asked + 1] = name
      return answer
    end
    return permissions.BasePermission:extend(name, { has_permission = ask, can_connect = ask })
  end

  before_each(function() asked = {} end)

  local Yes, No = answering("yes", true), answering("no", false)

  local function allowed(permission) return permission():has_permission({}, {}, "action", {}) and true or false end

  it("compose by + * - and by name", function()
    for expected, list in pairs {
      [true] = { Yes, Yes + No, No + Yes, Yes * Yes, -No, -(-Yes), (No + Yes) * -No, permissions.OR(No, Yes), permissions.AND(Yes, Yes), permissions.NOT(No) },
      [false] = { No, No + No, Yes * No, No * Yes, -Yes, -(Yes * Yes), (Yes + No) * No },
    } do
      for i, permission in ipairs(list) do
        assert.equal(expected, allowed(permission), permission.name .. " " .. i)
        assert.equal(expected, permission():can_connect({}, {}) and true or false)
      end
    end
  end)

  it("ask no further than they have to", function()
    allowed(Yes + No)
    allowed(No * Yes)
    assert.same({ "yes", "no" }, asked)
  end)

  it("refuse by default, but let connect", function()
    assert.is_false(allowed(permissions.BasePermission))
    assert.is_true(permissions.BasePermission():can_connect({}, {}))
  end)

  it("know users", function()
    local function may(scope) return permissions.IsAuthenticated():has_permission(scope) end
    assert.is_true(may { user = { is_authenticated = true } })
    assert.is_false(may { user = { is_authenticated = false } })
    assert.is_false(may {})
    assert.is_true(allowed(permissions.AllowAny))
  end)

  it("say what cannot be composed", function()
    local ok, err = pcall(function() return Yes + 1 end)
    assert.is_false(ok)
    assert.truthy(err:find("a permission class was expected, got number", 1, true))
    ok, err = pcall(permissions.AND, Yes, No())
    assert.is_false(ok)
    assert.truthy(err:find("an object", 1, true))
  end)
end)
