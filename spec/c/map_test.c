/* map_test.c - base/map.h. */
#include "base/map.h"

#include "check.h"

#include <stdint.h>
#include <string.h>

static void add_up(void *value, void *arg) { *(intptr_t *)arg += (intptr_t)value; }

int main(void) {
  struct map m;
  char key[32];
  map_init(&m);
  CHECK("an empty map knows nothing", !map_get(&m, "a", 1));
  map_remove(&m, "a", 1);
  *map_slot(&m, "a", 1) = (void *)1;
  CHECK("what was put is found", map_get(&m, "a", 1) == (void *)1);
  CHECK("a key is all of its bytes", !map_get(&m, "a\0", 2) && !map_get(&m, "", 0));
  *map_slot(&m, "a\0", 2) = (void *)2;
  *map_slot(&m, "", 0) = (void *)3;
  CHECK("keys may hold NUL or be empty", map_get(&m, "a\0", 2) == (void *)2 && map_get(&m, "", 0) == (void *)3);
  CHECK("a slot is the same when asked again", *map_slot(&m, "a", 1) == (void *)1 && m.count == 3);
  for (intptr_t i = 1; i <= 5000; i++) {
    const int n = snprintf(key, sizeof key, "key %ld", (long)i);
    *map_slot(&m, key, (size_t)n) = (void *)i;
  }
  intptr_t sum = 0, found = 0;
  map_each(&m, add_up, &sum);
  CHECK("each entry is visited once", sum == 5000 * 5001 / 2 + 6);
  for (intptr_t i = 1; i <= 5000; i++) {
    const int n = snprintf(key, sizeof key, "key %ld", (long)i);
    found += map_get(&m, key, (size_t)n) == (void *)i;
    if (i % 2) map_remove(&m, key, (size_t)n);
  }
  CHECK("growing loses nothing", found == 5000);
  CHECK("removing forgets", m.count == 2503 && !map_get(&m, "key 1", 5) && map_get(&m, "key 2", 5) == (void *)2);
  map_fini(&m);
  TESTS_END;
}
