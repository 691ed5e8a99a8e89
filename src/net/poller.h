/* poller.h - epoll below libwebsockets.
 *
 * lws 4.1.6 waits with poll(), which costs every wake-up a walk of the kernel over all connections. The binary is linked with
 * --wrap=poll: on a thread that has a poller, lws's poll() becomes epoll_wait() on a set that is kept in step with lws's array.
 * The worker's own descriptors (mailbox, listener) are watched in the same set.
 *
 * One thread a poller. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct poller;

struct poller *poller_new(void);
void poller_free(struct poller *p);

/* Make `p` the calling thread's poller, NULL for none. */
void poller_attach(struct poller *p);

/* Watch one of the worker's own descriptors for reading; poller_ready() tells whether it was readable at the last wait. At most 4. */
void poller_watch(struct poller *p, int fd);
void poller_unwatch(struct poller *p, int fd);
bool poller_ready(struct poller *p, int fd);

/* Call before lws closes a descriptor: afterwards its number may belong to another worker's connection. */
void poller_forget(struct poller *p, int fd);

/* The next wait ends at clock_ns() == at at the latest; UINT64_MAX for no limit. Holds until it is set anew. */
void poller_deadline(struct poller *p, uint64_t at);
