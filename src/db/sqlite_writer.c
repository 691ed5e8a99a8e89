/* sqlite_writer.c - the one thread that writes.
 *
 * DESIGN: everything that changes the database comes through one queue, from all workers. Statements that stand there together are committed
 * together, so that a hundred writers share one fsync; each has a savepoint of its own, and none is answered before the commit is durable. A
 * transaction stands in the same queue; when its turn comes it owns the writer, and only its own jobs are run until it is released.
 *
 * A group whose transaction is lost as a whole (an interrupted statement, INSERT OR ROLLBACK, a full disk, a deferred foreign key that only the
 * commit finds) is run again one by one, so that nobody is answered with another's error.
 *
 * Statements are cancelled by a flag that SQLite's progress handler looks at, not by sqlite3_interrupt(): it can only ever hit the job it belongs to.
 *
 * INVARIANTS: the lock is not held while SQLite works. A job that is not JOB_RUNNING may be taken away by its worker under the lock. */
#include "db/sqlite.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  BATCH = 512,             /* statements committed together at most */
  CHECKPOINT_EVERY = 1000, /* pages of write-ahead log, as SQLite itself does it */
  LOG_TOO_LONG = 16000     /* pages from which on readers are waited for, so that the log can start anew */
};

/* ---- one statement ---- */

/* From here on the connection's waits and steps are this job's; NULL: nobody's, they cannot be cancelled. */
static void guard(struct sqlite_conn *c, const struct sqlite_job *job) {
  const uint64_t now = clock_ns(), timeout = c->config->statement_timeout;
  c->busy_until = now + c->config->acquire_timeout;
  c->deadline = job && timeout ? now + timeout : 0;
  c->cancelled = job ? &job->cancelled : NULL;
}

static bool control(struct sqlite_shared *s, const char *sql, struct db_error *err) {
  guard(s->writer, NULL);
  return sqlite_run(s->writer, sql, err);
}

static void roll_back(struct sqlite_shared *s) {
  struct db_error ignored;
  if (!sqlite_conn_idle(s->writer)) control(s, "ROLLBACK", &ignored);
}

static void clear_answer(struct db_request *r) {
  if (r->rows) r->rows->ops->free(r->rows);
  r->rows = NULL;
  r->affected = 0;
  r->error.kind = DB_OK;
}

static void execute(struct sqlite_shared *s, struct db_request *r, const char *sql, size_t len) {
  bool ended;
  struct sqlite_statement *st = sqlite_get(s->writer, sql, len, &r->error);
  if (!st) return;
  const sqlite3_int64 before = sqlite3_total_changes64(s->writer->handle);
  if (sqlite_bind(st, r->params, r->param_count, false, &r->error)) r->rows = sqlite_collect(st, -1, &ended, &r->error);
  if (r->rows && sqlite3_total_changes64(s->writer->handle) != before) r->affected = sqlite3_changes64(s->writer->handle);
  sqlite_put(st);
}

/* BEGIN alone would take the write lock with the first write only, and then fail when another process was faster. */
static void run_statement(struct sqlite_shared *s, struct sqlite_job *job) {
  struct db_request *r = job->request;
  clear_answer(r);
  if (job->sql_kind == SQL_SETTING) s->settings_changed = true;
  if (job->sql_kind == SQL_BEGIN && !strcasestr(r->sql, "exclusive")) execute(s, r, "BEGIN IMMEDIATE", sizeof "BEGIN IMMEDIATE" - 1);
  else execute(s, r, r->sql, r->sql_len);
}

static void run_job(struct sqlite_shared *s, struct sqlite_job *job) {
  const uint64_t started = clock_ns();
  guard(s->writer, job);
  if (job->kind == JOB_STATEMENT) run_statement(s, job);
  else if (job->kind == JOB_OPEN) sqlite_cursor_start(job->cursor, s->writer, job->request);
  else if (job->kind == JOB_FETCH) sqlite_cursor_read(job->cursor, job->most, job->request);
  guard(s->writer, NULL);
  job->took = clock_ns() - started;
}

