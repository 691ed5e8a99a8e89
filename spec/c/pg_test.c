/* pg_test.c - the PostgreSQL driver against a real server, which TEST_POSTGRESQL names. What breaks it is in pg_faults_test.c. */
#include "pg_ask.h"

#include <sys/stat.h>

/* ---- values ---- */

static void check_values(void) {
  const struct db_value big = integer(INT64_MIN), t = text("it's $1 \"ü\""), flag = {.type = DB_BOOLEAN, .boolean = true};
  const struct db_value number = {.type = DB_FLOAT, .number = 0.1}, null = {.type = DB_NULL};
  const struct db_value bytes = {.type = DB_BLOB, .text = {.data = "\0\xff\x10", .len = 3}},
                        nul = {.type = DB_TEXT, .text = {.data = "a\0b", .len = 3}};
  CHECK("integers keep 64 bits", is(value_with(NULL, "SELECT $1", &big, 1), "-9223372036854775808"));
  CHECK("texts are never SQL", is(value_with(NULL, "SELECT $1", &t, 1), t.text.data));
  CHECK("a text takes its place's type",
        is(value_with(NULL, "SELECT ($1::date + 1)::text", &(struct db_value){.type = DB_TEXT, .text = {.data = "2024-02-28", .len = 10}}, 1),
           "2024-02-29"));
  CHECK("booleans", is(value_with(NULL, "SELECT NOT $1", &flag, 1), "false"));
  CHECK("floats are exact", is(value_with(NULL, "SELECT $1", &number, 1), "0.10000000000000001"));
  CHECK("null", is(value_with(NULL, "SELECT $1::int", &null, 1), "NULL"));
  CHECK("bytes go and come",
        is(value_with(NULL, "SELECT encode($1, 'hex')", &bytes, 1), "00ff10") && is(value(NULL, "SELECT '\\x616263'::bytea"), "abc"));
  CHECK("NUL in a text is refused", is(value_with(NULL, "SELECT $1", &nul, 1), "ERROR "));
  CHECK("the session's formats are ours",
        is(value(NULL, "SELECT '2021-01-01 10:00+02'::timestamptz::text || ' ' || interval '1 day 2 hours'"), "2021-01-01 08:00:00+00 P1DT2H"));
  CHECK("numeric comes as text", is(value(NULL, "SELECT 10.00"), "10.00"));
}

static void check_rows(void) {
  struct ask a = ask(NULL, "SELECT i AS n, '\\x6162'::bytea b, '\\x63'::bytea c FROM generate_series(1, 3) i");
  struct db_rows *rows = a.r->rows;
  struct db_value b, c, n;
  struct db_error e;
  CHECK("columns have names", rows->column_count == 3 && is(rows->ops->name(rows, 0), "n") && rows->row_count == 3);
  rows->ops->next(rows, &e);
  rows->ops->value(rows, 2, &c);
  for (int i = 0; i < 5; i++) rows->ops->value(rows, 1, &b);
  rows->ops->value(rows, 0, &n);
  CHECK("values of a row stay while others are read",
        b.text.len == 2 && !memcmp(b.text.data, "ab", 2) && c.text.len == 1 && *c.text.data == 'c' && n.integer == 1);
  CHECK("rows end", rows->ops->next(rows, &e) == DB_ROW && rows->ops->next(rows, &e) == DB_ROW && rows->ops->next(rows, &e) == DB_END);
  db_request_free(a.r);
  CHECK("DDL has no rows", kind_of(NULL, "DROP TABLE IF EXISTS t, child") == DB_OK);
  a = ask(NULL, "CREATE TABLE t (id int PRIMARY KEY, v int CONSTRAINT v_positive CHECK (v > 0))");
  CHECK("nothing returned, nothing affected", a.r->error.kind == DB_OK && a.r->rows->column_count == 0 && a.r->affected == 0);
  db_request_free(a.r);
  a = ask(NULL, "INSERT INTO t SELECT i, i FROM generate_series(1, 10) i RETURNING id");
  CHECK("INSERT counts and returns", a.r->affected == 10 && a.r->rows->row_count == 10);
  db_request_free(a.r);
  a = ask(NULL, "UPDATE t SET v = v + 1 WHERE id > 4");
  CHECK("UPDATE counts", a.r->affected == 6);
  db_request_free(a.r);
}

