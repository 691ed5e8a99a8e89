/* sqlite_test.c - db/sqlite*.c: reads, writes, errors, transactions and cursors, against files in a folder of their own. */
#include "sqlite_kit.h"

#include "check.h"

#include <pthread.h>

/* ---- reads and values ---- */

static void check_reads(struct kit *k) {
  struct db_error err;
  struct db_value v;
  CHECK("a table is made", kit_ok(k, NULL, "CREATE TABLE t (id integer PRIMARY KEY, name text, price real, data blob)"));
  CHECK("rows are inserted", kit_ok(k, NULL, "INSERT INTO t VALUES (1, 'one', 1.5, x'00ff'), (2, NULL, NULL, x'')"));
  CHECK("what was acknowledged is read", kit_reads(k, "SELECT id, name FROM t ORDER BY id", "1 one;2 null"));
  CHECK("a comment before the statement", kit_reads(k, "-- x\n /* y */ SELECT count(*) FROM t; -- z", "2"));
  CHECK("EXPLAIN is a read", !strncmp(kit_read(k, "EXPLAIN QUERY PLAN SELECT * FROM t WHERE id = 1"), "2 0 0 SEARCH", 12));
  CHECK("a WITH that reads", kit_reads(k, "WITH x AS (SELECT 7 AS n) SELECT n FROM x", "7"));
  CHECK("a WITH that writes is to be submitted", kit_reads(k, "WITH x AS (SELECT 7) INSERT INTO t (id) SELECT * FROM x", "submit"));
  CHECK("a write is to be submitted", kit_reads(k, "INSERT INTO t (id) VALUES (9)", "submit"));
  CHECK("BEGIN is no read", kit_reads(k, "BEGIN", "submit"));
  CHECK("PRAGMA is no read", kit_reads(k, "PRAGMA foreign_keys=OFF", "submit"));
  CHECK("two statements are refused", kit_reads(k, "SELECT 1; SELECT 2", "error: one statement can be executed at a time"));
  CHECK("a missing table is named", kit_reads(k, "SELECT * FROM nowhere", "error: no such table: nowhere"));
  CHECK("double quotes never make a string", kit_reads(k, "SELECT \"nix\" FROM t", "error: no such column: nix"));

  const char *sql = "SELECT id, name, price, data, data AS more FROM t WHERE id = ?1";
  const struct db_value one = integer(1);
  struct db_rows *rows = db_sqlite.read_now(k->db, sql, strlen(sql), &one, 1, &err);
  CHECK("columns are named", rows && rows->column_count == 5 && !strcmp(rows->ops->name(rows, 4), "more"));
  CHECK("there is a row", rows->ops->next(rows, &err) == DB_ROW);
  rows->ops->value(rows, 2, &v);
  CHECK("floats", v.type == DB_FLOAT && v.number == 1.5);
  rows->ops->value(rows, 3, &v);
  CHECK("bytes", v.type == DB_BLOB && v.text.len == 2 && !memcmp(v.text.data, "\0\xff", 2));
  struct db_rows *inner = db_sqlite.read_now(k->db, sql, strlen(sql), &one, 1, &err);
  CHECK("the same read inside", inner && inner != rows && inner->ops->next(inner, &err) == DB_ROW && inner->ops->next(inner, &err) == DB_END);
  inner->ops->free(inner);
  CHECK("the outer one goes on", rows->ops->next(rows, &err) == DB_END);
  rows->ops->free(rows);
  rows = db_sqlite.read_now(k->db, sql, strlen(sql), NULL, 0, &err);
  CHECK("a parameter without a value", !rows && err.kind == DB_PROGRAMMING);
}

static bool round_trips(struct kit *k, struct db_value given, enum db_type type) {
  struct db_error err;
  struct db_value v;
  struct db_rows *rows = db_sqlite.read_now(k->db, "SELECT ?1", 9, &given, 1, &err);
  bool ok = rows && rows->ops->next(rows, &err) == DB_ROW;
  if (!ok) return false;
  rows->ops->value(rows, 0, &v);
  ok = v.type == type;
  if (ok && (type == DB_TEXT || type == DB_BLOB)) ok = v.text.len == given.text.len && !memcmp(v.text.data, given.text.data, v.text.len);
  if (ok && type == DB_FLOAT) ok = v.number == given.number;
  if (ok && type == DB_INTEGER) ok = v.integer == (given.type == DB_BOOLEAN ? given.boolean : given.integer);
  rows->ops->free(rows);
  return ok;
}