/* How long the write-ahead log is after a commit. */
static int on_commit(void *arg, sqlite3 *handle, const char *name, int frames) {
  struct sqlite_shared *s = arg;
  (void)handle, (void)name;
  if (frames < s->frames) s->checkpoint_at = CHECKPOINT_EVERY; /* the log has started anew */
  s->frames = frames;
  return SQLITE_OK;
}

/* Back to what every statement may rely on. Only outside of transactions: inside, foreign_keys cannot be set. */
static void restore_settings(struct sqlite_shared *s) {
  if (!s->settings_changed || !sqlite_conn_idle(s->writer)) return;
  s->settings_changed = false;
  sqlite_conn_settings(s->writer);
  sqlite3_wal_hook(s->writer->handle, on_commit, s); /* PRAGMA wal_autocheckpoint takes its place */
}

/* ---- batches ---- */

static bool is_cancelled(const struct sqlite_job *job) { return atomic_load_explicit(&job->cancelled, memory_order_relaxed); }

static void fail(struct sqlite_job *job, const struct db_error *err) {
  if (is_cancelled(job)) return;
  clear_answer(job->request);
  job->request->error = *err;
}

static void fail_all(struct sqlite_job **jobs, int count, const struct db_error *err) {
  for (int i = 0; i < count; i++)
    if (jobs[i]->request->error.kind == DB_OK) fail(jobs[i], err);
}