/* The second execution of a read with bytes comes in binary form. */
static void check_binary(void) {
  static const char sql[] = "SELECT b, i2, i4, i8, f4, f8, t, v, z, y FROM bytes";
  struct ask a;
  struct db_value v[10];
  struct db_error e;
  kind_of(NULL, "DROP TABLE IF EXISTS bytes");
  kind_of(NULL, "CREATE TABLE bytes (b bytea, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, t text, v varchar(9), z int, y bool)");
  kind_of(NULL, "INSERT INTO bytes VALUES ('\\x00ff', -2, -4, -8, -0.5, 1e300, 'text', 'char', NULL, true)");
  for (int i = 0; i < 3; i++) {
    a = ask(NULL, sql);
    struct db_rows *rows = a.r->rows;
    const bool row = a.r->error.kind == DB_OK && rows->ops->next(rows, &e) == DB_ROW;
    for (int c = 0; row && c < 10; c++) rows->ops->value(rows, c, &v[c]);
    CHECK("bytes and numbers", row && v[0].type == DB_BLOB && v[0].text.len == 2 && !memcmp(v[0].text.data, "\0\xff", 2) && v[1].integer == -2 &&
                                   v[2].integer == -4 && v[3].integer == -8 && v[4].number == -0.5 && v[5].number == 1e300);
    CHECK("texts, null, boolean", row && v[6].type == DB_TEXT && v[6].text.len == 4 && v[7].text.len == 4 && !memcmp(v[7].text.data, "char", 4) &&
                                      v[8].type == DB_NULL && v[9].type == DB_BOOLEAN && v[9].boolean);
    db_request_free(a.r);
  }
  struct db_transaction *tx[3]; /* every connection that has it prepared, and then one that has not */
  kind_of(NULL, "ALTER TABLE bytes ALTER i4 TYPE numeric");
  for (int i = 0; i < 3; i++) tx[i] = acquire();
  CHECK("columns that are not what they were", is(value(NULL, "SELECT i4::text, b FROM bytes"), "-4") && kind_of(NULL, sql) == DB_OK);
  for (int i = 0; i < 3; i++) db_postgresql.release(db, tx[i]);
  CHECK("everywhere", kind_of(NULL, sql) == DB_OK && kind_of(NULL, sql) == DB_OK);
}

/* ---- errors ---- */

