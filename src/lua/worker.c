/* worker.c - see worker.h.
 *
 * A worker's turn: net_wait() sleeps in epoll and hands frames to sessions, whose tasks run at once; then tick() does what remains, in an
 * order that matters, and says how long the next sleep may be. */
#include "lua/worker.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "lua/bind.h"
#include "lua/session.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How long connections get to answer our close frame at shutdown, and disconnect handlers to end. */
static const uint64_t CLOSING_NS = 5 * CLOCK_NS_PER_SEC;

/* ---- mail ---- */

void worker_post(struct worker *from, struct worker *to, struct mail *mail) {
  if (from != to) {
    mailbox_push(&to->mailbox, mail);
    return;
  }
  mail->next = NULL;
  *to->pending_tail = mail;
  to->pending_tail = &mail->next;
}

/* Deliver what this worker sent to itself; what that sends in turn waits for the next step. */
static void deliver_pending(struct worker *w) {
  struct mail *mail = w->pending, *next;
  w->pending = NULL;
  w->pending_tail = &w->pending;
  for (; mail; mail = next) {
    next = mail->next;
    mail->deliver(mail, w);
  }
}

/* ---- draining ---- */

static void start_draining(struct mail *mail, void *receiver) {
  struct worker *w = receiver;
  free(mail);
  w->draining = true;
  w->drain_until = clock_ns() + clock_from_seconds(settings_number(w->cluster->settings, SETTING_GRACE));
  net_stop_listening(w->net);
}

static void drop_mail(struct mail *mail) { free(mail); }

void cluster_drain(struct cluster *c) {
  atomic_store(&c->stats.draining, true);
  for (int i = 0; i < c->worker_count; i++) {
    struct mail *mail = xmalloc(sizeof *mail);
    *mail = (struct mail){.deliver = start_draining, .drop = drop_mail};
    mailbox_push(&c->workers[i]->mailbox, mail);
  }
}

static void start_closing(struct worker *w) {
  w->closing = true;
  w->drain_until = clock_ns() + CLOSING_NS;
  net_close_all(w->net, WS_GOING_AWAY, "the server is shutting down");
}

/* One step further, when it is time: wait for the connections' tasks; cancel those of no connection; close. Tasks that still run when the grace time
 * is over are cancelled, and get until the end of closing for their cleanup. Returns when it wants to be asked again at the latest. */
static uint64_t drain_step(struct worker *w, uint64_t now) {
  if (w->closing) return w->drain_until;
  const bool late = now >= w->drain_until;
  if (w->scheduler.task_count > w->background_count && !late) return w->drain_until;
  if (!w->cancelled) {
    w->cancelled = true;
    background_cancel(w);
  }
  if (late) sessions_cancel(w);
  if (w->scheduler.task_count && !late) return w->drain_until;
  start_closing(w);
  return w->drain_until;
}

static bool finished(const struct worker *w) {
  if (!w->closing) return false;
  return clock_ns() >= w->drain_until || (!net_count(w->net) && !w->session_count && !w->scheduler.task_count);
}

/* ---- a turn ---- */

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t tick(struct worker *w) {
  const uint64_t now = clock_ns();
  deliver_pending(w);                                /* before tasks: in the order of what was sent */
  uint64_t next = scheduler_run(&w->scheduler, now); /* before the network: replies go out in this very turn */
  next = earlier(next, sessions_tick(w, now));
  if (w->draining) next = earlier(next, drain_step(w, now));                /* after tasks: it looks whether any are left */
  if (w->db) next = earlier(next, w->cluster->db_driver->tick(w->db, now)); /* after tasks: what they asked leaves in one write a connection */
  next = earlier(next, net_tick(w->net));                                   /* last: everything said in this turn leaves in one write a connection */
  return w->pending || !list_empty(&w->scheduler.ready) ? 0 : next;
}

static void run(struct worker *w) {
  while (!finished(w)) {
    const uint64_t next = tick(w);
    if (finished(w)) break;
    if (net_wait(w->net, next)) mailbox_drain(&w->mailbox, w);
  }
}

static void watch(void *ctx, int fd, bool read, bool write, void (*ready)(void *arg, bool readable, bool writable), void *arg) {
  net_watch(((struct worker *)ctx)->net, fd, read, write, ready, arg);
}

static void unwatch(void *ctx, int fd) { net_unwatch(((struct worker *)ctx)->net, fd); }

/* What a worker needs of its own thread: its network, and its part of the database. */
static bool open_io(struct worker *w, struct err *err) {
  struct cluster *c = w->cluster;
  pthread_mutex_lock(&c->lock);
  w->net = net_new(&c->net, &session_net_handlers, w, &c->stats, c->offload, &w->mailbox, err);
  pthread_mutex_unlock(&c->lock);
  if (!w->net) return false;
  const struct db_host host = {.ctx = w, .watch = watch, .unwatch = unwatch, .mailbox = &w->mailbox};
  if (c->db_driver) w->db = c->db_driver->open(c->db_shared, &host);
  return true;
}

