/* bind_host.c - tidewire.host: the module itself; log, clocks, settings, and the entry points that the framework registers.
 * Stubs: lua/tidewire/_meta/host.lua. */
#include "base/clock.h"
#include "base/log.h"
#include "lua/bind.h"
#include "lua/worker.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_FIELDS = 24 };

static const char settings_key;

struct worker *check_worker(lua_State *L) {
  struct worker *w = worker_of(L);
  if (!w) luaL_error(L, "this is possible in a running server only, not while the app is checked");
  return w;
}

/* ---- log ---- */

static int by_key(const void *a, const void *b) { return strcmp(((const struct log_field *)a)->key, ((const struct log_field *)b)->key); }

/* The field whose key and value are on top of the stack; the texts live as long as those stay there. */
static struct log_field field_at_top(lua_State *L) {
  struct log_field f = {.raw = lua_type(L, -1) == LUA_TNUMBER || lua_type(L, -1) == LUA_TBOOLEAN};
  if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "log: the names of fields are strings, got a %s", luaL_typename(L, -2));
  f.key = lua_tostring(L, -2);
  if (!strcmp(f.key, "time") || !strcmp(f.key, "level") || !strcmp(f.key, "event"))
    luaL_error(L, "log: a field may not be called \"%s\": every line has one", f.key);
  if (lua_type(L, -1) == LUA_TBOOLEAN) lua_pushstring(L, lua_toboolean(L, -1) ? "true" : "false");
  else if (lua_type(L, -1) == LUA_TNUMBER || lua_type(L, -1) == LUA_TSTRING) lua_pushvalue(L, -1);
  else lua_pushstring(L, luaL_typename(L, -1));
  f.value = lua_tolstring(L, -1, &f.len);
  if (f.raw && (strstr(f.value, "nan") || strstr(f.value, "inf"))) f.raw = false; /* not JSON */
  return f;
}

/* log(level, event, fields) */
static int host_log(lua_State *L) {
  struct log_field fields[LOG_FIELDS];
  size_t count = 0, len;
  const int level = log_level_from(luaL_checkstring(L, 1));
  const char *event = luaL_checklstring(L, 2, &len);
  luaL_argcheck(L, level >= 0, 1, "debug, info, warning or error expected");
  if ((enum log_level)level < log_threshold()) return 0;
  lua_settop(L, 3);
  if (!lua_isnil(L, 3)) {
    luaL_checktype(L, 3, LUA_TTABLE);
    luaL_checkstack(L, LOG_FIELDS * 3, "log");
    lua_pushnil(L);
    while (count < LOG_FIELDS && lua_next(L, 3)) {
      fields[count++] = field_at_top(L); // [key, value, text]
      lua_pushvalue(L, -3);
    }
  }
  qsort(fields, count, sizeof *fields, by_key); /* a table has no order; a log should */
  log_fields((enum log_level)level, event, len, fields, count);
  return 0;
}

static int host_log_level(lua_State *L) {
  static const char *const names[] = {"debug", "info", "warning", "error"};
  lua_pushstring(L, names[log_threshold()]);
  return 1;
}

/* ---- clocks ---- */

static int host_now(lua_State *L) {
  lua_pushnumber(L, (lua_Number)clock_ns() / 1e9);
  return 1;
}

static int host_time(lua_State *L) {
  lua_pushnumber(L, clock_unix());
  return 1;
}

/* ---- settings ---- */

static void push_list(lua_State *L, const char *text) {
  lua_newtable(L);
  for (int i = 1; *text; i++) {
    const size_t n = strcspn(text, ",");
    lua_pushlstring(L, text, n);
    lua_rawseti(L, -2, i);
    text += n + (text[n] == ',');
  }
}

static void push_setting(lua_State *L, const struct settings *s, enum setting_id id) {
  switch (settings_row(id)->type) {
    case SETTING_STRING: lua_pushstring(L, settings_text(s, id)); break;
    case SETTING_LIST: push_list(L, settings_text(s, id)); break;
    case SETTING_BOOLEAN: lua_pushboolean(L, settings_number(s, id) != 0); break;
    case SETTING_INTEGER:
    case SETTING_SECONDS: lua_pushnumber(L, settings_number(s, id)); break;
  }
}