static void check_values(struct kit *k) {
  CHECK("the greatest integer", round_trips(k, integer(INT64_MAX), DB_INTEGER));
  CHECK("the least integer", round_trips(k, integer(INT64_MIN), DB_INTEGER));
  CHECK("true is 1", round_trips(k, (struct db_value){.type = DB_BOOLEAN, .boolean = true}, DB_INTEGER));
  CHECK("a float", round_trips(k, (struct db_value){.type = DB_FLOAT, .number = 1e300}, DB_FLOAT));
  CHECK("null", round_trips(k, (struct db_value){.type = DB_NULL}, DB_NULL));
  CHECK("an empty text is no null", round_trips(k, (struct db_value){.type = DB_TEXT, .text = {"", 0}}, DB_TEXT));
  CHECK("a text with a zero byte", round_trips(k, (struct db_value){.type = DB_TEXT, .text = {"a\0b", 3}}, DB_TEXT));
  CHECK("empty bytes are no null", round_trips(k, (struct db_value){.type = DB_BLOB, .text = {"", 0}}, DB_BLOB));
  CHECK("bytes", round_trips(k, (struct db_value){.type = DB_BLOB, .text = {"\xff\0", 2}}, DB_BLOB));
}

static void check_many_statements(struct kit *k) {
  char sql[64], expected[16];
  int good = 0;
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 1000; i++) {
      snprintf(sql, sizeof sql, "SELECT %d", i);
      snprintf(expected, sizeof expected, "%d", i);
      good += kit_reads(k, sql, expected);
    }
  }
  CHECK("more statements than are kept prepared", good == 2000);
}

/* ---- writes ---- */

static void check_writes(struct kit *k) {
  const struct db_value params[] = {text("ann"), integer(3)};
  CHECK("a table", kit_ok(k, NULL, "CREATE TABLE w (id integer PRIMARY KEY AUTOINCREMENT, name text, n integer)"));
  struct db_request *r = kit_run(k, NULL, "INSERT INTO w (name, n) VALUES (?1, ?2), ('bob', 4) RETURNING id, name", params, 2);
  char out[100];
  kit_print(r->rows, out, sizeof out);
  CHECK("RETURNING gives rows", !strcmp(out, "1 ann;2 bob") && r->rows->row_count == 2 && r->affected == 2);
  CHECK("and their names", !strcmp(r->rows->ops->name(r->rows, 1), "name"));
  db_request_free(r);
  r = kit_run(k, NULL, "UPDATE w SET n = n + 1 WHERE n > 3", NULL, 0);
  CHECK("affected counts", r->affected == 1 && r->rows->column_count == 0);
  db_request_free(r);
  r = kit_run(k, NULL, "CREATE INDEX w_name ON w (name)", NULL, 0);
  CHECK("what is no change counts none", r->error.kind == DB_OK && r->affected == 0);
  db_request_free(r);
  r = kit_run(k, NULL, "DELETE FROM w WHERE n > 100", NULL, 0);
  CHECK("nothing found, nothing affected", r->error.kind == DB_OK && r->affected == 0);
  db_request_free(r);
  CHECK("a read may be submitted", kit_gives(k, NULL, "SELECT name FROM w ORDER BY id", "ann;bob"));
  CHECK("BEGIN needs a transaction", *kit_try(k, NULL, "BEGIN") && *kit_try(k, NULL, "COMMIT") && *kit_try(k, NULL, "SAVEPOINT x"));
}

static bool fails(struct kit *k, const char *sql, enum db_error_kind kind, const char *code, const char *constraint) {
  struct db_request *r = kit_run(k, NULL, sql, NULL, 0);
  const bool ok = r->error.kind == kind && (!code || !strcmp(r->error.code, code)) && !strcmp(r->error.constraint, constraint) && !r->rows;
  if (!ok) printf("%s: kind %d code %s constraint '%s': %s\n", sql, (int)r->error.kind, r->error.code, r->error.constraint, r->error.message);
  db_request_free(r);
  return ok;
}

