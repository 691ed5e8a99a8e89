require "support.host"
local class = require "tidewire.class"
local exceptions = require "tidewire.exceptions"
local fields = require "tidewire.fields"
local json = require "tidewire.json"
local validators = require "tidewire.validators"

local null, empty = json.null, fields.empty

---A serializer as far as fields know it.
local Parent = class.new "Parent"
local function parent(members)
  local made = Parent()
  made.root, made.context = made, {}
  for key, value in pairs(members or {}) do made[key] = value end
  return made
end

local function bound(field, name, members)
  field:bind(name or "name", parent(members))
  return field
end

---Detail and codes of what is raised.
local function refusal(field, value)
  local ok, err = pcall(field.run_validation, field, value)
  assert(not ok, "was taken")
  assert(class.is_instance(err, exceptions.ValidationError), tostring(err))
  return err.detail, err:get_codes()
end

local function skips(method, field, ...)
  local ok, err = pcall(field[method], field, ...)
  return not ok and fields.is_skip(err)
end

describe("a field's declaration", function()
  it("complains at its line about what is unknown, of the wrong type, or contradictory", function()
    for message, declare in pairs {
      ["CharField: unexpected argument 'max_lenght'; did you mean max_length?"] = function() fields.CharField { max_lenght = 5 } end,
      ["CharField: required is a string; expected a boolean"] = function() fields.CharField { required = "x" } end,
      ["CharField: takes a table of arguments; got a number"] = function() fields.CharField(5) end,
      ["CharField: May not set both `read_only` and `write_only`"] = function() fields.CharField { read_only = true, write_only = true } end,
      ["CharField: May not set both `read_only` and `required`"] = function() fields.CharField { read_only = true, required = true } end,
      ["CharField: May not set both `required` and `default`"] = function() fields.CharField { required = true, default = "" } end,
      ["Field: Field(read_only=True) should be ReadOnlyField"] = function() fields.Field { read_only = true } end,
      ["CharField: validators[1] is a string; expected a function or a validator"] = function() fields.CharField { validators = { "x" } } end,
      ["HiddenField: default is a required argument."] = function() fields.HiddenField {} end,
      ["ChoiceField: missing required argument 'choices'"] = function() fields.ChoiceField {} end,
      ["DecimalField: missing required argument 'decimal_places' (tidewire.null: no limit)"] = function() fields.DecimalField { max_digits = 3 } end,
      ["ListField: `child` has not been instantiated."] = function() fields.ListField { child = fields.CharField } end,
      ["DecimalField: localize is not supported: numbers are written as JSON has them"] = function()
        fields.DecimalField { max_digits = 3, decimal_places = 1, localize = true }
      end,
      ["JSONField: encoder is not supported: JSON is read and written by the host"] = function() fields.JSONField { encoder = {} } end,
    } do
      local ok, err = pcall(declare)
      assert.is_false(ok)
      assert.matches("^spec/unit/fields_spec.lua:%d+: ", err)
      assert.equal(message, (err:gsub("^[^:]+:%d+: ", "")))
    end
  end)

  it("counts fields in the order they are made, and shows them as DRF", function()
    local first, second = fields.CharField { max_length = 5, required = false }, fields.ListField { child = fields.IntegerField {} }
    assert.is_true(first.creation_counter < second.creation_counter)
    assert.equal("CharField(max_length=5, required=False)", tostring(first))
    assert.equal("ListField(child=IntegerField())", tostring(second))
    assert.equal("ReadOnlyField(source='x')", tostring(fields.ReadOnlyField { source = "x" }))
  end)

  it("is repeated by clone, children too", function()
    local original = bound(fields.ListField { child = fields.IntegerField { min_value = 1 }, max_length = 2 })
    local copy = original:clone()
    assert.is_nil(copy.field_name)
    assert.is_true(copy.child ~= original.child and copy.child.parent == copy)
    assert.same({ "Ensure this field has no more than 2 elements." }, (refusal(copy, { 1, 2, 3 })))
  end)

  it("takes one argument by its place where DRF does", function()
    assert.equal("ipv4", fields.IPAddressField("IPv4").protocol)
    assert.equal("get_days", fields.SerializerMethodField("get_days").method_name)
    assert.same({ "Letters." }, (refusal(fields.RegexField("^[a-z]+$", { error_messages = { invalid = "Letters." } }), "1")))
  end)
end)

