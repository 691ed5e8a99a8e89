/* pg_cursor.c - large results in pieces: DECLARE CURSOR and FETCH, so the server makes rows as they are asked for and neither side holds more than a
 * piece. (libpq's single-row mode would need a stop of reading for that, costs an allocation a row, and does not work inside a transaction that goes
 * on with other statements.)
 *
 * A cursor outside a transaction has one of its own on a connection of its own; the last piece is answered when that is committed.
 * What a cursor does it does with requests of its own (`work`) while the caller's (`asked`) waits; both NULL between calls. */
#include "db/pg.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>

struct db_cursor {
  struct list link; /* of db->cursors */
  struct db *db;
  struct db_transaction *tx; /* borrowed, or its own; NULL once it is over */
  bool own, open, ended;
  int most;           /* rows of the piece that is fetched */
  unsigned number;    /* in its name */
  unsigned rollbacks; /* tx->rollbacks when it was declared: a later one may have closed it */
  struct db_request *asked, *work;
};

/* In done() of a cursor's own request. */
static struct db_cursor *cursor_of(struct db_request *work) {
  struct db_cursor *cursor = work->owner;
  cursor->work = NULL;
  return cursor;
}

static void start(struct db_cursor *cursor, const char *sql, size_t len, const struct db_request *params, void (*done)(struct db_request *)) {
  struct db_request *work = db_request_new(sql, len, params ? params->params : NULL, params ? params->param_count : 0);
  work->tx = cursor->tx;
  work->done = done;
  work->owner = cursor;
  cursor->work = work;
  pg_submit(cursor->db, work);
}

static void answer(struct db_cursor *cursor, const struct db_error *error) {
  struct db_request *r = cursor->asked;
  cursor->asked = NULL;
  if (error) pg_fail(cursor->db, r, error);
  else pg_complete(cursor->db, r);
}

/* ---- the end ---- */

static void forget(struct db_cursor *cursor) {
  if (cursor->work) pg_withdraw(cursor->db, cursor->work);
  if (cursor->own && cursor->tx) pg_release(cursor->db, cursor->tx);
  list_remove(&cursor->link);
  free(cursor);
}

static void closed(struct db_request *work) { db_request_free(work); }

/* CLOSE of a cursor that is gone would fail and take the transaction with it. */
static void close_in_transaction(struct db_cursor *cursor) {
  char sql[48];
  if (!cursor->open || !cursor->tx || !cursor->tx->conn || cursor->rollbacks != cursor->tx->rollbacks) return;
  const int n = snprintf(sql, sizeof sql, "CLOSE tw_%u", cursor->number);
  start(cursor, sql, (size_t)n, NULL, closed);
  cursor->work = NULL;
}

void pg_cursor_close(struct db *db, struct db_cursor *cursor) {
  (void)db;
  if (cursor->asked) {
    list_remove(&cursor->asked->link);
    db_request_free(cursor->asked);
  }
  if (!cursor->own) close_in_transaction(cursor);
  forget(cursor);
}

void pg_cursors_orphan(struct db *db, const struct db_transaction *tx) {
  for (struct list *l = db->cursors.next, *next; l != &db->cursors; l = next) {
    struct db_cursor *cursor = list_entry(l, struct db_cursor, link);
    next = l->next;
    if (cursor->own || cursor->tx != tx) continue;
    db_request_free(cursor->asked);
    cursor->asked = NULL;
    cursor->tx = NULL;
    if (cursor->work) pg_withdraw(db, cursor->work);
    cursor->work = NULL;
    if (!cursor->open) forget(cursor); /* nobody has it yet */
  }
}

void pg_cursors_free(struct db *db) {
  for (struct list *l; (l = list_shift(&db->cursors));) {
    struct db_cursor *cursor = list_entry(l, struct db_cursor, link);
    if (cursor->asked) db_request_free(cursor->asked);
    if (cursor->work) pg_withdraw(db, cursor->work);
    free(cursor);
  }
}

/* ---- opening ---- */

static void declared(struct db_request *work) {
  struct db_cursor *cursor = cursor_of(work);
  if (work->error.kind != DB_OK) {
    answer(cursor, &work->error);
    forget(cursor);
  } else {
    cursor->open = true;
    cursor->asked->driver_data = cursor;
    cursor->asked->state |= PG_ANSWER;
    answer(cursor, NULL);
  }
  db_request_free(work);
}

