/* sqlite_conn.c - one connection to SQLite: how it is opened, its prepared statements, values in and errors out.
 *
 * DESIGN: statements are kept prepared by their SQL. A statement that is handed out is busy; when the same SQL is asked for meanwhile (a read
 * inside a walk over the same read), a second one is prepared and finalized when it is put back. */
#include "db/sqlite.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { CACHED_STATEMENTS = 256, STEPS_BETWEEN_CHECKS = 1000 };

/* ---- SQL ---- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* Behind white space, comments and, at a statement's end, semicolons. */
static const char *skip(const char *p, const char *end, bool semicolons) {
  while (p < end) {
    if (is_blank(*p) || (semicolons && *p == ';')) {
      p++;
    } else if (end - p > 1 && p[0] == '-' && p[1] == '-') {
      const char *line = memchr(p, '\n', (size_t)(end - p));
      p = line ? line + 1 : end;
    } else if (end - p > 1 && p[0] == '/' && p[1] == '*') {
      const char *close = memmem(p + 2, (size_t)(end - p - 2), "*/", 2);
      p = close ? close + 2 : end;
    } else {
      break;
    }
  }
  return p;
}

enum sql_kind sqlite_kind(const char *sql, size_t len) {
  static const struct {
    const char *word;
    enum sql_kind kind;
  } words[] = {{"select", SQL_QUERY},   {"with", SQL_QUERY},   {"values", SQL_QUERY},     {"explain", SQL_QUERY},     {"begin", SQL_BEGIN},
               {"commit", SQL_CONTROL}, {"end", SQL_CONTROL},  {"rollback", SQL_CONTROL}, {"savepoint", SQL_CONTROL}, {"release", SQL_CONTROL},
               {"pragma", SQL_SETTING}, {"vacuum", SQL_ALONE}, {"attach", SQL_ALONE},     {"detach", SQL_ALONE}};
  const char *end = sql + len, *p = skip(sql, end, false), *word = p;
  while (p < end && ((*p | 32) >= 'a' && (*p | 32) <= 'z')) p++;
  const size_t n = (size_t)(p - word);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (n == strlen(words[i].word) && !strncasecmp(word, words[i].word, n)) return words[i].kind;
  return SQL_OTHER;
}

/* ---- errors ---- */

static bool starts(const char *s, const char *with) { return !strncmp(s, with, strlen(with)); }

/* SQLITE_ERROR is all sorts of things; only the text tells them apart. */
static enum db_error_kind generic_kind(bool preparing, const char *message) {
  if (preparing || starts(message, "no such ")) return DB_PROGRAMMING;
  if (starts(message, "integer overflow") || strstr(message, "JSON")) return DB_DATA;
  return DB_OPERATIONAL;
}

static enum db_error_kind kind_of(int code, bool preparing, const char *message) {
  if (code == SQLITE_CONSTRAINT_DATATYPE) return DB_DATA;
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return DB_INTEGRITY;
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return DB_DATA;
    case SQLITE_RANGE: return DB_PROGRAMMING;
    case SQLITE_INTERRUPT: return DB_TIMED_OUT;
    case SQLITE_BUSY: return DB_UNAVAILABLE;
    case SQLITE_ERROR: return generic_kind(preparing, message);
    default: return DB_OPERATIONAL;
  }
}

/* "UNIQUE constraint failed: t.a, t.b" names columns, "… failed: index 'name'" an index, "CHECK constraint failed: name" the check. */
static void set_constraint(struct db_error *err) {
  static const char failed[] = " constraint failed: ", quoted[] = "index '";
  const char *at = strstr(err->message, failed);
  if (!at) return;
  at += sizeof failed - 1;
  const bool index = starts(at, quoted);
  if (index) at += sizeof quoted - 1;
  const size_t n = strlen(at) - (index ? 1 : 0);
  snprintf(err->constraint, sizeof err->constraint, "%.*s", (int)n, at);
}

static void one_line(char *s) {
  for (; *s; s++)
    if (*s == '\n' || *s == '\r') *s = ' ';
}

