/* pg_send.c - what a connection is sent. libpq collects it; Sync gives it a push. */
#include "db/pg.h"

#include "base/alloc.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 16, TEXT = 0, BINARY = 1 };

/* Parameters as libpq takes them; `numbers` holds the binary ones. */
struct params {
  int count;
  Oid *types;
  const char **values;
  int *lengths, *formats;
  uint64_t *numbers;
  void *large; /* owned; NULL: all in `few` */
  struct {
    Oid types[FEW];
    const char *values[FEW];
    int lengths[FEW], formats[FEW];
    uint64_t numbers[FEW];
  } few;
};

static void make_room(struct params *p, int count) {
  p->count = count;
  p->large = NULL;
  if (count <= FEW) {
    p->types = p->few.types, p->values = p->few.values, p->lengths = p->few.lengths, p->formats = p->few.formats, p->numbers = p->few.numbers;
    return;
  }
  const size_t n = (size_t)count;
  p->large = xmalloc(n * (sizeof(uint64_t) + sizeof(char *) + sizeof(Oid) + 2 * sizeof(int)));
  p->numbers = p->large;
  p->values = (const char **)(p->numbers + n);
  p->types = (Oid *)(p->values + n);
  p->lengths = (int *)(p->types + n);
  p->formats = p->lengths + n;
}

/* Numbers go in binary form, which spares both sides the digits. */
static void set_param(struct params *p, int i, const struct db_value *v) {
  uint64_t bits = 0;
  p->types[i] = pg_type_of(v);
  p->formats[i] = BINARY;
  p->lengths[i] = sizeof bits;
  p->values[i] = (const char *)&p->numbers[i];
  switch (v->type) {
    case DB_NULL: p->values[i] = NULL; return;
    case DB_BOOLEAN:
      *(char *)&p->numbers[i] = v->boolean;
      p->lengths[i] = 1;
      return;
    case DB_INTEGER: bits = (uint64_t)v->integer; break;
    case DB_FLOAT: memcpy(&bits, &v->number, sizeof bits); break;
    case DB_TEXT: p->formats[i] = TEXT; /* fall through */
    case DB_BLOB:
      p->values[i] = v->text.data;
      p->lengths[i] = (int)v->text.len;
      return;
  }
  p->numbers[i] = htobe64(bits);
}

static void set_params(struct params *p, const struct db_request *r) {
  make_room(p, r->param_count);
  for (int i = 0; i < r->param_count; i++) set_param(p, i, &r->params[i]);
}

/* ---- ---- */

/* Note the op when libpq took it; else the connection has to end. */
static struct pg_op *sent(struct pg_conn *c, int ok, enum pg_op_kind kind, struct db_request *r) {
  if (!ok) c->broken = true;
  c->dirty = true;
  return pg_conn_push(c, kind, r);
}

static struct pg_op *send_unnamed(struct pg_conn *c, enum pg_op_kind kind, struct db_request *r, const char *sql, const struct params *p) {
  return sent(c, c->db->pq->PQsendQueryParams(c->pg, sql, p->count, p->types, p->values, p->lengths, p->formats, TEXT), kind, r);
}

void pg_sync(struct pg_conn *c) {
  sent(c, c->db->pq->PQpipelineSync(c->pg), PG_OP_SYNC, NULL);
  c->unsynced = 0;
}

void pg_send_plain(struct pg_conn *c, const char *sql) {
  send_unnamed(c, PG_OP_PRELUDE, NULL, sql, &(struct params){0});
  pg_sync(c);
}

/* The slot belonged to another statement before. In a transaction that has failed DEALLOCATE would fail, too, and make this one fail. */
static bool make_way(struct pg_conn *c, const struct pg_statement *st) {
  const uint32_t old = c->prepared[st->slot].id;
  if (!old) return true;
  if (c->tx) return false;
  char sql[32];
  if (c->unsynced) pg_sync(c);
  snprintf(sql, sizeof sql, "DEALLOCATE s%u", old);
  c->prepared[st->slot].id = 0;
  pg_send_plain(c, sql);
  return true;
}

static void parse(struct pg_conn *c, struct db_request *r, const struct pg_statement *st, const struct params *p) {
  struct pg_op *op = sent(c, c->db->pq->PQsendPrepare(c->pg, st->name, r->sql, p->count, p->types), PG_OP_PRELUDE, r);
  op->id = st->id;
  op->slot = st->slot;
  c->prepared[st->slot].id = st->id;
  c->prepared[st->slot].ready = false;
}

static struct pg_op *send_named(struct pg_conn *c, struct db_request *r, const struct pg_statement *st, const struct params *p) {
  const int form = st->binary ? BINARY : TEXT;
  if (c->prepared[st->slot].id != st->id) parse(c, r, st, p);
  struct pg_op *op = sent(c, c->db->pq->PQsendQueryPrepared(c->pg, st->name, p->count, p->values, p->lengths, p->formats, form), PG_OP_QUERY, r);
  op->id = st->id;
  op->slot = st->slot;
  return op;
}

void pg_send(struct pg_conn *c, struct db_request *r, struct pg_statement *st, const char *begin) {
  struct params p;
  set_params(&p, r);
  if (begin) send_unnamed(c, PG_OP_PRELUDE, r, begin, &(struct params){0});
  /* What stood behind a Parse that failed is parsed by itself the second time, so that its error is its own. */
  const bool kept = st && !(r->state & PG_RETRIED) && (c->prepared[st->slot].id == st->id || make_way(c, st));
  struct pg_op *op = kept ? send_named(c, r, st, &p) : send_unnamed(c, PG_OP_QUERY, r, r->sql, &p);
  op->slow = !st || st->slow;
  c->slow += op->slow;
  pg_set_state(r, PG_SENT);
  r->driver_data = c;
  c->unsynced++;
  free(p.large);
}
