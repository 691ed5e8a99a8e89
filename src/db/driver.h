/* driver.h - what the layer above asks of a database, whichever it is. Two drivers: sqlite.c, pg.c.
 *
 * A worker has one `struct db`: its own connections to the process's one database. Everything here belongs to that worker's thread; what the
 * drivers do on other threads (SQLite's writer) comes back through the worker's mailbox.
 *
 * OWNERSHIP: a request is made by the layer above and is the driver's from submit() until done() is called, exactly once; then it is the
 * caller's again, who frees it with db_request_free(). After cancel() done() is not called and the driver frees the request when it can.
 * done() may be called before submit() returns. Inside done() any function here may be called.
 *
 * This layer never sees Lua; it includes base only. */
#pragma once
#include "base/err.h"
#include "base/list.h"
#include "base/mailbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- values ---- */

enum db_type { DB_NULL, DB_BOOLEAN, DB_INTEGER, DB_FLOAT, DB_TEXT, DB_BLOB };

/* A parameter or a column's value. Text and bytes are borrowed: of a parameter, the caller's until copied; of a row, valid until the next row. */
struct db_value {
  enum db_type type;
  union {
    bool boolean;
    int64_t integer;
    double number;
    struct {
      const char *data; /* not zero-terminated */
      size_t len;
    } text; /* DB_TEXT and DB_BLOB */
  };
};

/* ---- errors ---- */

enum db_error_kind {
  DB_OK,
  DB_INTEGRITY,   /* a constraint refused it: IntegrityError */
  DB_DATA,        /* a value out of range or malformed: DataError */
  DB_PROGRAMMING, /* SQL that makes no sense, a table that is missing: ProgrammingError */
  DB_OPERATIONAL, /* anything else that went wrong in the database: OperationalError (disk full, read-only, deadlock, locked, …) */
  DB_TIMED_OUT,   /* the statement took longer than the statement timeout */
  DB_UNAVAILABLE  /* no connection to be had: answered with 503 */
};

struct db_error {
  enum db_error_kind kind;
  char code[8];         /* SQLSTATE; for SQLite the name of the extended result code is in the message and this holds its number */
  char constraint[128]; /* name, or "table.column, …" as SQLite names it; empty when unknown */
  char message[1024];   /* one line, as the database words it, without SQL and values */
  char detail[512];     /* PostgreSQL's DETAIL, else empty */
};

