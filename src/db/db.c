/* db.c - what both drivers share: requests, errors, and how slow statements and URLs reach the log. */
#include "db/driver.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SQL_LOGGED = 4096 }; /* bytes of a slow statement at most */

void db_error_set(struct db_error *e, enum db_error_kind kind, const char *format, ...) {
  va_list args;
  e->kind = kind;
  e->code[0] = e->constraint[0] = e->detail[0] = '\0';
  va_start(args, format);
  vsnprintf(e->message, sizeof e->message, format, args);
  va_end(args);
}

/* ---- requests ---- */

static bool has_text(const struct db_value *v) { return v->type == DB_TEXT || v->type == DB_BLOB; }

/* The error's texts stay uninitialised but for their first byte: clearing 1.6 KB a statement would cost more than the rest. */
static void clear_answer(struct db_request *r) {
  r->error.kind = DB_OK;
  r->error.code[0] = r->error.constraint[0] = r->error.message[0] = r->error.detail[0] = '\0';
  r->rows = NULL;
  r->affected = 0;
  r->started = 0;
  r->mail = (struct mail){0};
  r->driver_data = NULL;
  r->state = 0;
}

struct db_request *db_request_new(const char *sql, size_t len, const struct db_value *params, int param_count) {
  size_t size = sizeof(struct db_request) + (size_t)param_count * sizeof *params + len + 1;
  for (int i = 0; i < param_count; i++) size += has_text(&params[i]) ? params[i].text.len + 1 : 0;
  struct db_request *r = xmalloc(size);
  struct db_value *copies = (struct db_value *)(r + 1);
  char *to = (char *)(copies + param_count);
  list_init(&r->link);
  r->tx = NULL;
  r->sql = len ? memcpy(to, sql, len) : to;
  r->sql_len = len;
  to[len] = '\0';
  to += len + 1;
  for (int i = 0; i < param_count; i++) {
    copies[i] = params[i];
    if (!has_text(&params[i])) continue;
    const size_t n = params[i].text.len;
    if (n) memcpy(to, params[i].text.data, n);
    to[n] = '\0';
    copies[i].text.data = to;
    to += n + 1;
  }
  r->params = copies;
  r->param_count = param_count;
  r->done = NULL;
  r->owner = NULL;
  clear_answer(r);
  return r;
}

void db_request_free(struct db_request *r) {
  if (!r) return;
  if (r->rows) r->rows->ops->free(r->rows);
  free(r);
}

/* ---- what may be logged ---- */

/* Where the password of "scheme://user:password@…" starts and ends; NULL when there is none. Rather too much than too little: the URL may be wrong
 * because of what the password holds. */
static const char *find_password(const char *url, const char **end) {
  const char *host = strchr(url, ':');
  if (!host || !strncmp(url, "sqlite:", 7)) return NULL;
  host += strspn(host, ":/");
  const char *at = strrchr(host, '@');
  const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
  *end = at;
  return colon ? colon + 1 : NULL;
}

/* True when a query parameter whose value starts at `value` is named password or sslpassword. */
static bool names_password(const char *url, const char *value) {
  static const char name[] = "password=";
  const size_t n = sizeof name - 1;
  return (size_t)(value - url) > n && strncmp(value - n, name, n) == 0;
}

void db_url_masked(const char *url, char *to, size_t cap) {
  struct buf b;
  buf_init(&b);
  const char *end = NULL, *password = find_password(url, &end);
  for (const char *p = url; *p;) {
    if (p == password || names_password(url, p)) {
      buf_put_str(&b, "***");
      p = p == password ? end : p + strcspn(p, "&#");
      password = NULL;
      if (!*p) break;
    }
    buf_put_char(&b, *p++);
  }
  buf_put_char(&b, '\0');
  snprintf(to, cap, "%s", b.data);
  buf_fini(&b);
}

static void put_param(struct buf *b, const struct db_value *v) {
  static const char *const names[] = {"null", "boolean", "integer", "float", "text", "bytes"};
  buf_put_str(b, names[v->type]);
  if (has_text(v)) buf_printf(b, "(%zu)", v->text.len);
}

/* How much of `sql` is logged: whole characters. */
static size_t logged_length(const char *sql) {
  size_t n = strnlen(sql, SQL_LOGGED);
  while (n && sql[n] && ((unsigned char)sql[n] & 0xc0) == 0x80) n--;
  return n;
}

void db_log_slow(const struct db_config *config, const char *sql, const struct db_value *params, int param_count, uint64_t took) {
  if (!config->slow_query || took < config->slow_query) return;
  struct buf types;
  char ms[32];
  buf_init(&types);
  for (int i = 0; i < param_count; i++) {
    if (i) buf_put_str(&types, ", ");
    put_param(&types, &params[i]);
  }
  const int n = snprintf(ms, sizeof ms, "%.1f", (double)took / (double)CLOCK_NS_PER_MS);
  const struct log_field fields[] = {
      {.key = "sql", .value = sql, .len = logged_length(sql)},
      {.key = "params", .value = types.data ? types.data : "", .len = types.len},
      {.key = "ms", .value = ms, .len = (size_t)n, .raw = true},
  };
  log_fields(LOG_LEVEL_WARNING, "slow statement", sizeof "slow statement" - 1, fields, 3);
  buf_fini(&types);
}
