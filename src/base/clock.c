/* clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

uint64_t clock_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * CLOCK_NS_PER_SEC + (uint64_t)t.tv_nsec;
}

double clock_unix(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

uint64_t clock_from_seconds(double seconds) {
  const double century = 3.2e9;
  if (!(seconds > 0)) return 0;
  return (uint64_t)((seconds < century ? seconds : century) * 1e9);
}
