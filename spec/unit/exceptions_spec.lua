local exceptions = require "tidewire.exceptions"

describe("exceptions.to_reply", function()
  for _, case in ipairs {
    { "APIException", 500, "A server error occurred." }, { "ValidationError", 400, "Invalid input." }, { "ParseError", 400, "Malformed request." },
    { "AuthenticationFailed", 401, "Incorrect authentication credentials." }, { "NotAuthenticated", 401, "Authentication credentials were not provided." },
    { "PermissionDenied", 403, "You do not have permission to perform this action." }, { "NotFound", 404, "Not found." }, { "Http404", 404, "Not found" },
    { "NotAcceptable", 406, "Could not satisfy the request Accept header." }, { "Conflict", 409, "The request conflicts with the current state." },
    { "Throttled", 429, "Request was throttled." }, { "ServiceUnavailable", 503, "Service temporarily unavailable, try again later." },
    { "Timeout", 503, "The action took too long." },
  } do
    it("gives status and default detail of " .. case[1], function()
      assert.same({ { { case[3] }, case[2] }, { { case[3] }, case[2] } },
        { { exceptions.to_reply(exceptions[case[1]]()) }, { exceptions.to_reply(exceptions[case[1]]) } })
    end)
  end

  local function errors(detail) return (exceptions.to_reply(exceptions.ValidationError(detail))) end

  it("wraps a text and an object, and leaves a list", function()
    assert.same({ "bad" }, errors "bad")
    assert.same({ { name = { "bad" } } }, errors { name = { "bad" } })
    assert.same({ "a", "b" }, errors { "a", "b" })
  end)

  it("turns what is no text into one, as DRF words it", function()
    assert.same({ "5" }, errors(5))
    assert.same({ "None", "True", "False", "1.5" }, errors { require "cjson".null, true, false, 1.5 })
    assert.same({ { items = { {}, { qty = { "7" } } } } }, errors { items = { {}, { qty = { 7 } } } })
  end)

  it("knows nothing of other errors", function()
    for _, err in pairs { "text", 5, {}, exceptions.Cancelled(), exceptions.DenyConnection() } do assert.is_nil(exceptions.to_reply(err)) end
    assert.is_nil(exceptions.to_reply(nil))
  end)

  it("names method, media type and waiting time", function()
    assert.equal('Method "GET" not allowed.', exceptions.MethodNotAllowed("GET").detail)
    assert.equal('Unsupported media type "text/x" in request.', exceptions.UnsupportedMediaType("text/x").detail)
    assert.equal("Request was throttled. Expected available in 1 second.", exceptions.Throttled({ wait = 0.2 }).detail)
    assert.equal(10, exceptions.Throttled({ wait = 9.5 }).wait)
  end)

  it("knows the code of each text, whatever it is put into", function()
    local inner = exceptions.ValidationError({ name = { "Bad.", exceptions.ErrorDetail("Taken.", "unique") } }, "bad")
    local outer = exceptions.ValidationError { items = { ["1"] = inner.detail }, note = "Odd." }
    assert.same({ items = { ["1"] = { name = { "Bad.", "Taken." } } }, note = "Odd." }, outer.detail)
    assert.same({ items = { ["1"] = { name = { "bad", "unique" } } }, note = "invalid" }, outer:get_codes())
    assert.same({ name = { { message = "Bad.", code = "bad" }, { message = "Taken.", code = "unique" } } }, inner:get_full_details())
    assert.same({ "x" }, exceptions.ValidationError("x").detail)
    assert.same({ "not_found", { message = "Not found.", code = "not_found" } }, { exceptions.NotFound():get_codes(), exceptions.NotFound():get_full_details() })
    local list = exceptions.extend_details(exceptions.ValidationError("a", "one").detail, exceptions.ValidationError("b", "two").detail)
    assert.same({ { "a", "b" }, { "one", "two" } }, { list, exceptions.get_codes(list) })
  end)

  it("makes details of a model's errors", function()
    local single = exceptions.ModelValidationError("At most %(most)d.", "most", { most = 3 })
    local detail = exceptions.get_error_detail(exceptions.ModelValidationError { single, "Other." })
    assert.same({ { "At most 3.", "Other." }, { "most", "invalid" } }, { detail, exceptions.get_codes(detail) })
    local by_field = exceptions.get_error_detail(exceptions.ModelValidationError { name = { single } })
    assert.same({ { name = { "At most 3." } }, { name = { "most" } } }, { by_field, exceptions.get_codes(by_field) })
  end)

  it("takes classes of the app's own", function()
    local Teapot = exceptions.APIException:extend("Teapot", { status_code = 418, default_detail = "I am a teapot" })
    assert.same({ { "I am a teapot" }, 418 }, { exceptions.to_reply(Teapot()) })
    assert.equal("I am a teapot", tostring(Teapot()))
  end)
end)
