/* coef.c - see coef.h. */
#include "base/coef.h"

#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_POWER = 38 }; /* the largest power of ten in a coef_small */

/* BIGNUM functions fail when there is no memory, and then there is nothing to be done: base/alloc.h. */
static void must(bool ok) {
  if (!ok) abort();
}

static BIGNUM *must_have(BIGNUM *value) {
  must(value != NULL);
  return value;
}

static uint64_t word_power(size_t n) { /* 10^n, n <= 19 */
  static const uint64_t powers[] = {1u,
                                    10u,
                                    100u,
                                    1000u,
                                    10000u,
                                    100000u,
                                    1000000u,
                                    10000000u,
                                    100000000u,
                                    1000000000u,
                                    10000000000u,
                                    100000000000u,
                                    1000000000000u,
                                    10000000000000u,
                                    100000000000000u,
                                    1000000000000000u,
                                    10000000000000000u,
                                    100000000000000000u,
                                    1000000000000000000u,
                                    10000000000000000000u};
  return powers[n];
}

static coef_small small_power(size_t n) { /* 10^n, n <= SMALL_POWER */
  return n <= 19 ? word_power(n) : (coef_small)word_power(19) * word_power(n - 19);
}

/* ---- to and from BIGNUM ---- */

static BIGNUM *from_small(coef_small value) {
  unsigned char bytes[16];
  for (int i = 0; i < 16; i++, value >>= 8) bytes[i] = (unsigned char)value;
  return must_have(BN_lebin2bn(bytes, sizeof bytes, NULL));
}

static coef_small to_small(const BIGNUM *value) {
  unsigned char bytes[16];
  coef_small small = 0;
  must(BN_bn2lebinpad(value, bytes, sizeof bytes) >= 0);
  for (int i = 15; i >= 0; i--) small = small << 8 | bytes[i];
  return small;
}

/* The value as a BIGNUM: the coefficient's own, or one that `*made` says is to be freed. */
static const BIGNUM *widen(const struct coef *c, BIGNUM **made) {
  *made = c->big ? NULL : from_small(c->small);
  return c->big ? c->big : *made;
}

static BIGNUM *big_power(size_t n, BN_CTX *ctx) {
  BIGNUM *power = must_have(BN_new()), *exponent = must_have(BN_new());
  must(BN_set_word(power, 10) && BN_set_word(exponent, n) && BN_exp(power, power, exponent, ctx));
  BN_free(exponent);
  return power;
}

static BN_CTX *new_context(void) {
  BN_CTX *ctx = BN_CTX_new();
  must(ctx != NULL);
  return ctx;
}

void coef_fini(struct coef *c) {
  BN_free(c->big);
  *c = (struct coef){0};
}

void coef_set(struct coef *c, coef_small value) {
  if (c->big) BN_free(c->big);
  *c = (struct coef){.small = value};
}

void coef_take(struct coef *c, BIGNUM *value) {
  if (c->big) BN_free(c->big);
  *c = (struct coef){.big = value};
  if (BN_num_bits(value) > 128) return;
  c->small = to_small(value);
  BN_free(value);
  c->big = NULL;
}

void coef_copy(struct coef *to, const struct coef *from) {
  if (to == from) return;
  if (from->big) coef_take(to, must_have(BN_dup(from->big)));
  else coef_set(to, from->small);
}

/* ---- digits ---- */

static coef_small parse_small(const char *digits, size_t n) {
  coef_small value = 0;
  while (n) { /* in parts that a machine word holds */
    const size_t part = n < 19 ? n : 19;
    uint64_t word = 0;
    for (size_t i = 0; i < part; i++) word = word * 10 + (uint64_t)(digits[i] - '0');
    value = value * word_power(part) + word;
    digits += part;
    n -= part;
  }
  return value;
}

void coef_parse(struct coef *c, const char *digits, size_t n) {
  if (n <= SMALL_POWER) {
    coef_set(c, parse_small(digits, n));
    return;
  }
  char *text = xmalloc(n + 1);
  BIGNUM *value = NULL;
  memcpy(text, digits, n);
  text[n] = 0;
  must(BN_dec2bn(&value, text));
  free(text);
  coef_take(c, value);
}

static void write_word(uint64_t value, char *to, size_t n) {
  for (; n; value /= 10) to[--n] = (char)('0' + value % 10);
}

void coef_write(const struct coef *c, char *to, size_t digits) {
  if (c->big) {
    char *text = BN_bn2dec(c->big);
    must(text != NULL);
    memcpy(to, text, digits);
    OPENSSL_free(text);
    return;
  }
  coef_small value = c->small;
  for (; digits > 19; value /= word_power(19)) write_word((uint64_t)(value % word_power(19)), to + (digits -= 19), 19);
  write_word((uint64_t)value, to, digits);
}

static size_t word_digits(uint64_t value) {
  const size_t guess = ((size_t)(64 - __builtin_clzll(value | 1)) * 1233) >> 12; /* log10 2, nearly */
  return guess + (guess == 0 || value >= word_power(guess));
}

static size_t small_digits(coef_small value) {
  if (!(value >> 64)) return word_digits((uint64_t)value);
  size_t n = 20;
  while (n <= SMALL_POWER && value >= small_power(n)) n++;
  return n;
}

