/* hub.c - see hub.h.
 *
 * DESIGN: a subscription is one small block on two lists: its group's (delivery) and its member's (leaving). A group exists while it has
 * subscriptions. A plain subscription costs its block: two links, two owners, the request id's bytes. */
#include "hub/hub.h"

#include "base/alloc.h"
#include "base/list.h"

#include <stdlib.h>
#include <string.h>

struct hub {
  struct map groups; /* name → struct group, owned */
};

struct group {
  struct list subscriptions;
  size_t name_len;
  char name[];
};

struct hub_member {
  uint64_t id;
  struct list subscriptions;
};

struct subscription {
  struct list in_group, in_member;
  struct group *group;       /* borrowed: lives as long as its last subscription */
  struct hub_member *member; /* borrowed */
  uint32_t request_id_len;
  char request_id[];
};

struct hub *hub_new(void) {
  struct hub *h = xcalloc(1, sizeof *h);
  map_init(&h->groups);
  return h;
}

void hub_free(struct hub *h) {
  if (!h) return;
  map_fini(&h->groups); /* empty: members leave before */
  free(h);
}

struct hub_member *hub_member_new(struct hub *h, uint64_t id) {
  (void)h;
  struct hub_member *m = xmalloc(sizeof *m);
  m->id = id;
  list_init(&m->subscriptions);
  return m;
}

static struct group *group_of(struct hub *h, const char *name, size_t len) {
  void **slot = map_slot(&h->groups, name, len);
  if (!*slot) {
    struct group *g = xmalloc(sizeof *g + len);
    list_init(&g->subscriptions);
    g->name_len = len;
    memcpy(g->name, name, len);
    *slot = g;
  }
  return *slot;
}

static bool has_id(const struct subscription *s, const char *request_id, size_t len) {
  return s->request_id_len == len && !memcmp(s->request_id, request_id, len);
}

/* A member has few subscriptions, a group may have many: searches walk the member's list. */
static struct subscription *find(const struct hub_member *m, const struct group *g, const char *request_id, size_t len) {
  for (struct list *l = m->subscriptions.next; l != &m->subscriptions; l = l->next) {
    struct subscription *s = list_entry(l, struct subscription, in_member);
    if (s->group == g && (!request_id || has_id(s, request_id, len))) return s;
  }
  return NULL;
}

bool hub_join(struct hub *h, struct hub_member *m, const char *group, size_t group_len, const char *request_id, size_t request_id_len) {
  struct group *g = group_of(h, group, group_len);
  if (find(m, g, request_id, request_id_len)) return false;
  struct subscription *s = xmalloc(sizeof *s + request_id_len);
  s->group = g;
  s->member = m;
  s->request_id_len = (uint32_t)request_id_len;
  memcpy(s->request_id, request_id, request_id_len);
  list_init(&s->in_group);
  list_init(&s->in_member);
  list_push(&g->subscriptions, &s->in_group);
  list_push(&m->subscriptions, &s->in_member);
  return true;
}

static void end(struct hub *h, struct subscription *s) {
  struct group *g = s->group;
  list_remove(&s->in_group);
  list_remove(&s->in_member);
  free(s);
  if (!list_empty(&g->subscriptions)) return;
  map_remove(&h->groups, g->name, g->name_len);
  free(g);
}

size_t hub_leave(struct hub *h, struct hub_member *m, const char *group, size_t group_len, const char *request_id, size_t request_id_len) {
  struct group *g = map_get(&h->groups, group, group_len);
  size_t count = 0;
  for (struct subscription *s; g && (s = find(m, g, request_id, request_id_len)); count++) {
    const bool last = g->subscriptions.next == g->subscriptions.prev;
    end(h, s);
    if (last) g = NULL; /* freed with its last subscription */
  }
  return count;
}

void hub_leave_all(struct hub *h, struct hub_member *m, void (*left)(void *arg, const char *group, size_t len), void *arg) {
  while (!list_empty(&m->subscriptions)) {
    struct subscription *s = list_entry(m->subscriptions.next, struct subscription, in_member);
    struct group *g = s->group;
    left(arg, g->name, g->name_len);
    hub_leave(h, m, g->name, g->name_len, NULL, 0);
  }
  free(m);
}

bool hub_is_member(struct hub *h, const struct hub_member *m, const char *group, size_t group_len) {
  const struct group *g = map_get(&h->groups, group, group_len);
  return g && find(m, g, NULL, 0);
}

size_t hub_publish(struct hub *h, const char *group, size_t group_len, hub_visit visit, void *arg) {
  const struct group *g = map_get(&h->groups, group, group_len);
  size_t count = 0;
  for (struct list *l = g ? g->subscriptions.next : NULL; g && l != &g->subscriptions; l = l->next, count++) {
    const struct subscription *s = list_entry(l, struct subscription, in_group);
    visit(arg, s->member->id, s->request_id, s->request_id_len);
  }
  return count;
}

size_t hub_members(struct hub *h, const char *group, size_t group_len, hub_visit visit, void *arg) {
  const struct group *g = map_get(&h->groups, group, group_len);
  size_t count = 0;
  for (struct list *l = g ? g->subscriptions.next : NULL; g && l != &g->subscriptions; l = l->next) {
    const struct subscription *s = list_entry(l, struct subscription, in_group);
    if (find(s->member, g, NULL, 0) != s) continue;
    visit(arg, s->member->id, "", 0);
    count++;
  }
  return count;
}
