/* bind_json.c - tidewire.json. Stubs: lua/tidewire/_meta/json.lua. */
#include "base/utf8.h"
#include "lua/bind.h"
#include "lua/json.h"

#include <lauxlib.h>

static int module_encode(lua_State *L) {
  struct json_error err;
  struct buf out;
  luaL_checkany(L, 1);
  buf_init(&out);
  if (json_encode(json_of(L), L, 1, "value", &out, &err)) {
    buf_fini(&out);
    return luaL_error(L, "%s", err.message);
  }
  lua_pushlstring(L, out.data, out.len);
  buf_fini(&out);
  return 1;
}

static int failure(lua_State *L, const char *message) {
  lua_pushnil(L);
  lua_pushstring(L, message);
  return 2;
}

typedef int (*decoder)(struct json *j, lua_State *L, const char *s, size_t n, struct json_error *err);

static int decode_with(lua_State *L, decoder decode, int results) {
  struct json_error err;
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  if (!utf8_valid(s, n)) return failure(L, "the text is not UTF-8");
  return decode(json_of(L), L, s, n, &err) ? failure(L, err.message) : results;
}

static int module_decode(lua_State *L) { return decode_with(L, json_decode, 1); }
static int module_decode_message(lua_State *L) { return decode_with(L, json_decode_message, 3); }

/* Give the table at 1 (a new one when there is none) the metatable `ref`. */
static int marked(lua_State *L, int ref) {
  lua_settop(L, 1);
  if (lua_isnil(L, 1)) {
    lua_newtable(L);
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
  lua_setmetatable(L, 1);
  return 1;
}

static int module_array(lua_State *L) { return marked(L, json_of(L)->array_ref); }
static int module_object(lua_State *L) { return marked(L, json_of(L)->object_ref); }

static int module_is_array(lua_State *L) {
  const bool table = lua_istable(L, 1) && lua_getmetatable(L, 1);
  lua_pushboolean(L, table && lua_topointer(L, -1) == json_of(L)->array);
  return 1;
}

static int module_raw(lua_State *L) {
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  json_push_raw(json_of(L), L, s, n);
  return 1;
}

/* The exact number that a text spells: what decoding it gives, and nothing else than a number. */
static int module_number(lua_State *L) {
  struct json_error err;
  size_t n;
  const char *s = luaL_checklstring(L, 1, &n);
  const bool looks = n && (*s == '-' || (*s >= '0' && *s <= '9'));
  if (!looks || json_decode(json_of(L), L, s, n, &err)) return failure(L, "not a JSON number");
  return 1;
}

int luaopen_tidewire_json(lua_State *L) {
  static const luaL_Reg functions[] = {{"encode", module_encode}, {"decode", module_decode}, {"decode_message", module_decode_message},
                                       {"array", module_array},   {"object", module_object}, {"is_array", module_is_array},
                                       {"raw", module_raw},       {"number", module_number}, {NULL, NULL}};
  lua_newtable(L);
  luaL_register(L, NULL, functions);
  lua_pushlightuserdata(L, NULL);
  lua_setfield(L, -2, "null");
  return 1;
}
