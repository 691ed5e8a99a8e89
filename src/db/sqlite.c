/* sqlite.c - the SQLite driver: URLs, what the process shares, and a worker's own reads.
 *
 * DESIGN: a read runs at once on the worker's own connection. A read transaction costs two system calls and four times the CPU of a point read
 * itself, so the reads of a turn share one (a snapshot), which tick() ends. It is left earlier when the writer has committed meanwhile, so that a
 * read sees what was acknowledged before it, and after a millisecond, for the writes of other processes. */
#include "db/sqlite.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SNAPSHOT_LASTS CLOCK_NS_PER_MS

#define SCHEME "sqlite:"

static struct sqlite_shared *shared_of(struct db_shared *shared) { return (struct sqlite_shared *)(void *)shared; }

/* ---- what the process shares ---- */

static char *path_of(const struct db_config *config) {
  const char *name = config->url + sizeof SCHEME - 1;
  if (*name == '/' || !strcmp(name, ":memory:") || !config->app_path) return xstrdup(name);
  const size_t n = strlen(config->app_path) + strlen(name) + 2;
  char *path = xmalloc(n);
  snprintf(path, n, "%s/%s", config->app_path, name);
  return path;
}

static bool folder_exists(const char *path, struct err *err) {
  struct stat st;
  char *copy = xstrdup(path);
  const char *folder = dirname(copy);
  const bool ok = !stat(folder, &st) && S_ISDIR(st.st_mode);
  if (!ok) err_set(err, 2, "database: the folder of %s is not there; expected a file in an existing folder", path);
  free(copy);
  return ok;
}

static bool check_path(const struct sqlite_shared *s, struct err *err) {
  struct stat st;
  if (s->memory) return true;
  if (!s->path[0]) return err_set(err, 2, "database: \"%s\" names no file; expected sqlite:FILE or sqlite::memory:", s->config.url);
  if (!stat(s->path, &st) && !S_ISREG(st.st_mode)) return err_set(err, 2, "database: %s is no file", s->path);
  return folder_exists(s->path, err);
}

static void shared_free(struct sqlite_shared *s) {
  sqlite_conn_close(s->writer);
  free(s->path);
  free((char *)s->config.url);
  free((char *)s->config.app_path);
  free(s);
}

static struct sqlite_shared *shared_new(const struct db_config *config) {
  struct sqlite_shared *s = xcalloc(1, sizeof *s);
  s->config = *config;
  s->config.url = xstrdup(config->url);
  s->config.app_path = xstrdup(config->app_path ? config->app_path : ".");
  s->path = config->url[sizeof SCHEME - 1] ? path_of(config) : xstrdup("");
  s->memory = !strcmp(s->path, ":memory:");
  return s;
}

static bool open_writer(struct sqlite_shared *s, struct err *err) {
  struct db_error failure;
  if (!check_path(s, err)) return false;
  s->writer = sqlite_conn_open(s->path, true, &s->config, &failure);
  if (!s->writer) return err_set(err, 2, "database: %s cannot be opened: %s", s->path, failure.message);
  if (!sqlite_writer_start(s)) return err_set(err, 2, "database: no thread can be started");
  return true;
}

static struct db_shared *share_database(const struct db_config *config, struct err *err) {
  /* statistics of memory are a lock around each allocation; in vain when SQLite is in use already */
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  struct sqlite_shared *s = shared_new(config);
  if (open_writer(s, err)) return (struct db_shared *)(void *)s;
  shared_free(s);
  return NULL;
}

static void unshare_database(struct db_shared *shared) {
  struct sqlite_shared *s = shared_of(shared);
  sqlite_writer_stop(s);
  shared_free(s); /* the last connection writes the log back into the file and removes it */
}

/* ---- a worker ---- */

static struct db *open_worker(struct db_shared *shared, const struct db_host *host) {
  struct sqlite_worker *w = xcalloc(1, sizeof *w);
  w->shared = shared_of(shared);
  w->host = *host;
  list_init(&w->outgoing);
  list_init(&w->jobs);
  list_init(&w->waiting);
  list_init(&w->transactions);
  list_init(&w->cursors);
  return (struct db *)(void *)w;
}

static void close_worker(struct db *db) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  while (!list_empty(&w->cursors)) {
    struct sqlite_cursor *cursor = list_entry(w->cursors.next, struct sqlite_cursor, mine);
    sqlite_cursor_close(db, (struct db_cursor *)(void *)cursor);
  }
  while (!list_empty(&w->transactions)) {
    struct sqlite_transaction *tx = list_entry(w->transactions.next, struct sqlite_transaction, mine);
    sqlite_release(db, (struct db_transaction *)(void *)tx);
  }
  sqlite_job_end(w);
  sqlite_conn_close(w->reader);
  sqlite_conn_close(w->spare);
  free(w);
}

