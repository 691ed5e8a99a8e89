/* coef.h - a decimal number's coefficient: a whole number of any length, counted and shifted in decimal digits.
 *
 * Up to 128 bits (38 digits and a bit) it lies in the struct, and no operation on such numbers allocates unless its result is longer; beyond that it
 * is an OpenSSL BIGNUM. A result may be one of the operands. No memory is left over but what coef_fini() frees. Any thread. */
#pragma once
#include <openssl/bn.h>
#include <stdbool.h>
#include <stddef.h>

typedef unsigned __int128 coef_small;

struct coef {
  coef_small small; /* the value, when big is NULL */
  BIGNUM *big;      /* owned; holds what does not fit into 128 bits, and nothing else */
};

/* How what a division cuts off compares with half of the last digit that stays. */
enum coef_rest { COEF_EXACT, COEF_BELOW_HALF, COEF_HALF, COEF_ABOVE_HALF };

void coef_fini(struct coef *c);
void coef_set(struct coef *c, coef_small value);
void coef_copy(struct coef *to, const struct coef *from);

/* Take over `value`. */
void coef_take(struct coef *c, BIGNUM *value);

/* Set from `n` digits. */
void coef_parse(struct coef *c, const char *digits, size_t n);

/* Write the digits, coef_digits(c) of them, without a final NUL. */
void coef_write(const struct coef *c, char *to, size_t digits);

/* How many digits it has; zero has one. */
size_t coef_digits(const struct coef *c);

static inline bool coef_is_zero(const struct coef *c) { return !c->big && !c->small; }

unsigned coef_last_digit(const struct coef *c);

int coef_compare(const struct coef *a, const struct coef *b);

void coef_add(struct coef *to, const struct coef *a, const struct coef *b);
/* a - b; @pre a >= b */
void coef_subtract(struct coef *to, const struct coef *a, const struct coef *b);
void coef_multiply(struct coef *to, const struct coef *a, const struct coef *b);
/* @pre b is not zero; the quotient and the rest are two different structs */
void coef_divide(struct coef *quotient, struct coef *rest, const struct coef *a, const struct coef *b);

/* Append `n` zeros to the digits. */
void coef_scale(struct coef *c, size_t n);
/* Cut off the last `n` digits. */
enum coef_rest coef_cut(struct coef *c, size_t n);
/* Cut off zeros at the end, at most `most`; returns how many. @pre it is not zero */
size_t coef_strip(struct coef *c, size_t most);