static void declare(struct db_cursor *cursor) {
  const struct db_request *r = cursor->asked;
  struct buf sql;
  buf_init(&sql);
  cursor->number = ++cursor->tx->cursors;
  cursor->rollbacks = cursor->tx->rollbacks;
  buf_printf(&sql, "DECLARE tw_%u NO SCROLL CURSOR FOR ", cursor->number);
  buf_put(&sql, r->sql, r->sql_len);
  start(cursor, sql.data, sql.len, r, declared);
  buf_fini(&sql);
}

static void acquired(struct db_request *work) {
  struct db_cursor *cursor = cursor_of(work);
  if (work->error.kind == DB_OK) {
    cursor->tx = work->driver_data;
    cursor->tx->begin = xstrdup("BEGIN");
    declare(cursor);
  } else {
    answer(cursor, &work->error);
    forget(cursor);
  }
  db_request_free(work);
}

static void ask(struct db_cursor *cursor, struct db_request *r) {
  r->started = clock_ns();
  r->state = PG_CURSOR | PG_WAITING;
  r->driver_data = cursor;
  cursor->asked = r;
}

void pg_cursor_open(struct db *db, struct db_request *r) {
  struct db_cursor *cursor = xcalloc(1, sizeof *cursor);
  *cursor = (struct db_cursor){.db = db, .tx = r->tx, .own = !r->tx};
  list_init(&cursor->link);
  list_push(&db->cursors, &cursor->link);
  ask(cursor, r);
  if (cursor->tx) {
    declare(cursor);
    return;
  }
  struct db_request *work = db_request_new("", 0, NULL, 0);
  work->done = acquired;
  work->owner = cursor;
  cursor->work = work;
  pg_acquire(db, work);
}

/* ---- fetching ---- */

static void committed(struct db_request *work) {
  struct db_cursor *cursor = cursor_of(work);
  pg_release(cursor->db, cursor->tx);
  cursor->tx = NULL;
  answer(cursor, work->error.kind == DB_OK ? NULL : &work->error);
  db_request_free(work);
}

static void fetched(struct db_request *work) {
  struct db_cursor *cursor = cursor_of(work);
  struct db_request *r = cursor->asked;
  cursor->ended = work->error.kind != DB_OK || work->rows->row_count < cursor->most;
  r->rows = work->rows;
  work->rows = NULL;
  if (work->error.kind != DB_OK) answer(cursor, &work->error);
  else if (cursor->ended && cursor->own) start(cursor, "COMMIT", sizeof "COMMIT" - 1, NULL, committed);
  else answer(cursor, NULL);
  db_request_free(work);
}

void pg_cursor_fetch(struct db *db, struct db_cursor *cursor, int most, struct db_request *r) {
  (void)db;
  char sql[64];
  ask(cursor, r);
  if (cursor->ended) {
    r->rows = pg_rows_none();
    answer(cursor, NULL);
    return;
  }
  if (!cursor->tx) {
    struct db_error over;
    db_error_set(&over, DB_PROGRAMMING, "the cursor's transaction is over");
    answer(cursor, &over);
    return;
  }
  cursor->most = most;
  const int n = snprintf(sql, sizeof sql, "FETCH FORWARD %d FROM tw_%u", most, cursor->number);
  start(cursor, sql, (size_t)n, NULL, fetched);
}

/* ---- giving up ---- */

void pg_cursor_cancel(struct db *db, struct db_request *r) {
  struct db_cursor *cursor = r->driver_data;
  if (pg_state(r) == PG_DONE) { /* answered: a cursor that nobody will know of, or rows, or an error */
    list_remove(&r->link);
    if (r->state & PG_ANSWER) pg_cursor_close(db, cursor);
    db_request_free(r);
    return;
  }
  cursor->asked = NULL;
  db_request_free(r);
  if (!cursor->open) {
    forget(cursor);
    return;
  }
  struct db_request *work = cursor->work;
  cursor->work = NULL;
  cursor->ended = true; /* the rows that were under way are lost */
  pg_withdraw(db, work);
}
