/* sqlite_cursor.c - large results, walked in pieces.
 *
 * Outside of transactions a cursor has a connection of its own on the worker's thread, where its snapshot can stay open without holding up other
 * reads; one such connection is kept for the next. Inside a transaction, and in a database in memory, it is a statement on the writer. */
#include "db/sqlite.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>

static struct sqlite_cursor *cursor_of(struct db_cursor *cursor) { return (struct sqlite_cursor *)(void *)cursor; }

/* ---- with the connection ---- */

void sqlite_cursor_start(struct sqlite_cursor *cursor, struct sqlite_conn *conn, struct db_request *r) {
  struct sqlite_statement *st = sqlite_get(conn, r->sql, r->sql_len, &r->error);
  if (!st) return;
  if (!st->reads) db_error_set(&r->error, DB_PROGRAMMING, "a cursor walks over the rows of a SELECT");
  /* copied, because the request is freed before the first fetch */
  if (st->reads && sqlite_bind(st, r->params, r->param_count, true, &r->error)) cursor->statement = st;
  else sqlite_put(st);
}

void sqlite_cursor_read(struct sqlite_cursor *cursor, int most, struct db_request *r) {
  if (cursor->ended || !cursor->statement) {
    r->rows = sqlite_no_rows();
    return;
  }
  r->rows = sqlite_collect(cursor->statement, most, &cursor->ended, &r->error);
  if (!r->rows) cursor->ended = true;
}

void sqlite_cursor_finish(struct sqlite_cursor *cursor) {
  if (!cursor->statement) return;
  sqlite3_clear_bindings(cursor->statement->handle);
  sqlite_put(cursor->statement);
  cursor->statement = NULL;
}

/* ---- on the worker's thread ---- */

static void start_own(struct sqlite_worker *w, struct sqlite_cursor *cursor, struct db_request *r) {
  const struct sqlite_shared *s = w->shared;
  cursor->conn = w->spare ? w->spare : sqlite_conn_open(s->path, false, &s->config, &r->error);
  w->spare = NULL;
  if (!cursor->conn) return;
  sqlite_conn_limit(cursor->conn, clock_ns());
  sqlite_cursor_start(cursor, cursor->conn, r);
}

static void free_own(struct sqlite_worker *w, struct sqlite_cursor *cursor) {
  sqlite_cursor_finish(cursor);
  list_remove(&cursor->mine);
  if (w->spare) sqlite_conn_close(cursor->conn);
  else w->spare = cursor->conn;
  free(cursor);
}

void sqlite_cursor_open(struct db *db, struct db_request *r) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  struct sqlite_cursor *cursor = xcalloc(1, sizeof *cursor);
  list_init(&cursor->mine);
  list_init(&cursor->link);
  cursor->tx = (struct sqlite_transaction *)(void *)r->tx;
  if (r->tx || w->shared->memory) {
    struct sqlite_job *job = sqlite_job_new(w, JOB_OPEN, r);
    job->cursor = cursor;
    sqlite_job_post(w, job);
    return;
  }
  start_own(w, cursor, r);
  r->driver_data = cursor->statement ? cursor : NULL;
  if (cursor->statement) list_push(&w->cursors, &cursor->mine);
  else free_own(w, cursor);
  r->done(r);
}

static void fetch_own(struct sqlite_worker *w, struct sqlite_cursor *cursor, int most, struct db_request *r) {
  const uint64_t now = clock_ns();
  sqlite_conn_limit(cursor->conn, now);
  sqlite_cursor_read(cursor, most, r);
  r->driver_data = NULL;
  db_log_slow(&w->shared->config, cursor->statement->sql, NULL, 0, clock_ns() - now);
  r->done(r);
}

void sqlite_cursor_fetch(struct db *db, struct db_cursor *handle, int most, struct db_request *r) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  struct sqlite_cursor *cursor = cursor_of(handle);
  if (cursor->over) {
    sqlite_refuse(r, DB_PROGRAMMING, "the cursor's transaction is over");
  } else if (cursor->conn) {
    fetch_own(w, cursor, most, r);
  } else {
    r->tx = (struct db_transaction *)(void *)cursor->tx;
    struct sqlite_job *job = sqlite_job_new(w, JOB_FETCH, r);
    job->cursor = cursor;
    job->most = most;
    sqlite_job_post(w, job);
  }
}

void sqlite_cursor_close(struct db *db, struct db_cursor *handle) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  struct sqlite_cursor *cursor = cursor_of(handle);
  if (cursor->conn) {
    free_own(w, cursor);
    return;
  }
  struct sqlite_job *job = sqlite_job_new(NULL, JOB_CLOSE, NULL);
  list_remove(&cursor->mine);
  job->cursor = cursor;
  job->tx = cursor->tx;
  sqlite_job_post(w, job);
}
