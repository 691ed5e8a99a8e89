/* bind_regex.c - tidewire.regex. Stubs: lua/tidewire/_meta/regex.lua. */
#include "base/regex.h"
#include "lua/bind.h"

#include <lauxlib.h>

static const char type_name[] = "tidewire.regex";

struct lregex {
  struct regex *regex;
};

static struct regex *check_regex(lua_State *L, int index) { return ((struct lregex *)luaL_checkudata(L, index, type_name))->regex; }

/* compile(pattern[, { ignore_case = true }]) */
static int module_compile(lua_State *L) {
  size_t len;
  const char *pattern = luaL_checklstring(L, 1, &len);
  struct err err;
  lua_settop(L, 2);
  if (!lua_isnil(L, 2)) {
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "ignore_case");
  }
  const bool caseless = lua_toboolean(L, 3);
  struct lregex *r = lua_newuserdata(L, sizeof *r);
  r->regex = regex_new(pattern, len, caseless, &err);
  if (!r->regex) return luaL_error(L, "%s", err.message);
  luaL_getmetatable(L, type_name);
  lua_setmetatable(L, -2);
  lua_createtable(L, 0, 1); /* the pattern, for messages */
  lua_pushvalue(L, 1);
  lua_setfield(L, -2, "pattern");
  lua_setfenv(L, -2);
  return 1;
}

static int regex_matches(lua_State *L) {
  struct regex *r = check_regex(L, 1);
  size_t len;
  const char *text = luaL_checklstring(L, 2, &len);
  const enum regex_result found = regex_search(r, text, len);
  if (found == REGEX_TOO_HARD) return luaL_error(L, "the regular expression takes too many steps on this text");
  lua_pushboolean(L, found == REGEX_YES);
  return 1;
}

static int regex_pattern(lua_State *L) {
  check_regex(L, 1);
  lua_getfenv(L, 1);
  lua_getfield(L, -1, "pattern");
  return 1;
}

static int regex_gc(lua_State *L) {
  struct lregex *r = luaL_checkudata(L, 1, type_name);
  regex_free(r->regex);
  r->regex = NULL;
  return 0;
}

static int module_is(lua_State *L) {
  const bool userdata = lua_type(L, 1) == LUA_TUSERDATA && lua_getmetatable(L, 1);
  if (userdata) luaL_getmetatable(L, type_name);
  lua_pushboolean(L, userdata && lua_rawequal(L, -1, -2));
  return 1;
}

int luaopen_tidewire_regex(lua_State *L) {
  static const luaL_Reg functions[] = {{"compile", module_compile}, {"is", module_is}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"matches", regex_matches}, {"pattern", regex_pattern}, {NULL, NULL}};
  luaL_newmetatable(L, type_name);
  lua_newtable(L);
  luaL_register(L, NULL, methods);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, regex_gc);
  lua_setfield(L, -2, "__gc");
  lua_pushcfunction(L, regex_pattern);
  lua_setfield(L, -2, "__tostring");
  lua_newtable(L);
  luaL_register(L, NULL, functions);
  return 1;
}
