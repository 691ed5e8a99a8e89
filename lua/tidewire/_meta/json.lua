---@meta tidewire.json
error "this file describes tidewire.json for editors; the module itself is part of the host (src/lua/bind_json.c)"

---@class tidewire.json
---@field null lightuserdata JSON null; `tidewire.null`
local json = {}

---Encode a value. Raises with the path of what has no JSON ("value.items[2]: NaN is not JSON"). Does not wait.
---@param value any
---@return string
function json.encode(value) end

---Decode a text. Lists are marked as arrays; integers beyond 2^53 become int64 cdata or number objects.
---@param text string UTF-8
---@return any value nil when it is not JSON
---@return string? message with line and column, as Python's decoder words it
function json.decode(text) end

---Decode a frame that has to be an object.
---@param text string
---@return table? content
---@return any request_id what to echo: raw text where a Lua value would not come out the same; the reason when content is nil
---@return string? raw_action the JSON of `action` where that is no text
function json.decode_message(text) end

---Mark a table as a list: an empty one is encoded as []. Returns it.
---@param list? any[]
---@return any[]
function json.array(list) end

---Mark a table as an object: number keys become text. Returns it.
---@param object? table
---@return table
function json.object(object) end

---JSON text that is sent as it is. The caller vouches for it.
---@param text string
---@return table
function json.raw(text) end

---A number too large for Lua, by its digits.
---@param text string
---@return table
function json.number(text) end

---@param value any
---@return boolean
function json.is_array(value) end

return json
