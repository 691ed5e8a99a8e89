/* session.c - see session.h.
 *
 * INVARIANTS: `running` is the one attached task; the inbox is non-empty only while something runs. A session is freed in finish(), after its
 * disconnect task, and nowhere else. */
#include "lua/session.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum message_kind { MESSAGE_TEXT, MESSAGE_BINARY, MESSAGE_GROUP };

struct message {
  struct list link;
  enum message_kind kind;
  size_t len;
  char data[];
};

struct session {
  struct worker *worker;
  uint64_t conn;
  struct list link; /* on worker->sessions */
  struct task *running;
  struct list inbox;
  size_t waiting;
  struct list detached; /* tasks, by owner_link */
  int consumer_ref;
  bool raw_text, accepted, closed, disconnecting, paused, pumping;
  int close_code;
  struct list closing_link; /* on worker->closing_sessions while a closed connection's tasks may still finish */
  uint64_t close_due;
  struct hub_member *member;
};

static void next(struct session *s);

struct session *session_find(struct worker *w, uint64_t conn) {
  struct conn *c = conn_find(w->net, conn);
  return c ? conn_user(c) : NULL;
}

struct hub_member *session_member(struct session *s) {
  if (!s->member) s->member = hub_member_new(s->worker->hub, s->conn);
  return s->member;
}

void push_cancelled(lua_State *L, const char *reason) {
  const int top = lua_gettop(L);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "tidewire.exceptions");
  if (!lua_pcall(L, 1, 1, 0)) {
    lua_getfield(L, -1, "Cancelled");
    lua_pushstring(L, reason);
    if (!lua_pcall(L, 1, 1, 0)) {
      lua_replace(L, top + 1);
      lua_settop(L, top + 1);
      return;
    }
  }
  lua_settop(L, top);
  lua_pushstring(L, reason);
}

/* The error object on top of `co`, which is dead: the worker's own state describes it. */
static void log_failure(const char *event, const struct task *t, lua_State *co) {
  lua_State *L = t->scheduler->L;
  lua_getglobal(L, "tostring");
  lua_xmove(co, L, 1);
  lua_pcall(L, 1, 1, 0);
  const char *text = lua_tostring(L, -1);
  log_event(LOG_LEVEL_ERROR, event, "error", text ? text : luaL_typename(L, -1), NULL);
  lua_pop(L, 1);
}

/* ---- detached tasks ---- */

static void detached_done(struct task *t, lua_State *co, enum task_end end) {
  if (end == TASK_FAILED) log_failure("detached task failed", t, co);
  next(t->owner);
}

static void background_done(struct task *t, lua_State *co, enum task_end end) {
  struct worker *w = t->owner;
  if (end == TASK_FAILED) log_failure("task failed", t, co);
  w->background_count--;
}

uint64_t session_spawn(struct session *s, lua_State *L, int arguments) {
  struct task *t = task_new(&s->worker->scheduler, detached_done, s);
  list_push(&s->detached, &t->owner_link);
  lua_xmove(L, t->co, arguments + 1);
  task_queue(&s->worker->scheduler, t, arguments);
  return t->id;
}

uint64_t worker_spawn(struct worker *w, lua_State *L, int arguments) {
  struct task *t = task_new(&w->scheduler, background_done, w);
  list_push(&w->background, &t->owner_link);
  w->background_count++;
  lua_xmove(L, t->co, arguments + 1);
  task_queue(&w->scheduler, t, arguments);
  return t->id;
}

static void cancel(struct worker *w, struct task *t, const char *reason) {
  push_cancelled(w->vm.L, reason);
  task_cancel(&w->scheduler, w->vm.L, t);
}

static void cancel_detached(struct session *s, const char *reason) {
  for (struct list *l = s->detached.next, *after; l != &s->detached; l = after) {
    after = l->next;
    cancel(s->worker, list_entry(l, struct task, owner_link), reason);
  }
}

/* ---- the end ---- */

static void count_down(void *arg, const char *group, size_t len) { cluster_count(arg, group, len, -1); }

