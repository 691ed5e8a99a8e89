/* sqlite_rows.c - results that were read into memory: all rows in one buffer, each value a type and its bytes.
 *
 * INVARIANT: the buffer no longer grows once rows are walked, so values can point into it. */
#include "db/sqlite.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

struct collected {
  struct db_rows base;
  struct buf names; /* zero-terminated, one behind the other */
  struct buf data;
  size_t at;                /* start of the next row */
  struct db_value values[]; /* of the current row */
};

/* ---- nothing ---- */

static enum db_step none_next(struct db_rows *rows, struct db_error *err) {
  (void)rows, (void)err;
  return DB_END;
}

static void none_value(struct db_rows *rows, int column, struct db_value *to) {
  (void)rows, (void)column;
  *to = (struct db_value){.type = DB_NULL};
}

static const char *none_name(struct db_rows *rows, int column) {
  (void)rows, (void)column;
  return "";
}

static void none_free(struct db_rows *rows) { (void)rows; }

struct db_rows *sqlite_no_rows(void) {
  static const struct db_rows_ops ops = {none_next, none_value, none_name, none_free};
  static struct db_rows none = {.ops = &ops};
  return &none;
}

/* ---- reading ---- */

static const char *take(struct collected *c, void *to, size_t n) {
  const char *from = c->data.data + c->at;
  if (to) memcpy(to, from, n);
  c->at += n;
  return from;
}

static void take_value(struct collected *c, struct db_value *v) {
  char type;
  take(c, &type, 1);
  v->type = (enum db_type)type;
  if (type == DB_NULL) return;
  if (type == DB_INTEGER) {
    take(c, &v->integer, sizeof v->integer);
  } else if (type == DB_FLOAT) {
    take(c, &v->number, sizeof v->number);
  } else {
    take(c, &v->text.len, sizeof v->text.len);
    v->text.data = take(c, NULL, v->text.len);
  }
}

static enum db_step next(struct db_rows *rows, struct db_error *err) {
  struct collected *c = (struct collected *)rows;
  (void)err;
  if (c->at == c->data.len) return DB_END;
  for (int i = 0; i < rows->column_count; i++) take_value(c, &c->values[i]);
  return DB_ROW;
}

static void value(struct db_rows *rows, int column, struct db_value *to) { *to = ((struct collected *)rows)->values[column]; }

static const char *name(struct db_rows *rows, int column) {
  const char *p = ((struct collected *)rows)->names.data;
  while (column--) p += strlen(p) + 1;
  return p;
}

static void rows_free(struct db_rows *rows) {
  struct collected *c = (struct collected *)rows;
  buf_fini(&c->names);
  buf_fini(&c->data);
  free(c);
}

static const struct db_rows_ops ops = {next, value, name, rows_free};

/* ---- writing ---- */

static void put_value(struct buf *b, const struct db_value *v) {
  buf_put_char(b, (char)v->type);
  if (v->type == DB_NULL) return;
  if (v->type == DB_INTEGER) {
    buf_put(b, &v->integer, sizeof v->integer);
  } else if (v->type == DB_FLOAT) {
    buf_put(b, &v->number, sizeof v->number);
  } else {
    buf_put(b, &v->text.len, sizeof v->text.len);
    buf_put(b, v->text.data, v->text.len);
  }
}

static struct collected *collected_new(const struct sqlite_statement *st) {
  const int columns = sqlite3_column_count(st->handle);
  struct collected *c = xcalloc(1, sizeof *c + (size_t)columns * sizeof *c->values);
  c->base = (struct db_rows){.ops = &ops, .column_count = columns};
  for (int i = 0; i < columns; i++) {
    const char *column = sqlite3_column_name(st->handle, i);
    buf_put(&c->names, column ? column : "", column ? strlen(column) + 1 : 1);
  }
  return c;
}

struct db_rows *sqlite_collect(struct sqlite_statement *st, int64_t most, bool *ended, struct db_error *err) {
  struct collected *c = NULL;
  struct db_value v;
  enum db_step step = DB_END;
  int64_t count = 0;
  while (count != most && (step = sqlite_step(st, err)) == DB_ROW) {
    if (!c) c = collected_new(st); /* not before the first step, which prepares again when a table has changed */
    for (int i = 0; i < c->base.column_count; i++) {
      sqlite_value(st, i, &v);
      put_value(&c->data, &v);
    }
    count++;
  }
  if (step == DB_FAILED) {
    if (c) rows_free(&c->base);
    return NULL;
  }
  *ended = step == DB_END && count != most;
  if (!c && !sqlite3_column_count(st->handle)) return sqlite_no_rows();
  if (!c) c = collected_new(st);
  c->base.row_count = count;
  return &c->base;
}
