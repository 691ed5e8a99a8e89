/* decimal_test.c - base/decimal.h: what the Lua binding makes no use of, and coefficients around the border of 128 bits. */
#include "base/decimal.h"

#include "check.h"

#include <stdlib.h>

static const struct decimal_context exact = {1000, DECIMAL_HALF_EVEN};

static void set(struct decimal *d, const char *text) { decimal_parse(d, text, strlen(text)); }

static bool is(const struct decimal *d, const char *text) {
  struct buf out;
  buf_init(&out);
  decimal_write(d, &out);
  const bool same = out.len == strlen(text) && !memcmp(out.data, text, out.len);
  buf_fini(&out);
  return same;
}

/* Whether `op` gives the same when its result is the first operand, and when it is the second. */
static bool in_place(decimal_operation op, const char *x, const char *y, const char *result) {
  struct decimal a = {0}, b = {0}, r = {0};
  set(&a, x);
  set(&b, y);
  bool ok = op(&r, &a, &b, &exact) == DECIMAL_OK && is(&r, result) && is(&a, x) && is(&b, y);
  ok = ok && op(&a, &a, &b, &exact) == DECIMAL_OK && is(&a, result);
  set(&a, x);
  ok = ok && op(&b, &a, &b, &exact) == DECIMAL_OK && is(&b, result);
  decimal_fini(&a);
  decimal_fini(&b);
  decimal_fini(&r);
  return ok;
}

static bool parses_digits(size_t n) {
  struct decimal d = {0};
  char *text = malloc(n);
  memset(text, '7', n);
  const bool ok = decimal_parse(&d, text, n) && coef_digits(&d.coef) == n;
  decimal_fini(&d);
  free(text);
  return ok;
}

int main(void) {
  const char *big = "123456789012345678901234567890123456789012345678901234567890";
  CHECK("sums may take an operand's place", in_place(decimal_add, "1.5", "2", "3.5") &&
                                                in_place(decimal_add, big, "1.5", "123456789012345678901234567890123456789012345678901234567891.5"));
  CHECK("differences too", in_place(decimal_subtract, "1.5", "2", "-0.5") &&
                               in_place(decimal_subtract, "1", big, "-123456789012345678901234567890123456789012345678901234567889"));
  CHECK("and products", in_place(decimal_multiply, "1.5", "2", "3.0") &&
                            in_place(decimal_multiply, big, "10.0", "1234567890123456789012345678901234567890123456789012345678900.0"));
  CHECK("and quotients", in_place(decimal_divide, "1", "8", "0.125") && in_place(decimal_divide, big, big, "1"));
  CHECK("and rests", in_place(decimal_remainder, "-7", "4", "-3") && in_place(decimal_remainder, big, "7", "0"));
  CHECK("2^128 - 1 and one more", in_place(decimal_add, "340282366920938463463374607431768211455", "1", "340282366920938463463374607431768211456"));
  CHECK("and back", in_place(decimal_subtract, "340282366920938463463374607431768211456", "1", "340282366920938463463374607431768211455"));
  CHECK("2^64 squared", in_place(decimal_multiply, "18446744073709551616", "18446744073709551616", "340282366920938463463374607431768211456"));
  struct decimal d = {0};
  set(&d, "340282366920938463463374607431768211456000");
  decimal_strip(&d);
  CHECK("zeros at the end are stripped", is(&d, "3.40282366920938463463374607431768211456E+41"));
  decimal_set_double(&d, 5e-324);
  CHECK("the least double is exact", decimal_adjusted(&d) == -324 && coef_digits(&d.coef) == 751);
  decimal_fini(&d);
  CHECK("the longest number is parsed, a longer one is not", parses_digits(DECIMAL_DIGITS) && !parses_digits(DECIMAL_DIGITS + 1));
  TESTS_END;
}