static void check_errors(void) {
  struct ask a = ask(NULL, "INSERT INTO t VALUES (11, -1)");
  CHECK("a constraint has a name", a.r->error.kind == DB_INTEGRITY && is(a.r->error.constraint, "v_positive") && is(a.r->error.code, "23514"));
  CHECK("message and detail", strstr(a.r->error.message, "violates check constraint") && strstr(a.r->error.detail, "(11, -1)") && !a.r->rows);
  db_request_free(a.r);
  CHECK("kinds", kind_of(NULL, "SELECT 1/0") == DB_DATA && kind_of(NULL, "SELEC 1") == DB_PROGRAMMING &&
                     kind_of(NULL, "SELECT * FROM nowhere") == DB_PROGRAMMING);
  CHECK("transactions need a connection", kind_of(NULL, "BEGIN") == DB_PROGRAMMING && kind_of(NULL, " commit") == DB_PROGRAMMING);
  CHECK("COPY does not hang", kind_of(NULL, "COPY t TO STDOUT") == DB_PROGRAMMING);
  CHECK("and the pool lives on", is(value(NULL, "SELECT 1"), "1"));
  kind_of(NULL, "DROP TABLE IF EXISTS child");
  kind_of(NULL, "CREATE TABLE child (t int REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
  CHECK("what fails at commit fails",
        kind_of(NULL, "INSERT INTO child VALUES (99)") == DB_INTEGRITY && is(value(NULL, "SELECT count(*) FROM child"), "0"));
}

enum { MANY = 2000 };

static void check_many(void) {
  static struct ask asks[MANY];
  int right = 0, errors = 0;
  for (int i = 0; i < MANY; i++) {
    const struct db_value n = integer(i);
    send_params(&asks[i], NULL,
                i % 10 == 3   ? "SELECT $1 / (random() * 0)"
                : i % 10 == 7 ? "UPDATE t SET v = v + 1 WHERE id = 1 AND $1 >= 0"
                              : "SELECT $1 + 0",
                &n, 1);
  }
  for (int i = 0; i < MANY; i++) await(&asks[i]);
  for (int i = 0; i < MANY; i++) {
    char expected[16];
    snprintf(expected, sizeof expected, "%d", i);
    if (i % 10 == 3) errors += asks[i].r->error.kind == DB_DATA;
    else if (i % 10 == 7) right += asks[i].r->affected == 1;
    else right += is(first(asks[i].r), expected);
    db_request_free(asks[i].r);
  }
  CHECK("an error is nobody else's", right == MANY * 9 / 10 && errors == MANY / 10);
  CHECK("each write happened once", is(value(NULL, "SELECT v FROM t WHERE id = 1"), "201"));
}

static void check_groups(void) {
  static struct ask asks[100];
  int right = 0;
  kind_of(NULL, "CREATE SEQUENCE IF NOT EXISTS s");
  for (int round = 0; round < 3; round++) { /* prepared by the second, quick by the third */
    for (int i = 0; i < 100; i++) {
      const struct db_value n = integer(i - 50);
      send_params(&asks[i], NULL, "SELECT 100 / $1", &n, 1);
    }
    for (int i = 0; i < 100; i++) await(&asks[i]);
    for (int i = 0; i < 100; i++) {
      char expected[24];
      if (i == 50) snprintf(expected, sizeof expected, "ERROR 22012");
      else snprintf(expected, sizeof expected, "%d", 100 / (i - 50));
      right += is(first(asks[i].r), expected);
      db_request_free(asks[i].r);
    }
  }
  CHECK("a failure in a group of reads is its own", right == 300);
}

static void check_schema_change(void) {
  kind_of(NULL, "DROP TABLE IF EXISTS w");
  kind_of(NULL, "CREATE TABLE w (a int)");
  kind_of(NULL, "INSERT INTO w VALUES (1)");
  CHECK("before", is(value(NULL, "SELECT * FROM w"), "1"));
  kind_of(NULL, "ALTER TABLE w ALTER a TYPE text");
  CHECK("a changed result is asked for again", is(value(NULL, "SELECT * FROM w"), "1"));
  kind_of(NULL, "DEALLOCATE ALL");
  CHECK("so is a statement that somebody deallocated", is(value(NULL, "SELECT * FROM w"), "1"));
  kind_of(NULL, "DROP TABLE w");
  CHECK("a failed Parse leaves nothing behind", is(value(NULL, "SELECT * FROM w"), "ERROR 42P01"));
  kind_of(NULL, "CREATE TABLE w AS SELECT 5 AS a");
  CHECK("and works when it can", is(value(NULL, "SELECT * FROM w"), "5"));
}

/* Statements that were sent right behind one whose Parse fails find nothing prepared, the second time, too. */
static void check_bad_in_company(void) {
  static struct ask asks[40];
  int right = 0;
  for (int i = 0; i < 40; i++) send(&asks[i], NULL, "SELECT 1 FROM nowhere");
  for (int i = 0; i < 40; i++) {
    await(&asks[i]);
    right += is(first(asks[i].r), "ERROR 42P01");
    db_request_free(asks[i].r);
  }
  CHECK("each has the error of its own SQL", right == 40);
  struct ask a = {0};
  a.r = db_request_new("SELECT 1\0 + 1", 13, NULL, 0);
  a.r->done = answered;
  a.r->owner = &a;
  db_postgresql.submit(db, a.r);
  await(&a);
  CHECK("SQL is not cut short at a zero byte", a.r->error.kind == DB_PROGRAMMING);
  db_request_free(a.r);
}

static void check_eviction(void) {
  int right = 0;
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 600; i++) {
      char sql[64], expected[16];
      snprintf(sql, sizeof sql, "SELECT %d AS c%d", i, i);
      snprintf(expected, sizeof expected, "%d", i);
      right += is(value(NULL, sql), expected);
    }
  CHECK("more statements than slots", right == 1200);
  const int kept = atoi(value(NULL, "SELECT count(*) FROM pg_prepared_statements"));
  if (kept > 256)
    printf("  %d: %s\n", kept, value(NULL, "SELECT string_agg(name || statement, ';' ) FROM (SELECT * FROM pg_prepared_statements LIMIT 5) s"));
  CHECK("the server keeps few", kept <= 256);
}

