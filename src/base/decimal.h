/* decimal.h - decimal numbers of any length, as Python's decimal has them: sign, coefficient, exponent; infinities and NaNs.
 *
 * Results of arithmetic are rounded to a context's precision and range; parsing, writing and comparing are exact. Start with `struct decimal d = {0}`
 * (which is 0), end with decimal_fini(). A result may be one of the operands. Any thread. */
#pragma once
#include "base/buf.h"
#include "base/coef.h"

#include <stdint.h>

enum decimal_kind { DECIMAL_FINITE, DECIMAL_INFINITE, DECIMAL_NAN, DECIMAL_SNAN };

enum decimal_rounding {
  DECIMAL_HALF_EVEN,
  DECIMAL_HALF_UP,
  DECIMAL_HALF_DOWN,
  DECIMAL_UP,
  DECIMAL_DOWN,
  DECIMAL_CEILING,
  DECIMAL_FLOOR,
  DECIMAL_05UP
};

enum decimal_status { DECIMAL_OK, DECIMAL_INVALID, DECIMAL_DIVISION_BY_ZERO, DECIMAL_OVERFLOW };

enum {
  DECIMAL_PRECISION = 28,       /* Python's default */
  DECIMAL_EXPONENT = 999999,    /* the largest adjusted exponent of a result, and, negated, the least */
  DECIMAL_DIGITS = 200000,      /* the longest coefficient that is parsed: more than PostgreSQL's numeric has */
  DECIMAL_FIXED_LIMIT = 1000000 /* the longest text in fixed notation */
};

struct decimal {
  enum decimal_kind kind;
  bool negative;
  int64_t exponent; /* of finite ones; else 0 */
  struct coef coef; /* of a NaN: the number behind it; of an infinity 0 */
};

struct decimal_context {
  size_t precision;
  enum decimal_rounding rounding;
};

void decimal_fini(struct decimal *d);
void decimal_copy(struct decimal *to, const struct decimal *from);
void decimal_set(struct decimal *d, bool negative, uint64_t coefficient, int64_t exponent);

/* The exact value of a double. */
void decimal_set_double(struct decimal *d, double value);

/* Read what Python's Decimal() reads: "10.00", " -1.5e3 ", "Infinity", "NaN12", "1_000". False when it is not a number, or beyond all limits. */
bool decimal_parse(struct decimal *d, const char *s, size_t n);

/* Append the text that Python's str() gives. */
void decimal_write(const struct decimal *d, struct buf *out);

/* Append the number without an exponent, as Python's "{:f}"; DECIMAL_OVERFLOW when that is too long. */
enum decimal_status decimal_write_fixed(const struct decimal *d, struct buf *out);

static inline bool decimal_is_nan(const struct decimal *d) { return d->kind >= DECIMAL_NAN; }
static inline bool decimal_is_zero(const struct decimal *d) { return d->kind == DECIMAL_FINITE && coef_is_zero(&d->coef); }

/* The exponent of the first digit. @pre it is finite */
int64_t decimal_adjusted(const struct decimal *d);

/* -1, 0 or 1. @pre neither is a NaN */
int decimal_compare(const struct decimal *a, const struct decimal *b);

typedef enum decimal_status (*decimal_operation)(struct decimal *to, const struct decimal *a, const struct decimal *b,
                                                 const struct decimal_context *ctx);

enum decimal_status decimal_add(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx);
enum decimal_status decimal_subtract(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx);
enum decimal_status decimal_multiply(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx);
enum decimal_status decimal_divide(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx);
/* The quotient's whole part, and what is then left, with the sign of a. */
enum decimal_status decimal_divide_integer(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx);
enum decimal_status decimal_remainder(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx);

/* Round to the context, as a result of arithmetic is. */
enum decimal_status decimal_round(struct decimal *d, const struct decimal_context *ctx);

/* Give `a` the exponent of `b`. DECIMAL_INVALID when that takes more digits than the precision. */
enum decimal_status decimal_quantize(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx);

/* Round to the context, then drop zeros at the end. */
enum decimal_status decimal_normalize(struct decimal *d, const struct decimal_context *ctx);

/* Drop zeros at the end without rounding; zero becomes 0. */
void decimal_strip(struct decimal *d);

/* Round a fraction to a whole number. */
void decimal_to_integral(struct decimal *d, enum decimal_rounding rounding);