void sqlite_failed(struct sqlite_conn *c, bool preparing, struct db_error *err) {
  const int code = sqlite3_extended_errcode(c->handle);
  const char *message = sqlite3_errmsg(c->handle);
  const enum db_error_kind kind = kind_of(code, preparing, message);
  if (kind == DB_TIMED_OUT) message = "the statement took longer than the statement timeout";
  if (kind == DB_UNAVAILABLE) message = "the database is locked by another program";
  db_error_set(err, kind, "%s", message);
  snprintf(err->code, sizeof err->code, "%d", code);
  one_line(err->message);
  if (kind == DB_INTEGRITY) set_constraint(err);
}

/* ---- opening ---- */

static int on_progress(void *arg) {
  const struct sqlite_conn *c = arg;
  if (c->cancelled && atomic_load_explicit(c->cancelled, memory_order_relaxed)) return 1;
  return c->deadline && clock_ns() > c->deadline;
}

/* Another process has a lock (in ours nobody else writes): ask again, ever less often, until the time is up. */
static int on_busy(void *arg, int tries) {
  const struct sqlite_conn *c = arg;
  if (clock_ns() > c->busy_until || on_progress(arg)) return 0;
  if (c->give_up && atomic_load_explicit(c->give_up, memory_order_relaxed)) return 0;
  const long ms = tries < 5 ? 1 + tries : tries < 20 ? 10 : 25;
  nanosleep(&(struct timespec){.tv_nsec = ms * (long)CLOCK_NS_PER_MS}, NULL);
  return 1;
}

int sqlite_conn_settings(struct sqlite_conn *c) {
  char sql[240];
  /* No mmap: an I/O error, or another program that cuts the file short, would be a SIGBUS instead of an error. */
  snprintf(sql, sizeof sql,
           "PRAGMA foreign_keys=ON; PRAGMA synchronous=%s; PRAGMA cache_size=-8000; PRAGMA recursive_triggers=OFF; "
           "PRAGMA ignore_check_constraints=OFF; PRAGMA query_only=OFF",
           c->config->synchronous_full ? "FULL" : "NORMAL");
  return sqlite3_exec(c->handle, sql, NULL, NULL, NULL);
}

static int configure(struct sqlite_conn *c) {
  sqlite3 *h = c->handle;
  sqlite3_extended_result_codes(h, 1);
  /* The schema stays trusted: without that SQLite 3.40 refuses json_valid() in CHECK. */
  sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  /* "name" is a column or an error, never a string by mistake */
  sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  sqlite3_progress_handler(h, STEPS_BETWEEN_CHECKS, on_progress, c);
  sqlite3_busy_handler(h, on_busy, c);
  const int rc = sqlite_functions(h);
  return rc ? rc : sqlite_conn_settings(c);
}

/* Write-ahead logging is a property of the file, and asking for it is the first time that the file is read. */
static bool set_journal(struct sqlite_conn *c, const char *expected, struct db_error *err) {
  struct db_value mode;
  struct sqlite_statement *st = sqlite_get(c, "PRAGMA journal_mode=WAL", sizeof "PRAGMA journal_mode=WAL" - 1, err);
  if (!st) return false;
  const enum db_step step = sqlite_step(st, err);
  bool ok = step == DB_ROW;
  if (ok) {
    sqlite_value(st, 0, &mode);
    ok = mode.type == DB_TEXT && mode.text.len == strlen(expected) && !memcmp(mode.text.data, expected, mode.text.len);
    if (!ok) db_error_set(err, DB_OPERATIONAL, "write-ahead logging is not possible there");
  }
  sqlite_put(st);
  return ok;
}

static bool set_up(struct sqlite_conn *c, const char *path, bool writer, struct db_error *err) {
  if (configure(c)) {
    sqlite_failed(c, false, err);
    return false;
  }
  if (!writer) return sqlite_run(c, "PRAGMA query_only=ON", err);
  if (sqlite3_db_readonly(c->handle, "main") == 1) {
    db_error_set(err, DB_OPERATIONAL, "the file cannot be written to");
    return false;
  }
  return set_journal(c, strcmp(path, ":memory:") ? "wal" : "memory", err) && sqlite_run(c, "PRAGMA journal_size_limit=16777216", err);
}

