/* sqlite_job.c - requests on their way from a worker to the writer and back.
 *
 * What a turn submits is handed over at its end under one lock, so that it is committed together. The answer comes through the worker's mailbox. */
#include "db/sqlite.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>

static struct sqlite_job *job_of(struct mail *mail) { return list_entry(mail, struct sqlite_job, mail); }

static bool is_cancelled(const struct sqlite_job *job) { return atomic_load_explicit(&job->cancelled, memory_order_relaxed); }

/* ---- the end of a job ---- */

static void unlink_job(struct sqlite_job *job) {
  list_remove(&job->mine);
  list_remove(&job->waits);
}

/* A cursor that nobody knows, closed by the writer. */
static void abandon_cursor(struct sqlite_shared *s, struct sqlite_job *job) {
  struct sqlite_job *closing = sqlite_job_new(NULL, JOB_CLOSE, NULL);
  closing->cursor = job->cursor;
  pthread_mutex_lock(&s->lock);
  closing->state = JOB_QUEUED;
  list_push(&s->queue, &closing->link);
  pthread_cond_signal(&s->wake);
  pthread_mutex_unlock(&s->lock);
}

/* Give back what a job that nobody wants any more brought from the writer, or was to take to it. */
static void settle(struct sqlite_shared *s, struct sqlite_job *job) {
  if (job->kind == JOB_ACQUIRE && job->tx && job->state == JOB_ANSWERED) sqlite_writer_release(s, job->tx);
  else if (job->kind == JOB_ACQUIRE) free(job->tx);
  else if (job->kind == JOB_OPEN && job->cursor && job->state == JOB_ANSWERED) abandon_cursor(s, job);
  else if (job->kind == JOB_OPEN) free(job->cursor);
  job->tx = NULL;
  job->cursor = NULL;
}

/* `job->worker` may be gone, unless there is something to settle. */
static void discard(struct sqlite_job *job) {
  const bool holds = (job->kind == JOB_ACQUIRE && job->tx) || (job->kind == JOB_OPEN && job->cursor);
  unlink_job(job);
  if (holds) settle(job->worker->shared, job);
  db_request_free(job->request);
  free(job);
}

/* What acquire() and cursor_open() asked for; taken back when they failed. */
static void *product(struct sqlite_job *job) {
  struct sqlite_worker *w = job->worker;
  const bool ok = job->request->error.kind == DB_OK;
  if (!ok) settle(w->shared, job);
  if (!ok || (job->kind != JOB_ACQUIRE && job->kind != JOB_OPEN)) return NULL;
  if (job->kind == JOB_OPEN) {
    list_push(&w->cursors, &job->cursor->mine);
    return job->cursor;
  }
  list_push(&w->transactions, &job->tx->mine);
  return job->tx;
}

static void finish(struct sqlite_job *job) {
  struct db_request *r = job->request;
  unlink_job(job);
  r->driver_data = product(job);
  if (job->took) db_log_slow(&job->worker->shared->config, r->sql, r->params, r->param_count, job->took);
  free(job);
  r->done(r);
}

static void deliver(struct mail *mail, void *receiver) {
  struct sqlite_job *job = job_of(mail);
  (void)receiver;
  if (is_cancelled(job)) discard(job);
  else finish(job);
}

static void drop(struct mail *mail) { discard(job_of(mail)); }

/* ---- to the writer ---- */

struct sqlite_job *sqlite_job_new(struct sqlite_worker *w, enum job_kind kind, struct db_request *r) {
  struct sqlite_job *job = xcalloc(1, sizeof *job);
  job->mail = (struct mail){.deliver = deliver, .drop = drop};
  list_init(&job->link);
  list_init(&job->mine);
  list_init(&job->waits);
  atomic_init(&job->cancelled, false);
  job->worker = w;
  job->kind = kind;
  job->request = r;
  if (r) {
    r->driver_data = job;
    r->started = clock_ns();
    job->tx = (struct sqlite_transaction *)(void *)r->tx;
    job->sql_kind = sqlite_kind(r->sql, r->sql_len);
  }
  return job;
}

void sqlite_job_post(struct sqlite_worker *w, struct sqlite_job *job) {
  list_push(&w->outgoing, &job->link);
  if (!job->request) return;
  list_push(&w->jobs, &job->mine);
  if (job->request->tx) return; /* has the writer already */
  job->deadline = job->request->started + w->shared->config.acquire_timeout;
  list_push(&w->waiting, &job->waits);
}

void sqlite_job_flush(struct sqlite_worker *w) {
  struct sqlite_shared *s = w->shared;
  if (list_empty(&w->outgoing)) return;
  pthread_mutex_lock(&s->lock);
  for (struct list *l; (l = list_shift(&w->outgoing));) {
    struct sqlite_job *job = list_entry(l, struct sqlite_job, link);
    const bool inside = job->tx && job->kind != JOB_ACQUIRE;
    job->state = JOB_QUEUED;
    list_push(inside ? &job->tx->jobs : &s->queue, &job->link);
    if (job->worker) w->in_writer++;
  }
  pthread_cond_signal(&s->wake);
  pthread_mutex_unlock(&s->lock);
}

