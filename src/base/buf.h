/* buf.h - growing byte buffer. One owner, one thread at a time. */
#pragma once
#include <stddef.h>
#include <string.h>

struct buf {
  char *data; /* owned; NULL while cap is 0 */
  size_t len, cap;
};

static inline void buf_init(struct buf *b) { *b = (struct buf){0}; }

/* Free the bytes; the buffer is empty and usable afterwards. */
void buf_fini(struct buf *b);

/* Make room for `extra` more bytes out of line; use buf_reserve(). */
void buf_grow(struct buf *b, size_t extra);

/* Make room for `extra` more bytes behind data + len. */
static inline void buf_reserve(struct buf *b, size_t extra) {
  if (b->cap - b->len < extra) buf_grow(b, extra);
}

static inline void buf_put(struct buf *b, const void *data, size_t n) {
  if (!n) return;
  buf_reserve(b, n);
  memcpy(b->data + b->len, data, n);
  b->len += n;
}

static inline void buf_put_char(struct buf *b, char c) {
  buf_reserve(b, 1);
  b->data[b->len++] = c;
}

static inline void buf_put_str(struct buf *b, const char *s) { buf_put(b, s, strlen(s)); }

void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forget the content, keep the memory. */
static inline void buf_clear(struct buf *b) { b->len = 0; }

/* Drop the first `n` bytes. */
void buf_consume(struct buf *b, size_t n);
