---@meta tidewire.regex
error "this file describes tidewire.regex for editors; the module itself is part of the host (src/lua/bind_regex.c)"

---Regular expressions as Python's `re` has them (PCRE2), on UTF-8.
---@class tidewire.regex
local regex = {}

---@class tidewire.Regex
local Regex = {}

---Is it anywhere in the text? `^…$` asks for the whole. Raises when that takes more than a million steps.
---@param text string
---@return boolean
function Regex:matches(text) end

---@return string
function Regex:pattern() end

---Raises with the offset when the pattern is malformed.
---@param pattern string
---@param options? { ignore_case?: boolean }
---@return tidewire.Regex
function regex.compile(pattern, options) end

---@return boolean
function regex.is(value) end

return regex
