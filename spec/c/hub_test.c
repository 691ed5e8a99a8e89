/* hub_test.c - hub/hub.h. */
#include "hub/hub.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static char seen[1024];

static void note(void *arg, uint64_t member, const char *request_id, size_t len) {
  (void)arg;
  const size_t at = strlen(seen);
  snprintf(seen + at, sizeof seen - at, "%lu:%.*s ", (unsigned long)member, (int)len, request_id);
}

static const char *published(struct hub *h, const char *group) {
  seen[0] = 0;
  hub_publish(h, group, strlen(group), note, NULL);
  return seen;
}

static const char *members(struct hub *h, const char *group) {
  seen[0] = 0;
  hub_members(h, group, strlen(group), note, NULL);
  return seen;
}

static bool join(struct hub *h, struct hub_member *m, const char *group, const char *id) {
  return hub_join(h, m, group, strlen(group), id, strlen(id));
}

static size_t leave(struct hub *h, struct hub_member *m, const char *group, const char *id) {
  return hub_leave(h, m, group, strlen(group), id, id ? strlen(id) : 0);
}

static void count_left(void *arg, const char *group, size_t len) {
  (void)group;
  (void)len;
  ++*(int *)arg;
}

int main(void) {
  struct hub *h = hub_new();
  struct hub_member *a = hub_member_new(h, 1), *b = hub_member_new(h, 2);
  int left = 0;
  CHECK("nobody is in a new group", !strcmp(published(h, "g"), ""));
  CHECK("joining is new once", join(h, a, "g", "") && !join(h, a, "g", ""));
  CHECK("a request id makes another subscription", join(h, a, "g", "7") && join(h, a, "g", "\"x\"") && join(h, b, "g", "7"));
  CHECK("each subscription is visited, in order of joining", !strcmp(published(h, "g"), "1: 1:7 1:\"x\" 2:7 "));
  CHECK("each member is visited once", !strcmp(members(h, "g"), "1: 2: "));
  CHECK("other groups are others", !strcmp(published(h, "gg"), "") && join(h, b, "gg", ""));
  CHECK("membership can be asked", hub_is_member(h, a, "g", 1) && !hub_is_member(h, a, "gg", 2));
  CHECK("one request id leaves", leave(h, a, "g", "7") == 1 && !strcmp(published(h, "g"), "1: 1:\"x\" 2:7 "));
  CHECK("leaving twice is leaving once", leave(h, a, "g", "7") == 0);
  CHECK("without an id all of them leave", leave(h, a, "g", NULL) == 2 && !strcmp(members(h, "g"), "2: "));
  CHECK("leaving an unknown group is nothing", leave(h, a, "nowhere", NULL) == 0);
  join(h, b, "g", "8");
  hub_leave_all(h, b, count_left, &left);
  CHECK("leaving all tells of each group once", left == 2 && !strcmp(published(h, "g"), "") && !strcmp(published(h, "gg"), ""));
  CHECK("a group that emptied can be joined again", join(h, a, "g", "") && !strcmp(members(h, "g"), "1: "));
  hub_leave_all(h, a, count_left, &left);

  enum { MANY = 3000 };
  struct hub_member **crowd = malloc(MANY * sizeof *crowd);
  for (int i = 0; i < MANY; i++) {
    char own[16];
    crowd[i] = hub_member_new(h, (uint64_t)i);
    snprintf(own, sizeof own, "own%d", i);
    join(h, crowd[i], "all", "1");
    join(h, crowd[i], own, "");
  }
  CHECK("a crowd is visited whole", hub_publish(h, "all", 3, note, NULL) == MANY && hub_members(h, "own77", 5, note, NULL) == 1);
  for (int i = 0; i < MANY; i += 2) hub_leave_all(h, crowd[i], count_left, &left);
  CHECK("half of it can go", hub_publish(h, "all", 3, note, NULL) == MANY / 2);
  for (int i = 1; i < MANY; i += 2) hub_leave_all(h, crowd[i], count_left, &left);
  CHECK("and the rest", hub_publish(h, "all", 3, note, NULL) == 0);
  free(crowd);
  hub_free(h);
  TESTS_END;
}
