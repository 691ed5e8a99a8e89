/* pg.c - the PostgreSQL driver's functions; see pg.h for what is where. */
#include "db/pg.h"

#include "base/alloc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the process's part ---- */

static void end_share(struct db_shared *s) {
  pg_canceller_fini(&s->canceller);
  pg_url_free(s);
  free(s->url);
  free(s);
}

static struct db_shared *share(const struct db_config *config, struct err *err) {
  struct db_shared *s = xcalloc(1, sizeof *s);
  s->config = *config;
  s->config.url = s->url = xstrdup(config->url);
  if (s->config.pool_max < 1) s->config.pool_max = 1;
  if (s->config.pool_min > s->config.pool_max) s->config.pool_min = s->config.pool_max;
  pg_canceller_init(&s->canceller);
  if (pg_lib_load(&s->pq, err) && pg_url_parse(s, err)) return s;
  end_share(s);
  return NULL;
}

/* ---- a worker's part ---- */

static struct db *open_db(struct db_shared *shared, const struct db_host *host) {
  struct db *db = xcalloc(1, sizeof *db);
  *db = (struct db){.shared = shared, .pq = &shared->pq, .host = *host, .now = clock_ns()};
  db->random = (uint32_t)(db->now ^ (uintptr_t)db);
  list_init(&db->conns);
  list_init(&db->dead);
  list_init(&db->statements);
  list_init(&db->acquires);
  list_init(&db->completed);
  list_init(&db->transactions);
  list_init(&db->cursors);
  pg_statements_init(&db->known);
  return db;
}

static void free_requests(struct list *requests) {
  for (struct list *l; (l = list_shift(requests));) db_request_free(list_entry(l, struct db_request, link));
}

/* Transactions and cursors go with it: their owners' handles are dead. Connections end first, which answers what is under way: nobody is told. */
static void close_db(struct db *db) {
  struct db_error why;
  db_error_set(&why, DB_UNAVAILABLE, "the program ends");
  pg_cursors_free(db);
  while (!list_empty(&db->conns)) pg_conn_end(list_entry(db->conns.next, struct pg_conn, link), &why);
  while (!list_empty(&db->transactions)) pg_release(db, list_entry(db->transactions.next, struct db_transaction, link));
  pg_conns_free_dead(db);
  free_requests(&db->statements);
  free_requests(&db->acquires);
  free_requests(&db->completed);
  pg_statements_fini(&db->known);
  free(db);
}

/* ---- requests ---- */

/* What libpq would cut short or refuse. */
static bool check_request(struct db_request *r) {
  if (memchr(r->sql, '\0', r->sql_len)) {
    db_error_set(&r->error, DB_PROGRAMMING, "the SQL holds a zero byte");
    return false;
  }
  if (r->param_count > PG_PARAMS) {
    db_error_set(&r->error, DB_PROGRAMMING, "%d parameters are too many: PostgreSQL takes %d", r->param_count, PG_PARAMS);
    return false;
  }
  for (int i = 0; i < r->param_count; i++) {
    const struct db_value *v = &r->params[i];
    if (v->type != DB_TEXT && v->type != DB_BLOB) continue;
    if (v->type == DB_TEXT && memchr(v->text.data, '\0', v->text.len)) {
      db_error_set(&r->error, DB_DATA, "A string literal cannot contain NUL (0x00) characters.");
      return false;
    }
    if (v->text.len <= INT_MAX) continue;
    db_error_set(&r->error, DB_DATA, "a parameter of %zu bytes is too long", v->text.len);
    return false;
  }
  return true;
}

/* BEGIN is answered at once and goes out with the statement that follows, in one group: if it fails, that statement does not run and has the error.
 */
static bool hold_begin(struct db *db, struct db_request *r) {
  struct db_transaction *tx = r->tx;
  const bool fresh = !tx->begin && list_empty(&tx->pending) && !tx->conn->count && db->pq->PQtransactionStatus(tx->conn->pg) == PQTRANS_IDLE;
  if (!fresh || r->param_count || pg_control_of(r->sql) != PG_BEGIN) return false;
  tx->begin = xstrdup(r->sql);
  r->rows = pg_rows_none();
  pg_complete(db, r);
  return true;
}

static void submit_in(struct db *db, struct db_request *r) {
  struct db_transaction *tx = r->tx;
  if (!tx->conn) {
    pg_fail(db, r, &tx->lost);
    return;
  }
  if (hold_begin(db, r)) return;
  pg_set_state(r, PG_WAITING);
  list_push(&tx->pending, &r->link);
}

void pg_submit(struct db *db, struct db_request *r) {
  r->started = clock_ns();
  r->state = PG_NEW;
  if (!check_request(r)) {
    pg_fail(db, r, NULL);
  } else if (r->tx) {
    submit_in(db, r);
  } else if (pg_control_of(r->sql) != PG_PLAIN) {
    db_error_set(&r->error, DB_PROGRAMMING, "connections are shared: a statement that begins or ends a transaction needs one of its own (db.atomic)");
    pg_fail(db, r, NULL);
  } else {
    pg_pool_submit(db, r);
  }
}

void pg_acquire(struct db *db, struct db_request *r) {
  r->started = clock_ns();
  r->state = PG_NEW;
  pg_pool_acquire(db, r);
}

static void cancel(struct db *db, struct db_request *r) {
  if (r->state & PG_CURSOR) pg_cursor_cancel(db, r);
  else pg_withdraw(db, r);
}

/* Nothing is answered without a round trip. */
static struct db_rows *read_now(struct db *db, const char *sql, size_t len, const struct db_value *params, int param_count, struct db_error *err) {
  (void)db, (void)sql, (void)len, (void)params, (void)param_count;
  err->kind = DB_OK;
  return NULL;
}

const struct db_driver db_postgresql = {
    .vendor = "postgresql",
    .share = share,
    .unshare = end_share,
    .open = open_db,
    .close = close_db,
    .read_now = read_now,
    .submit = pg_submit,
    .cancel = cancel,
    .acquire = pg_acquire,
    .release = pg_release,
    .cursor_open = pg_cursor_open,
    .cursor_fetch = pg_cursor_fetch,
    .cursor_close = pg_cursor_close,
    .tick = pg_pool_tick,
};