/* Fill `e` with a formatted message; code, constraint and detail are emptied. */
void db_error_set(struct db_error *e, enum db_error_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- rows ---- */

struct db_rows;

enum db_step { DB_ROW, DB_END, DB_FAILED };

struct db_rows_ops {
  /* Go to the next row, the first at first. DB_FAILED fills err (a driver that has all rows in memory never fails). */
  enum db_step (*next)(struct db_rows *rows, struct db_error *err);
  /* The current row's value in column `column`, from 0. */
  void (*value)(struct db_rows *rows, int column, struct db_value *to);
  /* A column's name, valid as long as `rows`. */
  const char *(*name)(struct db_rows *rows, int column);
  void (*free)(struct db_rows *rows);
};

/* A result that is walked once. Embedded first in the driver's own struct. */
struct db_rows {
  const struct db_rows_ops *ops;
  int column_count;  /* 0 for a statement that returns no rows */
  int64_t row_count; /* rows in all where the driver knows, else -1 */
};

/* ---- requests ---- */

struct db;
struct db_transaction;
struct db_cursor;

struct db_request {
  struct list link;          /* the driver's */
  struct db_transaction *tx; /* borrowed; NULL: a statement of its own, committed by itself */
  const char *sql;           /* zero-terminated copy inside the request; placeholders are the database's own: ?1 or $1 */
  size_t sql_len;
  const struct db_value *params; /* copies inside the request, texts zero-terminated */
  int param_count;
  void (*done)(struct db_request *r);
  void *owner; /* for done() */

  /* the answer */
  struct db_error error; /* kind DB_OK when all went well */
  struct db_rows *rows;  /* owned by the request; NULL on error */
  int64_t affected;      /* rows inserted, updated or deleted */

  /* the driver's */
  uint64_t started; /* clock_ns() at submit */
  struct mail mail; /* SQLite: to the writer and back */
  void *driver_data;
  int state;
};

/* A request in one allocation, with copies of everything. */
struct db_request *db_request_new(const char *sql, size_t len, const struct db_value *params, int param_count);

/* Free it with its rows. Not while the driver has it. */
void db_request_free(struct db_request *r);

/* ---- what the driver asks of the worker ---- */

struct db_host {
  void *ctx;
  /* Call ready(arg, readable, writable) from the worker's loop while `fd` is watched; replaces an earlier wish for the same fd. Both false: errors
   * only. */
  void (*watch)(void *ctx, int fd, bool read, bool write, void (*ready)(void *arg, bool readable, bool writable), void *arg);
  /* Forget `fd`; call before it is closed. */
  void (*unwatch)(void *ctx, int fd);
  struct mailbox *mailbox; /* the worker's; what is delivered there gets the worker as receiver, so mails carry their own db */
};

/* ---- configuration ---- */

struct db_config {
  const char *url;            /* as the user wrote it */
  const char *app_path;       /* folder that relative SQLite files stand in */
  int pool_min, pool_max;     /* PostgreSQL connections of a worker */
  uint64_t pool_idle;         /* ns after which an unused connection above pool_min closes */
  uint64_t acquire_timeout;   /* ns to wait for a connection, or for SQLite's writer; then DB_UNAVAILABLE */
  uint64_t statement_timeout; /* ns; 0: none */
  uint64_t slow_query;        /* ns after which a statement is logged; 0: never */
  bool synchronous_full;      /* SQLite: FULL, else NORMAL */
  int worker_count;
};

/* ---- drivers ---- */

/* What the process shares (SQLite's writer thread; nothing for PostgreSQL but the library and the parsed URL). Made before workers start. */
struct db_shared;

struct db_driver {
  const char *vendor; /* "sqlite", "postgresql" */

  /* Check the URL, load what has to be loaded, open what the process shares. NULL and err (one line: what, which value, what was expected) when
   * that can never work: a URL that makes no sense, a library that is missing, a folder that is not there. A PostgreSQL server that is down is no
   * error. */
  struct db_shared *(*share)(const struct db_config *config, struct err *err);
  void (*unshare)(struct db_shared *shared); /* after every db of it is freed and the workers' threads have ended */

  /* A worker's part. Called on the worker's thread; `host` is copied. */
  struct db *(*open)(struct db_shared *shared, const struct db_host *host);
  /* Roll back and close everything. Requests that are still there are freed without done(). */
  void (*close)(struct db *db);

  /* Run a read at once on this very thread: rows to walk, which the caller frees before it does anything else with the db; or NULL, with
   * err->kind DB_OK when the statement has to be submitted instead (it writes, or the driver cannot). params are borrowed until the rows are freed.
   */
  struct db_rows *(*read_now)(struct db *db, const char *sql, size_t len, const struct db_value *params, int param_count, struct db_error *err);

  void (*submit)(struct db *db, struct db_request *r);

  /* Give up a submitted request: the running statement is cancelled where that is possible, done() is not called. */
  void (*cancel)(struct db *db, struct db_request *r);

  /* Ask for a connection of one's own (SQLite: the writer). The answer is r->driver_data, a struct db_transaction *, or r->error. `r` has no SQL; it
   * can be cancelled like any other. BEGIN, SAVEPOINT, COMMIT and ROLLBACK are then ordinary statements submitted with r->tx. */
  void (*acquire)(struct db *db, struct db_request *r);
  /* Give it back. What is still open is rolled back; a request that still runs in it is cancelled. Never waits. */
  void (*release)(struct db *db, struct db_transaction *tx);

  /* Walk a large result in bounded memory. Takes sql and params from `r` (r->tx NULL: on a connection of its own), answers with r->driver_data, a
   * struct db_cursor *, or r->error. */
  void (*cursor_open)(struct db *db, struct db_request *r);
  /* The next rows, `most` at most, as r->rows; fewer (or none) at the end only. One at a time. */
  void (*cursor_fetch)(struct db *db, struct db_cursor *cursor, int most, struct db_request *r);
  void (*cursor_close)(struct db *db, struct db_cursor *cursor);

  /* End of a worker's turn: send what was submitted, expire timers. Returns when it wants to be called again at the latest (clock_ns), UINT64_MAX: no
   * wish. */
  uint64_t (*tick)(struct db *db, uint64_t now);
};

extern const struct db_driver db_sqlite, db_postgresql;

/* Which driver a URL means ("sqlite:FILE", "sqlite::memory:", "postgresql://…", "postgres://…"); NULL and err when it is none. */
const struct db_driver *db_driver_of(const char *url, struct err *err);

/* Copy `url` with its password as "***", for logs. */
void db_url_masked(const char *url, char *to, size_t cap);

/* Log a statement slower than config->slow_query: its SQL, how long it took, and its parameters' types instead of their values. */
void db_log_slow(const struct db_config *config, const char *sql, const struct db_value *params, int param_count, uint64_t took);