static void check_errors(struct kit *k) {
  CHECK("tables", kit_ok(k, NULL,
                         "CREATE TABLE e (id integer PRIMARY KEY, a text NOT NULL, b text, n integer CONSTRAINT n_positive CHECK (n > 0), "
                         "parent integer REFERENCES e (id), UNIQUE (a, b))"));
  CHECK("a row", kit_ok(k, NULL, "INSERT INTO e VALUES (1, 'a', 'b', 1, NULL)"));
  CHECK("unique columns", fails(k, "INSERT INTO e VALUES (2, 'a', 'b', 1, NULL)", DB_INTEGRITY, "2067", "e.a, e.b"));
  CHECK("an index on an expression", kit_ok(k, NULL, "CREATE UNIQUE INDEX e_lower ON e (lower(b))"));
  CHECK("primary key", fails(k, "INSERT INTO e VALUES (1, 'x', 'y', 1, NULL)", DB_INTEGRITY, "1555", "e.id"));
  CHECK("unique index", fails(k, "INSERT INTO e VALUES (2, 'x', 'B', 1, NULL)", DB_INTEGRITY, "2067", "e_lower"));
  CHECK("not null", fails(k, "INSERT INTO e VALUES (2, NULL, 'y', 1, NULL)", DB_INTEGRITY, "1299", "e.a"));
  CHECK("check", fails(k, "INSERT INTO e VALUES (2, 'x', 'y', -1, NULL)", DB_INTEGRITY, "275", "n_positive"));
  CHECK("foreign key", fails(k, "INSERT INTO e VALUES (2, 'x', 'y', 1, 77)", DB_INTEGRITY, "787", ""));
  CHECK("syntax", fails(k, "INSRT INTO e", DB_PROGRAMMING, "1", ""));
  CHECK("no such column", fails(k, "UPDATE e SET nix = 1", DB_PROGRAMMING, "1", ""));
  CHECK("datatype", fails(k, "INSERT INTO e VALUES ('x', 'x', 'y', 1, NULL)", DB_DATA, "20", ""));
  CHECK("overflow", fails(k, "SELECT abs(-9223372036854775808)", DB_DATA, "1", ""));
  CHECK("malformed JSON", fails(k, "SELECT json_extract('{', '$.a')", DB_DATA, "1", ""));
  CHECK("too big", fails(k, "SELECT zeroblob(2000000000)", DB_DATA, "18", ""));
  CHECK("an empty statement", fails(k, " -- nothing", DB_PROGRAMMING, "", ""));
  CHECK("nothing of it stayed", kit_reads(k, "SELECT count(*) FROM e", "1"));
}

/* Submit several in one turn, so that they make one group. */
static void group(struct kit *k, const char *const *sqls, int count, struct db_request **requests) {
  int done = 0;
  for (int i = 0; i < count; i++) {
    requests[i] = kit_request(sqls[i], NULL, 0, &done);
    db_sqlite.submit(k->db, requests[i]);
  }
  kit_wait(k, &done, count);
}

static void check_group(struct kit *k, const char *what, const char *const *sqls, int count, const char *expected, const char *rows) {
  struct db_request *requests[8];
  char kinds[9] = "";
  group(k, sqls, count, requests);
  for (int i = 0; i < count; i++) {
    kinds[i] = (char)('0' + (int)requests[i]->error.kind);
    db_request_free(requests[i]);
  }
  CHECK(what, !strcmp(kinds, expected));
  if (strcmp(kinds, expected) != 0) printf("%s\n", kinds);
  CHECK(what, kit_reads(k, "SELECT group_concat(id) FROM (SELECT id FROM g ORDER BY id)", rows));
}

static void check_groups(struct kit *k) {
  CHECK("tables", kit_ok(k, NULL, "CREATE TABLE g (id integer PRIMARY KEY, parent integer REFERENCES g (id) DEFERRABLE INITIALLY DEFERRED)"));
  check_group(k, "one that fails does not hurt the others",
              (const char *const[]){"INSERT INTO g VALUES (1, NULL)", "INSERT INTO g VALUES (2, NULL), (1, NULL)", "INSERT INTO g VALUES (3, NULL)"},
              3, "010", "1,3");
  check_group(k, "a deferred key that dangles is its own fault",
              (const char *const[]){"INSERT INTO g VALUES (4, NULL)", "INSERT INTO g VALUES (5, 99)", "INSERT INTO g VALUES (99, NULL)"}, 3, "010",
              "1,3,4,99");
  check_group(k, "OR ROLLBACK takes nobody along",
              (const char *const[]){"INSERT INTO g VALUES (6, NULL)", "INSERT OR ROLLBACK INTO g VALUES (1, NULL)", "INSERT INTO g VALUES (7, NULL)"},
              3, "010", "1,3,4,6,7,99");
  check_group(k, "settings and reads in between",
              (const char *const[]){"INSERT INTO g VALUES (8, NULL)", "PRAGMA foreign_keys=OFF", "INSERT INTO g VALUES (9, 1000)", "SELECT 1",
                                    "DELETE FROM g WHERE id = 99"},
              5, "00100", "1,3,4,6,7,8");
  check_group(k, "what comes later sees what came before",
              (const char *const[]){"INSERT INTO g VALUES (10, 8)", "DELETE FROM g WHERE id = 8", "UPDATE g SET id = 11 WHERE id = 10"}, 3, "010",
              "1,3,4,6,7,8,11");
}

