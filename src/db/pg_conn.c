/* pg_conn.c - one connection's life: connect, serve everybody, belong to a transaction, come back, end.
 *
 *   CONNECTING → SHARED ⇄ RESERVED → OWNED → RELEASED → SHARED        and from anywhere → DEAD
 *
 * It stays in pipeline mode all the time. Names are looked up by libpq, which blocks: a host name in the URL should be one that /etc/hosts or a
 * resolver nearby answers. */
#include "db/pg.h"

#include "base/alloc.h"
#include "base/log.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the ring of what is under way ---- */

struct pg_op *pg_conn_head(struct pg_conn *c) {
  return c->count ? &c->ops[c->first] : NULL;
}

static void grow_ring(struct pg_conn *c) {
  const unsigned cap = c->cap ? 2 * c->cap : 64;
  struct pg_op *ops = xmalloc(cap * sizeof *ops);
  for (unsigned i = 0; i < c->count; i++) ops[i] = c->ops[(c->first + i) & (c->cap - 1)];
  free(c->ops);
  c->ops = ops;
  c->first = 0;
  c->cap = cap;
}

struct pg_op *pg_conn_push(struct pg_conn *c, enum pg_op_kind kind, struct db_request *r) {
  if (c->count == c->cap) grow_ring(c);
  if (!c->count) c->head_since = c->db->now;
  struct pg_op *op = &c->ops[(c->first + c->count++) & (c->cap - 1)];
  *op = (struct pg_op){.r = r, .kind = kind};
  c->in_flight += kind == PG_OP_QUERY;
  return op;
}

void pg_conn_pop(struct pg_conn *c) {
  c->in_flight -= c->ops[c->first].kind == PG_OP_QUERY;
  c->slow -= c->ops[c->first].slow;
  c->first = (c->first + 1) & (c->cap - 1);
  c->count--;
  c->head_since = c->db->now;
}

void pg_conn_abandon(struct pg_conn *c, const struct db_request *r) {
  for (unsigned i = 0; i < c->count; i++) {
    struct pg_op *op = &c->ops[(c->first + i) & (c->cap - 1)];
    if (op->r == r) op->r = NULL;
  }
}

/* ---- the end ---- */

bool pg_conn_gone(const struct pg_conn *c) { return c->broken || c->db->pq->PQsocket(c->pg) < 0; }

static void unwatch(struct pg_conn *c) {
  if (c->fd >= 0) c->db->host.unwatch(c->db->host.ctx, c->fd);
  c->fd = -1;
}

/* Nobody can say whether these ran, so none is run again. What has failed by itself keeps its own error. */
static void fail_sent(struct pg_conn *c, const struct db_error *why) {
  for (; c->count; pg_conn_pop(c)) {
    struct db_request *r = pg_conn_head(c)->r;
    if (r && pg_conn_head(c)->kind == PG_OP_QUERY) list_push(&c->held, &r->link);
  }
  for (struct list *l; (l = list_shift(&c->held));) {
    struct db_request *r = list_entry(l, struct db_request, link);
    pg_fail(c->db, r, r->error.kind == DB_OK ? why : NULL);
  }
}

static void orphan_transaction(struct pg_conn *c, const struct db_error *why) {
  struct db_transaction *tx = c->tx;
  if (!tx) return;
  c->tx = NULL;
  tx->conn = NULL;
  tx->lost = *why;
  for (struct list *l; (l = list_shift(&tx->pending));) pg_fail(c->db, list_entry(l, struct db_request, link), why);
}

void pg_conn_end(struct pg_conn *c, const struct db_error *why) {
  if (c->state == PG_DEAD) return;
  c->state = PG_DEAD;
  unwatch(c);
  pg_cancel_forget(c);
  c->db->pq->PQfinish(c->pg);
  c->pg = NULL;
  list_remove(&c->link);
  list_push(&c->db->dead, &c->link);
  c->db->conn_count--;
  orphan_transaction(c, why);
  fail_sent(c, why);
}

void pg_conns_free_dead(struct db *db) {
  for (struct list *l; (l = list_shift(&db->dead));) {
    struct pg_conn *c = list_entry(l, struct pg_conn, link);
    free(c->ops);
    free(c);
  }
}

/* libpq's first line says it; what follows guesses at reasons. */
void pg_conn_lost(struct pg_conn *c) {
  struct db *db = c->db;
  struct db_error why;
  char line[256];
  const char *text = db->pq->PQerrorMessage(c->pg);
  snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
  db_error_set(&why, DB_UNAVAILABLE, "the connection to the database at %s was lost while the statement ran%s%s", db->shared->place,
               *line ? ": " : "", line);
  snprintf(why.code, sizeof why.code, "08006");
  log_event(c->count ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "database connection lost", "database", db->shared->place, "reason", line, NULL);
  pg_conn_end(c, &why);
  pg_pool_lost(db);
}

/* ---- connecting ---- */

static void ready(void *arg, bool readable, bool writable);

static void watch(struct pg_conn *c, bool read, bool write) {
  const int fd = c->db->pq->PQsocket(c->pg);
  if (fd < 0) {
    c->broken = true; /* c->fd stays, for unwatch() */
    return;
  }
  c->fd = fd;
  c->wants_write = write;
  c->db->host.watch(c->db->host.ctx, fd, read, write, ready, c);
}

/* While connecting libpq gives no SQLSTATE, but in a verbose message it stands behind the severity: "FATAL:  28P01: password …". */
static const char *find_sqlstate(const char *message, char code[6]) {
  for (const char *p = message; (p = strstr(p, ":  ")); p++) {
    size_t n = 0;
    while (isupper((unsigned char)p[3 + n]) || isdigit((unsigned char)p[3 + n])) n++;
    if (n != 5 || strncmp(p + 8, ": ", 2)) continue;
    snprintf(code, 6, "%.5s", p + 3);
    return p + 10;
  }
  code[0] = '\0';
  return message;
}

