/* utf8.h - strict UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF), in pieces or whole.
 *
 * Fails at the first byte that cannot be part of a valid text, so that a connection can be closed without waiting for the rest. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised: at the start of a text. */
struct utf8 {
  uint8_t need;      /* continuation bytes still to come */
  uint8_t low, high; /* bounds of the next one */
};

/* Check the next piece. After false the text is invalid whatever follows. */
bool utf8_feed(struct utf8 *u, const char *p, size_t n);

/* True when the text does not end inside a character. */
static inline bool utf8_complete(const struct utf8 *u) { return !u->need; }

/* True when the whole text is valid. */
bool utf8_valid(const char *p, size_t n);
