/* pg_kit.h - a worker made of poll(), for tests and measurements of the PostgreSQL driver. */
#pragma once
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/driver.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KIT_FDS = 256 };

struct watch {
  bool on, read, write;
  void (*ready)(void *arg, bool readable, bool writable);
  void *arg;
};

static _Thread_local struct watch watches[KIT_FDS]; /* by fd */
static _Thread_local struct mailbox kit_mailbox;
static _Thread_local struct db *db;
static struct db_shared *shared;

static void kit_watch(void *ctx, int fd, bool read, bool write, void (*ready)(void *, bool, bool), void *arg) {
  (void)ctx;
  if (fd < 0 || fd >= KIT_FDS) abort();
  watches[fd] = (struct watch){.on = true, .read = read, .write = write, .ready = ready, .arg = arg};
}

static void kit_unwatch(void *ctx, int fd) {
  (void)ctx;
  watches[fd].on = false;
}

static struct db_config kit_config(const char *url) {
  return (struct db_config){.url = url,
                            .app_path = ".",
                            .pool_max = 4,
                            .pool_idle = 60 * CLOCK_NS_PER_SEC,
                            .acquire_timeout = 5 * CLOCK_NS_PER_SEC,
                            .statement_timeout = 20 * CLOCK_NS_PER_SEC,
                            .worker_count = 1};
}

/* This thread's part. */
static void kit_open_worker(void) {
  if (!kit_mailbox.fd) mailbox_init(&kit_mailbox);
  const struct db_host host = {.watch = kit_watch, .unwatch = kit_unwatch, .mailbox = &kit_mailbox};
  db = db_postgresql.open(shared, &host);
}

static bool kit_open(const struct db_config *config, struct err *err) {
  shared = db_postgresql.share(config, err);
  if (shared) kit_open_worker();
  return shared;
}

static void kit_close(void) {
  db_postgresql.close(db);
  db_postgresql.unshare(shared);
}

/* One turn of the worker's loop, from where what was submitted is sent to where answers are called: wait `most` ms at most. */
static void kit_turn(int most) {
  const uint64_t next_tick = db_postgresql.tick(db, clock_ns());
  struct pollfd fds[KIT_FDS + 1];
  nfds_t count = 0;
  for (int fd = 0; fd < KIT_FDS; fd++)
    if (watches[fd].on)
      fds[count++] = (struct pollfd){.fd = fd, .events = (short)((watches[fd].read ? POLLIN : 0) | (watches[fd].write ? POLLOUT : 0))};
  fds[count++] = (struct pollfd){.fd = kit_mailbox.fd, .events = POLLIN};
  const uint64_t now = clock_ns();
  const uint64_t until = next_tick > now ? (next_tick - now + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS : 0;
  poll(fds, count, until < (uint64_t)most ? (int)until : most);
  for (nfds_t i = 0; i + 1 < count; i++) {
    const struct watch *w = &watches[fds[i].fd];
    if (fds[i].revents && w->on) w->ready(w->arg, fds[i].revents & (POLLIN | POLLHUP | POLLERR), fds[i].revents & POLLOUT);
  }
  if (fds[count - 1].revents) mailbox_drain(&kit_mailbox, NULL);
}
