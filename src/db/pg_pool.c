/* pg_pool.c - a worker's connections: who gets which, when one is opened, when one is closed.
 *
 * STATEMENTS of their own share connections. A statement in a pipeline waits for those before it, so: an idle connection first; else the one with the
 * fewest in flight among those that are not held up, by a head that has been at work for PG_SLOW or a statement that was slow lately or is new; when
 * all are held up, a new connection; when there are pool_max, the one whose head began last.
 * Quick reads (plain SELECTs, prepared on that connection, not slow lately) are sent in groups of up to PG_GROUP with one Sync, which the server
 * answers with a third of the work. At PG_DEPTH in flight everywhere, the rest waits here.
 * TRANSACTIONS and statements are served in the order in which they came, as far as they compete: when no connection is idle, as many as there are
 * transactions waiting get no more statements (RESERVED) and go over when they have fallen idle.
 * A CONNECTION IS OPENED while there are fewer than pool_min, and below pool_max when a transaction waits or statements find all of them held up.
 * After a failed attempt only one is tried at a time, after a pause that doubles; what waits, waits until acquire_timeout, but when the server has
 * refused for a reason that waiting does not cure (password, no such database) and no connection is left, it fails at once. */
#include "db/pg.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct db_request *oldest(const struct list *waiting) {
  return list_empty(waiting) ? NULL : list_entry(waiting->next, struct db_request, link);
}

/* ---- answers ---- */

void pg_complete(struct db *db, struct db_request *r) {
  const uint64_t took = db->now > r->started ? db->now - r->started : 0;
  if (r->sql_len && !(r->state & PG_CURSOR)) db_log_slow(&db->shared->config, r->sql, r->params, r->param_count, took);
  pg_set_state(r, PG_DONE);
  list_push(&db->completed, &r->link);
}

void pg_fail(struct db *db, struct db_request *r, const struct db_error *why) {
  if (r->rows) r->rows->ops->free(r->rows);
  r->rows = NULL;
  if (why) r->error = *why;
  pg_complete(db, r);
}

/* A done() that leads here again finds the loop running below it. */
void pg_deliver(struct db *db) {
  if (db->delivering) return;
  db->delivering = true;
  for (struct list *l; (l = list_shift(&db->completed));) {
    struct db_request *r = list_entry(l, struct db_request, link);
    if (!(r->state & PG_ANSWER)) r->driver_data = NULL;
    r->state = PG_NEW;
    r->done(r);
  }
  db->delivering = false;
}

/* ---- asking ---- */

static void wait_on(struct list *list, struct db_request *r) {
  pg_set_state(r, PG_WAITING);
  list_push(list, &r->link);
}

void pg_pool_submit(struct db *db, struct db_request *r) { wait_on(&db->statements, r); }

void pg_pool_again(struct db *db, struct db_request *r) {
  wait_on(&db->statements, r);
  if (db->statements.next == &r->link) return;
  list_remove(&r->link);
  list_push(db->statements.next, &r->link); /* before the first */
}

static struct pg_conn *idle_conn(struct db *db) {
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) {
    struct pg_conn *c = list_entry(l, struct pg_conn, link);
    if ((c->state == PG_SHARED || c->state == PG_RESERVED) && !c->count && !c->cancel && !c->broken) return c;
  }
  return NULL;
}

static void hand_over(struct db *db, struct pg_conn *c, struct db_request *r) {
  struct db_transaction *tx = xcalloc(1, sizeof *tx);
  tx->conn = c;
  list_init(&tx->link);
  list_init(&tx->pending);
  list_push(&db->transactions, &tx->link);
  c->state = PG_OWNED;
  c->tx = tx;
  r->driver_data = tx;
  r->state |= PG_ANSWER;
  pg_complete(db, r);
}

void pg_pool_acquire(struct db *db, struct db_request *r) {
  struct pg_conn *c = list_empty(&db->acquires) && list_empty(&db->statements) ? idle_conn(db) : NULL;
  if (c) hand_over(db, c, r);
  else wait_on(&db->acquires, r);
}

/* ---- giving up ---- */

/* A statement alone on its connection is cancelled; in company a cancel request might hit a neighbour, so its answer is thrown away instead. */
static void withdraw_sent(struct db_request *r) {
  struct pg_conn *c = r->driver_data;
  const bool alone = c->in_flight == 1 && !c->broken;
  pg_conn_abandon(c, r);
  if (alone && pg_state(r) == PG_SENT) pg_cancel_start(c);
}

