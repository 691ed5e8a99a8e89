/* sqlite_decimal.c - exact arithmetic with decimals that are stored as text, and their order.
 *
 * A number is a big integer and how many of its digits stand behind the point. Sums keep the longer fraction, products have both fractions'
 * digits, an average has sixteen digits behind the point at least, without zeros at its end that no input had. */
#include "db/sqlite.h"

#include "base/alloc.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DIGITS = 1000, AVERAGE_DIGITS = 16 };

struct decimal {
  BIGNUM *digits; /* owned */
  int scale;      /* digits behind the point */
};

/* ---- text ---- */

/* A number's text in parts, without zeros that mean nothing. */
struct parts {
  bool negative;
  const char *whole, *fraction;
  size_t whole_len, fraction_len;
};

static size_t count_digits(const char *p, const char *end) {
  const char *start = p;
  while (p < end && *p >= '0' && *p <= '9') p++;
  return (size_t)(p - start);
}

/* [sign] digits [. digits]; false when it is anything else. */
static bool read_parts(const char *p, size_t len, struct parts *to) {
  const char *end = p + len;
  to->negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  to->whole = p;
  to->whole_len = count_digits(p, end);
  p += to->whole_len;
  const bool point = p < end && *p == '.';
  if (point) p++;
  to->fraction = p;
  to->fraction_len = point ? count_digits(p, end) : 0;
  return p + to->fraction_len == end && to->whole_len + to->fraction_len > 0;
}

/* ---- order ---- */

static void drop_zeros(struct parts *p) {
  while (p->whole_len && *p->whole == '0') p->whole++, p->whole_len--;
  while (p->fraction_len && p->fraction[p->fraction_len - 1] == '0') p->fraction_len--;
  if (!p->whole_len && !p->fraction_len) p->negative = false;
}

