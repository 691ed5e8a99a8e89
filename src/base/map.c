/* map.c - see map.h. Chained buckets, doubled at load 1; FNV-1a, seeded a process so that clients cannot aim at one bucket. */
#include "base/map.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint32_t seed_value(void) {
  static uint32_t seed; /* written once at start by the first map; later writers would write the same kind of value */
  if (!__atomic_load_n(&seed, __ATOMIC_RELAXED)) {
    uint32_t fresh = 0, none = 0;
    if (getrandom(&fresh, sizeof fresh, 0) < 0 || !fresh) fresh = 0x9e3779b9u;
    __atomic_compare_exchange_n(&seed, &none, fresh, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }
  return __atomic_load_n(&seed, __ATOMIC_RELAXED);
}

static uint32_t hash_of(const char *key, size_t len) {
  uint32_t h = 2166136261u ^ seed_value();
  for (size_t i = 0; i < len; i++) h = (h ^ (uint8_t)key[i]) * 16777619u;
  return h ^ h >> 15;
}

void map_init(struct map *m) { *m = (struct map){0}; }

void map_fini(struct map *m) {
  for (size_t i = 0; i < m->slot_count; i++) {
    for (struct map_entry *e = m->slots[i], *next; e; e = next) {
      next = e->next;
      free(e);
    }
  }
  free(m->slots);
  map_init(m);
}

static void grow(struct map *m) {
  const size_t count = m->slot_count ? m->slot_count * 2 : 16;
  struct map_entry **slots = xcalloc(count, sizeof *slots);
  for (size_t i = 0; i < m->slot_count; i++) {
    for (struct map_entry *e = m->slots[i], *next; e; e = next) {
      next = e->next;
      e->next = slots[e->hash & (count - 1)];
      slots[e->hash & (count - 1)] = e;
    }
  }
  free(m->slots);
  m->slots = slots;
  m->slot_count = count;
}

/* The link that points at the entry of `key`, or at the NULL that ends its bucket. */
static struct map_entry **find(const struct map *m, const char *key, size_t len, uint32_t hash) {
  struct map_entry **link = &m->slots[hash & (m->slot_count - 1)];
  while (*link && ((*link)->hash != hash || (*link)->key_len != len || memcmp((*link)->key, key, len) != 0)) link = &(*link)->next;
  return link;
}

void *map_get(const struct map *m, const char *key, size_t len) {
  if (!m->count) return NULL;
  const struct map_entry *e = *find(m, key, len, hash_of(key, len));
  return e ? e->value : NULL;
}

void **map_slot(struct map *m, const char *key, size_t len) {
  if (m->count >= m->slot_count) grow(m);
  const uint32_t hash = hash_of(key, len);
  struct map_entry **link = find(m, key, len, hash), *e = *link;
  if (e) return &e->value;
  e = xmalloc(sizeof *e + len);
  *e = (struct map_entry){.hash = hash, .key_len = (uint32_t)len};
  memcpy(e->key, key, len);
  *link = e;
  m->count++;
  return &e->value;
}

void map_remove(struct map *m, const char *key, size_t len) {
  if (!m->count) return;
  struct map_entry **link = find(m, key, len, hash_of(key, len)), *e = *link;
  if (!e) return;
  *link = e->next;
  free(e);
  m->count--;
}

void map_each(const struct map *m, void (*visit)(void *value, void *arg), void *arg) {
  for (size_t i = 0; i < m->slot_count; i++)
    for (const struct map_entry *e = m->slots[i]; e; e = e->next) visit(e->value, arg);
}
