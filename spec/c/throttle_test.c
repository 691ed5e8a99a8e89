/* throttle_test.c - base/throttle.h. */
#include "base/throttle.h"

#include "check.h"

#include <stdint.h>
#include <string.h>

#define SECOND 1000000000ull

static struct throttle *t;
static uint64_t wait_ns;

static bool allow(const char *key, uint32_t limit, uint64_t period, uint64_t now) {
  return throttle_allow(t, key, strlen(key), limit, period, now, &wait_ns);
}

static void window_slides(void) {
  CHECK("as many as the limit are allowed",
        allow("a", 3, 60 * SECOND, 1) && allow("a", 3, 60 * SECOND, 10 * SECOND) && allow("a", 3, 60 * SECOND, 20 * SECOND));
  CHECK("one more is not", !allow("a", 3, 60 * SECOND, 30 * SECOND));
  CHECK("the wait is until the oldest is over", wait_ns == 30 * SECOND + 1);
  CHECK("another key has its own count", allow("b", 3, 60 * SECOND, 30 * SECOND));
  CHECK("a refusal does not count", !allow("a", 3, 60 * SECOND, 59 * SECOND));
  CHECK("when the oldest is over there is room for one", allow("a", 3, 60 * SECOND, 60 * SECOND + 1) && !allow("a", 3, 60 * SECOND, 60 * SECOND + 1));
  CHECK("a limit of nothing allows nothing", !allow("none", 0, 60 * SECOND, 61 * SECOND) && wait_ns == 60 * SECOND);
}

static void rings_turn(void) {
  uint32_t allowed = 0;
  for (uint64_t i = 0; i < 1000; i++) allowed += allow("ring", 7, 10 * SECOND, 100 * SECOND + i * SECOND);
  CHECK("seven in any ten seconds, for long", allowed == 700);
}

static void memory_is_bounded(void) {
  char key[32];
  for (uint64_t i = 0; i < 20000; i++) {
    const int n = snprintf(key, sizeof key, "key %d", (int)i);
    throttle_allow(t, key, (size_t)n, 5, SECOND, 10000 * SECOND + i * SECOND / 100, &wait_ns);
  }
  CHECK("histories that are over are forgotten", throttle_count(t) < 300);
  throttle_free(t);
  t = throttle_new();
  for (uint64_t i = 0; i < 30; i++) {
    snprintf(key, sizeof key, "large %d", (int)i);
    for (uint64_t j = 0; j < 300000; j++) allow(key, 300000, 100000 * SECOND, 100000 * SECOND + j);
  }
  CHECK("the least recently used are forgotten when there are too many times", throttle_count(t) < 20);
}

int main(void) {
  t = throttle_new();
  window_slides();
  rings_turn();
  memory_is_bounded();
  throttle_free(t);
  TESTS_END;
}
