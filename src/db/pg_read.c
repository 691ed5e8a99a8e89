/* pg_read.c - what comes back on a connection, matched with what was sent.
 *
 * A statement counts when its Sync is answered: only then is it committed. Until then its request is held with its result. When something of a group
 * failed, the server has rolled back what ran before it in the group and skipped what stood behind: all but the one that failed are sent again, each
 * with a Sync of its own. (Only plain reads are grouped.) */
#include "db/pg.h"

#include "base/log.h"

#include <string.h>

static struct pg_statement *statement_of(struct pg_conn *c, const struct pg_op *op) {
  struct pg_statement *st = &c->db->known.all[op->slot];
  return op->id && st->id == op->id ? st : NULL; /* its slot may have gone to another one meanwhile */
}

static void forget_prepared(struct pg_conn *c, const struct pg_op *op) {
  if (op->id && c->prepared[op->slot].id == op->id) c->prepared[op->slot].id = 0;
}

/* ---- results ---- */

/* COMMIT of a transaction in which something has failed succeeds, by rolling it back. */
static bool is_failed_commit(const struct pg_lib *pq, const struct db_request *r, PGresult *result) {
  return !strcmp(pq->PQcmdStatus(result), "ROLLBACK") && pg_control_of(r->sql) == PG_COMMIT;
}

static void refuse_commit(struct db_request *r) {
  db_error_set(&r->error, DB_OPERATIONAL, "the transaction was rolled back: a statement in it had failed, and its error was not raised");
  strcpy(r->error.code, "40000");
}

/* The statement asks for binary results, but another program has changed its columns' types: as text then. It is a plain read and can run again. */
static void refuse_binary(struct pg_statement *st, struct db_request *r) {
  if (st) st->binary = false;
  db_error_set(&r->error, DB_PROGRAMMING, "cached plan does not fit: the types of the result's columns have changed");
  strcpy(r->error.code, "0A000");
}

static void take_rows(struct pg_conn *c, const struct pg_op *op, PGresult *result) {
  const struct pg_lib *pq = c->db->pq;
  struct db_request *r = op->r;
  r->affected = pg_affected(pq, result);
  if (pq->PQresultStatus(result) != PGRES_TUPLES_OK) {
    if (is_failed_commit(pq, r, result)) refuse_commit(r);
    else r->rows = pg_rows_none();
    pq->PQclear(result);
    return;
  }
  struct pg_statement *st = statement_of(c, op);
  r->rows = pg_rows_new(pq, result);
  if (!pg_rows_readable(r->rows)) refuse_binary(st, r);
  if (!st || st->seen) return;
  st->seen = true;
  st->binary = st->read && pg_rows_better_binary(r->rows);
}

/* The prepared statement is gone, or the tables under it have changed: it can be parsed again, and run again, since it has not run. */
static bool is_stale(const struct db_error *e) {
  return !strcmp(e->code, "26000") || (!strcmp(e->code, "0A000") && strstr(e->message, "cached plan"));
}

static void take_error(struct pg_conn *c, const struct pg_op *op, const PGresult *result) {
  struct db_error e;
  pg_result_error(c->db->pq, result, &e);
  c->failed = true;
  if (!e.code[0] && c->db->pq->PQstatus(c->pg) == CONNECTION_BAD)
    return; /* libpq's own words for a lost connection: pg_conn_lost() tells all of them */
  struct pg_statement *st = statement_of(c, op);
  if (st) st->apart = PG_MEMORY;
  if (op->kind == PG_OP_PRELUDE || !strcmp(e.code, "26000")) forget_prepared(c, op);
  else if (st && is_stale(&e)) pg_statement_renew(&c->db->known, st); /* every connection's is stale */
  if (op->kind == PG_OP_SYNC) {
    if (!list_empty(&c->held))
      list_entry(c->held.next, struct db_request, link)->error = e; /* at commit: a deferred constraint; see finish_group() */
  } else if (op->r && op->r->error.kind == DB_OK) {
    op->r->error = e;
  }
}

