/* utf8_test.c - base/utf8.h, against a slow decoder that knows no shortcuts. */
#include "base/utf8.h"

#include "check.h"

#include <string.h>

/* Encode any number as UTF-8 would, overlong forms chosen by `len`. */
static size_t encode(char *to, uint32_t c, int len) {
  if (len == 1) {
    to[0] = (char)c;
  } else {
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (int i = len - 1; i > 0; i--, c >>= 6) to[i] = (char)(0x80 | (c & 63));
    to[0] = (char)(marks[len] | c);
  }
  return (size_t)len;
}

static int shortest(uint32_t c) { return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4; }

static void check_all_code_points(void) {
  int wrong = 0;
  char text[4];
  for (uint32_t c = 0; c < 0x1fffff; c++) {
    for (int len = 1; len <= 4; len++) {
      static const uint32_t most[] = {0, 0x7f, 0x7ff, 0xffff, 0x1fffff};
      if (c > most[len]) continue;
      const bool expected = len == shortest(c) && c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
      wrong += utf8_valid(text, encode(text, c, len)) != expected;
    }
  }
  CHECK("every code point in every length is judged right", wrong == 0);
}

static void check_every_split(const char *text, bool valid) {
  const size_t n = strlen(text);
  for (size_t cut = 0; cut <= n; cut++) {
    struct utf8 u = {0};
    const bool fed = utf8_feed(&u, text, cut) && utf8_feed(&u, text + cut, n - cut);
    CHECK("a text is judged the same however it is cut", (fed && utf8_complete(&u)) == valid);
  }
}

int main(void) {
  check_all_code_points();
  check_every_split("plain ascii, long enough for the fast path", true);
  check_every_split("κόσμε and \xf0\x9f\x98\x80 between ascii of some length", true);
  check_every_split("0123456789abcdef\xc0\xaf", false);
  check_every_split("0123456789abcdef\xed\xa0\x80 surrogate", false);
  check_every_split("ends inside \xf0\x9f\x98", false);
  struct utf8 u = {0};
  CHECK("a bad second byte is noticed before the third comes", !utf8_feed(&u, "\xf4\x90", 2));
  u = (struct utf8){0};
  CHECK("a lone continuation is bad", !utf8_feed(&u, "\x80", 1));
  for (int c = 0xf5; c < 0x100; c++) {
    const char byte = (char)c;
    u = (struct utf8){0};
    CHECK("bytes from F5 on never occur", !utf8_feed(&u, &byte, 1));
  }
  CHECK("the empty text is valid", utf8_valid("", 0));
  CHECK("NUL is a character", utf8_valid("a\0b", 3));
  TESTS_END;
}
