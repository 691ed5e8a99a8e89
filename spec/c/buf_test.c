/* buf_test.c - base/buf.h. */
#include "base/buf.h"

#include "check.h"

int main(void) {
  struct buf b;
  buf_init(&b);
  CHECK("a new buffer owns nothing", !b.data && !b.len && !b.cap);
  buf_put_str(&b, "hello");
  buf_put_char(&b, ' ');
  buf_printf(&b, "%d-%s", 42, "x");
  CHECK("parts follow one another", b.len == 10 && !memcmp(b.data, "hello 42-x", 10));
  buf_consume(&b, 6);
  CHECK("consuming drops the front", b.len == 4 && !memcmp(b.data, "42-x", 4));
  buf_consume(&b, 100);
  CHECK("consuming more than there is empties", b.len == 0);
  for (int i = 0; i < 10000; i++) buf_put(&b, "abc", 3);
  CHECK("it grows as needed", b.len == 30000 && b.cap >= 30000 && !memcmp(b.data + 29997, "abc", 3));
  buf_put(&b, NULL, 0);
  CHECK("nothing can be put", b.len == 30000);
  buf_clear(&b);
  CHECK("clearing keeps the memory", b.len == 0 && b.cap >= 30000);
  buf_fini(&b);
  CHECK("after fini it can be used again", !b.data && !b.cap);
  buf_put_str(&b, "again");
  CHECK("as a new one", b.len == 5);
  buf_fini(&b);
  TESTS_END;
}