static void leave_groups(struct session *s) {
  if (!s->member) return;
  hub_leave_all(s->worker->hub, s->member, count_down, s->worker->cluster);
  s->member = NULL;
}

static void drop_inbox(struct session *s) {
  for (struct list *l; (l = list_shift(&s->inbox));) free(list_entry(l, struct message, link));
  s->waiting = 0;
}

static void finish(struct session *s) {
  struct worker *w = s->worker;
  luaL_unref(w->vm.L, LUA_REGISTRYINDEX, s->consumer_ref);
  list_remove(&s->link);
  w->session_count--;
  free(s);
}

static void disconnect_done(struct task *t, lua_State *co, enum task_end end) {
  if (end == TASK_FAILED) log_failure("disconnect failed", t, co);
  finish(t->owner);
}

/* Everything of a closed connection has ended: tell the consumer, then forget the session. */
static void disconnect(struct session *s) {
  struct worker *w = s->worker;
  s->disconnecting = true;
  list_remove(&s->closing_link);
  if (!s->accepted || s->consumer_ref == LUA_NOREF) {
    finish(s);
    return;
  }
  struct task *t = task_new(&w->scheduler, disconnect_done, s);
  lua_rawgeti(t->co, LUA_REGISTRYINDEX, w->handlers.disconnect);
  lua_rawgeti(t->co, LUA_REGISTRYINDEX, s->consumer_ref);
  lua_pushinteger(t->co, s->close_code);
  task_queue(&w->scheduler, t, 2); /* queued, not started: this may run inside lws */
}

static bool has_work(const struct session *s) { return s->running || !list_empty(&s->inbox) || !list_empty(&s->detached); }

static void stop_work(struct session *s, const char *reason) {
  drop_inbox(s);
  cancel_detached(s, reason);
  if (s->running) cancel(s->worker, s->running, reason);
}

uint64_t sessions_tick(struct worker *w, uint64_t now) {
  while (!list_empty(&w->closing_sessions)) {
    struct session *s = list_entry(w->closing_sessions.next, struct session, closing_link);
    if (s->close_due > now) return s->close_due;
    list_remove(&s->closing_link);
    stop_work(s, "the connection is closed");
  }
  return UINT64_MAX;
}

static void on_closed(void *ctx, struct conn *c, int code) {
  struct session *s = conn_user(c);
  (void)ctx;
  conn_set_user(c, NULL);
  s->closed = true;
  s->close_code = code;
  leave_groups(s);
  cancel_detached(s, "the connection is closed");
  if (has_work(s)) {
    s->close_due = clock_ns() + clock_from_seconds(settings_number(s->worker->cluster->settings, SETTING_CLOSE_TIMEOUT));
    list_push(&s->worker->closing_sessions, &s->closing_link);
  }
  next(s);
}

/* ---- attached tasks ---- */

/* Let the tasks that a handler has started run before the next frame is looked at: a close frame right behind cancels them where they wait, with
 * their cleanup, and not before they began. Those that they start in turn begin in the next step. */
static void begin_detached(struct session *s) {
  struct list *const last = s->detached.prev;
  for (struct list *l = s->detached.next, *after; l != &s->detached; l = after) {
    after = l == last ? &s->detached : l->next;
    task_begin(&s->worker->scheduler, list_entry(l, struct task, owner_link));
  }
}

static void attached_done(struct task *t, lua_State *co, enum task_end end) {
  struct session *s = t->owner;
  if (end == TASK_FAILED) log_failure("handler failed", t, co);
  begin_detached(s);
  s->running = NULL;
  next(s);
}

static void push_handler(struct session *s, lua_State *co, int handler) {
  lua_rawgeti(co, LUA_REGISTRYINDEX, handler);
  lua_rawgeti(co, LUA_REGISTRYINDEX, s->consumer_ref);
}

/* Push handler and arguments for a JSON frame; returns the number of arguments. */
static int push_json(struct session *s, lua_State *co, const char *data, size_t len) {
  struct json_error err;
  push_handler(s, co, s->worker->handlers.message);
  if (!json_decode_message(s->worker->vm.json, co, data, len, &err)) return 4;
  lua_settop(co, 0);
  push_handler(s, co, s->worker->handlers.bad_message);
  lua_pushstring(co, err.message);
  return 2;
}

