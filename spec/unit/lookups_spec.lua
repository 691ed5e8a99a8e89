local support = require "support.models"
local json = require "tidewire.json"
local lookups = require "tidewire.lookups"
local models = require "tidewire.models"

describe("lookups", function()
  local Note, Tag

  before_each(function()
    support.reset()
    Tag = models.Model:extend("Tag", { key = models.UUIDField { primary_key = true }, Meta = { app_label = "t" } })
    Note = models.Model:extend("Note", {
      text = models.CharField { max_length = 50, null = true }, size = models.IntegerField { default = 0 }, open = models.BooleanField { default = true },
      day = models.DateField { null = true }, tag = models.ForeignKey(Tag, { on_delete = models.CASCADE, null = true }),
      Meta = { app_label = "t" },
    })
    support.create_tables()
  end)

  ---What stands behind WHERE.
  local function sql(conditions) return tostring(Note.objects:filter(conditions).query):match "WHERE (.*)$" end

  local function problem(conditions)
    local message, name = support.raised(function() return Note.objects:filter(conditions) end)
    return ("%s: %s"):format(name, message)
  end

  it("become SQL", function()
    assert.equal([["t_note"."text" = 'a']], sql { text = "a" })
    assert.equal([["t_note"."text" IS NULL]], sql { text = json.null })
    assert.equal([["t_note"."text" LIKE '50\%\_\\' ESCAPE '\']], sql { text__iexact = [[50%_\]] })
    assert.equal([["t_note"."text" LIKE '%it''s%' ESCAPE '\']], sql { text__contains = "it's" })
    assert.equal([["t_note"."text" REGEXP '^a']], sql { text__regex = "^a" })
    assert.equal([[iregexp('^a', "t_note"."text")]], sql { text__iregex = "^a" })
    assert.equal([["t_note"."size" IN (1, 2)]], sql { size__in = { 1, "2", 1, json.null } })
    assert.equal([["t_note"."size" BETWEEN 1 AND 2]], sql { size__range = { 1, 2 } })
    assert.equal([["t_note"."size" >= 3]], sql { size__gte = 2.5 })
    assert.equal([["t_note"."size" < 3]], sql { size__lt = 2.5 })
    assert.equal([["t_note"."open"]], sql { open = true })
    assert.equal([[NOT "t_note"."open"]], sql { open = false })
    assert.equal([["t_note"."day" BETWEEN '2024-01-01' AND '2024-12-31']], sql { day__year = 2024 })
    assert.equal([["t_note"."day" > '2024-12-31']], sql { day__year__gt = 2024 })
    assert.equal([[tidewire_date_extract('month', "t_note"."day") IN (1, 2)]], sql { day__month__in = { 1, 2 } })
    assert.equal([["t_note"."tag_id" = '0b54a9dc8a5f4c4b9a7e1de5e53c9f0a']], sql { tag = "0b54a9dc-8a5f-4c4b-9a7e-1de5e53c9f0a" })
    assert.equal([["t_note"."text" LIKE '%' || REPLACE(REPLACE(REPLACE("t_note"."size", '\', '\\'), '%', '\%'), '_', '\_') || '%' ESCAPE '\']],
      sql { text__contains = models.F "size" })
  end)

  it("refuse values that make no sense", function()
    assert.equal("ValueError: Field 'size' expected a number but got 'x'.", problem { size = "x" })
    assert.equal("ValueError: Field 'size' expected a number but got 'x'.", problem { size__in = { 1, "x" } })
    assert.equal("ValueError: Cannot use None as a query value", problem { size__gt = json.null })
    assert.equal("TypeError: 'int' object is not iterable", problem { size__in = 5 })
  end)

  it("that do not exist are named, with those that are near", function()
    assert.equal("FieldError: Unsupported lookup 'nope' for CharField or join on the field not permitted.", problem { text__nope = 1 })
    assert.equal("FieldError: Unsupported lookup 'contain' for CharField or join on the field not permitted, perhaps you meant contains or icontains?",
      problem { text__contain = 1 })
    assert.equal("FieldError: Related Field got invalid lookup: contains", problem { tag__contains = 1 })
    assert.equal("FieldError: Cannot resolve keyword 'nope' into field. Choices are: day, id, open, size, tag, tag_id, text", problem { nope = 1 })
  end)

  it("may be an app's own, and transforms too", function()
    local Near = lookups.Lookup:extend "Near"
    function Near:as_sql(compiler) return ("ABS(%s - %s) <= 1"):format(self:left_sql(compiler), self:right_sql(compiler)) end
    lookups.register("IntegerField", "near", Near)
    lookups.register("CharField", "length", models.Length)
    assert.equal([[ABS("t_note"."size" - 5) <= 1]], sql { size__near = 5 })
    assert.equal([[LENGTH("t_note"."text") > 5]], sql { text__length__gt = 5 })
    assert.matches("Unsupported lookup 'near' for CharField", problem { text__near = 5 })
  end)
end)
