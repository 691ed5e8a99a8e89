/* decimal_text.c - decimal.h: numbers from text and to text. */
#include "base/alloc.h"
#include "base/decimal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What Python's C implementation can hold on 64 bits. */
static const int64_t most = 999999999999999999, least = -1999999999999999997;

/* ---- reading ---- */

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }

/* The exponent behind an E; false when there is none. Beyond any limit one number is as good as another. */
static bool parse_exponent(const char *p, int64_t *exponent) {
  const bool negative = *p == '-';
  int64_t value = 0;
  p += *p == '-' || *p == '+';
  if (!is_digit(*p)) return false;
  for (; is_digit(*p); p++)
    if (value < 1000000000000000000) value = value * 10 + (*p - '0');
  *exponent = negative ? -value : value;
  return !*p;
}

static bool set_finite(struct decimal *d, const char *digits, size_t n, int64_t exponent) {
  d->kind = DECIMAL_FINITE;
  while (n && *digits == '0') digits++, n--;
  if (!n) {
    coef_set(&d->coef, 0);
    d->exponent = exponent > most ? most : exponent < least ? least : exponent;
    return true;
  }
  if (n > DECIMAL_DIGITS || exponent < least || exponent + (int64_t)n - 1 > most) return false;
  coef_parse(&d->coef, digits, n);
  d->exponent = exponent;
  return true;
}

static bool parse_finite(struct decimal *d, char *t) {
  size_t n = 0;
  int64_t places = 0, exponent = 0;
  bool point = false;
  char *p = t;
  for (; is_digit(*p) || (*p == '.' && !point); p++) { /* the digits move together at the front */
    if (*p == '.') {
      point = true;
    } else {
      t[n++] = *p;
      places += point;
    }
  }
  if (!n) return false;
  if ((*p == 'e' || *p == 'E') ? !parse_exponent(p + 1, &exponent) : *p) return false;
  return set_finite(d, t, n, exponent - places);
}

static bool parse_special(struct decimal *d, const char *t) {
  const bool infinite = !strcasecmp(t, "inf") || !strcasecmp(t, "infinity"), signalling = *t == 's' || *t == 'S';
  d->exponent = 0;
  coef_set(&d->coef, 0);
  d->kind = infinite ? DECIMAL_INFINITE : signalling ? DECIMAL_SNAN : DECIMAL_NAN;
  if (infinite) return true;
  t += signalling;
  if (strncasecmp(t, "nan", 3)) return false;
  t += 3;
  while (*t == '0') t++;
  const size_t n = strspn(t, "0123456789");
  if (t[n] || n > DECIMAL_DIGITS) return false;
  coef_parse(&d->coef, t, n);
  return true;
}

static bool parse_copy(struct decimal *d, char *t) {
  d->negative = *t == '-';
  t += *t == '-' || *t == '+';
  return is_digit(*t) || *t == '.' ? parse_finite(d, t) : parse_special(d, t);
}

bool decimal_parse(struct decimal *d, const char *s, size_t n) {
  char small[64] = {0}, *copy = n < sizeof small ? small : xmalloc(n + 1);
  size_t len = 0;
  while (n && is_space(*s)) s++, n--;
  while (n && is_space(s[n - 1])) n--;
  for (size_t i = 0; i < n; i++)
    if (s[i] != '_') copy[len++] = s[i] ? s[i] : '?'; /* no number holds a NUL */
  copy[len] = 0;
  const bool ok = parse_copy(d, copy);
  if (copy != small) free(copy);
  return ok;
}

/* ---- writing ---- */

static void put_digits(const struct decimal *d, struct buf *out, size_t n) {
  buf_reserve(out, n + 1); /* and a point among them */
  coef_write(&d->coef, out->data + out->len, n);
  out->len += n;
}

static void put_zeros(struct buf *out, int64_t n) {
  buf_reserve(out, (size_t)n);
  memset(out->data + out->len, '0', (size_t)n);
  out->len += (size_t)n;
}

/* The digits with a point before the last `places` of them. */
static void put_split(const struct decimal *d, struct buf *out, size_t n, size_t places) {
  put_digits(d, out, n);
  char *point = out->data + out->len - places;
  memmove(point + 1, point, places);
  *point = '.';
  out->len++;
}

/* @pre the exponent is not above zero */
static void put_plain(const struct decimal *d, struct buf *out, int64_t n) {
  const int64_t before = d->exponent + n; /* digits before the point */
  if (before <= 0) {
    buf_put(out, "0.", 2);
    put_zeros(out, -before);
    put_digits(d, out, (size_t)n);
  } else if (d->exponent < 0) {
    put_split(d, out, (size_t)n, (size_t)-d->exponent);
  } else {
    put_digits(d, out, (size_t)n);
  }
}

static void put_scientific(const struct decimal *d, struct buf *out, int64_t n) {
  if (n > 1) put_split(d, out, (size_t)n, (size_t)n - 1);
  else put_digits(d, out, 1);
  buf_printf(out, "E%+lld", (long long)(d->exponent + n - 1));
}

static void put_special(const struct decimal *d, struct buf *out) {
  static const char *const names[] = {"", "Infinity", "NaN", "sNaN"};
  buf_put_str(out, names[d->kind]);
  if (decimal_is_nan(d) && !coef_is_zero(&d->coef)) put_digits(d, out, coef_digits(&d->coef));
}

void decimal_write(const struct decimal *d, struct buf *out) {
  if (d->negative) buf_put_char(out, '-');
  if (d->kind != DECIMAL_FINITE) {
    put_special(d, out);
    return;
  }
  const int64_t n = (int64_t)coef_digits(&d->coef);
  if (d->exponent <= 0 && d->exponent + n > -6) put_plain(d, out, n);
  else put_scientific(d, out, n);
}

enum decimal_status decimal_write_fixed(const struct decimal *d, struct buf *out) {
  if (d->kind == DECIMAL_FINITE && (d->exponent > DECIMAL_FIXED_LIMIT || d->exponent < -DECIMAL_FIXED_LIMIT)) return DECIMAL_OVERFLOW;
  if (d->negative) buf_put_char(out, '-');
  if (d->kind != DECIMAL_FINITE) {
    put_special(d, out);
    return DECIMAL_OK;
  }
  const int64_t n = (int64_t)coef_digits(&d->coef);
  if (d->exponent <= 0) {
    put_plain(d, out, n);
  } else {
    put_digits(d, out, (size_t)n);
    if (!coef_is_zero(&d->coef)) put_zeros(out, d->exponent);
  }
  return DECIMAL_OK;
}
