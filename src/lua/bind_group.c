/* bind_group.c - tidewire.host: groups. Stubs: lua/tidewire/_meta/host.lua.
 *
 * DESIGN: a message is encoded once, by the sender, and posted to every worker, its own included: delivery happens in a later step of the
 * tick and never inside the action that sends. Two kinds travel: a message for the consumers' handlers, and a ready reply, of which
 * only the request id differs from subscriber to subscriber, so no Lua runs for it. */
#include "base/alloc.h"
#include "base/log.h"
#include "lua/bind.h"
#include "lua/session.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum group_mail_kind { GROUP_MESSAGE, GROUP_REPLY };

struct group_mail {
  struct mail mail;
  enum group_mail_kind kind;
  size_t name_len, body_len;
  char data[]; /* name, then body */
};

/* ---- delivery ---- */

struct member_ids {
  uint64_t *ids;
  size_t count, cap;
};

static void collect(void *arg, uint64_t member, const char *request_id, size_t len) {
  struct member_ids *m = arg;
  (void)request_id;
  (void)len;
  if (m->count == m->cap) m->ids = xrealloc(m->ids, (m->cap = m->cap ? m->cap * 2 : 64) * sizeof *m->ids);
  m->ids[m->count++] = member;
}

static void handler_done(struct task *t, lua_State *co, enum task_end end) {
  (void)t;
  if (end != TASK_FAILED) return;
  const char *text = lua_tostring(co, -1);
  log_event(LOG_LEVEL_ERROR, "group handler failed", "error", text ? text : luaL_typename(co, -1), NULL);
}

/* Functions that groups.subscribe() registered on this worker. */
static void call_handlers(struct worker *w, const char *name, size_t name_len, const char *body, size_t len) {
  const intptr_t ref = (intptr_t)map_get(&w->group_handlers, name, name_len);
  lua_State *L = w->vm.L;
  struct json_error err;
  if (!ref) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, (int)ref); // [functions]
  const int n = (int)lua_objlen(L, -1);
  for (int i = 1; i <= n; i++) {
    struct task *t = task_new(&w->scheduler, handler_done, NULL);
    lua_rawgeti(L, -1, i);
    lua_xmove(L, t->co, 1);
    if (json_decode(w->vm.json, t->co, body, len, &err)) lua_pushnil(t->co); /* our own encoder wrote it */
    task_start(&w->scheduler, t, 1);
  }
  lua_pop(L, 1);
}

/* The members are listed first: a consumer's handler may join and leave. */
static void deliver_message(struct worker *w, const struct group_mail *m) {
  struct member_ids members = {0};
  hub_members(w->hub, m->data, m->name_len, collect, &members);
  for (size_t i = 0; i < members.count; i++) {
    struct session *s = session_find(w, members.ids[i]);
    if (s) session_group_message(s, m->data + m->name_len, m->body_len);
  }
  free(members.ids);
  call_handlers(w, m->data, m->name_len, m->data + m->name_len, m->body_len);
}

struct reply_parts {
  struct worker *worker;
  struct slice parts[3]; /* envelope up to the request id, the id, the closing brace */
};

static void send_reply(void *arg, uint64_t member, const char *request_id, size_t len) {
  struct reply_parts *r = arg;
  struct conn *c = len ? conn_find(r->worker->net, member) : NULL; /* joining without a request id is no subscription */
  r->parts[1] = (struct slice){request_id, len};
  if (c) conn_send(c, WS_TEXT, r->parts, 3);
}

static void deliver(struct mail *mail, void *receiver) {
  struct group_mail *m = (struct group_mail *)mail;
  struct worker *w = receiver;
  if (m->kind == GROUP_MESSAGE) {
    deliver_message(w, m);
  } else {
    struct reply_parts r = {.worker = w, .parts = {{m->data + m->name_len, m->body_len}, {NULL, 0}, {"}", 1}}};
    hub_publish(w->hub, m->data, m->name_len, send_reply, &r);
  }
  free(m);
}

static void drop(struct mail *mail) { free(mail); }

/* ---- functions ---- */

static struct slice name_at(lua_State *L, int i) {
  struct slice name;
  name.data = luaL_checklstring(L, i, &name.len);
  luaL_argcheck(L, name.len > 0, i, "a group's name may not be empty");
  return name;
}