struct sqlite_conn *sqlite_conn_open(const char *path, bool writer, const struct db_config *config, struct db_error *err) {
  struct sqlite_conn *c = xcalloc(1, sizeof *c);
  c->config = config;
  map_init(&c->statements);
  list_init(&c->recent);
  c->busy_until = clock_ns() + config->acquire_timeout;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_CREATE : 0);
  if (sqlite3_open_v2(path, &c->handle, flags, NULL)) sqlite_failed(c, false, err);
  else if (set_up(c, path, writer, err)) return c;
  sqlite_conn_close(c);
  return NULL;
}

void sqlite_conn_limit(struct sqlite_conn *c, uint64_t now) {
  const uint64_t timeout = c->config->statement_timeout;
  c->deadline = timeout ? now + timeout : 0;
  c->busy_until = now + CLOCK_NS_PER_SEC;
}

static void statement_free(struct sqlite_statement *st) {
  sqlite3_finalize(st->handle);
  free(st);
}

void sqlite_conn_close(struct sqlite_conn *c) {
  if (!c) return;
  for (struct list *l; (l = list_shift(&c->recent));) statement_free(list_entry(l, struct sqlite_statement, recent));
  map_fini(&c->statements);
  c->busy_until = 0;
  sqlite3_close(c->handle);
  free(c);
}

/* ---- prepared statements ---- */

static struct sqlite_statement **near_slot(struct sqlite_conn *c, const char *address) {
  return &c->near[((uintptr_t)address >> 4 ^ (uintptr_t)address >> 10) % (sizeof c->near / sizeof *c->near)];
}

static void remember(struct sqlite_conn *c, struct sqlite_statement *st, const char *address) {
  st->address = address;
  *near_slot(c, address) = st;
}

static void forget(struct sqlite_conn *c, struct sqlite_statement *st) {
  for (size_t i = 0; i < sizeof c->near / sizeof *c->near; i++)
    if (c->near[i] == st) c->near[i] = NULL;
  map_remove(&c->statements, st->sql, st->len);
  list_remove(&st->recent);
}

static void make_room(struct sqlite_conn *c) {
  if (c->statements.count < CACHED_STATEMENTS) return;
  for (struct list *l = c->recent.next; l != &c->recent; l = l->next) {
    struct sqlite_statement *st = list_entry(l, struct sqlite_statement, recent);
    if (st->busy) continue;
    forget(c, st);
    statement_free(st);
    return;
  }
}

static struct sqlite_statement *refuse(struct sqlite_statement *st, struct db_error *err, const char *message) {
  db_error_set(err, DB_PROGRAMMING, "%s", message);
  statement_free(st);
  return NULL;
}

static struct sqlite_statement *prepare(struct sqlite_conn *c, const char *sql, size_t len, struct db_error *err) {
  const char *tail;
  struct sqlite_statement *st = xcalloc(1, sizeof *st + len + 1);
  memcpy(st->sql, sql, len);
  st->conn = c;
  st->len = len;
  list_init(&st->recent);
  if (len >= INT_MAX) return refuse(st, err, "the SQL is too long");
  if (memchr(sql, '\0', len)) return refuse(st, err, "the SQL holds a zero byte");
  if (sqlite3_prepare_v3(c->handle, st->sql, (int)len + 1, SQLITE_PREPARE_PERSISTENT, &st->handle, &tail)) {
    sqlite_failed(c, true, err);
    statement_free(st);
    return NULL;
  }
  if (!st->handle) return refuse(st, err, "there is no statement in the SQL");
  if (skip(tail, st->sql + len, true) != st->sql + len) return refuse(st, err, "one statement can be executed at a time");
  st->param_count = sqlite3_bind_parameter_count(st->handle);
  st->rows.column_count = sqlite3_column_count(st->handle);
  st->reads = sqlite_kind(sql, len) == SQL_QUERY && (sqlite3_stmt_readonly(st->handle) || sqlite3_stmt_isexplain(st->handle));
  return st;
}

static struct sqlite_statement *hand_out(struct sqlite_conn *c, struct sqlite_statement *st) {
  list_remove(&st->recent);
  if (st->cached) list_push(&c->recent, &st->recent);
  st->busy = true;
  c->open++;
  return st;
}

