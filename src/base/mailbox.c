/* mailbox.c - see mailbox.h.
 *
 * DESIGN: a Treiber stack that the receiver takes whole and reverses; with a single taker there is no ABA problem. */
#include "base/mailbox.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

void mailbox_init(struct mailbox *m) {
  atomic_init(&m->head, NULL);
  m->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (m->fd < 0) {
    perror("tidewire: eventfd");
    abort();
  }
}

static struct mail *take_all(struct mailbox *m) {
  struct mail *newest = atomic_exchange_explicit(&m->head, NULL, memory_order_acquire), *oldest = NULL;
  while (newest) {
    struct mail *next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  return oldest;
}

void mailbox_fini(struct mailbox *m) {
  for (struct mail *mail = take_all(m), *next; mail; mail = next) {
    next = mail->next;
    mail->drop(mail);
  }
  close(m->fd);
  m->fd = -1;
}

void mailbox_push(struct mailbox *m, struct mail *mail) {
  struct mail *head = atomic_load_explicit(&m->head, memory_order_relaxed);
  do mail->next = head;
  while (!atomic_compare_exchange_weak_explicit(&m->head, &head, mail, memory_order_release, memory_order_relaxed));
  const uint64_t one = 1;
  if (!head && write(m->fd, &one, sizeof one) < 0) return; /* a full counter is readable all the same */
}

void mailbox_drain(struct mailbox *m, void *receiver) {
  uint64_t count;
  if (read(m->fd, &count, sizeof count) < 0 && !atomic_load_explicit(&m->head, memory_order_relaxed)) return;
  for (struct mail *mail = take_all(m), *next; mail; mail = next) {
    next = mail->next;
    mail->deliver(mail, receiver);
  }
}