/* ---- many workers ---- */

enum { WORKERS = 4, EACH = 500, AT_ONCE = 20 };

static struct db_shared *common;

struct writer {
  pthread_t thread;
  int number, ok, refused;
};

static void *write_many(void *arg) {
  struct writer *w = arg;
  struct kit k;
  kit_open(&k, common);
  for (int i = 0; i < EACH; i += AT_ONCE) {
    struct db_request *requests[AT_ONCE];
    int done = 0;
    for (int j = 0; j < AT_ONCE; j++) {
      const int id = j % 10 == 9 ? 1 : w->number * EACH + i + j + 2; /* every tenth one clashes */
      const struct db_value param = integer(id);
      requests[j] = kit_request("INSERT INTO many (id) VALUES (?1)", &param, 1, &done);
      db_sqlite.submit(k.db, requests[j]);
    }
    kit_wait(&k, &done, AT_ONCE);
    for (int j = 0; j < AT_ONCE; j++) {
      w->ok += requests[j]->error.kind == DB_OK;
      w->refused += requests[j]->error.kind == DB_INTEGRITY;
      db_request_free(requests[j]);
    }
    if (kit_reads(&k, "SELECT count(*) > 0 FROM many", "1")) continue;
    w->ok = -1;
  }
  kit_close(&k);
  return NULL;
}

static void check_workers(struct kit *k, struct db_shared *shared) {
  struct writer writers[WORKERS] = {0};
  int ok = 0, refused = 0;
  char expected[32];
  common = shared;
  CHECK("a table", kit_ok(k, NULL, "CREATE TABLE many (id integer PRIMARY KEY)") && kit_ok(k, NULL, "INSERT INTO many VALUES (1)"));
  for (int i = 0; i < WORKERS; i++) {
    writers[i].number = i;
    pthread_create(&writers[i].thread, NULL, write_many, &writers[i]);
  }
  for (int i = 0; i < WORKERS; i++) {
    pthread_join(writers[i].thread, NULL);
    ok += writers[i].ok;
    refused += writers[i].refused;
  }
  CHECK("each gets its own answer", ok == WORKERS * EACH * 9 / 10 && refused == WORKERS * EACH / 10);
  snprintf(expected, sizeof expected, "%d", ok + 1);
  CHECK("all that was acknowledged is there", kit_reads(k, "SELECT count(*) FROM many", expected));
}

/* ---- transactions ---- */