describe("Field:bind", function()
  it("names the field, its label and its source", function()
    local field = bound(fields.CharField { source = "a.b" }, "user_NAME")
    assert.same({ "user_NAME", "User name", "a.b", { "a", "b" } }, { field.field_name, field.label, field.source, field.source_attrs })
    assert.same({}, bound(fields.ReadOnlyField { source = "*" }).source_attrs)
  end)

  it("refuses a source that says nothing new", function()
    local field = fields.CharField { source = "name" }
    assert.error_matches(function() bound(field) end, "It is redundant to specify `source='name'` on field 'CharField' in serializer 'Parent', because it is the "
      .. "same as the field name. Remove the `source` keyword argument.", 1, true)
  end)

  it("hands root and context on to children", function()
    local top = parent { context = { user = "ann" } }
    local field = fields.ListField { child = fields.DictField { child = fields.CharField {} } }
    field:bind("x", top)
    assert.is_true(field.child.child.root == top and field.child.child.context.user == "ann")
    local other = parent { context = { user = "bob" } }
    local copy = field:attach(other)
    assert.is_true(copy.child.child.root == other and copy.child.child.context.user == "bob")
    assert.is_true(field.child.child.root == top and class.is_instance(copy, fields.ListField))
    assert.same({ { a = "1" } }, copy:run_validation { { a = 1 } })
  end)
end)

describe("a value that did not come, or null", function()
  it("is required unless there is a default", function()
    assert.same({ { "This field is required." }, { "required" } }, { refusal(bound(fields.CharField {}), empty) })
    assert.same({ { "Say it." }, { "required" } }, { refusal(bound(fields.CharField { error_messages = { required = "Say it." } }), nil) })
    assert.equal("x", bound(fields.CharField { default = "x" }):run_validation(empty))
    assert.equal(null, bound(fields.CharField { default = null }):run_validation(empty))
    assert.is_true(skips("run_validation", bound(fields.CharField { required = false }), empty))
    assert.is_true(bound(fields.CharField { required = false }):is_left_out(empty))
    assert.is_false(bound(fields.CharField {}):is_left_out(empty))
  end)

  it("is left out of a part of an object, whatever the default", function()
    for _, field in ipairs { fields.CharField {}, fields.CharField { default = "x" } } do
      bound(field, "name", { partial = true })
      assert.is_true(skips("run_validation", field, empty) and field:is_left_out(empty))
    end
  end)

  it("takes null only where it may", function()
    assert.same({ { "This field may not be null." }, { "null" } }, { refusal(bound(fields.IntegerField {}), null) })
    assert.equal(null, bound(fields.IntegerField { allow_null = true }):run_validation(null))
  end)

  it("takes the default of a field that is read only", function()
    assert.equal(5, bound(fields.IntegerField { read_only = true, default = 5 }):run_validation(7))
    assert.is_true(skips("run_validation", bound(fields.IntegerField { read_only = true }), 7))
  end)

  it("asks defaults that are functions, and gives the field to those that want it", function()
    assert.equal(7, bound(fields.IntegerField { default = function() return 7 end }):run_validation(empty))
    local user = bound(fields.HiddenField { default = fields.CurrentUserDefault() }, "owner", { context = { scope = { user = "ann" } } })
    assert.equal("ann", user:run_validation(user:get_value { owner = "eve" }))
    local created = fields.CreateOnlyDefault(function() return "new" end)
    assert.equal("new", bound(fields.CharField { default = created }):run_validation(empty))
    assert.is_true(skips("run_validation", bound(fields.CharField { default = created }, "name", { instance = {} }), empty))
  end)
end)