/* What is written to a file that has no name any more is gone with the process: SQLite looks for that only without a write-ahead log. */
static bool refuse_moved(struct sqlite_shared *s, struct sqlite_job **jobs, int count) {
  struct db_error err;
  int moved = 0;
  if (!s->memory) sqlite3_file_control(s->writer->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (!moved) return false;
  db_error_set(&err, DB_OPERATIONAL, "the database's file was moved, replaced or deleted while it was in use");
  snprintf(err.code, sizeof err.code, "%d", SQLITE_READONLY_DBMOVED);
  fail_all(jobs, count, &err);
  return true;
}

/* A statement outside of a transaction is one by itself. */
static void run_alone(struct sqlite_shared *s, struct sqlite_job *job) {
  if (is_cancelled(job)) return;
  run_job(s, job);
  roll_back(s); /* nothing to do unless SQLite behaves as it never should */
  restore_settings(s);
}

static void run_one_by_one(struct sqlite_shared *s, struct sqlite_job **jobs, int count, const struct sqlite_job *except) {
  roll_back(s);
  for (int i = 0; i < count; i++)
    if (jobs[i] != except) run_alone(s, jobs[i]);
}

/* True when a deferred foreign key has nothing to point at yet: alone, this statement could not be committed. */
static bool is_dangling(struct sqlite_shared *s) {
  int dangling = 0, peak = 0;
  sqlite3_db_status(s->writer->handle, SQLITE_DBSTATUS_DEFERRED_FKS, &dangling, &peak, 0);
  return dangling != 0;
}

static void refuse_dangling(struct sqlite_job *job) {
  struct db_error err;
  db_error_set(&err, DB_INTEGRITY, "FOREIGN KEY constraint failed");
  snprintf(err.code, sizeof err.code, "%d", SQLITE_CONSTRAINT_FOREIGNKEY);
  fail(job, &err);
}

/* False when the whole transaction is gone, by this job's fault. */
static bool run_in_savepoint(struct sqlite_shared *s, struct sqlite_job *job) {
  struct db_error err;
  if (!control(s, "SAVEPOINT job", &err)) {
    fail(job, &err);
    return !sqlite_conn_idle(s->writer);
  }
  run_job(s, job);
  if (sqlite_conn_idle(s->writer)) return false;
  if (job->request->error.kind == DB_OK && is_dangling(s)) refuse_dangling(job);
  if (job->request->error.kind != DB_OK && !control(s, "ROLLBACK TO job", &err)) return false;
  return control(s, "RELEASE job", &err);
}

static void run_group(struct sqlite_shared *s, struct sqlite_job **jobs, int count) {
  struct db_error err;
  if (!control(s, "BEGIN IMMEDIATE", &err)) {
    fail_all(jobs, count, &err);
    return;
  }
  for (int i = 0; i < count; i++) {
    if (is_cancelled(jobs[i]) || run_in_savepoint(s, jobs[i])) continue;
    run_one_by_one(s, jobs, count, jobs[i]->request->error.kind == DB_OK ? NULL : jobs[i]);
    return;
  }
  if (control(s, "COMMIT", &err)) return;
  if (err.kind == DB_INTEGRITY) {
    run_one_by_one(s, jobs, count, NULL);
  } else {
    roll_back(s);
    fail_all(jobs, count, &err);
  }
}

static void run_all(struct sqlite_shared *s, struct sqlite_job **jobs, int count) {
  if (count == 1) run_alone(s, jobs[0]);
  else run_group(s, jobs, count);
}

/* ---- the write-ahead log ---- */

/* After the answers are on their way, so that nobody waits for it who need not. */
static void checkpoint(struct sqlite_shared *s) {
  if (s->frames < s->checkpoint_at) return;
  const bool wait = s->frames > LOG_TOO_LONG;
  s->writer->busy_until = clock_ns() + (wait ? 50 * CLOCK_NS_PER_MS : 0);
  s->checkpoint_at = s->frames + CHECKPOINT_EVERY;
  sqlite3_wal_checkpoint_v2(s->writer->handle, NULL, wait ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* ---- queue ---- */

static void answer(struct sqlite_job *job) {
  struct sqlite_worker *w = job->worker;
  job->state = JOB_ANSWERED;
  mailbox_push(w->host.mailbox, &job->mail);
  if (--w->in_writer == 0) pthread_cond_broadcast(&w->shared->idle);
}

static struct sqlite_job *first(const struct list *queue) { return list_empty(queue) ? NULL : list_entry(queue->next, struct sqlite_job, link); }

static struct sqlite_job *take(struct list *queue) {
  struct sqlite_job *job = list_entry(list_shift(queue), struct sqlite_job, link);
  job->state = JOB_RUNNING;
  return job;
}

static bool can_be_grouped(const struct sqlite_job *job) {
  return job->kind == JOB_STATEMENT && job->sql_kind != SQL_SETTING && job->sql_kind != SQL_ALONE;
}

/* The statements at the head of the queue that can be committed together; or one that cannot. */
static int take_batch(struct sqlite_shared *s, struct sqlite_job **jobs) {
  int count = 0;
  while (count < BATCH && first(&s->queue) && can_be_grouped(first(&s->queue))) jobs[count++] = take(&s->queue);
  if (!count) jobs[count++] = take(&s->queue);
  return count;
}

static void run_batch(struct sqlite_shared *s) {
  struct sqlite_job *jobs[BATCH];
  const int count = take_batch(s, jobs);
  pthread_mutex_unlock(&s->lock);
  if (!refuse_moved(s, jobs, count)) run_all(s, jobs, count);
  atomic_fetch_add_explicit(&s->commits, 1, memory_order_release); /* before the answers: who has one sees what it wrote */
  pthread_mutex_lock(&s->lock);
  for (int i = 0; i < count; i++) answer(jobs[i]);
  pthread_mutex_unlock(&s->lock);
  checkpoint(s);
  pthread_mutex_lock(&s->lock);
}

static void close_cursor(struct sqlite_shared *s, struct sqlite_job *job) {
  pthread_mutex_unlock(&s->lock);
  sqlite_cursor_finish(job->cursor);
  free(job->cursor);
  free(job);
  pthread_mutex_lock(&s->lock);
}

static void run_queue(struct sqlite_shared *s) {
  struct sqlite_job *job = first(&s->queue);
  if (job->kind == JOB_CLOSE) {
    close_cursor(s, take(&s->queue));
  } else if (job->kind == JOB_ACQUIRE) {
    take(&s->queue);
    s->owner = job->tx;
    answer(job);
  } else {
    run_batch(s);
  }
}

/* ---- transactions ---- */

static bool refuse_in_lost(struct sqlite_transaction *tx, struct sqlite_job *job) {
  if (!tx->lost) return false;
  if (job->sql_kind == SQL_CONTROL && strcasestr(job->request->sql, "rollback") && !strcasestr(job->request->sql, " to ")) {
    tx->lost = false;
    return true; /* there is nothing to roll back any more, and that is what was asked for */
  }
  db_error_set(&job->request->error, DB_OPERATIONAL, "the transaction was rolled back because of an earlier error");
  return true;
}

/* An error may have rolled the transaction back; what follows must not be committed statement by statement. */
static void run_in_transaction(struct sqlite_shared *s, struct sqlite_transaction *tx, struct sqlite_job *job) {
  if (is_cancelled(job) || (job->sql_kind == SQL_BEGIN && refuse_moved(s, &job, 1))) return;
  if (refuse_in_lost(tx, job)) {
    if (job->request->error.kind == DB_OK) job->request->rows = sqlite_no_rows();
    return;
  }
  const bool before = sqlite_conn_idle(s->writer);
  run_job(s, job);
  const bool after = sqlite_conn_idle(s->writer);
  tx->lost = !before && after && (job->sql_kind != SQL_CONTROL || job->request->error.kind != DB_OK);
  if (after) atomic_fetch_add_explicit(&s->commits, 1, memory_order_release);
  if (job->kind == JOB_OPEN && job->cursor->statement) list_push(&tx->cursors, &job->cursor->link);
}

static void end_transaction(struct sqlite_shared *s, struct sqlite_transaction *tx) {
  pthread_mutex_unlock(&s->lock);
  for (struct list *l; (l = list_shift(&tx->cursors));) sqlite_cursor_finish(list_entry(l, struct sqlite_cursor, link));
  roll_back(s);
  restore_settings(s);
  atomic_fetch_add_explicit(&s->commits, 1, memory_order_release);
  checkpoint(s);
  pthread_mutex_lock(&s->lock);
  s->owner = NULL;
  free(tx);
}

static void run_owner(struct sqlite_shared *s, struct sqlite_transaction *tx) {
  if (list_empty(&tx->jobs)) {
    end_transaction(s, tx);
    return;
  }
  struct sqlite_job *job = take(&tx->jobs);
  if (job->kind == JOB_CLOSE) {
    list_remove(&job->cursor->link);
    close_cursor(s, job);
    return;
  }
  pthread_mutex_unlock(&s->lock);
  run_in_transaction(s, tx, job);
  pthread_mutex_lock(&s->lock);
  answer(job);
}

void sqlite_writer_release(struct sqlite_shared *s, struct sqlite_transaction *tx) {
  pthread_mutex_lock(&s->lock);
  tx->released = true;
  pthread_cond_signal(&s->wake);
  pthread_mutex_unlock(&s->lock);
}

/* ---- the thread ---- */

static void *work(void *arg) {
  struct sqlite_shared *s = arg;
  pthread_mutex_lock(&s->lock);
  for (;;) {
    struct sqlite_transaction *tx = s->owner;
    if (tx && (!list_empty(&tx->jobs) || tx->released)) run_owner(s, tx);
    else if (!tx && first(&s->queue)) run_queue(s);
    else if (!tx && s->stop) break;
    else pthread_cond_wait(&s->wake, &s->lock);
  }
  pthread_mutex_unlock(&s->lock);
  return NULL;
}

bool sqlite_writer_start(struct sqlite_shared *s) {
  list_init(&s->queue);
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->wake, NULL);
  pthread_cond_init(&s->idle, NULL);
  s->checkpoint_at = CHECKPOINT_EVERY;
  s->writer->give_up = &s->closing;
  sqlite3_wal_hook(s->writer->handle, on_commit, s);
  return pthread_create(&s->thread, NULL, work, s) == 0;
}

void sqlite_writer_stop(struct sqlite_shared *s) {
  pthread_mutex_lock(&s->lock);
  s->stop = true;
  pthread_cond_signal(&s->wake);
  pthread_mutex_unlock(&s->lock);
  pthread_join(s->thread, NULL);
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->wake);
  pthread_cond_destroy(&s->idle);
}