static void post_to_all(lua_State *L, struct worker *w, enum group_mail_kind kind, struct slice name) {
  const struct buf *body = &w->scratch;
  struct cluster *c = w->cluster;
  if (!c->running) luaL_error(L, "groups cannot be used while the app loads");
  for (int i = 0; i < c->worker_count; i++) {
    struct group_mail *m = xmalloc(sizeof *m + name.len + body->len);
    *m = (struct group_mail){.mail = {.deliver = deliver, .drop = drop}, .kind = kind, .name_len = name.len, .body_len = body->len};
    memcpy(m->data, name.data, name.len);
    memcpy(m->data + name.len, body->data, body->len);
    worker_post(w, c->workers[i], &m->mail);
  }
}

/* group_send(name, message) */
static int host_group_send(lua_State *L) {
  struct worker *w = check_worker(L);
  const struct slice name = name_at(L, 1);
  lua_settop(L, 2);
  buf_clear(&w->scratch);
  bind_put_json(L, w, 2, "message");
  post_to_all(L, w, GROUP_MESSAGE, name);
  return 0;
}

/* group_reply(name, data, action, status) */
static int host_group_reply(lua_State *L) {
  struct worker *w = check_worker(L);
  const struct slice name = name_at(L, 1);
  lua_settop(L, 4);
  buf_clear(&w->scratch);
  bind_put_envelope(L, w, 0, 2, 3, 4);
  post_to_all(L, w, GROUP_REPLY, name);
  return 0;
}

/* The session of the connection at 1 together with the worker; NULL when it is closed. */
static struct session *session_at(lua_State *L, struct worker *w) {
  const lua_Number id = luaL_checknumber(L, 1);
  return id >= 0 ? session_find(w, (uint64_t)id) : NULL;
}

/* The JSON text of the request id at 3 in the scratch buffer; empty when there is none. */
static struct slice request_id_at(lua_State *L, struct worker *w) {
  buf_clear(&w->scratch);
  if (!lua_isnoneornil(L, 3)) bind_put_json(L, w, 3, "request_id");
  return (struct slice){w->scratch.len ? w->scratch.data : "", w->scratch.len};
}

/* group_add(conn, name[, request_id]) → added | nil, "closed" */
static int host_group_add(lua_State *L) {
  struct worker *w = check_worker(L);
  struct session *s = session_at(L, w);
  const struct slice name = name_at(L, 2), id = request_id_at(L, w);
  if (!s) return bind_closed(L);
  struct hub_member *m = session_member(s);
  const bool member = hub_is_member(w->hub, m, name.data, name.len);
  const bool added = hub_join(w->hub, m, name.data, name.len, id.data, id.len);
  if (added && !member) cluster_count(w->cluster, name.data, name.len, 1);
  lua_pushboolean(L, added);
  return 1;
}

/* group_discard(conn, name[, request_id]) → how many subscriptions ended */
static int host_group_discard(lua_State *L) {
  struct worker *w = check_worker(L);
  struct session *s = session_at(L, w);
  const struct slice name = name_at(L, 2), id = request_id_at(L, w);
  size_t count = 0;
  if (s) {
    struct hub_member *m = session_member(s);
    count = hub_leave(w->hub, m, name.data, name.len, lua_isnoneornil(L, 3) ? NULL : id.data, id.len);
    if (count && !hub_is_member(w->hub, m, name.data, name.len)) cluster_count(w->cluster, name.data, name.len, -1);
  }
  lua_pushinteger(L, (lua_Integer)count);
  return 1;
}

static int host_group_count(lua_State *L) {
  struct worker *w = check_worker(L);
  const struct slice name = name_at(L, 1);
  lua_pushinteger(L, (lua_Integer)cluster_count(w->cluster, name.data, name.len, 0));
  return 1;
}

/* group_subscribe(name, fn); nothing to do in a state that only looks at the app. */
static int host_group_subscribe(lua_State *L) {
  struct worker *w = worker_of(L);
  const struct slice name = name_at(L, 1);
  luaL_checktype(L, 2, LUA_TFUNCTION);
  if (!w) return 0;
  void **slot = map_slot(&w->group_handlers, name.data, name.len);
  if (!*slot) {
    lua_newtable(L);
    *slot = (void *)(intptr_t)luaL_ref(L, LUA_REGISTRYINDEX);
  }
  lua_rawgeti(L, LUA_REGISTRYINDEX, (int)(intptr_t)*slot);
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, (int)lua_objlen(L, -2) + 1);
  return 0;
}

void bind_group(lua_State *L) {
  static const luaL_Reg functions[] = {{"group_send", host_group_send},
                                       {"group_reply", host_group_reply},
                                       {"group_add", host_group_add},
                                       {"group_discard", host_group_discard},
                                       {"group_count", host_group_count},
                                       {"group_subscribe", host_group_subscribe},
                                       {NULL, NULL}};
  luaL_register(L, NULL, functions);
}
