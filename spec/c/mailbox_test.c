/* mailbox_test.c - base/mailbox.h and base/offload.h, with real threads. */
#include "base/mailbox.h"
#include "base/alloc.h"
#include "base/offload.h"

#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

enum { SENDERS = 4, EACH = 5000 };

struct numbered {
  struct mail mail;
  int sender, number;
};

struct receiver {
  int next[SENDERS], count;
  bool ordered;
};

static struct mailbox box;
static int dropped;

static void deliver(struct mail *mail, void *receiver) {
  struct numbered *m = (struct numbered *)mail;
  struct receiver *r = receiver;
  r->ordered = r->ordered && r->next[m->sender] == m->number;
  r->next[m->sender]++;
  r->count++;
  free(m);
}

static void drop(struct mail *mail) {
  dropped++;
  free(mail);
}

static struct mail *numbered(int sender, int number) {
  struct numbered *m = xmalloc(sizeof *m);
  *m = (struct numbered){.mail = {.deliver = deliver, .drop = drop}, .sender = sender, .number = number};
  return &m->mail;
}

static void *send_all(void *arg) {
  for (int i = 0; i < EACH; i++) mailbox_push(&box, numbered((int)(intptr_t)arg, i));
  return NULL;
}

static bool readable(int fd, int timeout_ms) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  return poll(&p, 1, timeout_ms) == 1;
}

struct job {
  struct offload_job base;
  int value;
};

static int collected;

static void job_done(struct mail *mail, void *receiver) {
  struct job *job = (struct job *)mail;
  (void)receiver;
  collected = collected * 10 + job->value;
  free(job);
}

static void double_it(struct offload_job *job) { ((struct job *)job)->value *= 2; }

static void check_offload(void) {
  struct offload *o = offload_new();
  for (int i = 1; i <= 3; i++) {
    struct job *job = xcalloc(1, sizeof *job);
    *job = (struct job){.base = {.mail = {.deliver = job_done, .drop = drop}, .reply = &box, .run = double_it}, .value = i};
    offload_submit(o, &job->base);
  }
  while (collected < 100 && readable(box.fd, 5000)) mailbox_drain(&box, NULL);
  CHECK("jobs run elsewhere and come back in order", collected == 246);
  offload_free(o);
}

int main(void) {
  struct receiver r = {.ordered = true};
  pthread_t threads[SENDERS];
  mailbox_init(&box);
  CHECK("an empty box is silent", !readable(box.fd, 0));
  mailbox_drain(&box, &r);
  for (intptr_t i = 0; i < SENDERS; i++) pthread_create(&threads[i], NULL, send_all, (void *)i);
  while (r.count < SENDERS * EACH && readable(box.fd, 5000)) mailbox_drain(&box, &r);
  for (int i = 0; i < SENDERS; i++) pthread_join(threads[i], NULL);
  CHECK("nothing is lost", r.count == SENDERS * EACH);
  CHECK("each sender's mail arrives in its order", r.ordered);
  check_offload();
  mailbox_push(&box, numbered(0, 0));
  mailbox_push(&box, numbered(0, 1));
  mailbox_fini(&box);
  CHECK("what nobody received is dropped", dropped == 2);
  TESTS_END;
}
