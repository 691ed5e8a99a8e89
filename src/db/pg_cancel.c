/* pg_cancel.c - cancel requests, which libpq makes on a blocking connection of their own: one thread a process makes them all.
 *
 * INVARIANTS: the thread touches a job's handle, and its `reply` under the lock; all else of it is the worker's. A job is freed by the thread when
 * its connection ended while it was under way, else by the mail that brings it back.
 * PQcancel() returns when the server has closed the cancel connection, which it does after it has signalled the backend: a statement sent after that
 * cannot be hit. */
#include "db/pg.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdlib.h>

struct pg_cancel {
  struct mail mail;
  struct pg_cancel *next;
  const struct pg_lib *pq;
  struct pg_canceller *canceller;
  PGcancel *handle;      /* freed by the thread */
  struct pg_conn *conn;  /* borrowed; NULL once it has ended */
  struct mailbox *reply; /* NULL: nobody waits */
  bool sent_back;        /* under the lock: the mail is the worker's */
  bool ok;
  char why[256];
};

static void drop(struct mail *mail) { free(mail); }

static void returned(struct mail *mail, void *receiver) {
  struct pg_cancel *job = (struct pg_cancel *)mail;
  struct pg_conn *c = job->conn;
  (void)receiver;
  const bool ok = job->ok;
  if (!ok) log_event(LOG_LEVEL_WARNING, "a statement could not be cancelled", "reason", job->why, NULL);
  free(job);
  if (!c) return;
  struct db *db = c->db;
  db->now = clock_ns();
  c->cancel = NULL;
  if (!ok && c->state == PG_RELEASED && c->count) c->broken = true; /* nobody waits for what still runs there */
  pg_conn_settle(c);
  if (pg_conn_gone(c)) pg_conn_lost(c);
  pg_deliver(db);
}

/* ---- the thread ---- */

static struct pg_cancel *take(struct pg_canceller *c) {
  pthread_mutex_lock(&c->lock);
  while (!c->first && !c->stop) pthread_cond_wait(&c->wake, &c->lock);
  struct pg_cancel *job = c->first;
  if (job && !(c->first = job->next)) c->last = &c->first;
  pthread_mutex_unlock(&c->lock);
  return job;
}

static void give_back(struct pg_canceller *c, struct pg_cancel *job) {
  pthread_mutex_lock(&c->lock);
  struct mailbox *reply = job->reply;
  job->sent_back = true;
  if (reply) mailbox_push(reply, &job->mail); /* under the lock: the mailbox may go as soon as pg_cancel_forget() has returned */
  pthread_mutex_unlock(&c->lock);
  if (!reply) free(job);
}

static bool is_wanted(struct pg_canceller *c, struct pg_cancel *job) {
  pthread_mutex_lock(&c->lock);
  const bool wanted = job->reply;
  pthread_mutex_unlock(&c->lock);
  return wanted;
}

static void *work(void *arg) {
  struct pg_canceller *c = arg;
  for (struct pg_cancel *job; (job = take(c));) {
    job->ok = !is_wanted(c, job) || job->pq->PQcancel(job->handle, job->why, sizeof job->why);
    job->pq->PQfreeCancel(job->handle);
    give_back(c, job);
  }
  return NULL;
}

void pg_canceller_init(struct pg_canceller *c) {
  pthread_mutex_init(&c->lock, NULL);
  pthread_cond_init(&c->wake, NULL);
  c->last = &c->first;
}

void pg_canceller_fini(struct pg_canceller *c) {
  pthread_mutex_lock(&c->lock);
  c->stop = true;
  pthread_cond_signal(&c->wake);
  pthread_mutex_unlock(&c->lock);
  if (c->started) pthread_join(c->thread, NULL);
  pthread_mutex_destroy(&c->lock);
  pthread_cond_destroy(&c->wake);
}

/* ---- the worker's side ---- */

void pg_cancel_start(struct pg_conn *c) {
  struct pg_canceller *canceller = &c->db->shared->canceller;
  PGcancel *handle = c->cancel ? NULL : c->db->pq->PQgetCancel(c->pg);
  if (!handle) return;
  struct pg_cancel *job = xcalloc(1, sizeof *job);
  *job = (struct pg_cancel){.mail = {.deliver = returned, .drop = drop}, .pq = c->db->pq, .canceller = canceller, .handle = handle, .conn = c};
  job->reply = c->db->host.mailbox;
  c->cancel = job;
  pthread_mutex_lock(&canceller->lock);
  if (!canceller->started) canceller->started = !pthread_create(&canceller->thread, NULL, work, canceller);
  *canceller->last = job;
  canceller->last = &job->next;
  pthread_cond_signal(&canceller->wake);
  pthread_mutex_unlock(&canceller->lock);
}

void pg_cancel_forget(struct pg_conn *c) {
  struct pg_cancel *job = c->cancel;
  if (!job) return;
  struct pg_canceller *canceller = job->canceller;
  pthread_mutex_lock(&canceller->lock);
  job->conn = NULL;
  if (!job->sent_back) job->reply = NULL;
  pthread_mutex_unlock(&canceller->lock);
  c->cancel = NULL;
}
