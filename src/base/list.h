/* list.h - intrusive doubly linked list with a sentinel: O(1) push, unlink and test, no allocation.
 *
 * A node belongs to at most one list. list_node_init() makes it unlinked; list_remove() of an unlinked node does nothing. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct list {
  struct list *next, *prev;
};

#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *l) { l->next = l->prev = l; }
static inline bool list_empty(const struct list *l) { return l->next == l; }
static inline bool list_linked(const struct list *n) { return n->next != n; }

static inline void list_remove(struct list *n) {
  n->prev->next = n->next;
  n->next->prev = n->prev;
  list_init(n);
}

static inline void list_push(struct list *l, struct list *n) {
  n->prev = l->prev;
  n->next = l;
  l->prev->next = n;
  l->prev = n;
}

/* Unlink and return the first node, NULL when empty. */
static inline struct list *list_shift(struct list *l) {
  struct list *n = l->next;
  if (n == l) return NULL;
  list_remove(n);
  return n;
}

/* Move everything from `from` to the empty list `to`, so that `to` can be walked while `from` grows again. */
static inline void list_take(struct list *to, struct list *from) {
  list_init(to);
  if (list_empty(from)) return;
  *to = *from;
  to->next->prev = to->prev->next = to;
  list_init(from);
}
