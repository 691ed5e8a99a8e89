/* pg.h - what the files of the PostgreSQL driver share; nobody else includes this.
 *
 *   pg.c            the driver's functions              pg_pool.c    who gets which connection, when one is opened or closed
 *   pg_url.c        the URL, once a process             pg_conn.c    one connection's life
 *   pg_lib.c        libpq                               pg_send.c    what a connection is sent
 *   pg_statement.c  prepared statements                 pg_read.c    what comes back
 *   pg_cancel.c     cancel requests                     pg_rows.c    results and errors
 *                                                       pg_cursor.c  cursors
 *
 * THE FLOW: submit() puts a request on the pool's list, or on its transaction's. tick() spreads them over connections and sends each connection's
 * in one go. Answers move a request to db->completed; pg_deliver() calls done() from there after the code that read the answers has returned, so
 * that done() may call anything without pulling a connection from under a function that uses it. For the same reason a connection that ends goes to
 * db->dead and is freed by the next tick.
 *
 * A request's `state` is one of enum pg_state plus flags; its `driver_data` is the connection while it is sent or held. */
#pragma once
#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "db/driver.h"
#include "db/pg_lib.h"

#include <pthread.h>

enum {
  PG_STATEMENTS = 256, /* prepared statements of a connection at most */
  PG_LONGEST = 16384,  /* bytes of SQL above which a statement is not kept prepared: the server would hold on to it */
  PG_DEPTH = 32,       /* statements in flight on a shared connection; what is above waits in the pool, where any connection can take it */
  PG_GROUP = 8,        /* quick reads that share one Sync */
  PG_PARAMS = 65535,   /* the protocol's limit */
  PG_MEMORY = 64       /* executions for which it is remembered that a statement failed or was slow */
};

#define PG_SLOW (5 * CLOCK_NS_PER_MS)   /* a statement at work for longer than this holds up what is behind it */
#define PG_GUARD (5 * CLOCK_NS_PER_SEC) /* beyond the statement timeout, then the server is taken for dead */
#define PG_BACKOFF_FIRST (50 * CLOCK_NS_PER_MS)
#define PG_BACKOFF_LAST (5 * CLOCK_NS_PER_SEC)
#define PG_SOON (100 * CLOCK_NS_PER_MS) /* what connecting takes at most when all is well */
#define PG_NEVER UINT64_MAX

/* ---- requests ---- */

enum pg_state {
  PG_NEW,
  PG_WAITING, /* on a list, not sent */
  PG_SENT,    /* an op points at it */
  PG_HELD,    /* answered, but its Sync is not */
  PG_DONE,    /* on db->completed */
  PG_STATE = 7,
  /* flags */
  PG_ALONE = 8,    /* gets a Sync of its own */
  PG_RETRIED = 16, /* was sent a second time */
  PG_CURSOR = 32,  /* of the cursor functions */
  PG_ANSWER = 64   /* driver_data is the answer */
};

static inline enum pg_state pg_state(const struct db_request *r) { return (enum pg_state)(r->state & PG_STATE); }
static inline void pg_set_state(struct db_request *r, enum pg_state s) { r->state = (r->state & ~PG_STATE) | (int)s; }

/* ---- statements (pg_statement.c) ---- */

/* What the pool knows of a statement, which is SQL and its parameters' types. Its slot is its place in each connection's table. */
struct pg_statement {
  struct list link; /* of pg_statements.used */
  uint32_t id;      /* number in its name; never used again for another statement. 0: the slot is free */
  char name[16];
  int slot;
  bool read;   /* a plain SELECT, which may be grouped */
  bool seen;   /* its first result has told what columns it has */
  bool binary; /* its results are asked for in binary form */
  int apart;   /* executions until it may be grouped (again) */
  int slow;    /* executions until it counts as quick (again) */
  size_t key_len;
  char *key; /* owned */
};

struct pg_statements {
  struct map by_key;
  struct list used; /* least recently used first */
  uint32_t last_id;
  struct buf key; /* scratch */
  struct pg_statement all[PG_STATEMENTS];
};

void pg_statements_init(struct pg_statements *s);
void pg_statements_fini(struct pg_statements *s);

/* The statement of `r`; NULL when it is not to be kept prepared. */
struct pg_statement *pg_statement_of(struct pg_statements *s, const struct db_request *r);

/* What connections have prepared under its name is not to be used any more. */
void pg_statement_renew(struct pg_statements *s, struct pg_statement *st);

/* The parameters' type for Parse: 0 where the server has to infer it. */
Oid pg_type_of(const struct db_value *v);