void pg_withdraw(struct db *db, struct db_request *r) {
  (void)db;
  if (pg_state(r) == PG_SENT) withdraw_sent(r);
  else list_remove(&r->link);
  if (r->state & PG_ANSWER) pg_release(db, r->driver_data);
  db_request_free(r);
}

void pg_release(struct db *db, struct db_transaction *tx) {
  pg_cursors_orphan(db, tx);
  for (struct list *l; (l = list_shift(&tx->pending));) db_request_free(list_entry(l, struct db_request, link));
  if (tx->conn) pg_conn_release(tx->conn);
  list_remove(&tx->link);
  free(tx->begin);
  free(tx);
}

/* ---- connecting ---- */

void pg_pool_connected(struct db *db) {
  if (db->reason.kind != DB_OK) log_event(LOG_LEVEL_INFO, "database connection is back", "database", db->shared->place, NULL);
  db->reason.kind = DB_OK;
  db->refused = false;
  db->backoff = 0;
  db->next_connect = 0;
}

/* Between half and all of the pause, so that workers (and servers) do not come in step. */
static void pause_connecting(struct db *db) {
  db->random = db->random * 1103515245u + 12345u;
  db->next_connect = db->now + db->backoff / 2 + db->backoff / 2 * (db->random >> 16) / 65536;
}

void pg_pool_refused(struct db *db, const struct db_error *why) {
  static const char *const incurable[] = {"28", "3D"}; /* classes: authorization, no such database */
  if (db->reason.kind == DB_OK || strcmp(db->reason.message, why->message))
    log_event(LOG_LEVEL_WARNING, "no database connection", "database", db->shared->place, "reason", why->message, NULL);
  db->reason = *why;
  db->refused = !strncmp(why->code, incurable[0], 2) || !strncmp(why->code, incurable[1], 2);
  db->backoff = !db->backoff ? PG_BACKOFF_FIRST : db->backoff < PG_BACKOFF_LAST / 2 ? 2 * db->backoff : PG_BACKOFF_LAST;
  pause_connecting(db);
}

/* All workers lose theirs at the same moment. */
void pg_pool_lost(struct db *db) {
  if (db->next_connect > db->now) return;
  db->backoff = PG_BACKOFF_FIRST;
  pause_connecting(db);
  db->backoff = 0;
}

static int count_in(const struct db *db, enum pg_conn_state state) {
  int n = 0;
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) n += list_entry(l, struct pg_conn, link)->state == state;
  return n;
}

static int wanted_conns(struct db *db, int connecting) {
  const struct db_config *config = &db->shared->config;
  int wanted = db->crowded && connecting == 0;
  for (struct list *l = db->acquires.next; l != &db->acquires; l = l->next) wanted++;
  if (wanted > connecting) wanted -= connecting;
  else wanted = 0;
  if (wanted < config->pool_min - db->conn_count) wanted = config->pool_min - db->conn_count;
  if (!wanted && !db->conn_count && !list_empty(&db->statements)) wanted = 1;
  const int room = config->pool_max - db->conn_count;
  return wanted < room ? wanted : room;
}

static void open_conns(struct db *db) {
  const int connecting = count_in(db, PG_CONNECTING);
  int wanted = wanted_conns(db, connecting);
  if (wanted <= 0 || db->now < db->next_connect) return;
  if (db->reason.kind != DB_OK) wanted = connecting ? 0 : 1;
  for (; wanted > 0 && db->now >= db->next_connect; wanted--) pg_conn_open(db, db->now);
}

/* ---- spreading ---- */

static bool is_free(const struct pg_conn *c) { return c->state == PG_SHARED && !c->broken && !c->cancel && c->in_flight < PG_DEPTH; }

static bool is_held_up(const struct db *db, const struct pg_conn *c) { return c->slow || (c->count && db->now - c->head_since > PG_SLOW); }

static bool is_better(const struct db *db, const struct pg_conn *a, const struct pg_conn *b) {
  const bool a_held = is_held_up(db, a), b_held = is_held_up(db, b);
  if (a_held != b_held) return b_held;
  if (a_held) return a->head_since > b->head_since;
  return a->in_flight < b->in_flight;
}

static struct pg_conn *best_conn(const struct db *db) {
  struct pg_conn *best = NULL;
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) {
    struct pg_conn *c = list_entry(l, struct pg_conn, link);
    if (is_free(c) && (!best || is_better(db, c, best))) best = c;
  }
  return best;
}

