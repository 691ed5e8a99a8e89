---@meta tidewire.decimal
error "this file describes tidewire.decimal for editors; the module itself is part of the host (src/lua/bind_decimal.c)"

---Exact decimal numbers, as Python's decimal in its default context: results of arithmetic have 28 digits at most, rounded half to even.
---@class tidewire.decimal
---@field InvalidOperation tidewire.Class a ValueError: no number, or no defined result
---@field DivisionByZero tidewire.Class a ValueError
---@field Overflow tidewire.Class a ValueError
local decimal = {}

---@alias tidewire.Rounding "ROUND_HALF_EVEN"|"ROUND_HALF_UP"|"ROUND_HALF_DOWN"|"ROUND_UP"|"ROUND_DOWN"|"ROUND_CEILING"|"ROUND_FLOOR"|"ROUND_05UP"
---@alias tidewire.decimal.number tidewire.Decimal|number|ffi.cdata* a Decimal, a number, an int64_t or uint64_t, or a large number of JSON

---An immutable number. Operators take numbers on either side; `==` and `<` compare Decimals only, as Lua has it: `compare` takes both.
---@class tidewire.Decimal
---@operator add(tidewire.decimal.number): tidewire.Decimal
---@operator sub(tidewire.decimal.number): tidewire.Decimal
---@operator mul(tidewire.decimal.number): tidewire.Decimal
---@operator div(tidewire.decimal.number): tidewire.Decimal
---@operator mod(tidewire.decimal.number): tidewire.Decimal
---@operator unm: tidewire.Decimal
local Decimal = {}

---Make a number of text (as Python's Decimal() reads it) or of a number: `Decimal(0.1)` is 0.1. Raises InvalidOperation or TypeError.
---@param value string|tidewire.decimal.number
---@return tidewire.Decimal
function decimal.Decimal(value) end

---The same; nil when it is no number.
---@param value any
---@return tidewire.Decimal?
function decimal.parse(value) end

---The exact value of a Lua number: 0.1000000000000000055511151231257827021181583404541015625.
---@param value number
---@return tidewire.Decimal
function decimal.from_number(value) end

---@param value any
---@return boolean
function decimal.is(value) end

---The same text for equal values, so that they can be keys of a table.
---@param value string|tidewire.decimal.number
---@return string
function decimal.key(value) end

---Round to a number of places, or to the exponent of another Decimal. Raises InvalidOperation when the result has more digits than `precision`.
---@param exponent integer|string|tidewire.Decimal 2 and Decimal "0.01" are the same
---@param rounding? tidewire.Rounding ROUND_HALF_EVEN when nil
---@param precision? integer 28 when nil
---@return tidewire.Decimal
function Decimal:quantize(exponent, rounding, precision) end

---Round to a number of digits.
---@param precision? integer 28 when nil
---@param rounding? tidewire.Rounding
---@return tidewire.Decimal
function Decimal:round(precision, rounding) end

---Round to `precision` digits and drop zeros at the end: 100.00 becomes 1E+2.
---@param precision? integer 28 when nil
---@return tidewire.Decimal
function Decimal:normalize(precision) end

---Round to a whole number.
---@param rounding? tidewire.Rounding
---@return tidewire.Decimal
function Decimal:to_integral(rounding) end

---The quotient's whole part, cut towards zero: Python's //.
---@param other tidewire.decimal.number
---@return tidewire.Decimal
function Decimal:divide_int(other) end

---@param other tidewire.decimal.number
---@return -1|0|1|nil order nil when one is a NaN
function Decimal:compare(other) end

---@return tidewire.Decimal
function Decimal:abs() end

---@param other tidewire.decimal.number
---@return tidewire.Decimal
function Decimal:min(other) end

---@param other tidewire.decimal.number
---@return tidewire.Decimal
function Decimal:max(other) end

---@return boolean
function Decimal:is_nan() end

---@return boolean
function Decimal:is_snan() end

---@return boolean
function Decimal:is_infinite() end

---@return boolean
function Decimal:is_finite() end

---@return boolean
function Decimal:is_signed() end

---@return boolean
function Decimal:is_zero() end

---The exponent of its first digit: 2 for 123, -3 for 0.00123.
---@return integer
function Decimal:adjusted() end

---@return { sign: 0|1, digits: integer[], exponent: integer|"F"|"n"|"N" }
function Decimal:as_tuple() end

---The same without tables.
---@return 0|1 sign
---@return string digits
---@return integer|"F"|"n"|"N" exponent
function Decimal:parts() end

---The nearest Lua number.
---@return number
function Decimal:to_number() end

---The whole part, exactly: a number up to 2^53, an int64_t, or a large number of JSON. Raises InvalidOperation when it is not finite.
---@return number|ffi.cdata*|table
function Decimal:to_integer() end

---The text without an exponent, with `places` digits behind the point when they are given. Raises Overflow beyond a million characters.
---@param places? integer
---@param rounding? tidewire.Rounding
---@return string
function Decimal:to_fixed(places, rounding) end

return decimal
