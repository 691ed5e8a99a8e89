/* buf.c - see buf.h. */
#include "base/buf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_fini(struct buf *b) {
  free(b->data);
  buf_init(b);
}

void buf_grow(struct buf *b, size_t extra) {
  size_t cap = b->cap ? b->cap * 2 : 256;
  while (cap - b->len < extra) cap *= 2;
  b->data = xrealloc(b->data, cap);
  b->cap = cap;
}

void buf_printf(struct buf *b, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (n < 0) return;
  buf_reserve(b, (size_t)n + 1); /* vsnprintf ends with a NUL, which is not counted */
  va_start(args, format);
  vsnprintf(b->data + b->len, (size_t)n + 1, format, args);
  va_end(args);
  b->len += (size_t)n;
}

void buf_consume(struct buf *b, size_t n) {
  if (n < b->len) memmove(b->data, b->data + n, b->len - n);
  b->len = n < b->len ? b->len - n : 0;
}
