/* throttle.c - see throttle.h.
 *
 * DESIGN: one lock, one map, and one list in the order of last use: the front of the list is what is forgotten first. A history is a ring of times
 * that grows by doubling up to its limit. INVARIANT: a history is in the map and in the list, or nowhere. */
#include "base/throttle.h"

#include "base/alloc.h"
#include "base/list.h"
#include "base/map.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct history {
  struct list link; /* in by_use */
  uint64_t period;
  uint64_t *times; /* owned ring */
  uint32_t first, count, cap;
  size_t key_len;
  char key[];
};

struct throttle {
  pthread_mutex_t lock;
  struct map histories;
  struct list by_use; /* least recently used first */
  size_t times;       /* capacity of all rings */
};

struct throttle *throttle_new(void) {
  struct throttle *t = xcalloc(1, sizeof *t);
  pthread_mutex_init(&t->lock, NULL);
  map_init(&t->histories);
  list_init(&t->by_use);
  return t;
}

static void forget(struct throttle *t, struct history *h) {
  map_remove(&t->histories, h->key, h->key_len);
  list_remove(&h->link);
  t->times -= h->cap;
  free(h->times);
  free(h);
}

void throttle_free(struct throttle *t) {
  if (!t) return;
  while (!list_empty(&t->by_use)) forget(t, list_entry(t->by_use.next, struct history, link));
  map_fini(&t->histories);
  pthread_mutex_destroy(&t->lock);
  free(t);
}

static uint64_t time_at(const struct history *h, uint32_t i) { return h->times[(h->first + i) % h->cap]; }

static bool is_over(const struct history *h, uint64_t now) { return !h->count || time_at(h, h->count - 1) + h->period <= now; }

/* Two at a time keeps up with one new history a call. */
static void forget_some(struct throttle *t, uint64_t now) {
  for (int i = 0; i < 2 && !list_empty(&t->by_use); i++) {
    struct history *h = list_entry(t->by_use.next, struct history, link);
    if (!is_over(h, now) && t->times < THROTTLE_MAX_TIMES) return;
    forget(t, h);
  }
}

static struct history *history_of(struct throttle *t, const char *key, size_t len, uint64_t now) {
  struct history *h = map_get(&t->histories, key, len);
  if (!h) {
    forget_some(t, now);
    h = xcalloc(1, sizeof *h + len);
    h->key_len = len;
    memcpy(h->key, key, len);
    list_init(&h->link);
    *map_slot(&t->histories, key, len) = h;
  }
  list_remove(&h->link);
  list_push(&t->by_use, &h->link);
  return h;
}

static void drop_old(struct history *h, uint64_t now) {
  while (h->count && time_at(h, 0) + h->period <= now) {
    h->first = (h->first + 1) % h->cap;
    h->count--;
  }
}

static void grow(struct throttle *t, struct history *h, uint32_t limit) {
  const uint32_t doubled = h->cap ? h->cap * 2 : 4, cap = doubled < limit ? doubled : limit;
  uint64_t *times = xmalloc(cap * sizeof *times);
  for (uint32_t i = 0; i < h->count; i++) times[i] = time_at(h, i);
  free(h->times);
  t->times += cap - h->cap;
  h->times = times;
  h->first = 0;
  h->cap = cap;
}

static bool allow(struct throttle *t, struct history *h, uint32_t limit, uint64_t now, uint64_t *wait) {
  drop_old(h, now);
  if (h->count >= limit) {
    *wait = h->count ? time_at(h, 0) + h->period - now : h->period;
    return false;
  }
  if (h->count == h->cap) grow(t, h, limit);
  h->times[(h->first + h->count++) % h->cap] = now;
  return true;
}

bool throttle_allow(struct throttle *t, const char *key, size_t len, uint32_t limit, uint64_t period, uint64_t now, uint64_t *wait) {
  pthread_mutex_lock(&t->lock);
  struct history *h = history_of(t, key, len, now);
  h->period = period;
  const bool allowed = allow(t, h, limit, now, wait);
  pthread_mutex_unlock(&t->lock);
  return allowed;
}

size_t throttle_count(struct throttle *t) {
  pthread_mutex_lock(&t->lock);
  const size_t count = t->histories.count;
  pthread_mutex_unlock(&t->lock);
  return count;
}
