/* poller.c - see poller.h.
 *
 * DESIGN: `shadow` is lws's pollfd array as it was at the last wait, with revents cleared. A wait compares the two, 64 entries at a
 * time, and brings the epoll set up to date where they differ. lws moves its last entry into the place of a removed one, so a
 * descriptor may change its place: `known[fd].place` says where it stands now.
 * INVARIANTS: known[fd].events != 0 iff fd is in the epoll set because of lws. An entry whose revents are set differs from its
 * shadow, so stale revents are cleared by the same comparison. */
#include "net/poller.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { BATCH = 512, BLOCK = 64 };

/* What epoll hands back: a descriptor of lws's, or a watched one with the tag and its watcher's generation above it, so that an event for a
 * descriptor that was closed and opened anew meanwhile finds nobody. */
static const uint64_t WATCHED_TAG = 1ull << 63;

struct known {
  uint32_t place;
  short events; /* what epoll watches for, 0: not in the set */
};

struct watcher {
  poller_ready ready; /* NULL: not watched */
  void *arg;
  uint32_t events, generation;
};

struct poller {
  int epoll;
  struct pollfd *shadow; /* owned */
  nfds_t shadow_count, shadow_cap;
  struct known *known; /* owned, by descriptor */
  size_t known_cap;
  struct watcher *watchers; /* owned, by descriptor */
  size_t watcher_cap;
  struct epoll_event ready[BATCH]; /* watched descriptors that the last wait found ready */
  int ready_count;
  uint64_t deadline;
};

static __thread struct poller *current;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

struct poller *poller_new(void) {
  struct poller *p = xcalloc(1, sizeof *p);
  p->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (p->epoll < 0) abort();
  p->deadline = UINT64_MAX;
  return p;
}

void poller_free(struct poller *p) {
  if (!p) return;
  close(p->epoll);
  free(p->shadow);
  free(p->known);
  free(p->watchers);
  free(p);
}

void poller_attach(struct poller *p) { current = p; }

void poller_deadline(struct poller *p, uint64_t at) { p->deadline = at; }

static struct watcher *watcher_of(struct poller *p, int fd) {
  if ((size_t)fd >= p->watcher_cap) {
    const size_t cap = (size_t)fd * 2 + 64;
    p->watchers = xrealloc(p->watchers, cap * sizeof *p->watchers);
    memset(p->watchers + p->watcher_cap, 0, (cap - p->watcher_cap) * sizeof *p->watchers);
    p->watcher_cap = cap;
  }
  return &p->watchers[fd];
}

void poller_watch(struct poller *p, int fd, bool read, bool write, poller_ready ready, void *arg) {
  struct watcher *w = watcher_of(p, fd);
  const uint32_t events = (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u);
  const bool known = w->ready != NULL;
  w->ready = ready;
  w->arg = arg;
  if (known && w->events == events) return;
  if (!known) w->generation = (w->generation + 1) & 0x7fffffff;
  w->events = events;
  struct epoll_event e = {.events = events, .data.u64 = WATCHED_TAG | (uint64_t)w->generation << 32 | (uint32_t)fd};
  if (epoll_ctl(p->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e)) abort();
}

void poller_unwatch(struct poller *p, int fd) {
  struct watcher *w = watcher_of(p, fd);
  if (!w->ready) return;
  epoll_ctl(p->epoll, EPOLL_CTL_DEL, fd, NULL);
  w->ready = NULL;
}

void poller_dispatch(struct poller *p) {
  for (int i = 0; i < p->ready_count; i++) {
    const struct epoll_event *e = &p->ready[i];
    const struct watcher *w = watcher_of(p, (int)(uint32_t)e->data.u64);
    if (!w->ready || w->generation != (uint32_t)(e->data.u64 >> 32 & 0x7fffffff)) continue;
    const bool broken = e->events & (EPOLLERR | EPOLLHUP);
    w->ready(w->arg, broken || (e->events & EPOLLIN), broken || (e->events & EPOLLOUT));
  }
  p->ready_count = 0;
}

static struct known *known_of(struct poller *p, int fd) {
  if ((size_t)fd >= p->known_cap) {
    const size_t cap = (size_t)fd * 2 + 64;
    p->known = xrealloc(p->known, cap * sizeof *p->known);
    memset(p->known + p->known_cap, 0, (cap - p->known_cap) * sizeof *p->known);
    p->known_cap = cap;
  }
  return &p->known[fd];
}

void poller_forget(struct poller *p, int fd) {
  struct known *k = known_of(p, fd);
  if (!k->events) return;
  epoll_ctl(p->epoll, EPOLL_CTL_DEL, fd, NULL);
  k->events = 0;
  if (k->place < p->shadow_count && p->shadow[k->place].fd == fd) p->shadow[k->place].fd = -1;
}