static void push_settings(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&settings_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

void bind_settings(lua_State *L, const struct settings *settings) {
  push_settings(L);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushlightuserdata(L, (void *)(uintptr_t)&settings_key);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
  }
  for (int i = 0; i < SETTING_COUNT; i++) {
    push_setting(L, settings, (enum setting_id)i);
    lua_setfield(L, -2, settings_row((enum setting_id)i)->name);
  }
  lua_pop(L, 1);
}

static void push_schema(lua_State *L) {
  static const char *const types[] = {"string", "integer", "seconds", "boolean", "list"};
  lua_newtable(L);
  for (int i = 0; i < SETTING_COUNT; i++) {
    const struct setting *row = settings_row((enum setting_id)i);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, row->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, types[row->type]);
    lua_setfield(L, -2, "type");
    lua_pushstring(L, row->help);
    lua_setfield(L, -2, "help");
    lua_rawseti(L, -2, i + 1);
  }
}

/* check_setting(name, value) → nil when app.lua may set it to that, else why not */
static int host_check_setting(lua_State *L) {
  size_t len;
  const char *name = luaL_checklstring(L, 1, &len);
  const int id = settings_find(name, len);
  struct settings scratch;
  struct err err;
  luaL_argcheck(L, id >= 0, 1, "the name of a setting expected");
  lua_settop(L, 2);
  settings_init(&scratch);
  const bool ok = vm_set_from_lua(L, &scratch, (enum setting_id)id, &err);
  settings_fini(&scratch);
  if (ok) return 0;
  lua_pushstring(L, err.message);
  return 1;
}

/* throttle(key, limit, seconds) → true, or false and the seconds to wait */
static int host_throttle(lua_State *L) {
  struct worker *w = check_worker(L);
  size_t len;
  const char *key = luaL_checklstring(L, 1, &len);
  const lua_Number limit = luaL_checknumber(L, 2), seconds = luaL_checknumber(L, 3);
  uint64_t wait = 0;
  luaL_argcheck(L, limit >= 0 && limit <= 1000000, 2, "a limit from 0 to 1000000 expected");
  luaL_argcheck(L, seconds > 0, 3, "more than 0 seconds expected");
  const bool allowed = throttle_allow(w->cluster->throttle, key, len, (uint32_t)limit, clock_from_seconds(seconds), clock_ns(), &wait);
  lua_pushboolean(L, allowed);
  if (allowed) return 1;
  lua_pushnumber(L, (lua_Number)wait / (lua_Number)CLOCK_NS_PER_SEC);
  return 2;
}

/* ---- entry points ---- */

static int handler_ref(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  if (!lua_isfunction(L, -1)) luaL_error(L, "handlers: %s: a function expected, got %s", name, luaL_typename(L, -1));
  return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* handlers{ connect = …, … } */
static int host_handlers(lua_State *L) {
  struct worker *w = worker_of(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  if (!w) return 0;
  w->handlers = (struct handlers){.connect = handler_ref(L, "connect"),
                                  .message = handler_ref(L, "message"),
                                  .bad_message = handler_ref(L, "bad_message"),
                                  .text = handler_ref(L, "text"),
                                  .bytes = handler_ref(L, "bytes"),
                                  .group = handler_ref(L, "group"),
                                  .disconnect = handler_ref(L, "disconnect"),
                                  .request = handler_ref(L, "request")};
  return 0;
}

int luaopen_tidewire_host(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"log", host_log},           {"log_level", host_log_level},         {"now", host_now},           {"time", host_time},
      {"handlers", host_handlers}, {"check_setting", host_check_setting}, {"throttle", host_throttle}, {NULL, NULL}};
  const struct worker *w = worker_of(L);
  lua_newtable(L);
  luaL_register(L, NULL, functions);
  bind_task(L);
  bind_conn(L);
  bind_group(L);
  bind_db(L);
  push_settings(L);
  lua_setfield(L, -2, "settings");
  push_schema(L);
  lua_setfield(L, -2, "settings_schema");
  lua_pushinteger(L, w ? w->index + 1 : 1);
  lua_setfield(L, -2, "worker");
  return 1;
}
