/* mailbox.h - how threads talk: many senders push, one receiver drains in the order of arrival.
 *
 * Push is lock-free and wakes the receiver through an eventfd only when the box was empty, so a burst costs one wake-up.
 * A mail carries the function that handles it; the function owns the mail from then on. */
#pragma once
#include <stdatomic.h>

struct mail {
  struct mail *next;
  void (*deliver)(struct mail *mail, void *receiver); /* runs on the receiver's thread and frees the mail */
  void (*drop)(struct mail *mail);                    /* frees a mail that nobody will receive */
};

struct mailbox {
  _Atomic(struct mail *) head; /* newest first */
  int fd;                      /* eventfd, readable when mail waits */
};

/* Make an empty box. Aborts when the process is out of file descriptors: this happens at start only. */
void mailbox_init(struct mailbox *m);

/* Drop what is left and close. No sender may be running any more. */
void mailbox_fini(struct mailbox *m);

/* Hand `mail` over. Any thread; async-signal-safe when the mail was allocated before. */
void mailbox_push(struct mailbox *m, struct mail *mail);

/* Deliver everything that waits, oldest first. The receiver's thread only. */
void mailbox_drain(struct mailbox *m, void *receiver);
