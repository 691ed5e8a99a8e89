/* values.c - the host's JSON, decimals and regular expressions as a C module for unit specs, which run without the host, and the functions that its
 * SQLite has. spec/support/host.lua and sqlite.lua load it. */
#include "db/sqlite.h"
#include "lua/bind.h"
#include "lua/json.h"

#include <lua.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int luaopen_values(lua_State *L);
EXPORTED int values_sqlite(sqlite3 *handle);

int values_sqlite(sqlite3 *handle) { return sqlite_functions(handle); }

int luaopen_values(lua_State *L) {
  json_new(L);
  lua_createtable(L, 0, 3);
  lua_pushcfunction(L, luaopen_tidewire_json);
  lua_call(L, 0, 1);
  lua_setfield(L, -2, "json");
  lua_pushcfunction(L, luaopen_tidewire_decimal);
  lua_call(L, 0, 1);
  lua_setfield(L, -2, "decimal");
  lua_pushcfunction(L, luaopen_tidewire_regex);
  lua_call(L, 0, 1);
  lua_setfield(L, -2, "regex");
  return 1;
}
