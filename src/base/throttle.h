/* throttle.h - how often something was done: counts that all workers of the process share. Any thread.
 *
 * A key's history is the times of what was allowed in the last `period`, as rest_framework's SimpleRateThrottle keeps them. Memory is bounded:
 * histories that are over are forgotten as new keys come, and past THROTTLE_MAX_TIMES the oldest ones are, too (who is forgotten may begin anew). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times in all histories together: 8 bytes each. */
#define THROTTLE_MAX_TIMES 4000000

struct throttle;

struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);

/* May `key` do it once more at `now`, when at most `limit` are allowed in `period` nanoseconds? Counted when it may. When it may not, *wait is set to
 * nanoseconds until it is worth trying again. */
bool throttle_allow(struct throttle *t, const char *key, size_t len, uint32_t limit, uint64_t period, uint64_t now, uint64_t *wait);

/* Histories kept at present. */
size_t throttle_count(struct throttle *t);