/* What a statement does to the connection's transaction. */
enum pg_control { PG_PLAIN, PG_BEGIN, PG_COMMIT, PG_ROLLBACK, PG_CONTROL };
enum pg_control pg_control_of(const char *sql);

/* ---- the process's part (pg_url.c) ---- */

struct pg_canceller {
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pthread_t thread;
  bool started, stop;
  struct pg_cancel *first, **last;
};

struct db_shared {
  struct pg_lib pq;
  struct db_config config;
  char *url;             /* owned; config.url points here */
  const char **keywords; /* owned array of static and owned texts: see pg_url.c */
  const char **values;   /* owned array of owned texts */
  char place[256];       /* "host:port/name", for messages */
  uint64_t connect_timeout;
  struct pg_canceller canceller;
};

/* Parse the URL and settle what every connection asks for. False and err, without the password, when it makes no sense. */
bool pg_url_parse(struct db_shared *s, struct err *err);
void pg_url_free(struct db_shared *s);

/* ---- cancel requests (pg_cancel.c) ---- */

void pg_canceller_init(struct pg_canceller *c);
void pg_canceller_fini(struct pg_canceller *c);

struct pg_conn;

/* Ask the server to cancel what `c` runs, from another thread. Until pg_conn_settle() is called nothing else is sent on `c`. */
void pg_cancel_start(struct pg_conn *c);
/* `c` ends: nobody wants to know how its cancel request went. */
void pg_cancel_forget(struct pg_conn *c);

/* ---- connections (pg_conn.c) ---- */

enum pg_op_kind {
  PG_OP_PRELUDE, /* Parse, BEGIN, DEALLOCATE: its failure is the failure of r's statement */
  PG_OP_QUERY,
  PG_OP_SYNC
};

/* Something sent whose answer is to come. */
struct pg_op {
  struct db_request *r; /* borrowed; NULL: nobody waits for it (any more) */
  enum pg_op_kind kind;
  bool slow;   /* QUERY: may take its time */
  uint32_t id; /* statement; 0: none */
  int slot;
};

enum pg_conn_state {
  PG_CONNECTING,
  PG_SHARED,   /* statements of everybody */
  PG_RESERVED, /* shared, but gets no more statements: the next in line for a connection of his own waits for it to fall idle */
  PG_OWNED,    /* a transaction's */
  PG_RELEASED, /* on its way back from a transaction */
  PG_DEAD
};

struct pg_conn {
  struct list link; /* of db->conns, or of db->dead */
  struct db *db;
  PGconn *pg; /* owned */
  int fd;     /* watched; -1: none */
  enum pg_conn_state state;
  bool wants_write;    /* watched for writing */
  bool dirty;          /* something was sent in this turn */
  bool broken;         /* sending failed: ends when that is safe */
  bool failed;         /* something of the group that is being answered failed */
  bool rolled_back;    /* RELEASED: ROLLBACK was sent */
  uint64_t since;      /* CONNECTING: start of the attempt; else when it fell idle */
  uint64_t head_since; /* when the op at the head got there */
  struct pg_op *ops;   /* owned ring */
  unsigned first, count, cap;
  int in_flight;             /* QUERY ops in the ring */
  int slow;                  /* those of them that may take their time */
  int answered;              /* QUERY ops of the group that is being answered */
  int unsynced;              /* statements sent since the last Sync */
  struct list held;          /* requests of the group that is being answered */
  struct db_transaction *tx; /* OWNED: its owner's */
  struct pg_cancel *cancel;  /* borrowed: on the way */
  struct {
    uint32_t id; /* prepared here, or about to be; 0: none */
    bool ready;  /* Parse was answered */
  } prepared[PG_STATEMENTS];
};

/* A connection of one's own. Owned by the one who asked for it until db->release(). */
struct db_transaction {
  struct list link;     /* of db->transactions */
  struct pg_conn *conn; /* borrowed; NULL once it is lost */
  struct list pending;  /* requests to be sent */
  char *begin;          /* owned: the BEGIN that goes out with the first statement */
  unsigned cursors;     /* names given so far */
  unsigned rollbacks;   /* sent so far: each may have closed cursors */
  struct db_error lost; /* why conn is NULL */
};