static void check_transactions(struct kit *k, struct db_shared *shared) {
  struct kit other;
  kit_open(&other, shared);
  CHECK("a table", kit_ok(k, NULL, "CREATE TABLE x (id integer PRIMARY KEY, parent integer REFERENCES x (id) DEFERRABLE INITIALLY DEFERRED)"));
  struct db_transaction *tx = kit_acquire(k);
  CHECK("the writer is had", tx != NULL);
  CHECK("BEGIN", kit_ok(k, tx, "BEGIN") && kit_ok(k, tx, "INSERT INTO x VALUES (1, NULL)"));
  CHECK("reads inside see it", kit_gives(k, tx, "SELECT count(*) FROM x", "1"));
  CHECK("reads outside do not", kit_reads(&other, "SELECT count(*) FROM x", "0") && kit_reads(k, "SELECT count(*) FROM x", "0"));
  CHECK("a savepoint", kit_ok(k, tx, "SAVEPOINT a") && kit_ok(k, tx, "INSERT INTO x VALUES (2, NULL)") && kit_ok(k, tx, "ROLLBACK TO a") &&
                           kit_ok(k, tx, "RELEASE a"));
  CHECK("an error leaves it open", *kit_try(k, tx, "INSERT INTO x VALUES (1, NULL)"));
  int done = 0;
  struct db_request *waiting = kit_request("INSERT INTO x VALUES (10, NULL)", NULL, 0, &done);
  db_sqlite.submit(other.db, waiting);
  kit_turn(&other, 50);
  CHECK("others wait", done == 0);
  CHECK("COMMIT", kit_ok(k, tx, "COMMIT"));
  CHECK("is seen at once", kit_reads(k, "SELECT count(*) FROM x", "1"));
  kit_turn(&other, 50);
  CHECK("others wait until it is released", done == 0);
  db_sqlite.release(k->db, tx);
  kit_wait(&other, &done, 1);
  CHECK("and go on then", done == 1 && waiting->error.kind == DB_OK);
  db_request_free(waiting);

  tx = kit_acquire(k);
  CHECK("an open one", kit_ok(k, tx, "BEGIN") && kit_ok(k, tx, "DELETE FROM x"));
  db_sqlite.release(k->db, tx);
  CHECK("is rolled back when released", kit_gives(&other, NULL, "SELECT count(*) FROM x", "2"));

  tx = kit_acquire(k);
  CHECK("a transaction", kit_ok(k, tx, "BEGIN") && kit_ok(k, tx, "INSERT INTO x VALUES (20, NULL)"));
  CHECK("that is lost", *kit_try(k, tx, "INSERT OR ROLLBACK INTO x VALUES (1, NULL)"));
  CHECK("runs nothing any more", *kit_try(k, tx, "INSERT INTO x VALUES (21, NULL)") && *kit_try(k, tx, "COMMIT"));
  CHECK("until it is rolled back", kit_ok(k, tx, "ROLLBACK") && kit_ok(k, tx, "BEGIN") && kit_ok(k, tx, "INSERT INTO x VALUES (22, 23)"));
  CHECK("a deferred key fails at COMMIT", !strcmp(kit_try(k, tx, "COMMIT"), "FOREIGN KEY constraint failed"));
  CHECK("and can be made good", kit_ok(k, tx, "INSERT INTO x VALUES (23, NULL)") && kit_ok(k, tx, "COMMIT"));
  CHECK("settings may change in it", kit_ok(k, tx, "PRAGMA foreign_keys=OFF") && kit_ok(k, tx, "INSERT INTO x VALUES (24, 1000)"));
  db_sqlite.release(k->db, tx);
  CHECK("and are as before afterwards", *kit_try(k, NULL, "INSERT INTO x VALUES (25, 1000)"));
  CHECK("what is there", kit_reads(k, "SELECT group_concat(id) FROM (SELECT id FROM x ORDER BY id)", "1,10,22,23,24"));
  kit_close(&other);
}

static void check_cursor(struct kit *k, struct db_transaction *tx, int rows, int most) {
  int done = 0, seen = 0;
  const struct db_value from = integer(0);
  struct db_error err;
  struct db_value v;
  struct db_request *r = kit_request("SELECT id, 'text ' || id FROM c WHERE id > ?1 ORDER BY id", &from, 1, &done);
  r->tx = tx;
  db_sqlite.cursor_open(k->db, r);
  kit_wait(k, &done, 1);
  struct db_cursor *cursor = r->driver_data;
  CHECK("a cursor opens", r->error.kind == DB_OK && cursor);
  db_request_free(r);
  for (int count = most; count == most;) {
    done = count = 0;
    r = kit_request("", NULL, 0, &done);
    db_sqlite.cursor_fetch(k->db, cursor, most, r);
    kit_wait(k, &done, 1);
    for (; r->rows && r->rows->ops->next(r->rows, &err) == DB_ROW; count++) {
      r->rows->ops->value(r->rows, 0, &v);
      seen += v.integer == seen + 1;
    }
    db_request_free(r);
  }
  CHECK("all rows in order", seen == rows);
  db_sqlite.cursor_close(k->db, cursor);
}

/* The rows are 13 MB. Sanitizers keep what was freed for a while. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { MOST_GROWTH_KB = 1000000 };
#else
enum { MOST_GROWTH_KB = 4000 };
#endif

static long resident_kb(void) {
  long total, resident = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%ld %ld", &total, &resident) != 2) resident = 0; /* NOLINT(cert-err34-c): the kernel's own numbers */
  if (f) fclose(f);
  return resident * 4;
}

