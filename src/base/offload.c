/* offload.c - see offload.h. */
#include "base/offload.h"

#include "base/alloc.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct offload {
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  struct offload_job *first, **last; /* waiting jobs, under lock */
  bool stop;
};

/* The next job; NULL when the thread should end. */
static struct offload_job *take(struct offload *o) {
  pthread_mutex_lock(&o->lock);
  while (!o->first && !o->stop) pthread_cond_wait(&o->wake, &o->lock);
  struct offload_job *job = o->stop ? NULL : o->first;
  if (job && !(o->first = job->next)) o->last = &o->first;
  pthread_mutex_unlock(&o->lock);
  return job;
}

static void *work(void *arg) {
  for (struct offload_job *job; (job = take(arg));) {
    job->run(job);
    mailbox_push(job->reply, &job->mail);
  }
  return NULL;
}

struct offload *offload_new(void) {
  struct offload *o = xcalloc(1, sizeof *o);
  pthread_mutex_init(&o->lock, NULL);
  pthread_cond_init(&o->wake, NULL);
  o->last = &o->first;
  if (pthread_create(&o->thread, NULL, work, o)) abort();
  return o;
}

void offload_free(struct offload *o) {
  if (!o) return;
  pthread_mutex_lock(&o->lock);
  o->stop = true;
  pthread_cond_signal(&o->wake);
  pthread_mutex_unlock(&o->lock);
  pthread_join(o->thread, NULL);
  for (struct offload_job *job = o->first, *next; job; job = next) {
    next = job->next;
    job->mail.drop(&job->mail);
  }
  pthread_mutex_destroy(&o->lock);
  pthread_cond_destroy(&o->wake);
  free(o);
}

void offload_submit(struct offload *o, struct offload_job *job) {
  job->next = NULL;
  pthread_mutex_lock(&o->lock);
  *o->last = job;
  o->last = &job->next;
  pthread_cond_signal(&o->wake);
  pthread_mutex_unlock(&o->lock);
}
