---Where serializers answer otherwise than the recorded DRF does, and why.
local M = {}

---Files in which the order of keys is not compared.
M.unordered = {
  ["serializer-method-field"] = "what an app's method makes is a table, which has no order",
  ["overridden-conversion"] = "what an app's method makes is a table, which has no order",
  ["validate-methods"] = "what an app raises is a table, which has no order",
}

---Fields of the mapping that are not compared.
M.unmapped = {
  file = "files and images are no fields of models", filepath = "files are no fields of models",
  comma = "CommaSeparatedIntegerField was removed from Django",
}

---The mapping's texts as they are written here.
M.reprs = {
  { reason = "JSONField has neither encoder nor decoder: JSON is always the host's", from = "decoder=None, encoder=None, ", to = "" },
  { reason = "JSONField has neither encoder nor decoder: JSON is always the host's", from = "decoder=None, encoder=None", to = "" },
  { reason = "classes are shown without their Python module", from = "django.core.validators.", to = "" },
  { reason = "classes are shown without their Python module", from = "django.db.models.fields.", to = "tidewire.models." },
  { reason = "tuples are lists", from = "[('r', 'Red'), ('g', 'Green')]", to = "[['r', 'Red'], ['g', 'Green']]" },
  { reason = "tuples are lists", from = "[('r', 'Red')]", to = "[['r', 'Red']]" },
  { reason = "tuples are lists", from = "[(1, 'one'), (2, 'two')]", to = "[[1, 'one'], [2, 'two']]" },
}

---PostgreSQL's integers have bounds, which Django makes validators of; the mapping was recorded on SQLite, where they have none.
M.bounds = {
  IntegerField = "max_value=2147483647, min_value=-2147483648", SmallIntegerField = "max_value=32767, min_value=-32768",
  BigIntegerField = "max_value=9223372036854775807, min_value=-9223372036854775808", PositiveIntegerField = "max_value=2147483647, min_value=0",
  PositiveSmallIntegerField = "max_value=32767, min_value=0", PositiveBigIntegerField = "max_value=9223372036854775807, min_value=0",
}

return M
