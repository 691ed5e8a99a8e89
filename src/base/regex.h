/* regex.h - regular expressions as Python's `re` and PostgreSQL's users write them, by PCRE2, with a bound on the work one match may do.
 *
 * Text is UTF-8; bytes that are none match nothing but themselves. A regex belongs to one thread at a time. */
#pragma once
#include "base/err.h"

#include <stddef.h>

struct regex;

enum regex_result { REGEX_NO, REGEX_YES, REGEX_TOO_HARD };

/* Compile; `caseless` folds Unicode letters. NULL and err (the pattern, why, and where) when it is malformed. \Z means the very end, as in Python. */
struct regex *regex_new(const char *pattern, size_t len, bool caseless, struct err *err);
void regex_free(struct regex *r);

/* Is it anywhere in the text? REGEX_TOO_HARD when that takes too many steps to tell. */
enum regex_result regex_search(struct regex *r, const char *text, size_t len);