/* ---- reads ---- */

static enum db_step next(struct db_rows *rows, struct db_error *err) {
  struct sqlite_statement *st = (struct sqlite_statement *)rows;
  if (!st->ahead) return sqlite_step(st, err);
  st->ahead = false;
  return st->first;
}

static void value(struct db_rows *rows, int column, struct db_value *to) { sqlite_value((struct sqlite_statement *)rows, column, to); }

static const char *name(struct db_rows *rows, int column) {
  const char *text = sqlite3_column_name(((struct sqlite_statement *)rows)->handle, column);
  return text ? text : "";
}

static void rows_free(struct db_rows *rows) {
  struct sqlite_statement *st = (struct sqlite_statement *)rows;
  const struct db_config *config = st->conn->config;
  if (config->slow_query) db_log_slow(config, st->sql, st->params, st->given, clock_ns() - st->started);
  sqlite_put(st);
}

static const struct db_rows_ops stepped = {next, value, name, rows_free};

static void end_snapshot(struct sqlite_worker *w) {
  struct db_error ignored;
  if (!w->reader || w->reader->open || sqlite_conn_idle(w->reader)) return;
  w->reader->deadline = 0;
  sqlite_run(w->reader, "COMMIT", &ignored);
}

/* While a result is being walked its snapshot stays, whatever its age. */
static bool begin_snapshot(struct sqlite_worker *w, uint64_t now, struct db_error *err) {
  const uint64_t commits = atomic_load_explicit(&w->shared->commits, memory_order_acquire);
  if (commits != w->snapshot_commits || now - w->snapshot_at > SNAPSHOT_LASTS) end_snapshot(w);
  sqlite_conn_limit(w->reader, now);
  if (!sqlite_conn_idle(w->reader)) return true;
  w->snapshot_at = now;
  w->snapshot_commits = commits;
  return sqlite_run(w->reader, "BEGIN", err);
}

static struct sqlite_conn *reader(struct sqlite_worker *w, struct db_error *err) {
  if (!w->reader) w->reader = sqlite_conn_open(w->shared->path, false, &w->shared->config, err);
  return w->reader;
}

static bool start_read(struct sqlite_statement *st, const struct db_value *params, int count, uint64_t now, struct db_error *err) {
  st->started = now;
  st->params = params;
  st->given = count;
  if (!sqlite_bind(st, params, count, false, err)) return false;
  /* the first step prepares again when a table has changed: only then is it known how many columns there are */
  st->first = sqlite_step(st, err);
  st->ahead = true;
  st->rows = (struct db_rows){.ops = &stepped, .column_count = sqlite3_column_count(st->handle), .row_count = -1};
  return st->first != DB_FAILED;
}

static struct db_rows *read_now(struct db *db, const char *sql, size_t len, const struct db_value *params, int param_count, struct db_error *err) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  err->kind = DB_OK;
  if (w->shared->memory || sqlite_kind(sql, len) != SQL_QUERY || !reader(w, err)) return NULL;
  const uint64_t now = clock_ns();
  if (!begin_snapshot(w, now, err)) return NULL;
  struct sqlite_statement *st = sqlite_get(w->reader, sql, len, err);
  if (!st) return NULL;
  if (st->reads && start_read(st, params, param_count, now, err)) return &st->rows;
  sqlite_put(st);
  return NULL;
}

/* ---- the end of a turn ---- */

static uint64_t tick(struct db *db, uint64_t now) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  end_snapshot(w);
  sqlite_job_flush(w);
  const uint64_t wish = sqlite_job_expire(w, now);
  sqlite_job_flush(w); /* what was submitted by those that have timed out */
  return wish;
}

const struct db_driver db_sqlite = {
    .vendor = "sqlite",
    .share = share_database,
    .unshare = unshare_database,
    .open = open_worker,
    .close = close_worker,
    .read_now = read_now,
    .submit = sqlite_submit,
    .cancel = sqlite_cancel,
    .acquire = sqlite_acquire,
    .release = sqlite_release,
    .cursor_open = sqlite_cursor_open,
    .cursor_fetch = sqlite_cursor_fetch,
    .cursor_close = sqlite_cursor_close,
    .tick = tick,
};
