/* decimal.c - arithmetic of decimal.h, as the General Decimal Arithmetic specification (and Python) has it. Text: decimal_text.c.
 *
 * DESIGN: each operation computes an exact result, or one whose digits beyond the precision can be told from a tie, and decimal_round() does the
 * rest. Before operands are brought to one exponent, whatever lies too far below the result's last digit is replaced by a 1 that rounds the same way.
 */
#include "base/decimal.h"

#include <math.h>

void decimal_fini(struct decimal *d) {
  coef_fini(&d->coef);
  *d = (struct decimal){0};
}

void decimal_copy(struct decimal *to, const struct decimal *from) {
  if (to == from) return;
  to->kind = from->kind;
  to->negative = from->negative;
  to->exponent = from->exponent;
  coef_copy(&to->coef, &from->coef);
}

void decimal_set(struct decimal *d, bool negative, uint64_t coefficient, int64_t exponent) {
  d->kind = DECIMAL_FINITE;
  d->negative = negative;
  d->exponent = exponent;
  coef_set(&d->coef, coefficient);
}

static void set_special(struct decimal *d, enum decimal_kind kind, bool negative) {
  decimal_set(d, negative, 0, 0);
  d->kind = kind;
}

/* mantissa × 2^power, exactly: a power of two below one is the same power of five, shifted by as many decimal places. */
static void set_binary(struct decimal *d, bool negative, uint64_t mantissa, int power) {
  struct coef factor = {0};
  for (; power < 0 && mantissa % 2 == 0; power++) mantissa /= 2;
  decimal_set(d, negative, mantissa, power < 0 ? power : 0);
  const unsigned base = power < 0 ? 5 : 2;
  coef_set(&factor, base);
  for (int i = power < 0 ? -power : power; i > 0; i--) coef_multiply(&d->coef, &d->coef, &factor);
}

void decimal_set_double(struct decimal *d, double value) {
  int power;
  if (isnan(value) || isinf(value)) {
    set_special(d, isnan(value) ? DECIMAL_NAN : DECIMAL_INFINITE, signbit(value) && !isnan(value));
  } else if (value == 0) {
    decimal_set(d, signbit(value), 0, 0);
  } else {
    const double fraction = frexp(fabs(value), &power);
    set_binary(d, value < 0, (uint64_t)ldexp(fraction, 53), power - 53);
  }
}

int64_t decimal_adjusted(const struct decimal *d) { return d->exponent + (int64_t)coef_digits(&d->coef) - 1; }

/* ---- rounding ---- */

static bool rounds_up(const struct decimal *d, enum coef_rest rest, enum decimal_rounding rounding) {
  if (rest == COEF_EXACT) return false;
  switch (rounding) {
    case DECIMAL_HALF_EVEN: return rest == COEF_ABOVE_HALF || (rest == COEF_HALF && coef_last_digit(&d->coef) % 2);
    case DECIMAL_HALF_UP: return rest != COEF_BELOW_HALF;
    case DECIMAL_HALF_DOWN: return rest == COEF_ABOVE_HALF;
    case DECIMAL_UP: return true;
    case DECIMAL_DOWN: return false;
    case DECIMAL_CEILING: return !d->negative;
    case DECIMAL_FLOOR: return d->negative;
    case DECIMAL_05UP: return coef_last_digit(&d->coef) % 5 == 0;
  }
  return false;
}

/* Give a finite number another exponent, rounding what that cuts off. */
static void rescale(struct decimal *d, int64_t exponent, enum decimal_rounding rounding) {
  const int64_t cut = exponent - d->exponent;
  d->exponent = exponent;
  if (cut <= 0) {
    coef_scale(&d->coef, (size_t)-cut);
    return;
  }
  const enum coef_rest rest = coef_cut(&d->coef, (size_t)cut);
  const struct coef one = {.small = 1};
  if (rounds_up(d, rest, rounding)) coef_add(&d->coef, &d->coef, &one);
}

