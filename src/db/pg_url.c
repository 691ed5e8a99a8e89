/* pg_url.c - the URL, and what every connection asks for beyond it.
 *
 * The URL is libpq's business: sslmode, sslrootcert, several hosts, a socket's folder as host, passfile and the rest work as its manual says, and the
 * PG* environment variables fill what the URL leaves out. What is added here comes first in the list of parameters where the user may overrule it
 * (libpq takes the last of several), and last where values could not be read otherwise (time zone, formats, encoding). */
#include "db/pg.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *keyword, *value;
} defaults[] = {
    {"fallback_application_name", "tidewire"},
    {"gssencmode", "disable"}, /* else libpq looks for Kerberos tickets each time */
    {"keepalives_idle", "30"},
    {"keepalives_interval", "10"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "15000"},
};

enum { DEFAULT_COUNT = sizeof defaults / sizeof *defaults, CONNECT_TIMEOUT_SECONDS = 10 };

/* What the reading of values relies on (cursors are read to their end: plan for that). */
static const char forced[] = " -c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 -c bytea_output=hex -c cursor_tuple_fraction=1.0";

/* libpq quotes the URL, or the piece that holds the password, behind a colon. */
static void mask(char *message) {
  static const char harmless[] = "invalid URI query parameter";
  char *quoted = strstr(message, ": \"");
  if (quoted && strncmp(message, harmless, sizeof harmless - 1)) *quoted = '\0';
}

static void add(struct db_shared *s, size_t *count, const char *keyword, const char *value) {
  s->keywords[*count] = keyword;
  s->values[(*count)++] = xstrdup(value);
}

/* The user's statement_timeout wins over the setting, the formats over the user's. */
static void add_options(struct db_shared *s, size_t *count, const char *users) {
  struct buf b;
  buf_init(&b);
  if (!users) users = getenv("PGOPTIONS");
  buf_printf(&b, "-c statement_timeout=%llu %s%s", (unsigned long long)(s->config.statement_timeout / CLOCK_NS_PER_MS), users ? users : "", forced);
  buf_put_char(&b, '\0');
  add(s, count, "options", b.data);
  buf_fini(&b);
}

static const char *value_of(const PQconninfoOption *options, const char *keyword) {
  for (const PQconninfoOption *o = options; o->keyword; o++)
    if (!strcmp(o->keyword, keyword)) return o->val && *o->val ? o->val : NULL;
  return NULL;
}

static const char *either(const char *value, const char *variable, const char *fallback) {
  if (!value) value = getenv(variable);
  return value && *value ? value : fallback;
}

static void name_place(struct db_shared *s, const PQconninfoOption *options) {
  const char *host = value_of(options, "host");
  if (!host) host = value_of(options, "hostaddr");
  const char *user = either(value_of(options, "user"), "PGUSER", "");
  snprintf(s->place, sizeof s->place, "%s:%s/%s", either(host, "PGHOST", "(local socket)"), either(value_of(options, "port"), "PGPORT", "5432"),
           either(value_of(options, "dbname"), "PGDATABASE", user));
}

static void collect(struct db_shared *s, const PQconninfoOption *options) {
  size_t count = 0, given = 0;
  for (const PQconninfoOption *o = options; o->keyword; o++) given += o->val && *o->val;
  s->keywords = xcalloc(DEFAULT_COUNT + given + 3, sizeof *s->keywords);
  s->values = xcalloc(DEFAULT_COUNT + given + 3, sizeof *s->values);
  for (int i = 0; i < DEFAULT_COUNT; i++) add(s, &count, defaults[i].keyword, defaults[i].value);
  for (const PQconninfoOption *o = options; o->keyword; o++)
    if (o->val && *o->val && strcmp(o->keyword, "options")) add(s, &count, xstrdup(o->keyword), o->val);
  add_options(s, &count, value_of(options, "options"));
  add(s, &count, "client_encoding", "UTF8");
  const char *timeout = value_of(options, "connect_timeout");
  const int seconds = timeout ? (int)strtol(timeout, NULL, 10) : 0;
  s->connect_timeout = (uint64_t)(seconds > 0 ? seconds : CONNECT_TIMEOUT_SECONDS) * CLOCK_NS_PER_SEC;
}

/* An @ or a / that is not escaped parts a password so that a piece of it is taken for the host, the port or the database, which messages show. */
static bool is_ambiguous(const char *url) {
  const char *start = strstr(url, "://");
  if (!start) return false;
  start += 3;
  const size_t authority = strcspn(start, "/?"), path = strcspn(start, "?");
  const char *at = memrchr(start, '@', path);
  return at && (at > start + authority || memchr(start, '@', (size_t)(at - start)));
}

static bool has_good_port(const PQconninfoOption *options) {
  const char *port = value_of(options, "port");
  return !port || !port[strspn(port, "0123456789,")];
}

static bool check(const struct db_shared *s, const PQconninfoOption *options, struct err *err) {
  char masked[256];
  db_url_masked(s->url, masked, sizeof masked);
  if (is_ambiguous(s->url))
    return err_set(err, 2, "database: \"%s\" is ambiguous: an @ in a user name or password is written %%40, a / %%2F", masked);
  if (has_good_port(options)) return true;
  return err_set(err, 2,
                 "database: the URL's port is no number; expected postgresql://[USER[:PASSWORD]@]HOST[:PORT]/NAME"); /* a password by mistake? */
}

bool pg_url_parse(struct db_shared *s, struct err *err) {
  char masked[256], *message = NULL;
  PQconninfoOption *options = s->pq.PQconninfoParse(s->url, &message);
  if (!options) {
    char why[256];
    pg_one_line(why, sizeof why, message ? message : "out of memory");
    s->pq.PQfreemem(message);
    mask(why);
    db_url_masked(s->url, masked, sizeof masked);
    return err_set(err, 2, "database: \"%s\" is no URL of a PostgreSQL database: %s; expected postgresql://[USER[:PASSWORD]@]HOST[:PORT]/NAME",
                   masked, why);
  }
  const bool good = check(s, options, err);
  if (good) {
    name_place(s, options);
    collect(s, options);
  }
  s->pq.PQconninfoFree(options);
  return good;
}

/* Keywords that came with the URL stand between the defaults' and the two added at the end. */
void pg_url_free(struct db_shared *s) {
  size_t count = 0;
  while (s->keywords && s->keywords[count]) free((char *)s->values[count++]);
  for (size_t i = DEFAULT_COUNT; i + 2 < count; i++) free((char *)s->keywords[i]);
  free(s->keywords);
  free(s->values);
}
