---Where fields answer otherwise than the recorded DRF does, and why: by the file's name, then by what is shown of the case's input.
---`expect` is what Tidewire answers, as spec/support/golden_fields.lua shows it.
local SAME_NUMBER = "1.0 and 1 are one number in Lua, as in JavaScript"

return {
  ["char"] = {
    ["valid 1.0"] = { expect = '"1"', reason = SAME_NUMBER },
    ["output 1.0"] = { expect = '"1"', reason = SAME_NUMBER },
  },
  ["choice"] = { ["invalid 1.0"] = { expect = "1", reason = SAME_NUMBER } },
  ["drf-JSONField"] = { ['invalid {"a": []}'] = { expect = '{"a": []}', reason = "Lua has no sets: the recorded one can only be given as a list" } },
}