/* The exponent that a number's last digit has at least. */
static int64_t least_exponent(const struct decimal_context *ctx) { return -DECIMAL_EXPONENT - (int64_t)ctx->precision + 1; }

static enum decimal_status round_zero(struct decimal *d, const struct decimal_context *ctx) {
  const int64_t least = least_exponent(ctx);
  if (d->exponent < least) d->exponent = least;
  if (d->exponent > DECIMAL_EXPONENT) d->exponent = DECIMAL_EXPONENT;
  return DECIMAL_OK;
}

enum decimal_status decimal_round(struct decimal *d, const struct decimal_context *ctx) {
  if (d->kind != DECIMAL_FINITE) return d->kind == DECIMAL_SNAN ? DECIMAL_INVALID : DECIMAL_OK;
  if (coef_is_zero(&d->coef)) return round_zero(d, ctx);
  const int64_t digits = (int64_t)coef_digits(&d->coef), over = digits - (int64_t)ctx->precision, least = least_exponent(ctx);
  int64_t exponent = d->exponent + (over > 0 ? over : 0);
  if (exponent < least) exponent = least;
  if (exponent > d->exponent) {
    rescale(d, exponent, ctx->rounding);
    if (coef_digits(&d->coef) > ctx->precision) rescale(d, exponent + 1, DECIMAL_DOWN); /* 999… became 1000… */
  }
  return !coef_is_zero(&d->coef) && decimal_adjusted(d) > DECIMAL_EXPONENT ? DECIMAL_OVERFLOW : DECIMAL_OK;
}

/* When an operand is a NaN the result is it, or an error if it is a signalling one. False when neither is. */
static bool take_nan(struct decimal *to, const struct decimal *a, const struct decimal *b, enum decimal_status *status) {
  if (!decimal_is_nan(a) && !decimal_is_nan(b)) return false;
  *status = a->kind == DECIMAL_SNAN || b->kind == DECIMAL_SNAN ? DECIMAL_INVALID : DECIMAL_OK;
  if (*status == DECIMAL_OK) decimal_copy(to, decimal_is_nan(a) ? a : b);
  return true;
}

/* ---- comparison ---- */

static int compare_finite(const struct decimal *a, const struct decimal *b) { /* of the absolute values; neither is zero */
  if (a->exponent == b->exponent) return coef_compare(&a->coef, &b->coef);
  const int64_t x = decimal_adjusted(a), y = decimal_adjusted(b);
  if (x != y) return x < y ? -1 : 1;
  const bool first = a->exponent > b->exponent; /* is the one with fewer digits */
  const int64_t gap = first ? a->exponent - b->exponent : b->exponent - a->exponent;
  struct coef longer = {0};
  coef_copy(&longer, first ? &a->coef : &b->coef);
  coef_scale(&longer, (size_t)gap);
  const int order = first ? coef_compare(&longer, &b->coef) : coef_compare(&a->coef, &longer);
  coef_fini(&longer);
  return order;
}

static int sign_of(const struct decimal *d) { return decimal_is_zero(d) ? 0 : d->negative ? -1 : 1; }

int decimal_compare(const struct decimal *a, const struct decimal *b) {
  const int x = sign_of(a), y = sign_of(b);
  if (x != y) return x < y ? -1 : 1;
  if (!x) return 0;
  const int infinite = (a->kind == DECIMAL_INFINITE) - (b->kind == DECIMAL_INFINITE);
  if (infinite || a->kind == DECIMAL_INFINITE) return x * infinite;
  return x * compare_finite(a, b);
}

/* ---- addition ---- */

/* Bring two numbers that are not zero to one exponent. The smaller one may lie so far below the larger one's digits that only its being there counts.
 */
static void align(struct decimal *a, struct decimal *b, size_t precision) {
  struct decimal *high = a->exponent > b->exponent ? a : b, *low = high == a ? b : a;
  const int64_t digits = (int64_t)coef_digits(&high->coef), spare = digits - (int64_t)precision - 2;
  const int64_t floor = high->exponent + (spare < -1 ? spare : -1);
  if (decimal_adjusted(low) < floor) {
    low->exponent = floor;
    coef_set(&low->coef, 1);
  }
  coef_scale(&high->coef, (size_t)(high->exponent - low->exponent));
  high->exponent = low->exponent;
}

