/* regex.c - see regex.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/regex.h"

#include "base/alloc.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 1000000 };

struct regex {
  pcre2_code *code;
  pcre2_match_data *match;
  pcre2_match_context *context;
};

/* A copy of the pattern with Python's \Z as PCRE's \z. */
static char *translated(const char *pattern, size_t len) {
  char *copy = xmalloc(len + 1);
  memcpy(copy, pattern, len);
  copy[len] = 0;
  for (size_t i = 0; i + 1 < len; i++) {
    if (copy[i] != '\\') continue;
    if (copy[i + 1] == 'Z') copy[i + 1] = 'z';
    i++;
  }
  return copy;
}

struct regex *regex_new(const char *pattern, size_t len, bool caseless, struct err *err) {
  PCRE2_UCHAR reason[128];
  PCRE2_SIZE at;
  int code;
  char *text = translated(pattern, len);
  const uint32_t flags = (caseless ? PCRE2_CASELESS : 0u) | PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF;
  pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)text, len, flags, &code, &at, NULL);
  free(text);
  if (!compiled) {
    pcre2_get_error_message(code, reason, sizeof reason);
    err_set(err, 1, "invalid regular expression \"%.*s\": %s at offset %zu", len > 200 ? 200 : (int)len, pattern, (const char *)reason, at);
    return NULL;
  }
  struct regex *r = xcalloc(1, sizeof *r);
  r->code = compiled;
  r->match = pcre2_match_data_create(1, NULL);
  r->context = pcre2_match_context_create(NULL);
  if (!r->match || !r->context) abort();
  pcre2_set_match_limit(r->context, MOST_STEPS);
  return r;
}

void regex_free(struct regex *r) {
  if (!r) return;
  pcre2_match_context_free(r->context);
  pcre2_match_data_free(r->match);
  pcre2_code_free(r->code);
  free(r);
}

enum regex_result regex_search(struct regex *r, const char *text, size_t len) {
  const int found = pcre2_match(r->code, (PCRE2_SPTR)text, len, 0, 0, r->match, r->context);
  return found >= 0 ? REGEX_YES : found == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_TOO_HARD;
}
