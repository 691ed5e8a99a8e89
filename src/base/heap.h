/* heap.h - binary min-heap of deadlines, intrusive: a node knows its place, so it can be taken out from the middle.
 *
 * One thread. The heap borrows its nodes; whoever frees a node removes it first. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
  uint64_t at;  /* clock_ns() when it is due */
  size_t place; /* 1-based position, 0 when in no heap */
};

struct heap {
  struct heap_node **nodes; /* owned array of borrowed nodes */
  size_t count, cap;
};

void heap_init(struct heap *h);
void heap_fini(struct heap *h);

/* Insert, or move when it is in already. */
void heap_set(struct heap *h, struct heap_node *n, uint64_t at);

/* Take out; nothing happens when it is not in. */
void heap_remove(struct heap *h, struct heap_node *n);

/* The earliest node, still inside; NULL when empty. */
struct heap_node *heap_peek(const struct heap *h);
