local exceptions = require "tidewire.exceptions"
local class = require "tidewire.class"
local uuid = require "tidewire.uuid"

local TEXT = "825d7aeb-05a9-45b5-a5b7-05df87923cda"

describe("uuid", function()
  it("reads every form that Python's UUID() reads", function()
    for _, form in ipairs { TEXT, TEXT:upper(), (TEXT:gsub("-", "")), "urn:uuid:" .. TEXT, "{" .. TEXT .. "}", "825d7aeb05a9-45b5a5b7-05df87923cda" } do
      assert.equal(TEXT, tostring(uuid.UUID(form)))
      assert.equal(TEXT, uuid.parse(form).text)
    end
  end)

  it("refuses anything else", function()
    for _, form in ipairs { "", "825d7aeb-05a9-45b5-a5b7", TEXT .. "0", "g" .. TEXT:sub(2), 5, true, {} } do
      local ok, err = pcall(uuid.UUID, form)
      assert.is_false(ok)
      assert.is_true(class.is_instance(err, exceptions.ValueError))
      assert.is_nil(uuid.parse(form))
    end
  end)

  it("shows itself as hex, urn and number, and is sent as text", function()
    local id = uuid.UUID(TEXT)
    assert.same({ "825d7aeb05a945b5a5b705df87923cda", "urn:uuid:" .. TEXT, "173285016134224701509569922458251836634", 4 }, { id.hex, id.urn, id:int(), id:version() })
    assert.equal(TEXT, getmetatable(id).__tojson(id))
  end)

  it("comes from whole numbers up to 128 bits", function()
    assert.equal("d63a6fb6-88d5-40c7-a91c-9edf73283072", tostring(uuid.from_int "284758210125106368185219588917561929842"))
    assert.equal("00000000-0000-0000-0000-000000000005", tostring(uuid.from_int(5)))
    assert.equal("00000000-0000-0000-7fff-ffffffffffff", tostring(uuid.from_int(9223372036854775807LL)))
    assert.equal("d63a6fb6-88d5-40c7-a91c-9edf73283072", tostring(uuid.from_int { "284758210125106368185219588917561929842" }))
    assert.equal("ffffffff-ffff-ffff-ffff-ffffffffffff", tostring(uuid.from_int "340282366920938463463374607431768211455"))
    for _, bad in ipairs { "340282366920938463463374607431768211456", "-1", "x", "" } do assert.has_error(function() uuid.from_int(bad) end) end
  end)

  it("is compared by value", function()
    assert.is_true(uuid.UUID(TEXT) == uuid.UUID(TEXT:upper()))
    assert.is_true(uuid.UUID(TEXT) > uuid.from_int(1))
    assert.is_true(uuid.is(uuid.UUID(TEXT)) and not uuid.is(TEXT))
    assert.is_true(uuid.UUID(uuid.UUID(TEXT)) == uuid.UUID(TEXT))
  end)

  it("comes from either form that databases hold", function()
    assert.equal(TEXT, tostring(uuid.from_db(TEXT)))
    assert.equal(TEXT, tostring(uuid.from_db((TEXT:gsub("-", "")))))
    local ok, err = pcall(uuid.from_db, "nonsense")
    assert.is_true(not ok and class.is_instance(err, exceptions.DataError))
  end)

  it("is random, of version 4, on demand", function()
    local seen = {}
    for _ = 1, 200 do
      local id = uuid.uuid4()
      assert.matches("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$", id.text)
      assert.is_nil(seen[id.text])
      seen[id.text] = true
    end
  end)
end)
