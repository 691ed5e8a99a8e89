/* sqlite_functions.c - regular expressions for REGEXP, and the registration of all functions.
 *
 * A compiled pattern is kept for as long as the statement runs with the same pattern. One that needs too many steps for a text would stop the worker:
 * the statement fails instead. */
#include "db/sqlite.h"

#include "base/regex.h"

#include <stdarg.h>
#include <stdio.h>

void sqlite_bad_value(sqlite3_context *context, const char *format, ...) {
  char message[400];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  sqlite3_result_error(context, message, -1);
  sqlite3_result_error_code(context, SQLITE_MISMATCH); /* keeps the message, and tells it from errors in SQL */
}

static void free_regex(void *arg) { regex_free(arg); }

static struct regex *compile(sqlite3_context *context, sqlite3_value *pattern) {
  struct err err;
  const char *text = (const char *)sqlite3_value_text(pattern);
  struct regex *r = regex_new(text ? text : "", (size_t)sqlite3_value_bytes(pattern), sqlite3_user_data(context) != NULL, &err);
  if (!r) sqlite_bad_value(context, "%s", err.message);
  return r;
}

/* Keep it for the next row. SQLite may free it at once when memory is short, so it is asked for again. */
static struct regex *kept(sqlite3_context *context, sqlite3_value *pattern) {
  struct regex *r = sqlite3_get_auxdata(context, 0);
  if (r) return r;
  r = compile(context, pattern);
  if (r) sqlite3_set_auxdata(context, 0, r, free_regex);
  return r ? sqlite3_get_auxdata(context, 0) : NULL;
}

/* regexp(pattern, text): text REGEXP pattern. */
static void regexp(sqlite3_context *context, int count, sqlite3_value **args) {
  (void)count;
  if (sqlite3_value_type(args[0]) == SQLITE_NULL || sqlite3_value_type(args[1]) == SQLITE_NULL) return;
  struct regex *r = kept(context, args[0]);
  if (!r) return;
  const char *text = (const char *)sqlite3_value_text(args[1]);
  const enum regex_result found = regex_search(r, text ? text : "", (size_t)sqlite3_value_bytes(args[1]));
  if (found != REGEX_TOO_HARD) sqlite3_result_int(context, found == REGEX_YES);
  else sqlite_bad_value(context, "the regular expression \"%.200s\" takes too many steps", (const char *)sqlite3_value_text(args[0]));
}

int sqlite_functions(sqlite3 *handle) {
  static char caseless; /* its address stands for "yes" */
  int rc = sqlite3_create_function_v2(handle, "regexp", 2, PURE_FUNCTION, NULL, regexp, NULL, NULL, NULL);
  if (!rc) rc = sqlite3_create_function_v2(handle, "iregexp", 2, PURE_FUNCTION, &caseless, regexp, NULL, NULL, NULL);
  if (!rc) rc = sqlite_dates(handle);
  return rc ? rc : sqlite_decimal(handle);
}