/* Handles that Lua still has of the database see that it is gone. */
static void close_io(struct worker *w) {
  if (w->db) w->cluster->db_driver->close(w->db);
  w->db = NULL;
  net_free(w->net);
  w->net = NULL;
}

static void end_worker(struct worker *w) {
  close_io(w);
  scheduler_fini(&w->scheduler);
  sessions_free(w);
  if (atomic_fetch_add(&w->cluster->ended, 1) + 1 < w->cluster->worker_count) return;
  const uint64_t one = 1;
  if (write(w->cluster->ended_fd, &one, sizeof one) < 0) abort(); /* an eventfd that is written once cannot be full */
}

void *worker_main(void *arg) {
  struct worker *w = arg;
  struct err err;
  if (!open_io(w, &err)) { /* out of memory or descriptors at the very start: half a server must not go on */
    log_event(LOG_LEVEL_ERROR, "worker did not start", "reason", err.message, NULL);
    exit(1);
  }
  net_serve(w->net, w->listen_fd);
  w->listen_fd = -1; /* the net closes it */
  run(w);
  end_worker(w);
  return NULL;
}

/* ---- life of a worker ---- */

void worker_free(struct worker *w) {
  vm_close(&w->vm);
  mailbox_fini(&w->mailbox);
  for (struct mail *mail = w->pending, *next; mail; mail = next) {
    next = mail->next;
    mail->drop(mail);
  }
  hub_free(w->hub);
  map_fini(&w->group_handlers);
  buf_fini(&w->scratch);
  if (w->listen_fd >= 0) close(w->listen_fd);
  free(w);
}

struct worker *worker_new(struct cluster *c, int index, struct err *err) {
  struct worker *w = c->workers[index] = xcalloc(1, sizeof *w);
  w->cluster = c;
  w->index = index;
  w->listen_fd = -1;
  w->hub = hub_new();
  w->pending_tail = &w->pending;
  mailbox_init(&w->mailbox);
  map_init(&w->group_handlers);
  buf_init(&w->scratch);
  list_init(&w->sessions);
  list_init(&w->closing_sessions);
  list_init(&w->background);
  if (!vm_open(&w->vm, w, c->settings, err)) return NULL;
  scheduler_init(&w->scheduler, w->vm.L, &c->stats.tasks);
  return vm_load_app(&w->vm, c->app_path, err) ? w : NULL;
}

/* ---- one task on the calling thread ---- */

/* A task that somebody waits for on the worker's own loop. */
struct errand {
  bool over, failed;
  struct err *err;
  char *text; /* what it returned, owned */
};

static void errand_done(struct task *t, lua_State *co, enum task_end end) {
  struct errand *e = t->owner;
  e->over = true;
  e->failed = end != TASK_RETURNED;
  const char *text = lua_gettop(co) ? lua_tostring(co, -1) : NULL;
  if (e->failed) err_set(e->err, 1, "%s", text ? text : "the command was cancelled");
  else if (text) e->text = xstrdup(text);
}

/* Message handler of the errand's function: the error as text, with a traceback unless it is one of the framework's own objects. */
static int describe(lua_State *co) {
  const bool plain = lua_isstring(co, 1);
  lua_getglobal(co, "tostring");
  lua_pushvalue(co, 1);
  lua_call(co, 1, 1);
  if (plain) luaL_traceback(co, co, lua_tostring(co, -1), 1);
  return 1;
}

static void push_command(struct task *t, const char *command, int argument_count, char **arguments) {
  static const char code[] =
      "local describe, name = ...\n"
      "local ok, result = xpcall(require('tidewire.commands')[name], describe, select(3, ...))\n"
      "if not ok then error(result, 0) end\n"
      "return result";
  if (luaL_loadstring(t->co, code)) abort(); /* it is ours */
  lua_pushcfunction(t->co, describe);
  lua_pushstring(t->co, command);
  for (int i = 0; i < argument_count; i++) lua_pushstring(t->co, arguments[i]);
}

bool worker_run_errand(struct worker *w, const char *command, int argument_count, char **arguments, char **text, struct err *err) {
  struct errand e = {.err = err};
  struct list started_early; /* while the app loaded: they begin when it serves, with tables and a database that stays */
  if (!open_io(w, err)) return false;
  list_take(&started_early, &w->scheduler.ready);
  struct task *t = task_new(&w->scheduler, errand_done, &e);
  push_command(t, command, argument_count, arguments);
  task_queue(&w->scheduler, t, argument_count + 2);
  while (!e.over) {
    const uint64_t next = tick(w);
    if (!e.over && net_wait(w->net, next)) mailbox_drain(&w->mailbox, w);
  }
  close_io(w);
  for (struct list *l; (l = list_shift(&started_early));) list_push(&w->scheduler.ready, l);
  if (text) *text = e.text;
  else free(e.text);
  return !e.failed;
}