static void check_cursors(struct kit *k) {
  CHECK("many rows", kit_ok(k, NULL, "CREATE TABLE c (id integer PRIMARY KEY, filler text)") &&
                         kit_ok(k, NULL,
                                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
                                "INSERT INTO c SELECT i, printf('%0100d', i) FROM n"));
  check_cursor(k, NULL, 100000, 1000);
  const long before = resident_kb();
  check_cursor(k, NULL, 100000, 1000);
  check_cursor(k, NULL, 100000, 7777);
  CHECK("in bounded memory", resident_kb() - before < MOST_GROWTH_KB);
  struct db_transaction *tx = kit_acquire(k);
  CHECK("BEGIN", kit_ok(k, tx, "BEGIN"));
  CHECK("it sees the transaction's own", kit_ok(k, tx, "INSERT INTO c VALUES (100001, '')"));
  check_cursor(k, tx, 100001, 5000);
  int done = 0;
  struct db_request *r = kit_request("SELECT id FROM c", NULL, 0, &done);
  r->tx = tx;
  db_sqlite.cursor_open(k->db, r);
  kit_wait(k, &done, 1);
  struct db_cursor *cursor = r->driver_data;
  db_request_free(r);
  db_sqlite.release(k->db, tx);
  r = kit_request("", NULL, 0, &done);
  db_sqlite.cursor_fetch(k->db, cursor, 10, r);
  CHECK("a cursor ends with its transaction", done == 2 && r->error.kind == DB_PROGRAMMING);
  db_request_free(r);
  db_sqlite.cursor_close(k->db, cursor);
  done = 0;
  r = kit_request("DELETE FROM c", NULL, 0, &done);
  db_sqlite.cursor_open(k->db, r);
  CHECK("a cursor is for reading", done == 1 && r->error.kind == DB_PROGRAMMING && !r->driver_data);
  db_request_free(r);
}

static void check_file(void) {
  const struct db_config config = kit_config("sqlite:main.db");
  struct db_shared *shared = kit_share(&config);
  struct kit k;
  kit_open(&k, shared);
  check_reads(&k);
  check_values(&k);
  check_many_statements(&k);
  check_writes(&k);
  check_errors(&k);
  check_groups(&k);
  check_workers(&k, shared);
  check_transactions(&k, shared);
  check_cursors(&k);
  CHECK("what is left is sound", kit_gives(&k, NULL, "PRAGMA integrity_check", "ok"));
  kit_close(&k);
  db_sqlite.unshare(shared);
  char path[128];
  snprintf(path, sizeof path, "%s/main.db-wal", kit_folder);
  CHECK("no log is left behind", access(path, F_OK) != 0);
}

/* SQLite looks at the clock every so many steps, which BEGIN and COMMIT have, too. */
static void check_pauses(void) {
  struct db_config config = kit_config("sqlite:pauses.db");
  config.statement_timeout = 3 * CLOCK_NS_PER_MS;
  struct db_shared *shared = kit_share(&config);
  struct kit k;
  int right = 0;
  kit_open(&k, shared);
  for (int i = 0; i < 700; i++) {
    right += kit_reads(&k, "SELECT 1", "1");
    db_sqlite.tick(k.db, clock_ns());
    usleep(4000);
  }
  CHECK("the time between two reads does not count", right == 700);
  kit_close(&k);
  db_sqlite.unshare(shared);
}

static void check_memory(void) {
  const struct db_config config = kit_config("sqlite::memory:");
  struct db_shared *shared = kit_share(&config);
  struct kit k;
  kit_open(&k, shared);
  CHECK("a table", kit_ok(&k, NULL, "CREATE TABLE c (id integer PRIMARY KEY)"));
  CHECK("rows", kit_ok(&k, NULL, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO c SELECT i FROM n"));
  CHECK("reads go through the writer", kit_reads(&k, "SELECT 1", "submit") && kit_gives(&k, NULL, "SELECT count(*) FROM c", "1000"));
  check_cursor(&k, NULL, 1000, 64);
  struct db_transaction *tx = kit_acquire(&k);
  CHECK("transactions", kit_ok(&k, tx, "BEGIN") && kit_ok(&k, tx, "DELETE FROM c") && kit_ok(&k, tx, "ROLLBACK"));
  db_sqlite.release(k.db, tx);
  CHECK("rolled back", kit_gives(&k, NULL, "SELECT count(*) FROM c", "1000"));
  kit_close(&k);
  db_sqlite.unshare(shared);
}

int main(void) {
  kit_make_folder();
  check_file();
  check_memory();
  check_pauses();
  kit_remove_folder();
  TESTS_END;
}