describe("validators of a field", function()
  it("are all asked, and their texts come together with their codes", function()
    local function odd() error(exceptions.ModelValidationError("Is %(what)s.", "odd", { what = "odd" }), 0) end
    local function late() error(exceptions.ValidationError({ "Late.", exceptions.ErrorDetail("Later.", "later") }, "late"), 0) end
    local field = fields.CharField { validators = { odd, late, validators.MaxLengthValidator(1) } }
    local detail, codes = refusal(field, "ab")
    assert.same({ "Is odd.", "Late.", "Later.", "Ensure this value has at most 1 character (it has 2)." }, detail)
    assert.same({ "odd", "late", "later", "max_length" }, codes)
  end)

  it("may speak of single members, and then speak alone", function()
    local function inner() error(exceptions.ValidationError { a = { "Bad." } }, 0) end
    assert.same({ a = { "Bad." } }, (refusal(fields.DictField { validators = { inner, function() error "not asked" end } }, { a = 1 })))
  end)

  it("get the field when they want it", function()
    local Same = validators.BaseValidator:extend("Same", {
      requires_context = true, init = function() end,
      __call = function(_, value, field)
        if value ~= field.field_name then error(exceptions.ValidationError "Other.", 0) end
      end,
    })
    local field = bound(fields.CharField { validators = { Same() } })
    assert.equal("name", field:run_validation "name")
    assert.same({ "Other." }, (refusal(field, "x")))
  end)

  it("that fail otherwise are unexpected errors", function()
    local ok, err = pcall(fields.CharField.run_validation, fields.CharField { validators = { function() error "broken" end } }, "x")
    assert.is_false(ok)
    assert.matches("broken", err)
  end)

  it("compare numbers that Lua has not", function()
    local field = fields.IntegerField { max_value = 10, min_value = -10 }
    assert.same({ "Ensure this value is less than or equal to 10." }, (refusal(field, json.decode "100000000000000000000")))
    assert.same({ "Ensure this value is greater than or equal to -10." }, (refusal(field, json.decode "-9223372036854775807")))
  end)
end)

describe("Field:get_attribute", function()
  local Person = class.new("Person", { greet = function(self) return "hi " .. self.name end })

  local function get(arguments, object, name)
    return bound(fields.ReadOnlyField(arguments), name or "x"):get_attribute(object)
  end

  it("follows source through objects and calls methods", function()
    local ann = Person()
    ann.name = "ann"
    assert.equal("hi ann", get({ source = "person.greet" }, { person = ann }))
    assert.equal(ann, get({ source = "*" }, ann))
    assert.equal(null, get({}, { x = null }))
    assert.equal(5, get({}, { x = function() return 5 end }))
  end)

  it("gives null for a relation whose row does not exist", function()
    local row = setmetatable({}, { __index = function() error(exceptions.ObjectDoesNotExist "gone", 0) end })
    assert.equal(null, get({ source = "author.name" }, row))
  end)

  it("gives default or null, leaves out, or raises for what is missing", function()
    assert.equal("d", bound(fields.CharField { source = "a.b", default = "d" }):get_attribute { a = null })
    assert.equal(null, bound(fields.CharField { allow_null = true }):get_attribute {})
    assert.is_true(skips("get_attribute", bound(fields.CharField { required = false }), {}))
    assert.equal(empty, bound(fields.CharField { required = false }):find_attribute {})
    local ok, err = pcall(fields.CharField.get_attribute, bound(fields.CharField {}, "e"), {})
    assert.is_true(not ok and class.is_instance(err, exceptions.KeyError))
    assert.equal("Got KeyError when attempting to get a value for field `e` on serializer `Parent`.\nThe serializer field might be named incorrectly and "
      .. "not match any attribute or key on the `dict` instance.\nOriginal exception text was: 'e'.", tostring(err))
    ok, err = pcall(fields.CharField.get_attribute, bound(fields.CharField { source = "name.city" }, "e"), Person())
    assert.is_true(not ok and class.is_instance(err, exceptions.AttributeError))
    assert.matches("on the `Person` instance.\nOriginal exception text was: 'Person' object has no attribute 'name'.", tostring(err), 1, true)
  end)
end)