/* Add numbers of one exponent. */
static void add_aligned(struct decimal *to, const struct decimal *a, const struct decimal *b, enum decimal_rounding rounding) {
  if (a->negative == b->negative) {
    coef_add(&to->coef, &a->coef, &b->coef);
    to->negative = a->negative;
    return;
  }
  const int order = coef_compare(&a->coef, &b->coef);
  if (order >= 0) coef_subtract(&to->coef, &a->coef, &b->coef);
  else coef_subtract(&to->coef, &b->coef, &a->coef);
  to->negative = order ? (order > 0 ? a : b)->negative : rounding == DECIMAL_FLOOR;
}

static enum decimal_status add_zero(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  const bool both = coef_is_zero(&a->coef) && coef_is_zero(&b->coef);
  int64_t exponent = a->exponent < b->exponent ? a->exponent : b->exponent;
  if (both) {
    decimal_set(to, a->negative == b->negative ? a->negative : ctx->rounding == DECIMAL_FLOOR, 0, exponent);
    return decimal_round(to, ctx);
  }
  const struct decimal *other = coef_is_zero(&a->coef) ? b : a;
  const int64_t least = other->exponent - (int64_t)ctx->precision - 1;
  decimal_copy(to, other);
  rescale(to, exponent > least ? exponent : least, ctx->rounding);
  return decimal_round(to, ctx);
}

static enum decimal_status add_infinite(struct decimal *to, const struct decimal *a, const struct decimal *b) {
  if (a->kind == b->kind && a->negative != b->negative) return DECIMAL_INVALID;
  const bool negative = (a->kind == DECIMAL_INFINITE ? a : b)->negative;
  set_special(to, DECIMAL_INFINITE, negative);
  return DECIMAL_OK;
}

enum decimal_status decimal_add(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  enum decimal_status status;
  if (take_nan(to, a, b, &status)) return status;
  if (a->kind == DECIMAL_INFINITE || b->kind == DECIMAL_INFINITE) return add_infinite(to, a, b);
  if (coef_is_zero(&a->coef) || coef_is_zero(&b->coef)) return add_zero(to, a, b, ctx);
  if (a->exponent == b->exponent) {
    const int64_t exponent = a->exponent;
    add_aligned(to, a, b, ctx->rounding);
    to->kind = DECIMAL_FINITE;
    to->exponent = exponent;
    return decimal_round(to, ctx);
  }
  struct decimal x = {0}, y = {0};
  decimal_copy(&x, a);
  decimal_copy(&y, b);
  align(&x, &y, ctx->precision);
  add_aligned(to, &x, &y, ctx->rounding);
  to->kind = DECIMAL_FINITE;
  to->exponent = x.exponent;
  decimal_fini(&x);
  decimal_fini(&y);
  return decimal_round(to, ctx);
}

enum decimal_status decimal_subtract(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  struct decimal negated = *b; /* shares b's coefficient */
  if (!decimal_is_nan(b)) negated.negative = !b->negative;
  if (to == b) { /* whose coefficient is about to change */
    struct decimal copy = {0};
    decimal_copy(&copy, &negated);
    const enum decimal_status status = decimal_add(to, a, &copy, ctx);
    decimal_fini(&copy);
    return status;
  }
  return decimal_add(to, a, &negated, ctx);
}

/* ---- multiplication and division ---- */

enum decimal_status decimal_multiply(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  enum decimal_status status;
  const bool negative = a->negative != b->negative;
  if (take_nan(to, a, b, &status)) return status;
  if (a->kind == DECIMAL_INFINITE || b->kind == DECIMAL_INFINITE) {
    if (decimal_is_zero(a) || decimal_is_zero(b)) return DECIMAL_INVALID;
    set_special(to, DECIMAL_INFINITE, negative);
    return DECIMAL_OK;
  }
  to->exponent = a->exponent + b->exponent;
  coef_multiply(&to->coef, &a->coef, &b->coef);
  to->kind = DECIMAL_FINITE;
  to->negative = negative;
  return decimal_round(to, ctx);
}