static bool may_be_grouped(const struct pg_conn *c, const struct db_request *r, const struct pg_statement *st) {
  return st && st->read && !st->apart && !st->slow && !(r->state & PG_ALONE) && c->prepared[st->slot].id == st->id && c->prepared[st->slot].ready;
}

/* Is a new connection likely to be there soon? An attempt that hangs is no reason to wait. */
static bool can_grow(const struct db *db) {
  if (db->reason.kind != DB_OK) return false;
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) {
    const struct pg_conn *c = list_entry(l, struct pg_conn, link);
    if (c->state == PG_CONNECTING) return db->now - c->since < PG_SOON;
  }
  return db->conn_count < db->shared->config.pool_max && db->now >= db->next_connect;
}

/* A group that is open on one connection fills up before the next one begins. */
static struct pg_conn *send_one(struct db *db, struct pg_conn *open, struct db_request *r) {
  struct pg_statement *st = pg_statement_of(&db->known, r);
  if (open && open->unsynced < PG_GROUP && is_free(open) && may_be_grouped(open, r, st)) {
    list_remove(&r->link);
    pg_send(open, r, st, NULL);
    return open;
  }
  if (open && open->unsynced) pg_sync(open);
  struct pg_conn *c = best_conn(db);
  if (!c || is_held_up(db, c)) db->crowded = true;
  if (!c || (db->crowded && can_grow(db))) return NULL;
  const bool grouped = may_be_grouped(c, r, st);
  list_remove(&r->link);
  pg_send(c, r, st, NULL);
  if (!grouped) pg_sync(c);
  return c;
}

static void spread(struct db *db) {
  struct pg_conn *c = NULL;
  db->crowded = false;
  for (struct db_request *r; (r = oldest(&db->statements));) {
    struct pg_conn *used = send_one(db, c, r);
    if (!used) break;
    c = used;
  }
  if (c && c->unsynced) pg_sync(c);
}

/* ---- transactions ---- */

static void send_pending(struct pg_conn *c) {
  struct db_transaction *tx = c->tx;
  while (!list_empty(&tx->pending) && !c->cancel && !c->broken && c->in_flight < PG_DEPTH) {
    struct db_request *r = list_entry(list_shift(&tx->pending), struct db_request, link);
    tx->rollbacks += pg_control_of(r->sql) == PG_ROLLBACK;
    pg_send(c, r, pg_statement_of(&c->db->known, r), tx->begin);
    pg_sync(c);
    free(tx->begin);
    tx->begin = NULL;
  }
}

/* The only connection that falls idle goes to whoever has waited longer. */
static bool statement_comes_first(const struct db *db, const struct pg_conn *idle, const struct db_request *acquire) {
  const struct db_request *statement = oldest(&db->statements);
  if (!statement || statement->started > acquire->started) return false;
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) {
    const struct pg_conn *c = list_entry(l, struct pg_conn, link);
    if (c != idle && is_free(c)) return false;
  }
  return true;
}

static void hand_out(struct db *db) {
  struct pg_conn *c;
  for (struct db_request *r; (r = oldest(&db->acquires)) && (c = idle_conn(db));) {
    if (statement_comes_first(db, c, r)) {
      c->state = PG_SHARED;
      return;
    }
    list_remove(&r->link);
    hand_over(db, c, r);
  }
}

static struct pg_conn *least_busy(const struct db *db) {
  struct pg_conn *best = NULL;
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) {
    struct pg_conn *c = list_entry(l, struct pg_conn, link);
    if (c->state == PG_SHARED && c->count && (!best || c->in_flight < best->in_flight)) best = c;
  }
  return best;
}

/* Connections that are being opened will do as well as reserved ones. */
static void reserve(struct db *db) {
  int missing = 0;
  for (struct list *l = db->acquires.next; l != &db->acquires; l = l->next) missing++;
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) {
    struct pg_conn *c = list_entry(l, struct pg_conn, link);
    if (c->state == PG_CONNECTING) missing--;
    if (c->state == PG_RESERVED && --missing < 0) c->state = PG_SHARED;
  }
  for (struct pg_conn *c; missing > 0 && (c = least_busy(db)); missing--) c->state = PG_RESERVED;
}

/* ---- time ---- */

static void say_why(const struct db *db, struct db_error *e) {
  const double waited = (double)db->shared->config.acquire_timeout / (double)CLOCK_NS_PER_SEC;
  if (db->reason.kind == DB_OK)
    db_error_set(e, DB_UNAVAILABLE, "all %d connections to the database at %s were in use for %g s", db->conn_count, db->shared->place, waited);
  else *e = db->reason;
}

