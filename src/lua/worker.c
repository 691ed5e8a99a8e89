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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How long connections get to answer our close frame at shutdown, and disconnect handlers to end. */
static const uint64_t CLOSING_NS = 5 * CLOCK_NS_PER_SEC;

/* ---- group counts ---- */

long cluster_count(struct cluster *c, const char *name, size_t len, int change) {
  pthread_mutex_lock(&c->lock);
  intptr_t count = (intptr_t)map_get(&c->group_counts, name, len) + change;
  if (change && count > 0) *map_slot(&c->group_counts, name, len) = (void *)count;
  else if (change) map_remove(&c->group_counts, name, len);
  pthread_mutex_unlock(&c->lock);
  return (long)count;
}

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
  if (w->draining) next = earlier(next, drain_step(w, now)); /* after tasks: it looks whether any are left */
  next = earlier(next, net_tick(w->net));                    /* last: everything said in this turn leaves in one write a connection */
  return w->pending || !list_empty(&w->scheduler.ready) ? 0 : next;
}

static void run(struct worker *w) {
  while (!finished(w)) {
    const uint64_t next = tick(w);
    if (finished(w)) break;
    if (net_wait(w->net, next)) mailbox_drain(&w->mailbox, w);
  }
}

static void end_worker(struct worker *w) {
  net_free(w->net);
  w->net = NULL;
  scheduler_fini(&w->scheduler);
  sessions_free(w);
  if (atomic_fetch_add(&w->cluster->ended, 1) + 1 < w->cluster->worker_count) return;
  const uint64_t one = 1;
  if (write(w->cluster->ended_fd, &one, sizeof one) < 0) abort(); /* an eventfd that is written once cannot be full */
}

static void *worker_main(void *arg) {
  struct worker *w = arg;
  struct cluster *c = w->cluster;
  struct err err;
  pthread_mutex_lock(&c->lock);
  w->net = net_new(&c->net, &session_net_handlers, w, &c->stats, c->offload, &w->mailbox, &err);
  pthread_mutex_unlock(&c->lock);
  if (!w->net) { /* out of memory or descriptors at the very start: half a server must not go on */
    log_event(LOG_LEVEL_ERROR, "worker did not start", "reason", err.message, NULL);
    exit(1);
  }
  net_serve(w->net, w->listen_fd);
  run(w);
  end_worker(w);
  return NULL;
}

/* ---- life of a worker ---- */

static void worker_free(struct worker *w) {
  vm_close(&w->vm);
  mailbox_fini(&w->mailbox);
  for (struct mail *mail = w->pending, *next; mail; mail = next) {
    next = mail->next;
    mail->drop(mail);
  }
  hub_free(w->hub);
  map_fini(&w->group_handlers);
  buf_fini(&w->scratch);
  if (w->listen_fd >= 0 && !w->net) close(w->listen_fd);
  free(w);
}

/* A worker with the app loaded, without a thread. It is in c->workers, whether it could be made or not. */
static struct worker *worker_new(struct cluster *c, int index, struct err *err) {
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

/* ---- the process ---- */

static struct net_config net_config_of(const struct cluster *c) {
  const struct settings *s = c->settings;
  const double most = settings_number(s, SETTING_MAX_CONNECTIONS), each = most / c->worker_count;
  return (struct net_config){.max_message = (size_t)settings_number(s, SETTING_MAX_MESSAGE_SIZE),
                             .outbox_limit = (size_t)settings_number(s, SETTING_OUTBOX_LIMIT),
                             .ping_interval = clock_from_seconds(settings_number(s, SETTING_PING_INTERVAL)),
                             .handshake_timeout = clock_from_seconds(settings_number(s, SETTING_HANDSHAKE_TIMEOUT)),
                             .ping_misses = (unsigned)settings_number(s, SETTING_PING_MISSES),
                             .max_connections = most > 0 && each < 1 ? 1 : (unsigned)each,
                             .statics = c->statics,
                             .static_count = c->static_count};
}

/* 0 stands for one a core; everybody sees the number that came of it. */
static int resolve_workers(struct settings *s) {
  char text[16];
  struct err err;
  int n = (int)settings_number(s, SETTING_WORKERS);
  if (n) return n;
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  n = cores < 1 ? 1 : cores > 256 ? 256 : (int)cores;
  snprintf(text, sizeof text, "%d", n);
  settings_set(s, SETTING_WORKERS, text, SETTING_FROM_FLAG, "workers", &err);
  return n;
}

/* "HOST:PORT", "[IPv6]:PORT", ":PORT" or "PORT". */
static bool split_address(const char *text, char *host, size_t cap, int *port, struct err *err) {
  const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
  size_t len = colon ? (size_t)(colon - text) : 0;
  const char *from = text;
  char *end;
  if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
    from++;
    len -= 2;
  }
  const long number = strtol(digits, &end, 10);
  if (!*digits || *end || *digits == '-' || *digits == '+' || number < 0 || number > 65535 || len >= cap)
    return err_set(err, 2, "listen: \"%s\" is not an address: expected HOST:PORT", text);
  memcpy(host, from, len);
  host[len] = 0;
  *port = (int)number;
  return true;
}