/* The cases of a division that no digits have to be computed for; false in all others. */
static bool divide_special(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx,
                           enum decimal_status *status) {
  const bool negative = a->negative != b->negative;
  if (take_nan(to, a, b, status)) return true;
  *status = DECIMAL_OK;
  if (a->kind == DECIMAL_INFINITE) {
    if (b->kind == DECIMAL_INFINITE) *status = DECIMAL_INVALID;
    else set_special(to, DECIMAL_INFINITE, negative);
  } else if (b->kind == DECIMAL_INFINITE) {
    decimal_set(to, negative, 0, least_exponent(ctx));
  } else if (coef_is_zero(&b->coef)) {
    *status = coef_is_zero(&a->coef) ? DECIMAL_INVALID : DECIMAL_DIVISION_BY_ZERO;
  } else {
    return false;
  }
  return true;
}

/* a / b with a digit more than the precision; a last digit that a tie could be read into is made odd. */
static void divide_digits(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  const int64_t shift = (int64_t)coef_digits(&b->coef) - (int64_t)coef_digits(&a->coef) + (int64_t)ctx->precision + 1;
  const int64_t ideal = a->exponent - b->exponent;
  struct coef x = {0}, y = {0}, rest = {0};
  coef_copy(&x, &a->coef);
  coef_copy(&y, &b->coef);
  if (shift >= 0) coef_scale(&x, (size_t)shift);
  else coef_scale(&y, (size_t)-shift);
  coef_divide(&to->coef, &rest, &x, &y);
  to->exponent = ideal - shift;
  const struct coef one = {.small = 1};
  if (!coef_is_zero(&rest)) {
    if (coef_last_digit(&to->coef) % 5 == 0) coef_add(&to->coef, &to->coef, &one);
  } else if (to->exponent < ideal) {
    to->exponent += (int64_t)coef_strip(&to->coef, (size_t)(ideal - to->exponent));
  }
  coef_fini(&x);
  coef_fini(&y);
  coef_fini(&rest);
}

enum decimal_status decimal_divide(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  enum decimal_status status;
  const bool negative = a->negative != b->negative;
  if (divide_special(to, a, b, ctx, &status)) return status;
  if (coef_is_zero(&a->coef)) decimal_set(to, negative, 0, a->exponent - b->exponent);
  else divide_digits(to, a, b, ctx);
  to->kind = DECIMAL_FINITE;
  to->negative = negative;
  return decimal_round(to, ctx);
}

/* Whole quotient and rest of two finite numbers, b not zero. DECIMAL_INVALID when the quotient has more digits than the precision. */
static enum decimal_status divide_whole(struct decimal *quotient, struct decimal *rest, const struct decimal *a, const struct decimal *b,
                                        const struct decimal_context *ctx) {
  const int64_t ideal = a->exponent < b->exponent ? a->exponent : b->exponent;
  const int64_t gap = coef_is_zero(&a->coef) ? -2 : decimal_adjusted(a) - decimal_adjusted(b);
  decimal_set(quotient, a->negative != b->negative, 0, 0);
  if (gap > (int64_t)ctx->precision) return DECIMAL_INVALID;
  decimal_copy(rest, a);
  if (gap <= -2) {
    if (coef_is_zero(&a->coef)) rest->exponent = ideal;
    else rescale(rest, ideal, ctx->rounding);
    return DECIMAL_OK;
  }
  struct coef divisor = {0};
  coef_copy(&divisor, &b->coef);
  coef_scale(&divisor, (size_t)(b->exponent - ideal));
  rescale(rest, ideal, ctx->rounding);
  coef_divide(&quotient->coef, &rest->coef, &rest->coef, &divisor);
  coef_fini(&divisor);
  return coef_digits(&quotient->coef) > ctx->precision ? DECIMAL_INVALID : DECIMAL_OK;
}

