/* alloc.c - see alloc.h. */
#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p, size_t n) {
  if (p || !n) return p;
  fprintf(stderr, "tidewire: out of memory for %zu bytes\n", n);
  abort();
}

void *xmalloc(size_t n) { return checked(malloc(n ? n : 1), n); }
void *xcalloc(size_t count, size_t n) { return checked(calloc(count ? count : 1, n ? n : 1), n); }
void *xrealloc(void *p, size_t n) { return checked(realloc(p, n ? n : 1), n); }

char *xstrdup(const char *s) {
  const size_t n = strlen(s) + 1;
  return memcpy(xmalloc(n), s, n);
}