size_t coef_digits(const struct coef *c) {
  if (!c->big) return small_digits(c->small);
  const size_t guess = (size_t)((BN_num_bits(c->big) - 1) * 0.30102999566398119521) + 1; /* right, or one too few */
  BN_CTX *ctx = new_context();
  BIGNUM *power = big_power(guess, ctx);
  const bool more = BN_cmp(c->big, power) >= 0;
  BN_free(power);
  BN_CTX_free(ctx);
  return guess + more;
}

unsigned coef_last_digit(const struct coef *c) {
  if (c->big) return (unsigned)BN_mod_word(c->big, 10);
  return (unsigned)(c->small % 10);
}

int coef_compare(const struct coef *a, const struct coef *b) {
  if (a->big && b->big) return BN_cmp(a->big, b->big);
  if (a->big || b->big) return a->big ? 1 : -1;
  return a->small < b->small ? -1 : a->small > b->small;
}

/* ---- arithmetic ---- */

typedef int (*operation)(BIGNUM *to, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx);

static void compute(struct coef *to, const struct coef *a, const struct coef *b, operation op) {
  BIGNUM *x_made, *y_made, *result = must_have(BN_new());
  BN_CTX *ctx = new_context();
  const BIGNUM *x = widen(a, &x_made), *y = widen(b, &y_made);
  must(op(result, x, y, ctx));
  BN_CTX_free(ctx);
  BN_free(x_made);
  BN_free(y_made);
  coef_take(to, result);
}

static int add(BIGNUM *to, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx) { return (void)ctx, BN_uadd(to, a, b); }
static int subtract(BIGNUM *to, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx) { return (void)ctx, BN_usub(to, a, b); }

void coef_add(struct coef *to, const struct coef *a, const struct coef *b) {
  coef_small sum;
  if (!a->big && !b->big && !__builtin_add_overflow(a->small, b->small, &sum)) coef_set(to, sum);
  else compute(to, a, b, add);
}

void coef_subtract(struct coef *to, const struct coef *a, const struct coef *b) {
  if (!a->big && !b->big) coef_set(to, a->small - b->small);
  else compute(to, a, b, subtract);
}

void coef_multiply(struct coef *to, const struct coef *a, const struct coef *b) {
  coef_small product;
  if (!a->big && !b->big && !__builtin_mul_overflow(a->small, b->small, &product)) coef_set(to, product);
  else compute(to, a, b, BN_mul);
}

static void divide_small(struct coef *quotient, struct coef *rest, coef_small a, coef_small b) {
  if (!(a >> 64) && !(b >> 64)) {
    coef_set(quotient, (uint64_t)a / (uint64_t)b);
    coef_set(rest, (uint64_t)a % (uint64_t)b);
  } else {
    coef_set(quotient, a / b);
    coef_set(rest, a % b);
  }
}

void coef_divide(struct coef *quotient, struct coef *rest, const struct coef *a, const struct coef *b) {
  if (!a->big && !b->big) {
    divide_small(quotient, rest, a->small, b->small);
    return;
  }
  BIGNUM *x_made, *y_made, *q = must_have(BN_new()), *r = must_have(BN_new());
  BN_CTX *ctx = new_context();
  const BIGNUM *x = widen(a, &x_made), *y = widen(b, &y_made);
  must(BN_div(q, r, x, y, ctx));
  BN_CTX_free(ctx);
  BN_free(x_made);
  BN_free(y_made);
  coef_take(quotient, q);
  coef_take(rest, r);
}

/* ---- shifts ---- */

static void set_power(struct coef *c, size_t n) {
  if (n <= SMALL_POWER) {
    coef_set(c, small_power(n));
    return;
  }
  BN_CTX *ctx = new_context();
  coef_take(c, big_power(n, ctx));
  BN_CTX_free(ctx);
}

void coef_scale(struct coef *c, size_t n) {
  struct coef power = {0};
  if (!n || coef_is_zero(c)) return;
  set_power(&power, n);
  coef_multiply(c, c, &power);
  coef_fini(&power);
}

/* The rest of a division by 10^n, compared with half of that. */
static enum coef_rest judge(const struct coef *rest, const struct coef *power) {
  struct coef doubled = {0};
  if (coef_is_zero(rest)) return COEF_EXACT;
  coef_add(&doubled, rest, rest);
  const int order = coef_compare(&doubled, power);
  coef_fini(&doubled);
  return order < 0 ? COEF_BELOW_HALF : order ? COEF_ABOVE_HALF : COEF_HALF;
}

enum coef_rest coef_cut(struct coef *c, size_t n) {
  struct coef power = {0}, rest = {0};
  if (!n || coef_is_zero(c)) return COEF_EXACT;
  if (n > coef_digits(c)) {
    coef_set(c, 0);
    return COEF_BELOW_HALF;
  }
  set_power(&power, n);
  coef_divide(c, &rest, c, &power);
  const enum coef_rest judged = judge(&rest, &power);
  coef_fini(&rest);
  coef_fini(&power);
  return judged;
}

static size_t big_zeros(const struct coef *c) { /* at its end */
  char *text = BN_bn2dec(c->big);
  must(text != NULL);
  size_t n = strlen(text), zeros = 0;
  while (zeros < n && text[n - 1 - zeros] == '0') zeros++;
  OPENSSL_free(text);
  return zeros;
}

size_t coef_strip(struct coef *c, size_t most) {
  size_t zeros = 0;
  if (c->big) {
    zeros = big_zeros(c);
    if (zeros > most) zeros = most;
    coef_cut(c, zeros);
    return zeros;
  }
  for (; zeros < most && c->small % 10 == 0; zeros++) c->small /= 10;
  return zeros;
}
