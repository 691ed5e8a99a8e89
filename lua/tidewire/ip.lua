---IP addresses: what is one, and how it is written.
local ffi = require "ffi"

ffi.cdef "int inet_pton(int family, const char *text, void *address);"

local AF_INET, AF_INET6 = 2, 10 -- Linux

local M = {}

local function parse(family, text)
  local address = ffi.new "uint8_t[16]"
  if type(text) ~= "string" or text:find "%z" or ffi.C.inet_pton(family, text, address) ~= 1 then return nil end
  return address
end

---@param text any
---@return boolean
function M.is_ipv4(text) return parse(AF_INET, text) ~= nil end

---@param text any
---@return boolean
function M.is_ipv6(text) return parse(AF_INET6, text) ~= nil end

local function groups_of(address)
  local groups = {}
  for i = 1, 8 do groups[i] = address[2 * i - 2] * 256 + address[2 * i - 1] end
  return groups
end

---First and last of the longest run of zeros, of two at least; the first of equal ones.
local function longest_zeros(groups)
  local best_from, best_length, from = nil, 1, nil
  for i = 1, 9 do
    if groups[i] == 0 then
      from = from or i
    else
      if from and i - from > best_length then best_from, best_length = from, i - from end
      from = nil
    end
  end
  return best_from, best_from and best_from + best_length - 1
end

local function hex(groups, from, to)
  local parts = {}
  for i = from, to do parts[#parts + 1] = ("%x"):format(groups[i]) end
  return table.concat(parts, ":")
end

local function is_mapped(groups)
  for i = 1, 5 do
    if groups[i] ~= 0 then return false end
  end
  return groups[6] == 0xffff
end

---An IPv6 address in its shortest form: lower case, the longest run of zeros as "::".
---@param text string
---@param unpack_ipv4? boolean write ::ffff:10.0.0.1 as 10.0.0.1
---@return string? nil when it is none
function M.clean_ipv6(text, unpack_ipv4)
  local address = parse(AF_INET6, text)
  if not address then return nil end
  local groups = groups_of(address)
  if is_mapped(groups) then
    local ipv4 = ("%d.%d.%d.%d"):format(address[12], address[13], address[14], address[15])
    return unpack_ipv4 and ipv4 or "::ffff:" .. ipv4
  end
  local from, to = longest_zeros(groups)
  if not from then return hex(groups, 1, 8) end
  return hex(groups, 1, from - 1) .. "::" .. hex(groups, to + 1, 8)
end

return M
