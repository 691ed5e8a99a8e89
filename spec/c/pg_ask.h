/* pg_ask.h - asking the PostgreSQL driver of pg_kit.h, and waiting for the answer. */
#pragma once
#include "check.h"
#include "pg_kit.h"

#include <stdarg.h>

struct ask {
  struct db_request *r;
  bool done;
};

static inline void answered(struct db_request *r) { ((struct ask *)r->owner)->done = true; }

static inline struct db_value integer(int64_t n) { return (struct db_value){.type = DB_INTEGER, .integer = n}; }
static inline struct db_value text(const char *s) { return (struct db_value){.type = DB_TEXT, .text = {.data = s, .len = strlen(s)}}; }

static inline void prepare(struct ask *a, struct db_transaction *tx, const char *sql, const struct db_value *params, int count) {
  a->r = db_request_new(sql, strlen(sql), params, count);
  a->r->tx = tx;
  a->r->done = answered;
  a->r->owner = a;
  a->done = false;
}

static inline void send_params(struct ask *a, struct db_transaction *tx, const char *sql, const struct db_value *params, int count) {
  prepare(a, tx, sql, params, count);
  db_postgresql.submit(db, a->r);
}

static inline void send(struct ask *a, struct db_transaction *tx, const char *sql) { send_params(a, tx, sql, NULL, 0); }

static inline bool wait_ms(struct ask *a, int ms) {
  const uint64_t until = clock_ns() + (uint64_t)ms * CLOCK_NS_PER_MS;
  while (!a->done && clock_ns() < until) kit_turn(20);
  return a->done;
}

/* A test that hangs is a failed test. */
static inline void await(struct ask *a) {
  if (wait_ms(a, 30000)) return;
  printf("no answer within 30 s: %s\n", a->r->sql);
  exit(1);
}

static inline void pass_ms(int ms) {
  const uint64_t until = clock_ns() + (uint64_t)ms * CLOCK_NS_PER_MS;
  while (clock_ns() < until) kit_turn(5);
}

static inline struct ask ask(struct db_transaction *tx, const char *sql) {
  struct ask a;
  send(&a, tx, sql);
  await(&a);
  a.r->owner = NULL;
  return a;
}

/* The first value of a statement's answer as text, "ERROR CODE" on error. In one of a few static buffers. */
static inline const char *first(struct db_request *r) {
  static char texts[4][256];
  static int turn;
  char *to = texts[turn++ % 4];
  struct db_value v = {.type = DB_NULL};
  struct db_error e;
  if (r->error.kind != DB_OK) snprintf(to, 256, "ERROR %s", r->error.code);
  else if (r->rows->ops->next(r->rows, &e) != DB_ROW) snprintf(to, 256, "no row");
  else {
    r->rows->ops->value(r->rows, 0, &v);
    switch (v.type) {
      case DB_NULL: snprintf(to, 256, "NULL"); break;
      case DB_BOOLEAN: snprintf(to, 256, "%s", v.boolean ? "true" : "false"); break;
      case DB_INTEGER: snprintf(to, 256, "%lld", (long long)v.integer); break;
      case DB_FLOAT: snprintf(to, 256, "%.17g", v.number); break;
      default: snprintf(to, 256, "%.*s", (int)v.text.len, v.text.data);
    }
  }
  return to;
}

static inline const char *value_with(struct db_transaction *tx, const char *sql, const struct db_value *params, int count) {
  struct ask a;
  send_params(&a, tx, sql, params, count);
  await(&a);
  const char *result = first(a.r);
  db_request_free(a.r);
  return result;
}

static inline const char *value(struct db_transaction *tx, const char *sql) { return value_with(tx, sql, NULL, 0); }

static inline bool is(const char *a, const char *b) {
  if (!strcmp(a, b)) return true;
  printf("  got \"%s\", expected \"%s\"\n", a, b);
  return false;
}

static inline enum db_error_kind kind_of(struct db_transaction *tx, const char *sql) {
  struct ask a = ask(tx, sql);
  const enum db_error_kind kind = a.r->error.kind;
  if (kind != DB_OK && getenv("PG_TEST_VERBOSE")) printf("  %s: %s\n", sql, a.r->error.message);
  db_request_free(a.r);
  return kind;
}

static inline struct db_transaction *acquire(void) {
  struct ask a;
  prepare(&a, NULL, "", NULL, 0);
  db_postgresql.acquire(db, a.r);
  await(&a);
  struct db_transaction *tx = a.r->error.kind == DB_OK ? a.r->driver_data : NULL;
  if (!tx) printf("  acquire: %s\n", a.r->error.message);
  db_request_free(a.r);
  return tx;
}

static inline struct db_cursor *open_cursor(struct db_transaction *tx, const char *sql, enum db_error_kind *kind) {
  struct ask a;
  const struct db_value n = integer(5000);
  prepare(&a, tx, sql, &n, strstr(sql, "$1") ? 1 : 0);
  db_postgresql.cursor_open(db, a.r);
  await(&a);
  struct db_cursor *cursor = a.r->error.kind == DB_OK ? a.r->driver_data : NULL;
  if (kind) *kind = a.r->error.kind;
  db_request_free(a.r);
  return cursor;
}

static inline int64_t fetch(struct db_cursor *cursor, int most) {
  struct ask a;
  prepare(&a, NULL, "", NULL, 0);
  db_postgresql.cursor_fetch(db, cursor, most, a.r);
  await(&a);
  const int64_t n = a.r->error.kind == DB_OK ? a.r->rows->row_count : -1;
  db_request_free(a.r);
  return n;
}

static inline void check_nothing_left(void) {
  CHECK("no transaction is left open",
        is(value(NULL, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidewire' AND state LIKE 'idle in transaction%'"), "0"));
}

static inline void reopen(struct db_config config) {
  struct err err;
  kit_close();
  if (!kit_open(&config, &err)) printf("%s\n", err.message), exit(1);
}

/* Open a worker on the server that TEST_POSTGRESQL names, which is returned; NULL when there is none. A server that does not answer ends the program.
 */
static inline const char *open_named(void) {
  const char *url = getenv("TEST_POSTGRESQL");
  struct err err;
  log_init(getenv("PG_TEST_VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR, false);
  if (!url) {
    printf("skipped: no TEST_POSTGRESQL\n");
    return NULL;
  }
  const struct db_config config = kit_config(url);
  if (!kit_open(&config, &err)) printf("%s\n", err.message), exit(1);
  return url;
}