static void take_result(struct pg_conn *c, struct pg_op *op, PGresult *result) {
  const struct pg_lib *pq = c->db->pq;
  switch (pq->PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      if (op->kind == PG_OP_PRELUDE && op->id) c->prepared[op->slot].ready = c->prepared[op->slot].id == op->id;
      if (op->kind != PG_OP_QUERY || !op->r) break;
      take_rows(c, op, result);
      return;
    case PGRES_PIPELINE_ABORTED:
      if (op->kind == PG_OP_PRELUDE) forget_prepared(c, op); /* it was not even parsed */
      break;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE: take_error(c, op, result); break;
    default: /* COPY, which pipeline mode does not have */
      if (op->r) db_error_set(&op->r->error, DB_PROGRAMMING, "COPY is not possible here");
      c->broken = true;
  }
  pq->PQclear(result);
}

/* ---- the end of a statement, and of a group ---- */

static void note_time(struct pg_conn *c, const struct pg_op *op) {
  struct pg_statement *st = statement_of(c, op);
  if (!st) return;
  st->apart -= st->apart > 0;
  st->slow -= st->slow > 0;
  if (c->db->now - c->head_since > PG_SLOW) st->slow = PG_MEMORY;
}

static void end_statement(struct pg_conn *c) {
  const struct pg_op *op = pg_conn_head(c);
  struct db_request *r = op->r;
  if (op->kind == PG_OP_QUERY) {
    note_time(c, op);
    c->answered++;
  }
  if (op->kind == PG_OP_QUERY && r) {
    pg_set_state(r, PG_HELD);
    list_push(&c->held, &r->link);
  }
  pg_conn_pop(c);
}

/* Once more, at the head of the queue; it has waited before. */
static void send_again(struct pg_conn *c, struct db_request *r) {
  if (r->rows) r->rows->ops->free(r->rows);
  r->rows = NULL;
  r->error.kind = DB_OK;
  r->state |= PG_ALONE;
  pg_pool_again(c->db, r);
}

static bool may_repeat(struct db_request *r) {
  if (r->tx || r->state & PG_RETRIED || !is_stale(&r->error)) return false;
  r->state |= PG_RETRIED;
  return true;
}

static void finish(struct pg_conn *c, struct db_request *r) {
  if (r->error.kind != DB_OK) {
    if (r->rows) r->rows->ops->free(r->rows);
    r->rows = NULL;
    if (may_repeat(r)) {
      send_again(c, r);
      return;
    }
  }
  if (r->error.kind == DB_OK && !r->rows) db_error_set(&r->error, DB_OPERATIONAL, "the server skipped the statement");
  pg_complete(c->db, r);
}

/* An error at the Sync of a group is nobody's in particular: it came to the first, who then fails with it only when it was alone. */
static void finish_group(struct pg_conn *c) {
  struct list group;
  const bool failed = c->failed, alone = c->answered <= 1;
  list_take(&group, &c->held);
  c->failed = false;
  c->answered = 0;
  for (struct list *l; (l = list_shift(&group));) {
    struct db_request *r = list_entry(l, struct db_request, link);
    const bool innocent = r->error.kind == DB_OK || r->rows; /* rows and an error: the Sync's error */
    if (failed && innocent && !alone && !r->tx) send_again(c, r);
    else finish(c, r);
  }
}

/* ---- reading ---- */

static void end_sync(struct pg_conn *c) {
  pg_conn_pop(c);
  finish_group(c);
  if (!c->count) pg_conn_settle(c);
}

/* Take what is complete. libpq ends each statement's results with NULL, a Sync has one result and no NULL. */
static void drain(struct pg_conn *c) {
  const struct pg_lib *pq = c->db->pq;
  int idle = 0;
  while (c->count && !c->broken && idle < 3 && !pq->PQisBusy(c->pg)) {
    struct pg_op *op = pg_conn_head(c);
    PGresult *result = pq->PQgetResult(c->pg);
    idle = result || op->kind != PG_OP_SYNC ? 0 : idle + 1;
    if (!result) {
      if (op->kind != PG_OP_SYNC) end_statement(c);
    } else if (pq->PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
      pq->PQclear(result);
      end_sync(c);
    } else {
      take_result(c, op, result);
      if (pq->PQstatus(c->pg) == CONNECTION_BAD) c->broken = true;
    }
  }
  if (idle == 3) c->broken = true; /* libpq has nothing more to say, but we wait: out of step */
}

void pg_read(struct pg_conn *c) {
  const bool alive = c->db->pq->PQconsumeInput(c->pg);
  drain(c);
  if (!alive) c->broken = true;
}
