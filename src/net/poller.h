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

/* Watch one of the worker's own descriptors (mailbox, listener, database connections): ready(arg, readable, writable) is called by poller_dispatch()
 * after each wait in which it was ready (an error counts as both). A second call for the same fd replaces the wish. */
typedef void (*poller_ready)(void *arg, bool readable, bool writable);
void poller_watch(struct poller *p, int fd, bool read, bool write, poller_ready ready, void *arg);

/* Forget it; before it is closed. Nothing happens when it is not watched. */
void poller_unwatch(struct poller *p, int fd);

/* Call what the last wait found ready. A callback may watch and unwatch. */
void poller_dispatch(struct poller *p);

/* Call before lws closes a descriptor: afterwards its number may belong to another worker's connection. */
void poller_forget(struct poller *p, int fd);

/* The next wait ends at clock_ns() == at at the latest; UINT64_MAX for no limit. Holds until it is set anew. */
void poller_deadline(struct poller *p, uint64_t at);
