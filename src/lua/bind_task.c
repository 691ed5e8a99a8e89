/* bind_task.c - tidewire.host: sleep, spawn, cancel, current, timeout, join. Stubs: lua/tidewire/_meta/host.lua. */
#include "base/clock.h"
#include "lua/bind.h"
#include "lua/session.h"

#include <lauxlib.h>

/* The task with the id at index i; NULL when it has ended. */
static struct task *task_at(lua_State *L, struct worker *w, int i) {
  const lua_Number id = luaL_checknumber(L, i);
  return id >= 0 ? task_find(&w->scheduler, (uint64_t)id) : NULL;
}

static int host_sleep(lua_State *L) {
  struct worker *w = check_worker(L);
  const lua_Number seconds = luaL_checknumber(L, 1);
  const uint64_t until = clock_ns() + clock_from_seconds(seconds);
  return task_wait(&w->scheduler, L, until);
}

static int host_spawn(lua_State *L) {
  struct worker *w = check_worker(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  struct session *s = NULL;
  if (!lua_isnoneornil(L, 2)) {
    s = session_find(w, (uint64_t)luaL_checknumber(L, 2));
    if (!s) {
      lua_pushnil(L);
      lua_pushliteral(L, "closed");
      return 2;
    }
  }
  if (lua_gettop(L) > 1) lua_remove(L, 2);
  const int arguments = lua_gettop(L) - 1;
  lua_pushnumber(L, (lua_Number)(s ? session_spawn(s, L, arguments) : worker_spawn(w, L, arguments)));
  return 1;
}

static int host_cancel(lua_State *L) {
  struct worker *w = check_worker(L);
  struct task *t = task_at(L, w, 1);
  lua_settop(L, 2);
  if (t) task_cancel(&w->scheduler, L, t);
  lua_pushboolean(L, t != NULL);
  return 1;
}

static int host_current(lua_State *L) {
  struct worker *w = worker_of(L);
  if (!w || !w->scheduler.current) return 0;
  lua_pushnumber(L, (lua_Number)w->scheduler.current->id);
  return 1;
}

static int host_timeout(lua_State *L) {
  struct worker *w = check_worker(L);
  struct task *t = task_at(L, w, 1);
  const bool set = !lua_isnoneornil(L, 2);
  const uint64_t at = set ? clock_ns() + clock_from_seconds(luaL_checknumber(L, 2)) : 0;
  lua_settop(L, 3);
  if (t) task_set_deadline(&w->scheduler, L, t, at);
  return 0;
}

static int host_join(lua_State *L) {
  struct worker *w = check_worker(L);
  struct task *t = task_at(L, w, 1);
  if (!t) {
    lua_pushboolean(L, 1);
    return 1;
  }
  struct task *self = w->scheduler.current;
  if (t == self) return luaL_error(L, "a task cannot wait for its own end");
  const int results = task_wait(&w->scheduler, L, 0);
  if (self->state == TASK_WAITING) list_push(&t->joiners, &self->join_link);
  return results;
}

void bind_task(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"sleep", host_sleep}, {"spawn", host_spawn}, {"cancel", host_cancel}, {"current", host_current}, {"timeout", host_timeout},
      {"join", host_join},   {NULL, NULL}};
  luaL_register(L, NULL, functions);
}