/* ---- transactions ---- */

static void check_transactions(void) {
  struct db_transaction *tx = acquire();
  CHECK("BEGIN", tx && kind_of(tx, "BEGIN") == DB_OK);
  CHECK("inside", kind_of(tx, "INSERT INTO t VALUES (100, 1)") == DB_OK && is(value(tx, "SELECT count(*) FROM t WHERE id = 100"), "1"));
  CHECK("not outside", is(value(NULL, "SELECT count(*) FROM t WHERE id = 100"), "0"));
  CHECK("COMMIT", kind_of(tx, "COMMIT") == DB_OK && is(value(NULL, "SELECT count(*) FROM t WHERE id = 100"), "1"));
  kind_of(tx, "BEGIN");
  CHECK("an error poisons its transaction", kind_of(tx, "SELECT 1/0") == DB_DATA && is(value(tx, "SELECT 1"), "ERROR 25P02"));
  CHECK("a commit that rolls back is an error", is(value(tx, "COMMIT"), "ERROR 40000"));
  kind_of(tx, "BEGIN");
  kind_of(tx, "SELECT 1/0");
  CHECK("until it is rolled back", kind_of(tx, "ROLLBACK") == DB_OK && is(value(tx, "SELECT 1"), "1"));
  kind_of(tx, "BEGIN");
  CHECK("savepoints", kind_of(tx, "SAVEPOINT a") == DB_OK && kind_of(tx, "SELECT 1/0") == DB_DATA &&
                          kind_of(tx, "ROLLBACK TO SAVEPOINT a") == DB_OK && is(value(tx, "SELECT 1"), "1"));
  kind_of(tx, "DELETE FROM t");
  db_postgresql.release(db, tx);
  CHECK("release rolls back", atoi(value(NULL, "SELECT count(*) FROM t")) == 11);
  tx = acquire();
  kind_of(tx, "BEGIN TRANSACTION ISOLATION LEVEL NONSENSE");
  CHECK("a BEGIN that makes no sense is told by what follows", kind_of(tx, "DELETE FROM t") == DB_PROGRAMMING);
  db_postgresql.release(db, tx);
  CHECK("which did not run", atoi(value(NULL, "SELECT count(*) FROM t")) == 11);
  struct ask slow;
  tx = acquire();
  kind_of(tx, "BEGIN");
  send(&slow, tx, "SELECT pg_sleep(20)");
  pass_ms(50);
  db_postgresql.release(db, tx); /* frees slow.r */
  pass_ms(200);
  CHECK("release with a statement at work cancels it",
        is(value(NULL, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(20)' AND state = 'active'"), "0"));
}

/* ---- giving up ---- */

static void check_cancel(void) {
  struct ask a;
  send(&a, NULL, "SELECT 1");
  db_postgresql.cancel(db, a.r);
  send(&a, NULL, "SELECT pg_sleep(21)");
  pass_ms(100);
  CHECK("it runs", is(value(NULL, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(21)' AND state = 'active'"), "1"));
  db_postgresql.cancel(db, a.r);
  pass_ms(200);
  CHECK("alone on its connection it is cancelled",
        is(value(NULL, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(21)' AND state = 'active'"), "0"));
  CHECK("no answer comes", !a.done);
  struct db_transaction *tx = acquire();
  kind_of(tx, "BEGIN");
  send(&a, tx, "SELECT pg_sleep(22)");
  pass_ms(50);
  db_postgresql.cancel(db, a.r);
  CHECK("in a transaction, too; what follows waits for that", is(value(tx, "SELECT 1"), "ERROR 25P02") && kind_of(tx, "ROLLBACK") == DB_OK);
  CHECK("the cancel hit nothing else", is(value(tx, "SELECT 7"), "7"));
  db_postgresql.release(db, tx);
  struct ask many[40];
  for (int i = 0; i < 40; i++) send(&many[i], NULL, "SELECT pg_sleep(0.002)");
  kit_turn(0);
  for (int i = 0; i < 40; i += 2) db_postgresql.cancel(db, many[i].r);
  for (int i = 1; i < 40; i += 2) await(&many[i]);
  int right = 0;
  for (int i = 1; i < 40; i += 2) right += many[i].r->error.kind == DB_OK, db_request_free(many[i].r);
  CHECK("neighbours are left alone", right == 20);
}

static void check_timeouts(const char *url) {
  struct db_config config = kit_config(url);
  config.statement_timeout = 200 * CLOCK_NS_PER_MS;
  config.acquire_timeout = 300 * CLOCK_NS_PER_MS;
  config.pool_max = 2;
  reopen(config);
  CHECK("a statement times out", kind_of(NULL, "SELECT pg_sleep(10)") == DB_TIMED_OUT);
  struct db_transaction *a = acquire(), *b = acquire();
  struct ask third, statement;
  prepare(&third, NULL, "", NULL, 0);
  db_postgresql.acquire(db, third.r);
  send(&statement, NULL, "SELECT 1");
  await(&third);
  await(&statement);
  CHECK("a pool that is exhausted says so",
        third.r->error.kind == DB_UNAVAILABLE && statement.r->error.kind == DB_UNAVAILABLE && strstr(third.r->error.message, "in use"));
  db_request_free(third.r);
  db_request_free(statement.r);
  prepare(&third, NULL, "", NULL, 0);
  db_postgresql.acquire(db, third.r);
  kit_turn(0);
  db_postgresql.release(db, a);
  await(&third);
  CHECK("who waits gets what is released", third.r->error.kind == DB_OK);
  db_postgresql.release(db, third.r->driver_data);
  db_postgresql.release(db, b);
  db_request_free(third.r);
  CHECK("and statements after it", is(value(NULL, "SELECT 1"), "1"));
}

/* ---- cursors ---- */

static int64_t fetch_all(struct db_cursor *cursor, int most) {
  int64_t all = 0, n;
  while ((n = fetch(cursor, most)) == most) all += n;
  return n < 0 ? n : all + n;
}

static void check_cursors(void) {
  enum db_error_kind kind;
  struct db_cursor *c = open_cursor(NULL, "SELECT i FROM generate_series(1, $1) i", NULL);
  CHECK("a cursor", c && fetch_all(c, 1000) == 5000 && fetch(c, 1000) == 0);
  db_postgresql.cursor_close(db, c);
  c = open_cursor(NULL, "SELECT i FROM generate_series(1, $1) i", NULL);
  CHECK("an odd end", c && fetch_all(c, 999) == 5000);
  db_postgresql.cursor_close(db, c);
  c = open_cursor(NULL, "SELECT generate_series(1, 100000000)", NULL);
  CHECK("closed early", c && fetch(c, 10) == 10);
  db_postgresql.cursor_close(db, c);
  c = open_cursor(NULL, "SELECT 1/(3 - i) FROM generate_series(1, 5) i", NULL);
  CHECK("fails on the way", c && fetch(c, 2) == 2 && fetch(c, 2) == -1);
  db_postgresql.cursor_close(db, c);
  CHECK("makes no sense", !open_cursor(NULL, "SELEC", &kind) && kind == DB_PROGRAMMING);
  struct db_transaction *tx = acquire();
  kind_of(tx, "BEGIN");
  c = open_cursor(tx, "SELECT i FROM generate_series(1, $1) i", NULL);
  struct db_cursor *d = open_cursor(tx, "SELECT 1", NULL);
  CHECK("two in a transaction", c && d && fetch(c, 10) == 10 && fetch(d, 10) == 1 && is(value(tx, "SELECT 2"), "2") && fetch_all(c, 100) == 4990);
  db_postgresql.cursor_close(db, c);
  db_postgresql.cursor_close(db, d);
  kind_of(tx, "SAVEPOINT a");
  c = open_cursor(tx, "SELECT i FROM generate_series(1, $1) i", NULL);
  kind_of(tx, "ROLLBACK TO SAVEPOINT a");
  db_postgresql.cursor_close(db, c);
  CHECK("closing one that a rollback took does no harm", is(value(tx, "SELECT 3"), "3") && kind_of(tx, "COMMIT") == DB_OK);
  db_postgresql.release(db, tx);
  tx = acquire();
  kind_of(tx, "BEGIN");
  c = open_cursor(tx, "SELECT i FROM generate_series(1, $1) i", NULL);
  d = open_cursor(tx, "SELECT pg_sleep(25)", NULL);
  CHECK("open when their transaction ends", c && d && fetch(c, 10) == 10);
  struct ask running;
  prepare(&running, NULL, "", NULL, 0);
  db_postgresql.cursor_fetch(db, d, 1, running.r);
  pass_ms(50);
  db_postgresql.release(db, tx); /* frees running.r */
  CHECK("they are over", fetch(c, 10) == -1 && fetch(d, 10) == -1);
  db_postgresql.cursor_close(db, c);
  db_postgresql.cursor_close(db, d);
  struct ask a;
  c = open_cursor(NULL, "SELECT pg_sleep(23) FROM generate_series(1, 3) i", NULL);
  prepare(&a, NULL, "", NULL, 0);
  db_postgresql.cursor_fetch(db, c, 1, a.r);
  pass_ms(50);
  db_postgresql.cancel(db, a.r);
  db_postgresql.cursor_close(db, c);
  pass_ms(200);
  CHECK("a fetch given up is cancelled",
        is(value(NULL, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'FETCH%' AND state = 'active'"), "0"));
  prepare(&a, NULL, "SELECT 1", NULL, 0);
  db_postgresql.cursor_open(db, a.r);
  kit_turn(0);
  if (a.done) db_postgresql.cursor_close(db, a.r->driver_data), db_request_free(a.r);
  else db_postgresql.cancel(db, a.r);
  CHECK("so is an opening", is(value(NULL, "SELECT 1"), "1"));
}

static void check_big(void) {
  struct ask a = ask(NULL, "SELECT i, repeat('x', 1000) FROM generate_series(1, 50000) i");
  CHECK("50 MB in one result", a.r->error.kind == DB_OK && a.r->rows->row_count == 50000);
  db_request_free(a.r);
  char *large = xmalloc(20000001);
  memset(large, 'y', 20000000);
  large[20000000] = '\0';
  const struct db_value v = text(large);
  CHECK("20 MB in one parameter", is(value_with(NULL, "SELECT length($1::text)", &v, 1), "20000000"));
  free(large);
}

int main(void) {
  const char *url = open_named();
  if (!url) TESTS_END;
  check_values();
  check_rows();
  check_binary();
  check_errors();
  check_many();
  check_groups();
  check_schema_change();
  check_bad_in_company();
  check_eviction();
  check_transactions();
  check_cancel();
  check_cursors();
  check_big();
  check_nothing_left();
  check_timeouts(url);
  kit_close();
  TESTS_END;
}