static int push_group(struct session *s, lua_State *co, const char *data, size_t len) {
  struct json_error err;
  push_handler(s, co, s->worker->handlers.group);
  if (json_decode(s->worker->vm.json, co, data, len, &err)) lua_pushnil(co); /* our own encoder wrote it */
  return 2;
}

static int push_message(struct session *s, lua_State *co, enum message_kind kind, const char *data, size_t len) {
  if (kind == MESSAGE_GROUP) return push_group(s, co, data, len);
  if (kind == MESSAGE_TEXT && !s->raw_text) return push_json(s, co, data, len);
  push_handler(s, co, kind == MESSAGE_TEXT ? s->worker->handlers.text : s->worker->handlers.bytes);
  lua_pushlstring(co, data, len);
  return 2;
}

static void start(struct session *s, enum message_kind kind, const char *data, size_t len) {
  struct scheduler *scheduler = &s->worker->scheduler;
  struct task *t = task_new(scheduler, attached_done, s);
  s->running = t;
  task_start(scheduler, t, push_message(s, t->co, kind, data, len));
}

static void enqueue(struct session *s, enum message_kind kind, const char *data, size_t len) {
  struct message *m = xmalloc(sizeof *m + len);
  m->kind = kind;
  m->len = len;
  memcpy(m->data, data, len);
  list_init(&m->link);
  list_push(&s->inbox, &m->link);
  s->waiting++;
  struct conn *c = s->closed ? NULL : conn_find(s->worker->net, s->conn);
  if (c && !s->paused && s->waiting >= (size_t)settings_number(s->worker->cluster->settings, SETTING_INBOX_LIMIT)) {
    s->paused = true;
    conn_pause(c);
  }
}

static void read_again(struct session *s) {
  struct conn *c = s->closed ? NULL : conn_find(s->worker->net, s->conn);
  s->paused = false;
  if (c) conn_resume(c);
}

static void handle_next(struct session *s) {
  struct message *m = list_entry(list_shift(&s->inbox), struct message, link);
  s->waiting--;
  if (s->consumer_ref != LUA_NOREF) start(s, m->kind, m->data, m->len);
  free(m);
}

/* Go on with the inbox until something has to be waited for, or end a closed session that has nothing left to do. May free the session. */
static void next(struct session *s) {
  if (s->pumping || s->running) return; /* a message that ended at once: the loop below, further up the stack, goes on */
  s->pumping = true;
  while (!s->running && !list_empty(&s->inbox)) handle_next(s);
  if (s->paused && !s->running) read_again(s);
  s->pumping = false;
  if (s->closed && !s->disconnecting && !has_work(s)) disconnect(s);
}

static void on_message(void *ctx, struct conn *c, bool text, const char *data, size_t len) {
  struct session *s = conn_user(c);
  struct worker *w = ctx;
  if (w->draining) return; /* not acknowledged: the client sees 1001 and asks again elsewhere */
  const enum message_kind kind = text ? MESSAGE_TEXT : MESSAGE_BINARY;
  if (s->running || !list_empty(&s->inbox)) enqueue(s, kind, data, len);
  else if (s->consumer_ref != LUA_NOREF) start(s, kind, data, len);
}

void session_group_message(struct session *s, const char *json, size_t len) {
  if (s->running || !list_empty(&s->inbox)) enqueue(s, MESSAGE_GROUP, json, len);
  else if (s->consumer_ref != LUA_NOREF) start(s, MESSAGE_GROUP, json, len);
}

/* ---- connecting ---- */

static void connect_done(struct task *t, lua_State *co, enum task_end end) {
  struct session *s = t->owner;
  struct conn *c = conn_find(s->worker->net, s->conn);
  if (end == TASK_FAILED) log_failure("connect failed", t, co);
  if (end == TASK_RETURNED && lua_istable(co, 1)) {
    s->raw_text = lua_toboolean(co, 2);
    lua_settop(co, 1);
    s->consumer_ref = luaL_ref(co, LUA_REGISTRYINDEX);
  }
  begin_detached(s);
  s->running = NULL;
  if (c && end == TASK_FAILED) conn_refuse(c, 500, "Internal server error", NULL);
  next(s);
}

