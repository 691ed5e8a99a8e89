/* json.c - what decoding and encoding share: the metatables that mark lists, objects, raw text and exact numbers. See json.h. */
#include "lua/json.h"

#include <lauxlib.h>
#include <stdint.h>

static const char json_key;

static int collect(lua_State *L) {
  struct json *j = lua_touserdata(L, 1);
  buf_fini(&j->scratch);
  return 0;
}

/* A metatable called `name`, anchored in the registry. */
static const void *new_mark(lua_State *L, const char *name, int *ref) {
  lua_createtable(L, 0, 1);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  const void *address = lua_topointer(L, -1);
  *ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return address;
}

/* The digits of a number object. */
static int number_text(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_rawgeti(L, 1, 1);
  return 1;
}

static int number_equal(lua_State *L) {
  lua_rawgeti(L, 1, 1);
  lua_rawgeti(L, 2, 1);
  lua_pushboolean(L, lua_rawequal(L, -2, -1));
  return 1;
}

/* Exact numbers are shown by their digits, by repr, too, and compared by them. */
static void set_number_methods(lua_State *L, int ref) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
  lua_pushcfunction(L, number_text);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__tostring");
  lua_setfield(L, -2, "__repr");
  lua_pushcfunction(L, number_equal);
  lua_setfield(L, -2, "__eq");
  lua_pop(L, 1);
}

struct json *json_new(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&json_key);
  struct json *j = lua_newuserdata(L, sizeof *j);
  *j = (struct json){0};
  buf_init(&j->scratch);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
  j->array = new_mark(L, "array", &j->array_ref);
  j->object = new_mark(L, "object", &j->object_ref);
  j->raw = new_mark(L, "raw", &j->raw_ref);
  j->number = new_mark(L, "number", &j->number_ref);
  set_number_methods(L, j->number_ref);
  j->row = new_mark(L, "row", &j->row_ref);
  lua_getglobal(L, "tostring");
  j->tostring_ref = luaL_ref(L, LUA_REGISTRYINDEX);
  return j;
}

struct json *json_of(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&json_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  struct json *j = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return j;
}

void json_push_raw(struct json *j, lua_State *L, const char *s, size_t n) {
  lua_createtable(L, 1, 0);
  lua_pushlstring(L, s, n);
  lua_rawseti(L, -2, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, j->raw_ref);
  lua_setmetatable(L, -2);
}

void json_push_row_mark(lua_State *L) { lua_rawgeti(L, LUA_REGISTRYINDEX, json_of(L)->row_ref); }
