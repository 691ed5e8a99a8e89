/* sqlite_functions.c - regular expressions for REGEXP, and the registration of all functions.
 *
 * PCRE2 with Unicode classes, as Python's re. A compiled pattern is kept for as long as the statement runs with the same pattern. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "db/sqlite.h"

#include "base/alloc.h"

#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

/* A pattern that needs more steps than this for one text would stop the worker: the statement fails instead. */
enum { MOST_STEPS = 1000000 };

struct regexp {
  pcre2_code *code;
  pcre2_match_data *match;
  pcre2_match_context *context;
};

void sqlite_bad_value(sqlite3_context *context, const char *format, ...) {
  char message[400];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  sqlite3_result_error(context, message, -1);
  sqlite3_result_error_code(context, SQLITE_MISMATCH); /* keeps the message, and tells it from errors in SQL */
}

static void regexp_free(void *arg) {
  struct regexp *r = arg;
  pcre2_match_context_free(r->context);
  pcre2_match_data_free(r->match);
  pcre2_code_free(r->code);
  free(r);
}

static struct regexp *compile(sqlite3_context *context, sqlite3_value *pattern, uint32_t flags) {
  PCRE2_UCHAR reason[128];
  PCRE2_SIZE at;
  int code;
  const unsigned char *text = sqlite3_value_text(pattern);
  const size_t len = (size_t)sqlite3_value_bytes(pattern);
  pcre2_code *compiled = pcre2_compile(text ? text : (PCRE2_SPTR) "", len, flags | PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF, &code, &at, NULL);
  if (!compiled) {
    pcre2_get_error_message(code, reason, sizeof reason);
    sqlite_bad_value(context, "invalid regular expression \"%.200s\": %s at offset %zu", (const char *)text, (const char *)reason, at);
    return NULL;
  }
  struct regexp *r = xcalloc(1, sizeof *r);
  r->code = compiled;
  r->match = pcre2_match_data_create(1, NULL);
  r->context = pcre2_match_context_create(NULL);
  if (!r->match || !r->context) abort();
  pcre2_set_match_limit(r->context, MOST_STEPS);
  return r;
}

/* Keep it for the next row. SQLite may free it at once when memory is short, so it is asked for again. */
static struct regexp *kept(sqlite3_context *context, sqlite3_value *pattern) {
  struct regexp *r = sqlite3_get_auxdata(context, 0);
  if (r) return r;
  r = compile(context, pattern, (uint32_t)(uintptr_t)sqlite3_user_data(context));
  if (r) sqlite3_set_auxdata(context, 0, r, regexp_free);
  return r ? sqlite3_get_auxdata(context, 0) : NULL;
}

/* regexp(pattern, text): text REGEXP pattern. */
static void regexp(sqlite3_context *context, int count, sqlite3_value **args) {
  (void)count;
  if (sqlite3_value_type(args[0]) == SQLITE_NULL || sqlite3_value_type(args[1]) == SQLITE_NULL) return;
  struct regexp *r = kept(context, args[0]);
  if (!r) return;
  const unsigned char *text = sqlite3_value_text(args[1]);
  const size_t len = (size_t)sqlite3_value_bytes(args[1]);
  const int found = pcre2_match(r->code, text ? text : (PCRE2_SPTR) "", len, 0, 0, r->match, r->context);
  if (found >= 0 || found == PCRE2_ERROR_NOMATCH) sqlite3_result_int(context, found >= 0);
  else sqlite_bad_value(context, "the regular expression \"%.200s\" takes too many steps", (const char *)sqlite3_value_text(args[0]));
}

int sqlite_functions(sqlite3 *handle) {
  void *caseless = (void *)(uintptr_t)PCRE2_CASELESS;
  int rc = sqlite3_create_function_v2(handle, "regexp", 2, PURE_FUNCTION, NULL, regexp, NULL, NULL, NULL);
  if (!rc) rc = sqlite3_create_function_v2(handle, "iregexp", 2, PURE_FUNCTION, caseless, regexp, NULL, NULL, NULL);
  if (!rc) rc = sqlite_dates(handle);
  return rc ? rc : sqlite_decimal(handle);
}
