/* vm.c - see vm.h.
 *
 * Modules come from four places, in this order: C modules (preloaded), the framework (embedded bytecode, or the folder TIDEWIRE_LUA names), the app
 * (its package name leads to its folder), and Lua's own path without the current folder. */
#include "lua/vm.h"

#include "base/alloc.h"
#include "lua/bind.h"
#include "lua/bundle.h"
#include "lua/worker.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <luajit.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int luaopen_cjson(lua_State *L);
int luaopen_cjson_safe(lua_State *L);

static const char worker_key, app_key, package_key, path_key;

struct worker *worker_of(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&worker_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  struct worker *w = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return w;
}

static void remember(lua_State *L, const char *key) { /* [value] → [] */
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

static void recall(lua_State *L, const char *key) { /* [] → [value] */
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_rawget(L, LUA_REGISTRYINDEX);
}

/* ---- loaders ---- */

/* Load `path` into a function on the stack, named as it is; false when there is no such file. Syntax errors are raised. */
static bool load_file(lua_State *L, const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  fclose(f);
  if (luaL_loadfile(L, path)) lua_error(L);
  return true;
}

static bool load_module_file(lua_State *L, const char *folder, const char *name) {
  char relative[256], path[PATH_MAX];
  if (strlen(name) >= sizeof relative) return false;
  strcpy(relative, name);
  for (char *p = relative; *p; p++)
    if (*p == '.') *p = '/';
  snprintf(path, sizeof path, "%s/%s.lua", folder, relative);
  if (load_file(L, path)) return true;
  snprintf(path, sizeof path, "%s/%s/init.lua", folder, relative);
  return load_file(L, path);
}

static const struct bundle_entry *find_bundled(const char *name) {
  for (size_t i = 0; i < bundle_entries_count; i++)
    if (!strcmp(bundle_entries[i].name, name)) return &bundle_entries[i];
  return NULL;
}

static int framework_loader(lua_State *L) {
  const char *name = luaL_checkstring(L, 1), *folder = getenv("TIDEWIRE_LUA");
  if (folder && !strncmp(name, "tidewire", 8) && load_module_file(L, folder, name)) return 1;
  const struct bundle_entry *entry = find_bundled(name);
  if (!entry) {
    lua_pushfstring(L, "\n\tno module '%s' in the framework", name);
    return 1;
  }
  if (luaL_loadbuffer(L, (const char *)entry->data, entry->size, name)) lua_error(L);
  return 1;
}

static int app_loader(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  recall(L, &package_key);
  recall(L, &path_key);
  const char *package = lua_tostring(L, -2), *path = lua_tostring(L, -1);
  const size_t n = package ? strlen(package) : 0;
  if (n && !strncmp(name, package, n) && name[n] == '.' && load_module_file(L, path, name + n + 1)) return 1;
  if (n && !strcmp(name, package) && load_module_file(L, path, "init")) return 1;
  lua_pushfstring(L, "\n\tno module '%s' in the app's folder", name);
  return 1;
}

static void add_loader(lua_State *L, lua_CFunction loader, int position) { /* [loaders] */
  for (int i = (int)lua_objlen(L, -1); i >= position; i--) {
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushcfunction(L, loader);
  lua_rawseti(L, -2, position);
}

/* Modules are never looked for in the current folder: what a server runs must not depend on where it was started. */
static void set_loaders(lua_State *L) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "loaders"); // [package, loaders]
  add_loader(L, framework_loader, 2);
  add_loader(L, app_loader, 3);
  lua_pop(L, 1);
  lua_getfield(L, -1, "path");
  luaL_gsub(L, lua_tostring(L, -1), "./?.lua;", "");
  lua_setfield(L, -3, "path");
  lua_pop(L, 2);
}

static void preload(lua_State *L, const char *name, lua_CFunction open) {
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, open);
  lua_setfield(L, -2, name);
  lua_pop(L, 2);
}

/* ---- the state ---- */