/* Start to connect. */
void pg_conn_open(struct db *db, uint64_t now);
/* End it, whatever its state: what waits for its answers fails with `why`. Freed by pg_conns_free_dead(). */
void pg_conn_end(struct pg_conn *c, const struct db_error *why);
void pg_conns_free_dead(struct db *db);
/* The same for one that broke. */
void pg_conn_lost(struct pg_conn *c);
/* It broke. libpq may have closed the socket already: end it before anything else opens one, which would get the same number. */
bool pg_conn_gone(const struct pg_conn *c);
/* Nothing is under way on it any more, or its cancel request is done: see what becomes of it. */
void pg_conn_settle(struct pg_conn *c);
/* Its owner has let go of it. */
void pg_conn_release(struct pg_conn *c);
/* Watch for reading, and for writing while libpq has something to send. */
void pg_conn_flush(struct pg_conn *c);
struct pg_op *pg_conn_head(struct pg_conn *c);
struct pg_op *pg_conn_push(struct pg_conn *c, enum pg_op_kind kind, struct db_request *r);
void pg_conn_pop(struct pg_conn *c);
/* No op points to `r` any more. */
void pg_conn_abandon(struct pg_conn *c, const struct db_request *r);

/* ---- sending and reading (pg_send.c, pg_read.c) ---- */

/* Send the statement of `r`, parsing it first where it is not prepared; `begin`: SQL that goes before it in the same group, or NULL. The caller
 * sends the Sync. */
void pg_send(struct pg_conn *c, struct db_request *r, struct pg_statement *st, const char *begin);
/* SQL whose answer interests nobody, with its Sync. */
void pg_send_plain(struct pg_conn *c, const char *sql);
void pg_sync(struct pg_conn *c);

/* Read what has come. The caller looks whether the connection is gone. */
void pg_read(struct pg_conn *c);

/* ---- results and errors (pg_rows.c) ---- */

/* Rows over `result`, which they own. */
struct db_rows *pg_rows_new(const struct pg_lib *pq, PGresult *result);
/* Would the same rows in binary form be cheaper, and can it be read? */
bool pg_rows_better_binary(const struct db_rows *rows);
/* False when they came in a binary form that cannot be read. */
bool pg_rows_readable(const struct db_rows *rows);
/* Rows without columns. */
struct db_rows *pg_rows_none(void);
int64_t pg_affected(const struct pg_lib *pq, PGresult *result);
void pg_result_error(const struct pg_lib *pq, const PGresult *result, struct db_error *e);
enum db_error_kind pg_kind_of(const char *sqlstate);
/* Copy a message as one line. */
void pg_one_line(char *to, size_t cap, const char *from);

/* ---- the pool (pg_pool.c) ---- */

struct db {
  struct db_shared *shared;
  const struct pg_lib *pq; /* shared->pq */
  struct db_host host;
  struct list conns, dead;
  int conn_count;                   /* of conns */
  struct list statements, acquires; /* requests that wait for a connection, oldest first */
  struct list completed;            /* requests whose done() is to be called */
  struct list transactions, cursors;
  bool delivering;
  bool crowded; /* statements found no connection with room for them */
  uint64_t now; /* of the current turn */
  uint64_t next_connect, backoff;
  bool refused;           /* the last attempt failed for a reason that waiting does not cure */
  struct db_error reason; /* of the last failed attempt; kind DB_OK: it succeeded */
  uint32_t random;
  struct pg_statements known;
};

/* The driver's submit() and acquire(). */
void pg_submit(struct db *db, struct db_request *r);
void pg_acquire(struct db *db, struct db_request *r);

void pg_pool_submit(struct db *db, struct db_request *r);
/* Submit what came back unanswered, before all others. */
void pg_pool_again(struct db *db, struct db_request *r);
void pg_pool_acquire(struct db *db, struct db_request *r);
uint64_t pg_pool_tick(struct db *db, uint64_t now);
/* An attempt to connect succeeded or failed. */
void pg_pool_connected(struct db *db);
void pg_pool_refused(struct db *db, const struct db_error *why);
/* A connection that had been established is gone. */
void pg_pool_lost(struct db *db);

/* `r` is answered: done() is called soon. */
void pg_complete(struct db *db, struct db_request *r);
/* The same with `why` as its error; NULL: it has one. */
void pg_fail(struct db *db, struct db_request *r, const struct db_error *why);
/* Call done() of all that is answered. */
void pg_deliver(struct db *db);
/* Forget `r`, wherever it is, and free it. */
void pg_withdraw(struct db *db, struct db_request *r);
void pg_release(struct db *db, struct db_transaction *tx);

/* ---- cursors (pg_cursor.c) ---- */

void pg_cursor_open(struct db *db, struct db_request *r);
void pg_cursor_fetch(struct db *db, struct db_cursor *cursor, int most, struct db_request *r);
void pg_cursor_close(struct db *db, struct db_cursor *cursor);
/* The request of a cursor function is given up. */
void pg_cursor_cancel(struct db *db, struct db_request *r);
/* `tx` ends before its cursors: what they wait for is given up, and they are over. */
void pg_cursors_orphan(struct db *db, const struct db_transaction *tx);
/* The pool ends: free them all. */
void pg_cursors_free(struct db *db);
