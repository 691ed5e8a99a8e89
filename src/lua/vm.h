/* vm.h - a Lua state with the framework, and an app loaded into it. One thread a vm. */
#pragma once
#include "base/err.h"
#include "base/settings.h"
#include "lua/json.h"
#include "net/net.h"

#include <lua.h>

struct worker;

struct vm {
  lua_State *L;
  struct json *json; /* owned by L */
};

/* A state with the standard libraries, the framework's loader and the host modules. `worker` is NULL for a state that only looks at an app. */
bool vm_open(struct vm *vm, struct worker *worker, const struct settings *settings, struct err *err);
void vm_close(struct vm *vm);

/* Load the app in folder `path` (absolute) and install it. On failure err holds file, line and reason. The app's table is left in the
 * registry: see vm_push_app(). */
bool vm_load_app(struct vm *vm, const char *path, struct err *err);

/* Push the app's table. */
void vm_push_app(struct vm *vm);

/* Set a setting from the Lua value on top of L's stack, as app.lua gives it. False and err on a bad value. */
bool vm_set_from_lua(lua_State *L, struct settings *settings, enum setting_id id, struct err *err);

/* Take the settings that app.lua gives. False and err on an unknown key or a bad value. */
bool vm_read_settings(struct vm *vm, struct settings *settings, struct err *err);

/* True when the app declares models. */
bool vm_needs_database(struct vm *vm);

/* The static folders of the app, longest prefix first, as absolute paths. *statics is the caller's to free with vm_free_statics(). */
bool vm_read_statics(struct vm *vm, const char *app_path, struct net_static **statics, size_t *count, struct err *err);
void vm_free_statics(struct net_static *statics, size_t count);

/* The app's package name: the last part of its folder's path. */
void vm_package_name(const char *path, char *name, size_t cap);