static int compare_bytes(const char *a, size_t a_len, const char *b, size_t b_len) {
  const size_t n = a_len < b_len ? a_len : b_len;
  const int order = n ? memcmp(a, b, n) : 0;
  return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int compare_size(const struct parts *a, const struct parts *b) {
  if (a->whole_len != b->whole_len) return a->whole_len < b->whole_len ? -1 : 1;
  const int order = compare_bytes(a->whole, a->whole_len, b->whole, b->whole_len);
  return order ? order : compare_bytes(a->fraction, a->fraction_len, b->fraction, b->fraction_len);
}

/* COLLATE tidewire_decimal: by value; texts that are no numbers stand behind all that are, in the order of their bytes. */
static int collate(void *arg, int a_len, const void *a_text, int b_len, const void *b_text) {
  struct parts a, b;
  (void)arg;
  const bool a_number = read_parts(a_text, (size_t)a_len, &a), b_number = read_parts(b_text, (size_t)b_len, &b);
  if (!a_number && !b_number) return compare_bytes(a_text, (size_t)a_len, b_text, (size_t)b_len);
  if (a_number != b_number) return a_number ? -1 : 1;
  drop_zeros(&a);
  drop_zeros(&b);
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare_size(&b, &a) : compare_size(&a, &b);
}

/* ---- numbers ---- */

static void must(int ok) {
  if (!ok) abort(); /* OpenSSL is out of memory */
}

static struct decimal decimal_new(BIGNUM *digits, int scale) {
  must(digits != NULL);
  return (struct decimal){digits, scale};
}

static struct decimal decimal_zero(void) { return decimal_new(BN_new(), 0); }

static bool too_long(sqlite3_context *context) {
  sqlite_bad_value(context, "a decimal of more than %d digits", MOST_DIGITS);
  return false;
}

/* False, with the function failed, when the value is no decimal. */
static bool decimal_read(sqlite3_context *context, sqlite3_value *value, struct decimal *to) {
  char digits[MOST_DIGITS + 1];
  struct parts p;
  const char *text = (const char *)sqlite3_value_text(value);
  if (!text || !read_parts(text, (size_t)sqlite3_value_bytes(value), &p)) {
    sqlite_bad_value(context, "\"%.100s\" is no decimal", text ? text : "");
    return false;
  }
  if (p.whole_len + p.fraction_len > MOST_DIGITS) return too_long(context);
  memcpy(digits, p.whole, p.whole_len);
  memcpy(digits + p.whole_len, p.fraction, p.fraction_len);
  digits[p.whole_len + p.fraction_len] = '\0';
  *to = decimal_new(BN_new(), (int)p.fraction_len);
  must(BN_dec2bn(&to->digits, digits));
  BN_set_negative(to->digits, p.negative);
  return true;
}

static void decimal_fini(struct decimal *d) { BN_free(d->digits); }

/* Append zeros behind the point. */
static void rescale(struct decimal *d, int scale) {
  for (; d->scale + 9 <= scale; d->scale += 9) must(BN_mul_word(d->digits, 1000000000));
  for (; d->scale < scale; d->scale++) must(BN_mul_word(d->digits, 10));
}

static void align(struct decimal *a, struct decimal *b) {
  rescale(a, b->scale);
  rescale(b, a->scale);
}

static void decimal_result(sqlite3_context *context, const struct decimal *d) {
  char *digits = BN_bn2dec(d->digits);
  must(digits != NULL);
  const char *p = *digits == '-' ? digits + 1 : digits;
  const int n = (int)strlen(p), whole = n > d->scale ? n - d->scale : 0;
  sqlite3_str *text = sqlite3_str_new(NULL);
  if (*digits == '-') sqlite3_str_appendchar(text, 1, '-');
  sqlite3_str_append(text, whole ? p : "0", whole ? whole : 1);
  if (d->scale) {
    sqlite3_str_appendchar(text, 1, '.');
    sqlite3_str_appendchar(text, whole ? 0 : d->scale - n, '0');
    sqlite3_str_appendall(text, p + whole);
  }
  OPENSSL_free(digits);
  sqlite3_result_text(context, sqlite3_str_finish(text), -1, sqlite3_free);
}

/* ---- functions of two numbers ---- */

typedef void (*operation)(struct decimal *a, struct decimal *b);

static void add(struct decimal *a, struct decimal *b) {
  align(a, b);
  must(BN_add(a->digits, a->digits, b->digits));
}

static void subtract(struct decimal *a, struct decimal *b) {
  align(a, b);
  must(BN_sub(a->digits, a->digits, b->digits));
}

static void multiply(struct decimal *a, struct decimal *b) {
  BN_CTX *scratch = BN_CTX_new();
  must(scratch && BN_mul(a->digits, a->digits, b->digits, scratch));
  BN_CTX_free(scratch);
  a->scale += b->scale;
}

static void calculate(sqlite3_context *context, sqlite3_value **args, operation run) {
  struct decimal a, b;
  if (sqlite3_value_type(args[0]) == SQLITE_NULL || sqlite3_value_type(args[1]) == SQLITE_NULL) return;
  if (!decimal_read(context, args[0], &a)) return;
  if (decimal_read(context, args[1], &b)) {
    run(&a, &b);
    decimal_result(context, &a);
    decimal_fini(&b);
  }
  decimal_fini(&a);
}

static void decimal_add(sqlite3_context *context, int count, sqlite3_value **args) {
  (void)count;
  calculate(context, args, add);
}

static void decimal_sub(sqlite3_context *context, int count, sqlite3_value **args) {
  (void)count;
  calculate(context, args, subtract);
}

static void decimal_mul(sqlite3_context *context, int count, sqlite3_value **args) {
  (void)count;
  calculate(context, args, multiply);
}

/* ---- aggregates ---- */

struct total {
  struct decimal sum; /* zero-initialised by SQLite: digits NULL until the first number */
  int64_t count;
};

static void total_step(sqlite3_context *context, int count, sqlite3_value **args) {
  struct decimal d;
  (void)count;
  struct total *t = sqlite3_aggregate_context(context, sizeof *t);
  if (!t) {
    sqlite3_result_error_nomem(context);
    return;
  }
  if (sqlite3_value_type(args[0]) == SQLITE_NULL || !decimal_read(context, args[0], &d)) return;
  if (!t->sum.digits) t->sum = decimal_zero();
  add(&t->sum, &d);
  t->count++;
  decimal_fini(&d);
}

static void sum_final(sqlite3_context *context) {
  struct total *t = sqlite3_aggregate_context(context, 0);
  if (!t || !t->sum.digits) return;
  decimal_result(context, &t->sum);
  decimal_fini(&t->sum);
}

/* Half away from zero. */
static void divide(struct decimal *d, uint64_t by) {
  const bool negative = BN_is_negative(d->digits);
  BN_set_negative(d->digits, 0);
  must(BN_mul_word(d->digits, 2) && BN_add_word(d->digits, by));
  must(BN_div_word(d->digits, by) != (BN_ULONG)-1);
  must(BN_rshift1(d->digits, d->digits));
  BN_set_negative(d->digits, negative);
}

static void drop_fraction_zeros(struct decimal *d, int scale) {
  while (d->scale > scale && BN_mod_word(d->digits, 10) == 0) {
    BN_div_word(d->digits, 10);
    d->scale--;
  }
}

static void average_final(sqlite3_context *context) {
  struct total *t = sqlite3_aggregate_context(context, 0);
  if (!t || !t->sum.digits) return;
  const int scale = t->sum.scale;
  rescale(&t->sum, scale > AVERAGE_DIGITS ? scale : AVERAGE_DIGITS);
  divide(&t->sum, (uint64_t)t->count);
  drop_fraction_zeros(&t->sum, scale);
  decimal_result(context, &t->sum);
  decimal_fini(&t->sum);
}

int sqlite_decimal(sqlite3 *handle) {
  int rc = sqlite3_create_collation_v2(handle, "tidewire_decimal", SQLITE_UTF8, NULL, collate, NULL);
  if (!rc) rc = sqlite3_create_function_v2(handle, "tidewire_decimal_add", 2, PURE_FUNCTION, NULL, decimal_add, NULL, NULL, NULL);
  if (!rc) rc = sqlite3_create_function_v2(handle, "tidewire_decimal_sub", 2, PURE_FUNCTION, NULL, decimal_sub, NULL, NULL, NULL);
  if (!rc) rc = sqlite3_create_function_v2(handle, "tidewire_decimal_mul", 2, PURE_FUNCTION, NULL, decimal_mul, NULL, NULL, NULL);
  if (!rc) rc = sqlite3_create_function_v2(handle, "tidewire_decimal_sum", 1, PURE_FUNCTION, NULL, NULL, total_step, sum_final, NULL);
  if (!rc) rc = sqlite3_create_function_v2(handle, "tidewire_decimal_avg", 1, PURE_FUNCTION, NULL, NULL, total_step, average_final, NULL);
  return rc;
}
