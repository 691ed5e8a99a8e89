/* utf8.c - see utf8.h. ASCII, nearly all of what is sent, is skipped eight bytes at a time. */
#include "base/utf8.h"

#include <string.h>

static bool begin(struct utf8 *u, uint8_t c) {
  u->low = 0x80;
  u->high = 0xbf;
  if (c >= 0xc2 && c <= 0xdf) {
    u->need = 1;
  } else if (c >= 0xe0 && c <= 0xef) {
    u->need = 2;
    if (c == 0xe0) u->low = 0xa0;  /* below: overlong */
    if (c == 0xed) u->high = 0x9f; /* above: surrogates */
  } else if (c >= 0xf0 && c <= 0xf4) {
    u->need = 3;
    if (c == 0xf0) u->low = 0x90;  /* below: overlong */
    if (c == 0xf4) u->high = 0x8f; /* above: past U+10FFFF */
  } else {
    return false;
  }
  return true;
}

static bool go_on(struct utf8 *u, uint8_t c) {
  if (c < u->low || c > u->high) return false;
  u->low = 0x80;
  u->high = 0xbf;
  u->need--;
  return true;
}

static size_t skip_ascii(const char *p, size_t n) {
  size_t i = 0;
  for (uint64_t chunk; i + 8 <= n; i += 8) {
    memcpy(&chunk, p + i, 8);
    if (chunk & 0x8080808080808080u) break;
  }
  while (i < n && !(p[i] & 0x80)) i++;
  return i;
}

bool utf8_feed(struct utf8 *u, const char *p, size_t n) {
  for (size_t i = 0; i < n;) {
    if (u->need) {
      if (!go_on(u, (uint8_t)p[i++])) return false;
    } else {
      i += skip_ascii(p + i, n - i);
      if (i < n && !begin(u, (uint8_t)p[i++])) return false;
    }
  }
  return true;
}

bool utf8_valid(const char *p, size_t n) {
  struct utf8 u = {0};
  return utf8_feed(&u, p, n) && utf8_complete(&u);
}
