/* int64.c - see int64.h. LuaJIT's C API cannot make or read cdata, so two small Lua functions do, with halves as doubles. */
#include "lua/int64.h"

#include <lauxlib.h>

static const char box_key, unbox_key;

static const char box_code[] =
    "local int64 = require('ffi').typeof 'int64_t'\n"
    "return function(high, low) return int64(high) * 4294967296LL + int64(low) end";

static const char unbox_code[] =
    "local ffi = require 'ffi'\n"
    "return function(value)\n"
    "  if not (ffi.istype('int64_t', value) or ffi.istype('uint64_t', value) and value <= 0x7fffffffffffffffULL) then return nil end\n"
    "  value = ffi.cast('int64_t', value)\n"
    "  return tonumber(bit.arshift(value, 32)), tonumber(bit.band(value, 0xffffffffLL))\n"
    "end";

/* Push the function that `code` makes, which is kept in the registry under `key`. */
static void push_function(lua_State *L, const char *key, const char *code) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  if (!lua_isnil(L, -1)) return;
  lua_pop(L, 1);
  if (luaL_loadstring(L, code)) lua_error(L);
  lua_call(L, 0, 1);
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_pushvalue(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

void push_int64(lua_State *L, int64_t value) {
  if (value <= (int64_t)1 << 53 && value >= -((int64_t)1 << 53)) {
    lua_pushnumber(L, (lua_Number)value);
    return;
  }
  push_function(L, &box_key, box_code);
  lua_pushnumber(L, (lua_Number)(value >> 32));
  lua_pushnumber(L, (lua_Number)(value & 0xffffffff));
  lua_call(L, 2, 1);
}

bool to_int64(lua_State *L, int index, int64_t *value) {
  lua_pushvalue(L, index);
  push_function(L, &unbox_key, unbox_code);
  lua_insert(L, -2);
  lua_call(L, 1, 2);
  const bool whole = lua_isnumber(L, -2);
  if (whole) *value = (int64_t)((uint64_t)(int64_t)lua_tonumber(L, -2) << 32 | (uint64_t)lua_tonumber(L, -1));
  lua_pop(L, 2);
  return whole;
}