enum decimal_status decimal_divide_integer(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  enum decimal_status status;
  struct decimal rest = {0}, quotient = {0};
  if (b->kind == DECIMAL_INFINITE && a->kind == DECIMAL_FINITE) {
    decimal_set(to, a->negative != b->negative, 0, 0);
    return DECIMAL_OK;
  }
  if (divide_special(to, a, b, ctx, &status)) return status;
  status = divide_whole(&quotient, &rest, a, b, ctx);
  decimal_copy(to, &quotient);
  decimal_fini(&quotient);
  decimal_fini(&rest);
  return status == DECIMAL_OK ? decimal_round(to, ctx) : status;
}

enum decimal_status decimal_remainder(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  enum decimal_status status;
  struct decimal rest = {0}, quotient = {0};
  if (take_nan(to, a, b, &status)) return status;
  if (a->kind == DECIMAL_INFINITE || decimal_is_zero(b)) return DECIMAL_INVALID;
  if (b->kind == DECIMAL_INFINITE) decimal_copy(&rest, a);
  else status = divide_whole(&quotient, &rest, a, b, ctx);
  if (b->kind == DECIMAL_INFINITE) status = DECIMAL_OK;
  decimal_copy(to, &rest);
  decimal_fini(&quotient);
  decimal_fini(&rest);
  return status == DECIMAL_OK ? decimal_round(to, ctx) : status;
}

/* ---- other ---- */

static enum decimal_status quantize_finite(struct decimal *to, const struct decimal *a, int64_t exponent, const struct decimal_context *ctx) {
  const int64_t precision = (int64_t)ctx->precision;
  if (exponent < least_exponent(ctx) || exponent > DECIMAL_EXPONENT) return DECIMAL_INVALID;
  const bool zero = coef_is_zero(&a->coef);
  if (!zero && (decimal_adjusted(a) > DECIMAL_EXPONENT || decimal_adjusted(a) - exponent + 1 > precision)) return DECIMAL_INVALID;
  decimal_copy(to, a);
  if (zero) to->exponent = exponent;
  else rescale(to, exponent, ctx->rounding);
  if (!coef_is_zero(&to->coef) && (decimal_adjusted(to) > DECIMAL_EXPONENT || coef_digits(&to->coef) > ctx->precision)) return DECIMAL_INVALID;
  return DECIMAL_OK;
}

enum decimal_status decimal_quantize(struct decimal *to, const struct decimal *a, const struct decimal *b, const struct decimal_context *ctx) {
  enum decimal_status status;
  if (take_nan(to, a, b, &status)) return status;
  if (a->kind != b->kind) return DECIMAL_INVALID;
  if (a->kind == DECIMAL_FINITE) return quantize_finite(to, a, b->exponent, ctx);
  decimal_copy(to, a);
  return DECIMAL_OK;
}

enum decimal_status decimal_normalize(struct decimal *d, const struct decimal_context *ctx) {
  const enum decimal_status status = decimal_round(d, ctx);
  if (status != DECIMAL_OK || d->kind != DECIMAL_FINITE) return status;
  if (coef_is_zero(&d->coef)) d->exponent = 0;
  else if (d->exponent < DECIMAL_EXPONENT) d->exponent += (int64_t)coef_strip(&d->coef, (size_t)(DECIMAL_EXPONENT - d->exponent));
  return DECIMAL_OK;
}

void decimal_strip(struct decimal *d) {
  if (d->kind != DECIMAL_FINITE) return;
  if (coef_is_zero(&d->coef)) decimal_set(d, false, 0, 0);
  else d->exponent += (int64_t)coef_strip(&d->coef, SIZE_MAX);
}

void decimal_to_integral(struct decimal *d, enum decimal_rounding rounding) {
  if (d->kind == DECIMAL_FINITE && d->exponent < 0) rescale(d, 0, rounding);
}
