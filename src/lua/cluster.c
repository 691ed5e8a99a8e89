/* cluster.c - the process: the app's settings, its database, its workers and their threads. See worker.h. */
#include "base/alloc.h"
#include "base/clock.h"
#include "lua/bind.h"
#include "lua/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* ---- group counts ---- */

long cluster_count(struct cluster *c, const char *name, size_t len, int change) {
  pthread_mutex_lock(&c->lock);
  intptr_t count = (intptr_t)map_get(&c->group_counts, name, len) + change;
  if (change && count > 0) *map_slot(&c->group_counts, name, len) = (void *)count;
  else if (change) map_remove(&c->group_counts, name, len);
  pthread_mutex_unlock(&c->lock);
  return (long)count;
}

/* ---- the database ---- */

static void read_db_config(struct cluster *c) {
  const struct settings *s = c->settings;
  c->db_config = (struct db_config){.url = settings_text(s, SETTING_DATABASE),
                                    .app_path = c->app_path,
                                    .pool_min = (int)settings_number(s, SETTING_DATABASE_POOL_MIN),
                                    .pool_max = (int)settings_number(s, SETTING_DATABASE_POOL_MAX),
                                    .pool_idle = clock_from_seconds(settings_number(s, SETTING_DATABASE_POOL_IDLE)),
                                    .acquire_timeout = clock_from_seconds(settings_number(s, SETTING_DATABASE_ACQUIRE_TIMEOUT)),
                                    .statement_timeout = clock_from_seconds(settings_number(s, SETTING_DATABASE_STATEMENT_TIMEOUT)),
                                    .slow_query = clock_from_seconds(settings_number(s, SETTING_DATABASE_SLOW_QUERY)),
                                    .synchronous_full = !strcmp(settings_text(s, SETTING_DATABASE_SYNCHRONOUS), "full"),
                                    .worker_count = c->worker_count};
}

/* An app with models has a database, even if it names none; another one only when it names one. */
static bool open_database(struct cluster *c, struct err *err) {
  if (!*settings_text(c->settings, SETTING_DATABASE) && vm_needs_database(&c->workers[0]->vm))
    settings_set(c->settings, SETTING_DATABASE, "sqlite:db.sqlite3", SETTING_FROM_FLAG, "database", err);
  if (!*settings_text(c->settings, SETTING_DATABASE)) return true;
  read_db_config(c);
  const struct db_driver *driver = db_driver_of(c->db_config.url, err);
  if (!driver) return false;
  c->db_shared = driver->share(&c->db_config, err);
  if (c->db_shared) c->db_driver = driver;
  return c->db_shared != NULL;
}

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

/* The first worker with its app, whose settings say how many more there are, and the database. */
static bool load_first(struct cluster *c, struct err *err) {
  c->workers = xcalloc(1, sizeof(struct worker *));
  c->worker_count = 1;
  struct worker *first = worker_new(c, 0, err);
  if (!first || !vm_read_settings(&first->vm, c->settings, err)) return false;
  const int count = resolve_workers(c->settings);
  c->net = net_config_of(c);
  c->worker_count = count;
  const bool opened = open_database(c, err);
  c->worker_count = 1;
  bind_settings(first->vm.L, c->settings);
  return opened;
}

static bool load_others(struct cluster *c, struct err *err) {
  struct worker *first = c->workers[0];
  if (!vm_read_statics(&first->vm, c->app_path, &c->statics, &c->static_count, err)) return false;
  const int count = resolve_workers(c->settings);
  c->workers = xrealloc(c->workers, (size_t)count * sizeof(struct worker *));
  for (; c->worker_count < count; c->worker_count++) {
    c->workers[c->worker_count] = NULL;
    if (!worker_new(c, c->worker_count, err)) {
      c->worker_count++;
      return false;
    }
  }
  c->net = net_config_of(c);
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
  if (c->db_driver) c->db_driver->unshare(c->db_shared);
  free(c->workers);
  vm_free_statics(c->statics, c->static_count);
  map_fini(&c->group_counts);
  throttle_free(c->throttle);
  pthread_mutex_destroy(&c->lock);
  close(c->ended_fd);
}

static void cluster_init(struct cluster *c, struct settings *settings, const char *app_path) {
  memset(c, 0, sizeof *c);
  c->settings = settings;
  c->app_path = app_path;
  c->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&c->lock, NULL);
  map_init(&c->group_counts);
  c->throttle = throttle_new();
}

bool cluster_start(struct cluster *c, struct settings *settings, const char *app_path, struct err *err) {
  cluster_init(c, settings, app_path);
  const bool loaded = load_first(c, err) && (!c->db_driver || worker_run_errand(c->workers[0], "prepare", 0, NULL, NULL, err));
  if (!loaded || !load_others(c, err) || !listen_all(c, err)) {
    cluster_free(c);
    return false;
  }
  c->offload = offload_new();
  c->running = true;
  for (int i = 0; i < c->worker_count; i++)
    if (pthread_create(&c->workers[i]->thread, NULL, worker_main, c->workers[i])) abort(); /* no thread at the very start */
  return true;
}

bool cluster_run(struct settings *settings, const char *app_path, const char *command, int argument_count, char **arguments, struct err *err) {
  struct cluster c;
  char *text = NULL;
  cluster_init(&c, settings, app_path);
  const bool ok = load_first(&c, err) && worker_run_errand(c.workers[0], command, argument_count, arguments, &text, err);
  cluster_free(&c);
  if (text) puts(text);
  free(text);
  return ok;
}

void cluster_join(struct cluster *c) {
  for (int i = 0; i < c->worker_count; i++) pthread_join(c->workers[i]->thread, NULL);
  cluster_free(c);
}