static void expire(struct db *db, struct list *waiting) {
  for (struct db_request *r; (r = oldest(waiting)) && db->now - r->started >= db->shared->config.acquire_timeout;) {
    struct db_error why;
    say_why(db, &why);
    list_remove(&r->link);
    pg_fail(db, r, &why);
  }
}

static void fail_all(struct db *db, struct list *waiting) {
  for (struct list *l; (l = list_shift(waiting));) pg_fail(db, list_entry(l, struct db_request, link), &db->reason);
}

/* When something has to happen to `c` by itself; PG_NEVER: not. */
static uint64_t deadline_of(const struct db *db, const struct pg_conn *c) {
  const struct db_config *config = &db->shared->config;
  if (c->broken) return 0;
  if (c->state == PG_CONNECTING) return c->since + db->shared->connect_timeout;
  if (c->count) return config->statement_timeout ? c->head_since + config->statement_timeout + PG_GUARD : PG_NEVER;
  return c->state == PG_SHARED && db->conn_count > config->pool_min && config->pool_idle ? c->since + config->pool_idle : PG_NEVER;
}

static void end_idle(struct pg_conn *c) {
  struct db_error none;
  db_error_set(&none, DB_UNAVAILABLE, "closed");
  pg_conn_end(c, &none);
}

static void time_out_connect(struct pg_conn *c) {
  struct db *db = c->db;
  struct db_error why;
  db_error_set(&why, DB_UNAVAILABLE, "no connection to the database at %s: no answer within %g s", db->shared->place,
               (double)db->shared->connect_timeout / (double)CLOCK_NS_PER_SEC);
  pg_conn_end(c, &why);
  pg_pool_refused(db, &why);
}

static void time_out_server(struct pg_conn *c) {
  struct db_error why;
  db_error_set(&why, DB_UNAVAILABLE, "the database at %s does not answer any more: the connection was given up while the statement ran",
               c->db->shared->place);
  log_event(LOG_LEVEL_WARNING, "database does not answer", "database", c->db->shared->place, NULL);
  pg_conn_end(c, &why);
}

static void check_conns(struct db *db) {
  for (struct list *l = db->conns.next, *next; l != &db->conns; l = next) {
    struct pg_conn *c = list_entry(l, struct pg_conn, link);
    next = l->next;
    if (deadline_of(db, c) > db->now) continue;
    if (c->broken) pg_conn_lost(c);
    else if (c->state == PG_CONNECTING) time_out_connect(c);
    else if (c->count) time_out_server(c);
    else end_idle(c);
  }
}

static void flush(struct db *db) {
  for (struct list *l = db->conns.next, *next; l != &db->conns; l = next) {
    struct pg_conn *c = list_entry(l, struct pg_conn, link);
    next = l->next;
    if (c->state == PG_OWNED) send_pending(c);
    if (!c->dirty) continue;
    c->dirty = false;
    if (!c->broken) pg_conn_flush(c);
    if (pg_conn_gone(c)) pg_conn_lost(c);
  }
}

static uint64_t earliest(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t next_wish(struct db *db) {
  const uint64_t patience = db->shared->config.acquire_timeout;
  const struct db_request *statement = oldest(&db->statements), *acquire = oldest(&db->acquires);
  uint64_t at = PG_NEVER;
  if (statement) at = earliest(at, statement->started + patience);
  if (statement && db->crowded && db->conn_count) at = earliest(at, db->now + PG_SOON);
  if (acquire) at = earliest(at, acquire->started + patience);
  if (wanted_conns(db, count_in(db, PG_CONNECTING)) > 0) at = earliest(at, db->next_connect);
  for (struct list *l = db->conns.next; l != &db->conns; l = l->next) at = earliest(at, deadline_of(db, list_entry(l, struct pg_conn, link)));
  return at;
}

/* Answers first: what they let loose goes out in the same turn. Reserving comes before spreading, which would refill what is to fall idle. */
uint64_t pg_pool_tick(struct db *db, uint64_t now) {
  const uint64_t later = clock_ns(); /* requests of this turn began after `now` */
  db->now = later > now ? later : now;
  pg_deliver(db);
  pg_conns_free_dead(db);
  check_conns(db);
  hand_out(db);
  pg_deliver(db);
  reserve(db);
  spread(db);
  flush(db);
  open_conns(db);
  if (db->refused && !db->conn_count) fail_all(db, &db->statements), fail_all(db, &db->acquires);
  expire(db, &db->statements);
  expire(db, &db->acquires);
  pg_deliver(db);
  return next_wish(db);
}
