/* heap_test.c - base/heap.h and base/clock.h. */
#include "base/heap.h"
#include "base/clock.h"

#include "check.h"

#include <math.h>

enum { COUNT = 2000 };

static struct heap_node nodes[COUNT];

/* Take everything out; true when it came in order. Returns the number through *count. */
static bool drains_in_order(struct heap *h, int *count) {
  uint64_t last = 0;
  bool ordered = true;
  for (struct heap_node *n; (n = heap_peek(h)); ++*count) {
    ordered = ordered && n->at >= last;
    last = n->at;
    heap_remove(h, n);
  }
  return ordered;
}

int main(void) {
  struct heap h;
  uint64_t random = 88172645463325252u;
  int count = 0;
  heap_init(&h);
  CHECK("an empty heap has no first", !heap_peek(&h));
  for (int round = 0; round < 3; round++) { /* set, move and remove from the middle */
    for (int i = 0; i < COUNT; i++) {
      random ^= random << 13;
      random ^= random >> 7;
      random ^= random << 17;
      heap_set(&h, &nodes[i], random % 1000);
      if (round && i % 3 == round) heap_remove(&h, &nodes[(i * 7) % COUNT]);
    }
  }
  int inside = 0;
  for (int i = 0; i < COUNT; i++) inside += nodes[i].place != 0;
  CHECK("count is what is inside", (size_t)inside == h.count && inside < COUNT);
  CHECK("nodes come out in order", drains_in_order(&h, &count) && count == inside);
  heap_remove(&h, &nodes[0]);
  CHECK("removing what is not inside does nothing", !heap_peek(&h));
  heap_fini(&h);
  CHECK("negative and NaN seconds are none", clock_from_seconds(-1) == 0 && clock_from_seconds(NAN) == 0);
  CHECK("fractions count", clock_from_seconds(1.5) == 1500000000u);
  CHECK("infinity stays representable", clock_ns() + clock_from_seconds(INFINITY) > clock_ns());
  const uint64_t before = clock_ns();
  CHECK("time does not go back", clock_ns() >= before);
  TESTS_END;
}