struct sqlite_statement *sqlite_get(struct sqlite_conn *c, const char *sql, size_t len, struct db_error *err) {
  struct sqlite_statement *st = *near_slot(c, sql);
  if (!st || st->address != sql || st->len != len || memcmp(st->sql, sql, len) != 0) st = map_get(&c->statements, sql, len);
  const bool known = st;
  if (!st || st->busy) st = prepare(c, sql, len, err);
  if (!st) return NULL;
  if (!known) {
    make_room(c);
    *map_slot(&c->statements, sql, len) = st;
    st->cached = true;
  }
  if (st->cached) remember(c, st, sql);
  return hand_out(c, st);
}

void sqlite_put(struct sqlite_statement *st) {
  sqlite3_reset(st->handle);
  st->busy = false;
  st->conn->open--;
  if (!st->cached) statement_free(st);
}

/* ---- values ---- */

/* A null pointer would bind NULL. */
static int bind_text(sqlite3_stmt *st, int i, const struct db_value *v, sqlite3_destructor_type lifetime) {
  const char *data = v->text.data ? v->text.data : "";
  if (v->type == DB_BLOB) return sqlite3_bind_blob64(st, i, data, v->text.len, lifetime);
  return sqlite3_bind_text64(st, i, data, v->text.len, lifetime, SQLITE_UTF8);
}

static int bind_one(sqlite3_stmt *st, int i, const struct db_value *v, bool copy) {
  switch (v->type) {
    case DB_NULL: return sqlite3_bind_null(st, i);
    case DB_BOOLEAN: return sqlite3_bind_int(st, i, v->boolean);
    case DB_INTEGER: return sqlite3_bind_int64(st, i, v->integer);
    case DB_FLOAT: return sqlite3_bind_double(st, i, v->number);
    default: return bind_text(st, i, v, copy ? SQLITE_TRANSIENT : SQLITE_STATIC);
  }
}

bool sqlite_bind(struct sqlite_statement *st, const struct db_value *params, int count, bool copy, struct db_error *err) {
  /* all or none: what a parameter was bound to the last time is gone by now */
  if (count != st->param_count) {
    db_error_set(err, DB_PROGRAMMING, "the statement has %d parameters, and %d values were given", st->param_count, count);
    return false;
  }
  for (int i = 0; i < count; i++) {
    if (bind_one(st->handle, i + 1, &params[i], copy) == SQLITE_OK) continue;
    sqlite_failed(st->conn, false, err);
    sqlite3_clear_bindings(st->handle);
    return false;
  }
  return true;
}

enum db_step sqlite_step(struct sqlite_statement *st, struct db_error *err) {
  const int rc = sqlite3_step(st->handle);
  if (rc == SQLITE_ROW) return DB_ROW;
  if (rc == SQLITE_DONE) return DB_END;
  sqlite_failed(st->conn, false, err);
  return DB_FAILED;
}

/* The value is asked for once, not its type, bytes and length each by the column's number: that is a quarter of the time of a large read. SQLite
 * allows it to whoever is alone with the connection. */
void sqlite_value(const struct sqlite_statement *st, int column, struct db_value *to) {
  sqlite3_value *v = sqlite3_column_value(st->handle, column);
  switch (sqlite3_value_type(v)) {
    case SQLITE_INTEGER: *to = (struct db_value){.type = DB_INTEGER, .integer = sqlite3_value_int64(v)}; break;
    case SQLITE_FLOAT: *to = (struct db_value){.type = DB_FLOAT, .number = sqlite3_value_double(v)}; break;
    case SQLITE_NULL: *to = (struct db_value){.type = DB_NULL}; break;
    case SQLITE_TEXT:
      to->type = DB_TEXT;
      to->text.data = (const char *)sqlite3_value_text(v);
      to->text.len = (size_t)sqlite3_value_bytes(v);
      break;
    default:
      to->type = DB_BLOB;
      to->text.data = sqlite3_value_blob(v);
      to->text.len = (size_t)sqlite3_value_bytes(v);
      if (!to->text.data) to->text.data = ""; /* no bytes at all */
      break;
  }
}

bool sqlite_run(struct sqlite_conn *c, const char *sql, struct db_error *err) {
  struct sqlite_statement *st = sqlite_get(c, sql, strlen(sql), err);
  if (!st) return false;
  enum db_step step;
  while ((step = sqlite_step(st, err)) == DB_ROW) continue;
  sqlite_put(st);
  return step == DB_END;
}
