/* clock.h - monotonic time for deadlines, wall time for people. Any thread. */
#pragma once
#include <stdint.h>

#define CLOCK_NS_PER_SEC 1000000000ull
#define CLOCK_NS_PER_MS 1000000ull

/* Nanoseconds of a clock that never goes back; only differences mean anything. */
uint64_t clock_ns(void);

/* Seconds since 1970 with a fraction. */
double clock_unix(void);

/* `seconds` as nanoseconds; negative and NaN become 0, more than a century becomes a century (a deadline that never comes). */
uint64_t clock_from_seconds(double seconds);