bool vm_open(struct vm *vm, struct worker *worker, const struct settings *settings, struct err *err) {
  lua_State *L = vm->L = luaL_newstate();
  if (!L) return err_set(err, 1, "out of memory for a Lua state");
  luaL_openlibs(L);
  luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
  lua_pushlightuserdata(L, worker);
  remember(L, &worker_key);
  vm->json = json_new(L);
  preload(L, "tidewire.json", luaopen_tidewire_json);
  preload(L, "tidewire.decimal", luaopen_tidewire_decimal);
  preload(L, "tidewire.regex", luaopen_tidewire_regex);
  preload(L, "tidewire.host", luaopen_tidewire_host);
  preload(L, "cjson", luaopen_cjson);
  preload(L, "cjson.safe", luaopen_cjson_safe);
  set_loaders(L);
  bind_settings(L, settings);
  return true;
}

void vm_close(struct vm *vm) {
  if (vm->L) lua_close(vm->L);
  vm->L = NULL;
}

void vm_package_name(const char *path, char *name, size_t cap) {
  char real[PATH_MAX];
  const char *whole = realpath(path, real) ? real : path, *slash = strrchr(whole, '/');
  snprintf(name, cap, "%s", slash ? slash + 1 : whole);
}

/* Message handler: an error object's text, with a traceback below it when it is not a message of ours. */
static int describe(lua_State *L) {
  if (!lua_isstring(L, 1)) {
    lua_getglobal(L, "tostring");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    lua_replace(L, 1);
  }
  luaL_traceback(L, L, lua_tostring(L, 1), 1);
  return 1;
}

/* The traceback's lines that lie in the app or the framework say where; the first line says what. */
static bool load_failed(lua_State *L, const char *what, struct err *err) {
  err_set(err, 1, "%s: %s", what, lua_tostring(L, -1) ? lua_tostring(L, -1) : "unknown error");
  lua_settop(L, 0);
  return false;
}

static int load_app(lua_State *L) {
  char module[300];
  lua_getglobal(L, "require");
  recall(L, &package_key);
  snprintf(module, sizeof module, "%s.app", lua_tostring(L, -1));
  lua_pop(L, 1);
  lua_pushstring(L, module);
  lua_call(L, 1, 1);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "tidewire.app");
  lua_call(L, 1, 1); // [app, tidewire.app]
  lua_getfield(L, -1, "install");
  lua_pushvalue(L, -3);
  lua_call(L, 1, 0);
  lua_settop(L, 1);
  remember(L, &app_key);
  return 0;
}

bool vm_load_app(struct vm *vm, const char *path, struct err *err) {
  lua_State *L = vm->L;
  char package[256], file[PATH_MAX];
  vm_package_name(path, package, sizeof package);
  lua_pushstring(L, package);
  remember(L, &package_key);
  lua_pushstring(L, path);
  remember(L, &path_key);
  snprintf(file, sizeof file, "%s/app.lua", path);
  lua_pushcfunction(L, describe);
  lua_pushcfunction(L, load_app);
  if (lua_pcall(L, 0, 0, 1)) return load_failed(L, file, err);
  lua_settop(L, 0);
  return true;
}

void vm_push_app(struct vm *vm) { recall(vm->L, &app_key); }

/* ---- settings of app.lua ---- */

/* The text form of the value on top: a list's members joined by commas. False when it has none. */
static bool setting_text(lua_State *L, char *text, size_t cap) {
  if (lua_istable(L, -1)) {
    size_t at = 0;
    text[0] = 0;
    for (int i = 1; i <= (int)lua_objlen(L, -1); i++) {
      lua_rawgeti(L, -1, i);
      const char *member = lua_tostring(L, -1);
      at += (size_t)snprintf(text + at, cap - at, "%s%s", i > 1 ? "," : "", member ? member : "");
      lua_pop(L, 1);
      if (!member || at >= cap) return false;
    }
    return true;
  }
  if (lua_isboolean(L, -1)) return snprintf(text, cap, "%s", lua_toboolean(L, -1) ? "true" : "false") > 0;
  const char *value = lua_tostring(L, -1);
  return value && snprintf(text, cap, "%s", value) < (int)cap;
}

