/* map.h - hash map from byte strings to pointers. One thread. Keys are copied; values are borrowed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_entry {
  struct map_entry *next;
  void *value;
  uint32_t hash, key_len;
  char key[];
};

struct map {
  struct map_entry **slots; /* owned, a power of two of them */
  size_t count, slot_count;
};

void map_init(struct map *m);

/* Free keys and table; the values are the caller's. */
void map_fini(struct map *m);

/* The value of `key`, NULL when it is absent. */
void *map_get(const struct map *m, const char *key, size_t len);

/* Where the value of `key` stands; added as NULL when it was absent. Valid until the key is removed. */
void **map_slot(struct map *m, const char *key, size_t len);

/* Forget `key`; nothing happens when it is absent. */
void map_remove(struct map *m, const char *key, size_t len);

/* Call visit(value, arg) for each entry; visit may not change the map. */
void map_each(const struct map *m, void (*visit)(void *value, void *arg), void *arg);