static uint32_t to_epoll(short events) { return (events & POLLIN ? EPOLLIN : 0u) | (events & POLLOUT ? EPOLLOUT : 0u); }

/* POLLERR never shows up in lws's wishes, so it marks "in the set, waiting for nothing but errors" (reading paused). */
static short mark(short events) { return (short)(events | POLLERR); }

static void put(struct poller *p, const struct pollfd *wish, uint32_t place) {
  struct known *k = known_of(p, wish->fd);
  k->place = place;
  if (k->events == mark(wish->events)) return;
  struct epoll_event e = {.events = to_epoll(wish->events), .data.u64 = (uint64_t)wish->fd};
  const int op = k->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(p->epoll, op, wish->fd, &e)) epoll_ctl(p->epoll, op == EPOLL_CTL_ADD ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, wish->fd, &e);
  k->events = mark(wish->events);
}

/* `fd` stood at `place`. Unless it has been put elsewhere meanwhile, lws has dropped it. */
static void drop(struct poller *p, int fd, uint32_t place) {
  struct known *k = known_of(p, fd);
  if (!k->events || k->place != place) return;
  epoll_ctl(p->epoll, EPOLL_CTL_DEL, fd, NULL); /* one of lws's own: a connection's has been forgotten before it was closed */
  k->events = 0;
}

static void update(struct poller *p, struct pollfd *fds, uint32_t place) {
  const int before = p->shadow[place].fd;
  fds[place].revents = 0;
  p->shadow[place] = fds[place];
  if (fds[place].fd >= 0) put(p, &fds[place], place);
  if (before >= 0 && before != fds[place].fd) drop(p, before, place);
}

static void grow_shadow(struct poller *p, nfds_t count) {
  if (count > p->shadow_cap) {
    p->shadow_cap = count * 2;
    p->shadow = xrealloc(p->shadow, p->shadow_cap * sizeof *p->shadow);
  }
  for (nfds_t i = p->shadow_count; i < count; i++) p->shadow[i] = (struct pollfd){.fd = -1};
}

/* Entries past the end are dropped last: by then a moved descriptor has told its new place. */
static void sync_with(struct poller *p, struct pollfd *fds, nfds_t count) {
  grow_shadow(p, count);
  for (nfds_t start = 0; start < count; start += BLOCK) {
    const nfds_t n = count - start < BLOCK ? count - start : BLOCK;
    if (!memcmp(fds + start, p->shadow + start, n * sizeof *fds)) continue;
    for (nfds_t i = start; i < start + n; i++)
      if (memcmp(&fds[i], &p->shadow[i], sizeof *fds) != 0) update(p, fds, (uint32_t)i);
  }
  for (nfds_t i = count; i < p->shadow_count; i++)
    if (p->shadow[i].fd >= 0) drop(p, p->shadow[i].fd, (uint32_t)i);
  p->shadow_count = count;
}

static short to_poll(uint32_t events) {
  return (short)((events & EPOLLIN ? POLLIN : 0) | (events & EPOLLOUT ? POLLOUT : 0) | (events & EPOLLERR ? POLLERR : 0) |
                 (events & EPOLLHUP ? POLLHUP : 0));
}

static int deliver(struct poller *p, struct pollfd *fds, nfds_t count, const struct epoll_event *e) {
  if (e->data.u64 & WATCHED_TAG) {
    p->ready[p->ready_count++] = *e;
    return 0;
  }
  const struct known *k = known_of(p, (int)e->data.u64);
  if (!k->events || k->place >= count || fds[k->place].fd != (int)e->data.u64) return 0;
  fds[k->place].revents = to_poll(e->events);
  return 1;
}

static int timeout_of(const struct poller *p, int timeout) {
  if (p->deadline == UINT64_MAX || timeout == 0) return timeout;
  const uint64_t now = clock_ns();
  if (p->deadline <= now) return 0;
  const uint64_t ms = (p->deadline - now + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
  return timeout < 0 || ms < (uint64_t)timeout ? (int)ms : timeout;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout) {
  struct poller *p = current;
  if (!p || (count == 1 && timeout == 0)) return __real_poll(fds, count, timeout); /* lws asks one socket: is it readable? */
  sync_with(p, fds, count);
  p->ready_count = 0;
  struct epoll_event events[BATCH];
  const int n = epoll_wait(p->epoll, events, BATCH, timeout_of(p, timeout));
  int ready = 0;
  for (int i = 0; i < n; i++) ready += deliver(p, fds, count, &events[i]);
  return n < 0 ? n : ready;
}