bool vm_set_from_lua(lua_State *L, struct settings *settings, enum setting_id id, struct err *err) {
  char text[4096];
  const char *name = settings_row(id)->name;
  if (!setting_text(L, text, sizeof text)) return err_set(err, 1, "%s: a %s is not valid here", name, luaL_typename(L, -1));
  return settings_set(settings, id, text, SETTING_FROM_APP, name, err);
}

bool vm_read_settings(struct vm *vm, struct settings *settings, struct err *err) {
  lua_State *L = vm->L;
  vm_push_app(vm);
  for (int i = 0; i < SETTING_COUNT; i++) {
    lua_getfield(L, -1, settings_row((enum setting_id)i)->name);
    const bool ok = lua_isnil(L, -1) || vm_set_from_lua(L, settings, (enum setting_id)i, err); /* tidewire.app{} has checked them */
    lua_pop(L, 1);
    if (!ok) return false;
  }
  lua_pop(L, 1);
  bind_settings(L, settings);
  return true;
}

/* Models register themselves as they are declared; an app without any has not loaded the module. */
bool vm_needs_database(struct vm *vm) {
  lua_State *L = vm->L;
  const int top = lua_gettop(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "loaded");
  lua_getfield(L, -1, "tidewire.models");
  const bool needed = lua_istable(L, -1);
  lua_settop(L, top);
  return needed;
}

/* ---- static folders ---- */

static int list_statics(lua_State *L) { /* [] → [list] */
  lua_getglobal(L, "require");
  lua_pushliteral(L, "tidewire.app");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "statics");
  recall(L, &app_key);
  lua_call(L, 1, 1);
  return 1;
}

static int by_prefix(const void *a, const void *b) {
  const size_t x = strlen(((const struct net_static *)a)->prefix), y = strlen(((const struct net_static *)b)->prefix);
  return x < y ? 1 : x > y ? -1 : 0;
}

/* The entry on top of the stack. */
static bool read_static(lua_State *L, const char *app_path, struct net_static *to, struct err *err) {
  char path[PATH_MAX], real[PATH_MAX];
  struct stat info;
  lua_getfield(L, -1, "prefix");
  lua_getfield(L, -2, "root");
  const char *prefix = lua_tostring(L, -2), *root = lua_tostring(L, -1);
  if (*root == '/') snprintf(path, sizeof path, "%s", root);
  else snprintf(path, sizeof path, "%s/%s", app_path, root);
  if (!realpath(path, real) || stat(real, &info)) return err_set(err, 1, "%s/app.lua: static folder \"%s\": %s", app_path, root, strerror(errno));
  if (!S_ISDIR(info.st_mode)) return err_set(err, 1, "%s/app.lua: static folder \"%s\" is not a folder", app_path, root);
  *to = (struct net_static){.prefix = xstrdup(prefix), .root = xstrdup(real)};
  lua_pop(L, 2);
  return true;
}

bool vm_read_statics(struct vm *vm, const char *app_path, struct net_static **statics, size_t *count, struct err *err) {
  lua_State *L = vm->L;
  lua_pushcfunction(L, describe);
  lua_pushcfunction(L, list_statics);
  if (lua_pcall(L, 0, 1, 1)) return load_failed(L, "static folders", err);
  const size_t n = lua_objlen(L, -1);
  *statics = xcalloc(n, sizeof **statics);
  for (*count = 0; *count < n; ++*count) {
    lua_rawgeti(L, -1, (int)*count + 1);
    if (!read_static(L, app_path, &(*statics)[*count], err)) {
      lua_settop(L, 0);
      vm_free_statics(*statics, *count);
      *statics = NULL;
      *count = 0;
      return false;
    }
    lua_pop(L, 1);
  }
  lua_settop(L, 0);
  qsort(*statics, n, sizeof **statics, by_prefix);
  return true;
}

void vm_free_statics(struct net_static *statics, size_t count) {
  for (size_t i = 0; i < count; i++) {
    free(statics[i].prefix);
    free(statics[i].root);
  }
  free(statics);
}