static bool listen_all(struct cluster *c, struct err *err) {
  char host[256] = "";
  int port = 0;
  if (!split_address(settings_text(c->settings, SETTING_LISTEN), host, sizeof host, &port, err)) return false;
  for (int i = 0; i < c->worker_count; i++) {
    c->workers[i]->listen_fd = net_listen(host, &port, i == 0, err);
    if (c->workers[i]->listen_fd < 0) return false;
  }
  const char *shown = !*host ? "0.0.0.0" : !strcmp(host, "localhost") ? "127.0.0.1" : host;
  snprintf(c->address, sizeof c->address, strchr(shown, ':') ? "[%s]:%d" : "%s:%d", shown, port);
  return true;
}

static bool load_all(struct cluster *c, struct err *err) {
  c->workers = xcalloc(1, sizeof(struct worker *));
  c->worker_count = 1;
  struct worker *first = worker_new(c, 0, err); /* its app says how many more there are */
  if (!first || !vm_read_settings(&first->vm, c->settings, err)) return false;
  if (!vm_read_statics(&first->vm, c->app_path, &c->statics, &c->static_count, err)) return false;
  c->worker_count = resolve_workers(c->settings);
  bind_settings(first->vm.L, c->settings);
  c->workers = xrealloc(c->workers, (size_t)c->worker_count * sizeof(struct worker *));
  for (int i = 1; i < c->worker_count; i++) c->workers[i] = NULL;
  for (int i = 1; i < c->worker_count; i++)
    if (!worker_new(c, i, err)) return false;
  return true;
}

static void cluster_free(struct cluster *c) {
  offload_free(c->offload);
  for (int i = 0; i < c->worker_count; i++) {
    struct worker *w = c->workers[i];
    if (!w) continue;
    if (!c->running && w->vm.L) scheduler_fini(&w->scheduler);
    worker_free(w);
  }
  free(c->workers);
  vm_free_statics(c->statics, c->static_count);
  map_fini(&c->group_counts);
  pthread_mutex_destroy(&c->lock);
  close(c->ended_fd);
}

bool cluster_start(struct cluster *c, struct settings *settings, const char *app_path, struct err *err) {
  memset(c, 0, sizeof *c);
  c->settings = settings;
  c->app_path = app_path;
  c->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&c->lock, NULL);
  map_init(&c->group_counts);
  if (!load_all(c, err) || !listen_all(c, err)) {
    cluster_free(c);
    return false;
  }
  c->net = net_config_of(c);
  c->offload = offload_new();
  c->running = true;
  for (int i = 0; i < c->worker_count; i++)
    if (pthread_create(&c->workers[i]->thread, NULL, worker_main, c->workers[i])) abort(); /* no thread at the very start */
  return true;
}

void cluster_join(struct cluster *c) {
  for (int i = 0; i < c->worker_count; i++) pthread_join(c->workers[i]->thread, NULL);
  cluster_free(c);
}