describe("kinds of an app's own", function()
  it("add arguments, messages and conversions", function()
    local Coordinate = fields.Field:extend("Coordinate", {
      options = { limit = "integer" },
      default_error_messages = { far = "Further than {limit}." },
      to_internal_value = function(self, data)
        if data.x > self.limit then self:fail("far", { limit = self.limit }) end
        return data.x
      end,
      to_representation = function(_, value) return { x = value } end,
    })
    local field = bound(Coordinate { limit = 3 })
    assert.equal(2, field:run_validation { x = 2 })
    assert.same({ { "Further than 3." }, { "far" } }, { refusal(field, { x = 4 }) })
    assert.same({ { "This field is required." }, { "required" } }, { refusal(field, empty) })
    assert.error_matches(function() Coordinate { limt = 3 } end, "unexpected argument 'limt'")
  end)

  it("have a child of their own class", function()
    local Scores = fields.ListField:extend("Scores", { child = fields.IntegerField { max_value = 100 } })
    local a, b = Scores {}, Scores {}
    assert.is_true(a.child ~= b.child)
    assert.same({ ["1"] = { "Ensure this value is less than or equal to 100." } }, (refusal(a, { 1, 101 })))
  end)

  it("say what is missing in them", function()
    assert.error_matches(function() bound(fields.Field {}):run_validation(1) end, "Field.to_internal_value() must be implemented for field name.", 1, true)
    local ok, err = pcall(fields.Field.fail, fields.Field {}, "nothing")
    assert.is_true(not ok and class.is_instance(err, exceptions.AssertionError))
  end)
end)

describe("single kinds", function()
  it("call the serializer's method", function()
    local serializer = parent { get_days = function(_, object) return object.n * 2 end, get_none = function() end }
    local field, nothing = fields.SerializerMethodField {}, fields.SerializerMethodField "get_none"
    field:bind("days", serializer)
    nothing:bind("x", serializer)
    assert.equal(6, field:to_representation(field:get_attribute { n = 3 }))
    assert.equal(null, nothing:to_representation {})
  end)

  it("read lists that are plain tables, and take an empty plain table for an object", function()
    local field = fields.ListField {}
    assert.same({ 1, 2 }, field:run_validation { 1, 2 })
    assert.is_true(json.is_array(field:run_validation(json.array {})))
    assert.same({ 'Expected a list of items but got type "dict".' }, (refusal(field, {})))
    assert.same({}, fields.DictField({}):run_validation {})
  end)

  it("write lists of whatever can be gone through", function()
    local query = { iter = function() return coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) end }
    assert.equal("[1,2,3]", json.encode(fields.ListField({ child = fields.IntegerField {} }):to_representation(query)))
    assert.equal('["1",null]', json.encode(fields.ListField({ child = fields.CharField {} }):to_representation { 1, null }))
  end)

  it("refuse surrogates, which JSON can spell", function()
    assert.same({ { "Surrogate characters are not allowed: U+D800." }, { "surrogate_characters_not_allowed" } },
      { refusal(fields.CharField {}, json.decode [["a\ud800"]]) })
  end)

  it("strip all white space that Python knows", function()
    assert.equal("x\194\160y", fields.CharField({}):run_validation "\194\160\226\128\131x\194\160y\227\128\128\n")
    assert.same({ "This field may not be blank." }, (refusal(fields.CharField {}, "\226\128\168")))
    assert.equal(" ", fields.CharField({ trim_whitespace = false }):run_validation " ")
  end)

  it("give a model's field its say", function()
    local model_field = { attname = "tint", to_python = function(_, value) return value + 1 end }
    local field = bound(fields.ModelField { model_field = model_field }, "tint")
    assert.equal(6, field:run_validation(5))
    assert.equal(9, field:to_representation(field:get_attribute { tint = 9 }))
  end)
end)