/* Take it away from the writer; false when it runs or has run. */
static bool withdraw(struct sqlite_worker *w, struct sqlite_job *job) {
  struct sqlite_shared *s = w->shared;
  pthread_mutex_lock(&s->lock);
  const bool waits = job->state == JOB_HELD || job->state == JOB_QUEUED;
  if (waits) list_remove(&job->link);
  if (job->state == JOB_QUEUED) w->in_writer--;
  if (waits) job->state = JOB_HELD;
  pthread_mutex_unlock(&s->lock);
  return waits;
}

void sqlite_job_cancel(struct sqlite_worker *w, struct sqlite_job *job) {
  if (withdraw(w, job)) {
    discard(job);
    return;
  }
  atomic_store_explicit(&job->cancelled, true, memory_order_relaxed);
  list_remove(&job->waits);
}

static void time_out(struct sqlite_worker *w, struct sqlite_job *job) {
  list_remove(&job->waits);
  if (!withdraw(w, job)) return; /* runs, perhaps waiting for another process: ends by itself */
  db_error_set(&job->request->error, DB_UNAVAILABLE, "the database's writer was busy for %g s", (double)w->shared->config.acquire_timeout / 1e9);
  finish(job);
}

uint64_t sqlite_job_expire(struct sqlite_worker *w, uint64_t now) {
  while (!list_empty(&w->waiting)) {
    struct sqlite_job *job = list_entry(w->waiting.next, struct sqlite_job, waits);
    if (job->deadline > now) return job->deadline;
    time_out(w, job);
  }
  return UINT64_MAX;
}

static void cancel_all(struct sqlite_worker *w) {
  for (struct list *l = w->jobs.next, *next; l != &w->jobs; l = next) {
    next = l->next;
    sqlite_job_cancel(w, list_entry(l, struct sqlite_job, mine));
  }
}

void sqlite_job_end(struct sqlite_worker *w) {
  struct sqlite_shared *s = w->shared;
  cancel_all(w);
  sqlite_job_flush(w);
  atomic_fetch_add(&s->closing, 1);
  pthread_mutex_lock(&s->lock);
  while (w->in_writer) pthread_cond_wait(&s->idle, &s->lock);
  pthread_mutex_unlock(&s->lock);
  atomic_fetch_sub(&s->closing, 1);
  /* the rest is in the mailbox, and is freed there */
  for (struct list *l; (l = list_shift(&w->jobs));) settle(s, list_entry(l, struct sqlite_job, mine));
}

/* ---- what the driver does with them ---- */

void sqlite_refuse(struct db_request *r, enum db_error_kind kind, const char *message) {
  db_error_set(&r->error, kind, "%s", message);
  r->driver_data = NULL;
  r->done(r);
}

void sqlite_submit(struct db *db, struct db_request *r) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  const enum sql_kind kind = sqlite_kind(r->sql, r->sql_len);
  if (!r->tx && (kind == SQL_BEGIN || kind == SQL_CONTROL)) {
    sqlite_refuse(r, DB_PROGRAMMING, "transactions need a connection of their own");
    return;
  }
  sqlite_job_post(w, sqlite_job_new(w, JOB_STATEMENT, r));
}

void sqlite_cancel(struct db *db, struct db_request *r) { sqlite_job_cancel(sqlite_worker_of(db), r->driver_data); }

void sqlite_acquire(struct db *db, struct db_request *r) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  struct sqlite_job *job = sqlite_job_new(w, JOB_ACQUIRE, r);
  job->tx = xcalloc(1, sizeof *job->tx);
  list_init(&job->tx->mine);
  list_init(&job->tx->jobs);
  list_init(&job->tx->cursors);
  sqlite_job_post(w, job);
}

static void cancel_within(struct sqlite_worker *w, const struct sqlite_transaction *tx) {
  for (struct list *l = w->jobs.next, *next; l != &w->jobs; l = next) {
    struct sqlite_job *job = list_entry(l, struct sqlite_job, mine);
    next = l->next;
    if (job->tx == tx) sqlite_job_cancel(w, job);
  }
}

void sqlite_release(struct db *db, struct db_transaction *transaction) {
  struct sqlite_worker *w = sqlite_worker_of(db);
  struct sqlite_transaction *tx = (struct sqlite_transaction *)(void *)transaction;
  cancel_within(w, tx);
  for (struct list *l = w->cursors.next; l != &w->cursors; l = l->next) {
    struct sqlite_cursor *cursor = list_entry(l, struct sqlite_cursor, mine);
    if (cursor->tx != tx) continue;
    cursor->tx = NULL;
    cursor->over = true;
  }
  list_remove(&tx->mine);
  sqlite_job_flush(w); /* cursors that were closed in it */
  sqlite_writer_release(w->shared, tx);
}
