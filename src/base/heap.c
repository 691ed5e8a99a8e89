/* heap.c - see heap.h. */
#include "base/heap.h"

#include "base/alloc.h"

#include <stdlib.h>

void heap_init(struct heap *h) { *h = (struct heap){0}; }

void heap_fini(struct heap *h) {
  free(h->nodes);
  heap_init(h);
}

static void put(struct heap *h, size_t place, struct heap_node *n) {
  h->nodes[place - 1] = n;
  n->place = place;
}

static void sift_up(struct heap *h, struct heap_node *n) {
  size_t place = n->place;
  while (place > 1 && h->nodes[place / 2 - 1]->at > n->at) {
    put(h, place, h->nodes[place / 2 - 1]);
    place /= 2;
  }
  put(h, place, n);
}

static void sift_down(struct heap *h, struct heap_node *n) {
  size_t place = n->place;
  for (size_t child; (child = place * 2) <= h->count; place = child) {
    if (child < h->count && h->nodes[child]->at < h->nodes[child - 1]->at) child++;
    if (h->nodes[child - 1]->at >= n->at) break;
    put(h, place, h->nodes[child - 1]);
  }
  put(h, place, n);
}

void heap_set(struct heap *h, struct heap_node *n, uint64_t at) {
  n->at = at;
  if (!n->place) {
    if (h->count == h->cap) {
      h->cap = h->cap ? h->cap * 2 : 64;
      h->nodes = xrealloc(h->nodes, h->cap * sizeof *h->nodes);
    }
    put(h, ++h->count, n);
  }
  sift_up(h, n);
  sift_down(h, n);
}

void heap_remove(struct heap *h, struct heap_node *n) {
  if (!n->place) return;
  struct heap_node *last = h->nodes[--h->count];
  if (last != n) {
    put(h, n->place, last);
    sift_up(h, last);
    sift_down(h, last);
  }
  n->place = 0;
}

struct heap_node *heap_peek(const struct heap *h) {
  return h->count ? h->nodes[0] : NULL;
}
