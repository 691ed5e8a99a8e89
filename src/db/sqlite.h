/* sqlite.h - what the files of the SQLite driver share; private to src/db/sqlite*.c.
 *
 * sqlite.c          the driver's functions, a worker's reads, URLs
 * sqlite_conn.c     one connection: how it is opened, its prepared statements, values in and errors out
 * sqlite_rows.c     results that were read into memory
 * sqlite_writer.c   the writer thread: batches, transactions, checkpoints
 * sqlite_job.c      requests on their way from a worker to the writer and back
 * sqlite_cursor.c   large results, walked in pieces
 * sqlite_functions.c, sqlite_dates.c, sqlite_decimal.c   SQL functions and the collation every connection has */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "db/driver.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

/* ---- sqlite_conn.c ---- */

/* What a statement is, judged by its first word. */
enum sql_kind {
  SQL_OTHER,   /* INSERT, CREATE, … */
  SQL_QUERY,   /* SELECT, VALUES, EXPLAIN, and WITH, which may write: sqlite_statement.reads knows */
  SQL_BEGIN,   /* opens a transaction */
  SQL_CONTROL, /* COMMIT, END, ROLLBACK, SAVEPOINT, RELEASE */
  SQL_SETTING, /* PRAGMA */
  SQL_ALONE    /* VACUUM, ATTACH, DETACH: refused inside a transaction */
};

enum sql_kind sqlite_kind(const char *sql, size_t len);

/* Connections are used by one thread at a time, so SQLite's own locks are off. */
struct sqlite_conn {
  sqlite3 *handle;
  const struct db_config *config;    /* borrowed */
  struct map statements;             /* SQL to struct sqlite_statement, owned */
  struct list recent;                /* the same, least recently used first */
  struct sqlite_statement *near[64]; /* the same by the address of their SQL, which seldom moves: saves the hash of the text */
  int open;                          /* statements that are handed out */

  /* what ends a running statement early; looked at while it runs and while it waits for a lock */
  uint64_t deadline;            /* clock_ns(); 0: none */
  uint64_t busy_until;          /* clock_ns() up to which another process's lock is waited for */
  const atomic_bool *cancelled; /* borrowed; NULL: cannot be cancelled */
  const atomic_int *give_up;    /* borrowed; NULL, or no lock is waited for when it is not 0 */
};

struct sqlite_statement {
  struct db_rows rows; /* the result as it is stepped, for reads that are walked at once */
  struct sqlite_conn *conn;
  sqlite3_stmt *handle;
  struct list recent;
  const char *address; /* where its SQL stood when it was last asked for; compared, never read */
  bool cached, busy;
  bool reads; /* changes nothing, neither data nor the connection */
  bool ahead; /* the row that rows->next() is asked for next has been stepped to already: `first` */
  enum db_step first;
  int param_count;
  uint64_t started;              /* with the two below: for the log of slow statements */
  const struct db_value *params; /* borrowed */
  int given;
  size_t len;
  char sql[];
};

/* Open `path` (":memory:" too) as the writer, who makes the file where there is none, or as a reader. NULL and err on failure. */
struct sqlite_conn *sqlite_conn_open(const char *path, bool writer, const struct db_config *config, struct db_error *err);
void sqlite_conn_close(struct sqlite_conn *c);

/* On a worker's thread, before anything else is asked of the connection, even to prepare or to begin: what comes takes the statement timeout at most,
 * and waits a second for another process's lock, since the whole worker waits. */
void sqlite_conn_limit(struct sqlite_conn *c, uint64_t now);

/* Set what a PRAGMA may have changed to what it has to be. */
int sqlite_conn_settings(struct sqlite_conn *c);

/* True while no transaction is open. */
static inline bool sqlite_conn_idle(const struct sqlite_conn *c) { return sqlite3_get_autocommit(c->handle) != 0; }

/* A statement of its own until it is put back; NULL and err on failure. */
struct sqlite_statement *sqlite_get(struct sqlite_conn *c, const char *sql, size_t len, struct db_error *err);
void sqlite_put(struct sqlite_statement *st);

/* Bind all parameters. Texts are borrowed until it is put back, or copied. */
bool sqlite_bind(struct sqlite_statement *st, const struct db_value *params, int count, bool copy, struct db_error *err);
enum db_step sqlite_step(struct sqlite_statement *st, struct db_error *err);
void sqlite_value(const struct sqlite_statement *st, int column, struct db_value *to);

/* Run a statement without parameters and rows. */
bool sqlite_run(struct sqlite_conn *c, const char *sql, struct db_error *err);

/* Fill `err` from the connection's last failure. */
void sqlite_failed(struct sqlite_conn *c, bool preparing, struct db_error *err);

/* ---- sqlite_rows.c ---- */

/* Read up to `most` rows (-1: all) into memory. NULL and err when a step fails. *ended: there are no more. */
struct db_rows *sqlite_collect(struct sqlite_statement *st, int64_t most, bool *ended, struct db_error *err);

/* No rows and no columns; its free() does nothing. */
struct db_rows *sqlite_no_rows(void);

/* ---- sqlite_writer.c ---- */

enum job_kind { JOB_STATEMENT, JOB_ACQUIRE, JOB_OPEN, JOB_FETCH, JOB_CLOSE };
enum job_state { JOB_HELD, JOB_QUEUED, JOB_RUNNING, JOB_ANSWERED };

/* A request on its way to the writer and back. The worker's, but for `state` and `link`, which are under the lock from JOB_QUEUED on, and for the
 * request's answer, which is the writer's while it is JOB_RUNNING. */