static void refused(struct pg_conn *c) {
  struct db *db = c->db;
  struct db_error why;
  char text[1024], code[6];
  snprintf(text, sizeof text, "%s", db->pq->PQerrorMessage(c->pg));
  char *location = strstr(text, "\nLOCATION:");
  if (location) *location = '\0';
  char line[512];
  pg_one_line(line, sizeof line, find_sqlstate(text, code));
  db_error_set(&why, DB_UNAVAILABLE, "no connection to the database at %s: %s", db->shared->place, line);
  snprintf(why.code, sizeof why.code, "%s", code);
  pg_conn_end(c, &why);
  pg_pool_refused(db, &why);
}

static void log_notice(void *arg, const PGresult *result) {
  const struct pg_conn *c = arg;
  if (log_threshold() > LOG_LEVEL_DEBUG) return;
  const char *severity = c->db->pq->PQresultErrorField(result, PG_DIAG_SEVERITY),
             *text = c->db->pq->PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  log_event(LOG_LEVEL_DEBUG, "database notice", "severity", severity ? severity : "", "message", text ? text : "", NULL);
}

static void connected(struct pg_conn *c) {
  const struct pg_lib *pq = c->db->pq;
  if (pq->PQsetnonblocking(c->pg, 1) || !pq->PQenterPipelineMode(c->pg)) {
    refused(c);
    return;
  }
  pq->PQsetErrorVerbosity(c->pg, PQERRORS_DEFAULT);
  c->state = PG_SHARED;
  c->since = c->db->now;
  watch(c, true, false);
  pg_pool_connected(c->db);
}

/* libpq may have closed one socket and opened another under the same number, so the fd is watched anew each time. */
static void connect_on(struct pg_conn *c) {
  unwatch(c);
  switch (c->db->pq->PQconnectPoll(c->pg)) {
    case PGRES_POLLING_READING: watch(c, true, false); break;
    case PGRES_POLLING_WRITING: watch(c, false, true); break;
    case PGRES_POLLING_OK: connected(c); break;
    default: refused(c);
  }
}

void pg_conn_open(struct db *db, uint64_t now) {
  struct pg_conn *c = xcalloc(1, sizeof *c);
  *c = (struct pg_conn){.db = db, .fd = -1, .state = PG_CONNECTING, .since = now};
  list_init(&c->link);
  list_init(&c->held);
  list_push(&db->conns, &c->link);
  db->conn_count++;
  c->pg = db->pq->PQconnectStartParams(db->shared->keywords, db->shared->values, 0);
  if (!c->pg || db->pq->PQstatus(c->pg) == CONNECTION_BAD) {
    refused(c);
    return;
  }
  db->pq->PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE);
  db->pq->PQsetNoticeReceiver(c->pg, log_notice, c);
  watch(c, false, true); /* as PQconnectStart's manual has it: as if PQconnectPoll had said WRITING */
}

/* ---- connected ---- */

void pg_conn_flush(struct pg_conn *c) {
  const int left = c->db->pq->PQflush(c->pg);
  if (left < 0) c->broken = true;
  else if ((left > 0) != c->wants_write) watch(c, true, left > 0);
}

static void ready(void *arg, bool readable, bool writable) {
  struct pg_conn *c = arg;
  struct db *db = c->db;
  db->now = clock_ns();
  if (c->state == PG_CONNECTING) connect_on(c);
  else if (readable || !writable) pg_read(c);
  else pg_conn_flush(c);
  if (c->state != PG_DEAD && c->state != PG_CONNECTING && pg_conn_gone(c)) pg_conn_lost(c);
  pg_deliver(db);
}

/* ---- coming back ---- */

/* A shared connection in a transaction: somebody hid a BEGIN where it was not seen. What others sent behind it went into that transaction. */
static void check_shared(struct pg_conn *c) {
  if (c->db->pq->PQtransactionStatus(c->pg) == PQTRANS_IDLE) return;
  log_event(LOG_LEVEL_ERROR, "a statement outside db.atomic left a transaction open: it is rolled back", NULL);
  c->state = PG_RELEASED;
  c->rolled_back = false;
}

static void come_back(struct pg_conn *c) {
  if (c->db->pq->PQtransactionStatus(c->pg) == PQTRANS_IDLE) {
    c->state = PG_SHARED;
    return;
  }
  if (c->rolled_back) c->broken = true;
  else pg_send_plain(c, "ROLLBACK");
  c->rolled_back = true;
}

void pg_conn_settle(struct pg_conn *c) {
  if (c->count || c->cancel || c->state == PG_DEAD) return;
  c->since = c->db->now;
  if (c->state == PG_SHARED || c->state == PG_RESERVED) check_shared(c);
  if (c->state == PG_RELEASED) come_back(c);
}

void pg_conn_release(struct pg_conn *c) {
  c->tx = NULL;
  c->state = PG_RELEASED;
  c->rolled_back = false;
  for (struct list *l; (l = list_shift(&c->held));) db_request_free(list_entry(l, struct db_request, link));
  bool running = false;
  for (unsigned i = 0; i < c->count; i++) {
    struct pg_op *op = &c->ops[(c->first + i) & (c->cap - 1)];
    if (op->kind == PG_OP_QUERY && op->r) {
      running = true;
      db_request_free(op->r);
    }
    op->r = NULL;
  }
  if (running) pg_cancel_start(c);
  pg_conn_settle(c);
  if (pg_conn_gone(c)) pg_conn_lost(c);
}