static void set_slice(lua_State *L, const char *key, struct slice value) {
  lua_pushlstring(L, value.data, value.len);
  lua_setfield(L, -2, key);
}

/* { {name, value}, … } as the handshake had them. */
static void push_headers(lua_State *L, const struct http_request *r) {
  lua_createtable(L, (int)r->header_count, 0);
  for (size_t i = 0; i < r->header_count; i++) {
    lua_createtable(L, 2, 0);
    lua_pushlstring(L, r->headers[i].name.data, r->headers[i].name.len);
    lua_rawseti(L, -2, 1);
    lua_pushlstring(L, r->headers[i].value.data, r->headers[i].value.len);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, (int)i + 1);
  }
}

static void push_request(lua_State *L, struct conn *c, const struct http_request *r) {
  char address[64];
  const int port = conn_peer(c, address);
  lua_createtable(L, 0, 8);
  set_slice(L, "method", r->method);
  set_slice(L, "path", r->path);
  set_slice(L, "query_string", r->query);
  lua_pushstring(L, r->minor_version ? "1.1" : "1.0");
  lua_setfield(L, -2, "http_version");
  push_headers(L, r);
  lua_setfield(L, -2, "headers");
  lua_createtable(L, 2, 0);
  lua_pushstring(L, address);
  lua_rawseti(L, -2, 1);
  lua_pushinteger(L, port);
  lua_rawseti(L, -2, 2);
  lua_setfield(L, -2, "client");
}

static void on_upgrade(void *ctx, struct conn *c, const struct http_request *r) {
  struct worker *w = ctx;
  struct session *s = xcalloc(1, sizeof *s);
  *s = (struct session){.worker = w, .conn = conn_id(c), .consumer_ref = LUA_NOREF};
  list_init(&s->inbox);
  list_init(&s->detached);
  list_init(&s->link);
  list_init(&s->closing_link);
  list_push(&w->sessions, &s->link);
  w->session_count++;
  conn_set_user(c, s);
  struct task *t = task_new(&w->scheduler, connect_done, s);
  lua_rawgeti(t->co, LUA_REGISTRYINDEX, w->handlers.connect);
  lua_pushnumber(t->co, (lua_Number)s->conn);
  push_request(t->co, c, r);
  s->running = t;
  task_start(&w->scheduler, t, 2);
}

/* A plain request for an address that speaks WebSocket gets 426 rather than 404. */
static bool on_request(void *ctx, struct conn *c, const struct http_request *r) {
  struct worker *w = ctx;
  lua_State *L = w->vm.L;
  lua_rawgeti(L, LUA_REGISTRYINDEX, w->handlers.request);
  lua_pushlstring(L, r->path.data, r->path.len);
  const bool known = !lua_pcall(L, 1, 1, 0) && lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (known) conn_respond(c, 426, "this address speaks WebSocket", "Upgrade: websocket\r\n");
  return known;
}

const struct net_handlers session_net_handlers = {.upgrade = on_upgrade, .request = on_request, .message = on_message, .closed = on_closed};

void session_accepted(struct session *s) { s->accepted = true; }

static const char shutting_down[] = "the server is shutting down";

void sessions_cancel(struct worker *w) {
  for (struct list *l = w->sessions.next; l != &w->sessions; l = l->next) stop_work(list_entry(l, struct session, link), shutting_down);
}

void background_cancel(struct worker *w) {
  for (struct list *l = w->background.next; l != &w->background; l = l->next) cancel(w, list_entry(l, struct task, owner_link), shutting_down);
}

void sessions_free(struct worker *w) {
  for (struct list *l; (l = list_shift(&w->sessions));) {
    struct session *s = list_entry(l, struct session, link);
    drop_inbox(s);
    leave_groups(s);
    free(s);
  }
}