struct sqlite_job {
  struct mail mail;
  struct list link;             /* worker's outgoing, then the writer's queue or the transaction's */
  struct list mine;             /* worker's jobs */
  struct list waits;            /* worker's jobs that end when the writer does not get to them, oldest first */
  struct sqlite_worker *worker; /* NULL for JOB_CLOSE, which nobody waits for */
  struct db_request *request;   /* owned once it is cancelled */
  struct sqlite_transaction *tx;
  struct sqlite_cursor *cursor;
  int most;
  enum job_kind kind;
  enum job_state state;
  enum sql_kind sql_kind;
  atomic_bool cancelled;
  uint64_t deadline, took;
};

/* The writer held by one owner. Made by the worker, freed by the writer when it was released. */
struct sqlite_transaction {
  struct list mine;    /* worker's transactions */
  struct list jobs;    /* under the lock */
  struct list cursors; /* the writer's: those that are open in it */
  bool released;       /* under the lock */
  bool lost;           /* the writer's: rolled back by an error, and its owner has not said ROLLBACK yet */
};

struct sqlite_cursor {
  struct list mine;              /* worker's cursors */
  struct list link;              /* transaction's cursors, the writer's */
  struct sqlite_conn *conn;      /* a connection of its own, else NULL: on the writer's */
  struct sqlite_transaction *tx; /* borrowed; NULL when there is none or it is over */
  struct sqlite_statement *statement;
  bool over;  /* its transaction was released */
  bool ended; /* the last row was read */
};

struct sqlite_shared {
  struct db_config config; /* strings are owned */
  char *path;              /* ":memory:" or the file */
  bool memory;
  struct sqlite_conn *writer; /* the writer thread's */
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;              /* there is something to do */
  pthread_cond_t idle;              /* a worker's last job has left the writer */
  struct list queue;                /* under the lock: jobs outside of transactions */
  struct sqlite_transaction *owner; /* under the lock: who has the writer */
  bool stop;                        /* under the lock */
  atomic_int closing;               /* workers that wait for their jobs to leave */
  _Atomic uint64_t commits;         /* counts what readers can see: a snapshot from before is old */
  bool settings_changed;            /* the writer's: a PRAGMA was run */
  int frames, checkpoint_at;        /* the writer's: length of the write-ahead log, and when it is written back */
};

bool sqlite_writer_start(struct sqlite_shared *s);
void sqlite_writer_stop(struct sqlite_shared *s);

/* Give the writer up. Any thread; the transaction is the writer's from here on. */
void sqlite_writer_release(struct sqlite_shared *s, struct sqlite_transaction *tx);

/* ---- sqlite_job.c ---- */

struct sqlite_worker {
  struct sqlite_shared *shared;
  struct db_host host;
  struct sqlite_conn *reader; /* opened by the first read */
  struct sqlite_conn *spare;  /* for the next cursor */
  uint64_t snapshot_at, snapshot_commits;
  struct list outgoing; /* jobs that the end of the turn hands over */
  struct list jobs, waiting, transactions, cursors;
  int in_writer; /* under the lock: jobs that the writer may touch */
};

static inline struct sqlite_worker *sqlite_worker_of(struct db *db) { return (struct sqlite_worker *)(void *)db; }

struct sqlite_job *sqlite_job_new(struct sqlite_worker *w, enum job_kind kind, struct db_request *r);

/* Hand over at the end of the turn; the answer comes by mail. */
void sqlite_job_post(struct sqlite_worker *w, struct sqlite_job *job);
void sqlite_job_flush(struct sqlite_worker *w);
void sqlite_job_cancel(struct sqlite_worker *w, struct sqlite_job *job);

/* End those that have waited too long; returns when the next one will have. */
uint64_t sqlite_job_expire(struct sqlite_worker *w, uint64_t now);

/* Cancel all jobs and wait until none is in the writer's hands. */
void sqlite_job_end(struct sqlite_worker *w);

void sqlite_submit(struct db *db, struct db_request *r);
void sqlite_cancel(struct db *db, struct db_request *r);
void sqlite_acquire(struct db *db, struct db_request *r);
void sqlite_release(struct db *db, struct db_transaction *tx);

/* Answer with an error, at once. */
void sqlite_refuse(struct db_request *r, enum db_error_kind kind, const char *message);

/* ---- sqlite_cursor.c ---- */

void sqlite_cursor_open(struct db *db, struct db_request *r);
void sqlite_cursor_fetch(struct db *db, struct db_cursor *cursor, int most, struct db_request *r);
void sqlite_cursor_close(struct db *db, struct db_cursor *cursor);

/* On the thread that has the connection: open, fetch into r, close the statement. */
void sqlite_cursor_start(struct sqlite_cursor *cursor, struct sqlite_conn *conn, struct db_request *r);
void sqlite_cursor_read(struct sqlite_cursor *cursor, int most, struct db_request *r);
void sqlite_cursor_finish(struct sqlite_cursor *cursor);

/* ---- sqlite_functions.c, sqlite_dates.c, sqlite_decimal.c ---- */

/* Register everything on a new connection; an SQLite result code. */
int sqlite_functions(sqlite3 *handle);
int sqlite_dates(sqlite3 *handle);
int sqlite_decimal(sqlite3 *handle);

enum { PURE_FUNCTION = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };

/* Fail a function because of its arguments: a DataError. */
void sqlite_bad_value(sqlite3_context *context, const char *format, ...) __attribute__((format(printf, 2, 3)));
