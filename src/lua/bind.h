/* bind.h - the C modules that Lua code can require, and what their files share. Each luaopen function leaves the module's table on the stack. */
#pragma once
#include "base/settings.h"

#include <lua.h>

struct worker;

int luaopen_tidewire_host(lua_State *L);
int luaopen_tidewire_json(lua_State *L);
int luaopen_tidewire_decimal(lua_State *L);
int luaopen_tidewire_regex(lua_State *L);

/* Functions of tidewire.host that deal with tasks, added to the module's table on top of the stack. */
void bind_task(lua_State *L);

/* The same for connections, groups and the database. */
void bind_conn(lua_State *L);
void bind_group(lua_State *L);
void bind_db(lua_State *L);

/* Make what `settings` hold visible as tidewire.host.settings, now and when the module is loaded later. */
void bind_settings(lua_State *L, const struct settings *settings);

/* The state's worker; raises in a state that only looks at an app. */
struct worker *check_worker(lua_State *L);

/* Return nil, "closed" to Lua. */
int bind_closed(lua_State *L);

/* Append the JSON of the value at stack index `i` to the worker's scratch buffer; raises when it has none, naming the place from `root` on. */
void bind_put_json(lua_State *L, struct worker *w, int i, const char *root);

/* Append a reply's envelope up to the place of its request id, from values at stack indices; `errors` 0 stands for none. */
void bind_put_envelope(lua_State *L, struct worker *w, int errors, int data, int action, int status);
