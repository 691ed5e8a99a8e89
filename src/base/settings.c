/* settings.c - see settings.h. TO ADD A SETTING: a row here and its enum; flags, environment and app.lua follow. */
#include "base/settings.h"

#include "base/alloc.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ZONES "/usr/share/zoneinfo"

/* Whether ZONES has a time zone of that name. */
static bool zone_exists(const char *name) {
  char path[300], magic[4];
  if (*name == '/' || strstr(name, "..") || snprintf(path, sizeof path, ZONES "/%s", name) >= (int)sizeof path) return false;
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  const bool found = fread(magic, 1, sizeof magic, f) == sizeof magic && !memcmp(magic, "TZif", sizeof magic);
  fclose(f);
  return found;
}

static bool check_zone(const char *text, const char *where, struct err *err) {
  if (!strcmp(text, "UTC") || zone_exists(text)) return true;
  if (!zone_exists("Etc/UTC")) return err_set(err, 2, "%s: there are no time zones in " ZONES "; install the package tzdata", where);
  return err_set(err, 2, "%s: \"%s\" is not a time zone: expected a name such as Europe/Berlin, of a file in " ZONES, where, text);
}

static const struct setting rows[SETTING_COUNT] = {
    [SETTING_LISTEN] = {"listen", SETTING_STRING, "localhost:8000", 0, 0, "HOST:PORT to serve on; port 0 takes a free one"},
    [SETTING_WORKERS] = {"workers", SETTING_INTEGER, "0", 0, 256, "worker threads; 0 is one a core"},
    [SETTING_GRACE] = {"grace", SETTING_SECONDS, "10", 0, 86400, "seconds that running tasks get at shutdown"},
    [SETTING_DEBUG] = {"debug", SETTING_BOOLEAN, "false", 0, 0, "put tracebacks into 500 replies"},
    [SETTING_LOG_LEVEL] = {"log_level", SETTING_STRING, "info", 0, 0, "debug, info, warning or error", "debug|info|warning|error"},
    [SETTING_ALLOWED_ORIGINS] = {"allowed_origins", SETTING_LIST, "", 0, 0, "origins besides the server's own; * allows any"},
    [SETTING_PING_INTERVAL] = {"ping_interval", SETTING_SECONDS, "20", 0, 86400, "seconds between pings; 0 sends none"},
    [SETTING_PING_MISSES] = {"ping_misses", SETTING_INTEGER, "2", 1, 100, "unanswered pings after which a connection is dead"},
    [SETTING_MAX_MESSAGE_SIZE] = {"max_message_size", SETTING_INTEGER, "1048576", 1, 1 << 30, "bytes of a message; more closes with 1009"},
    [SETTING_OUTBOX_LIMIT] = {"outbox_limit", SETTING_INTEGER, "4194304", 1024, 1 << 30, "unsent bytes of a connection; more closes with 1013"},
    [SETTING_INBOX_LIMIT] = {"inbox_limit", SETTING_INTEGER, "64", 1, 65536, "waiting messages of a connection; past it reading stops"},
    [SETTING_HANDSHAKE_TIMEOUT] = {"handshake_timeout", SETTING_SECONDS, "10", 1, 3600, "seconds for a request's head, and between requests"},
    [SETTING_CLOSE_TIMEOUT] = {"close_timeout", SETTING_SECONDS, "10", 0, 3600, "seconds that actions get to finish after their connection closed"},
    [SETTING_MAX_CONNECTIONS] = {"max_connections", SETTING_INTEGER, "0", 0, 10000000,
                                 "connections of the process; 0: as many as file descriptors allow"},
    [SETTING_DATABASE] = {"database", SETTING_STRING, "", 0, 0,
                          "sqlite:FILE, sqlite::memory: or postgresql://…; an app with models has sqlite:db.sqlite3"},
    [SETTING_DATABASE_POOL_MIN] = {"database_pool_min", SETTING_INTEGER, "1", 0, 1000, "PostgreSQL connections that each worker keeps"},
    [SETTING_DATABASE_POOL_MAX] = {"database_pool_max", SETTING_INTEGER, "8", 1, 1000, "PostgreSQL connections of a worker at most"},
    [SETTING_DATABASE_POOL_IDLE] = {"database_pool_idle", SETTING_SECONDS, "60", 1, 86400, "seconds after which an unused connection closes"},
    [SETTING_DATABASE_ACQUIRE_TIMEOUT] = {"database_acquire_timeout", SETTING_SECONDS, "5", 0.01, 3600,
                                          "seconds to wait for a connection (SQLite: for the writer); then 503"},
    [SETTING_DATABASE_STATEMENT_TIMEOUT] = {"database_statement_timeout", SETTING_SECONDS, "30", 0, 86400,
                                            "seconds a statement may take; 0: any time"},
    [SETTING_DATABASE_SLOW_QUERY] = {"database_slow_query", SETTING_SECONDS, "1", 0, 86400, "seconds after which a statement is logged; 0: never"},
    [SETTING_DATABASE_SYNCHRONOUS] = {"database_synchronous", SETTING_STRING, "full", 0, 0,
                                      "SQLite: full survives a power failure, normal may lose the last commits", "full|normal"},
    [SETTING_ATOMIC_ACTIONS] = {"atomic_actions", SETTING_BOOLEAN, "false", 0, 0, "run each action in a transaction unless it says atomic = false"},
    [SETTING_TIME_ZONE] = {"time_zone", SETTING_STRING, "UTC", 0, 0, "time zone of local times, such as Europe/Berlin", NULL, check_zone},
};

const struct setting *settings_row(enum setting_id id) { return &rows[id]; }

static bool same_name(const char *name, const char *given, size_t len) {
  if (strlen(name) != len) return false;
  for (size_t i = 0; i < len; i++)
    if (name[i] != given[i] && !(name[i] == '_' && given[i] == '-')) return false;
  return true;
}

int settings_find(const char *name, size_t len) {
  for (int i = 0; i < SETTING_COUNT; i++)
    if (same_name(rows[i].name, name, len)) return i;
  return -1;
}

static bool parse_boolean(const char *text, double *number) {
  static const char *const yes[] = {"true", "1", "yes", "on"}, *const no[] = {"false", "0", "no", "off"};
  for (int i = 0; i < 4; i++) {
    if (!strcmp(text, yes[i]) || !strcmp(text, no[i])) {
      *number = !strcmp(text, yes[i]);
      return true;
    }
  }
  return false;
}

static bool parse_number(const struct setting *row, const char *text, double *number) {
  char *end;
  *number = strtod(text, &end);
  if (end == text || *end || !isfinite(*number)) return false;
  if (row->type == SETTING_INTEGER && *number != floor(*number)) return false;
  return *number >= row->min && *number <= row->max;
}

static bool is_choice(const char *choices, const char *text) {
  const size_t len = strlen(text);
  for (const char *at = choices; at; at = strchr(at, '|')) {
    at += *at == '|';
    if (strcspn(at, "|") == len && !memcmp(at, text, len)) return true;
  }
  return false;
}

static bool parse(const struct setting *row, const char *text, double *number, const char *where, struct err *err) {
  *number = 0;
  switch (row->type) {
    case SETTING_BOOLEAN:
      if (parse_boolean(text, number)) return true;
      return err_set(err, 2, "%s: \"%s\" is not a boolean: expected true or false", where, text);
    case SETTING_INTEGER:
    case SETTING_SECONDS:
      if (parse_number(row, text, number)) return true;
      return err_set(err, 2, "%s: \"%s\" is not valid: expected %s from %g to %g", where, text,
                     row->type == SETTING_INTEGER ? "a whole number" : "seconds", row->min, row->max);
    case SETTING_STRING:
      if (row->choices && !is_choice(row->choices, text))
        return err_set(err, 2, "%s: \"%s\" is not a %s: expected %s", where, text, row->name, row->choices);
      return !row->check || row->check(text, where, err);
    case SETTING_LIST: return true;
  }
  return true;
}

void settings_init(struct settings *s) {
  struct err ignored;
  memset(s, 0, sizeof *s);
  for (int i = 0; i < SETTING_COUNT; i++) settings_set(s, (enum setting_id)i, rows[i].fallback, SETTING_FROM_DEFAULT, "default", &ignored);
}

void settings_fini(struct settings *s) {
  for (int i = 0; i < SETTING_COUNT; i++) free(s->values[i].text);
}

bool settings_set(struct settings *s, enum setting_id id, const char *text, enum setting_source source, const char *where, struct err *err) {
  double number;
  if (!parse(&rows[id], text, &number, where, err)) return false;
  if (s->values[id].text && source < s->values[id].source) return true;
  free(s->values[id].text);
  s->values[id].text = xstrdup(text);
  s->values[id].number = number;
  s->values[id].source = source;
  return true;
}

static bool set_from_variable(struct settings *s, const char *variable, const char *equals, struct err *err) {
  static const size_t prefix = sizeof "TIDEWIRE_" - 1;
  char name[64], where[80];
  const size_t len = (size_t)(equals - variable) - prefix;
  if (len >= sizeof name) return err_set(err, 2, "%.60s…: no such setting", variable);
  for (size_t i = 0; i < len; i++)
    name[i] = variable[prefix + i] >= 'A' && variable[prefix + i] <= 'Z' ? (char)(variable[prefix + i] + 32) : variable[prefix + i];
  snprintf(where, sizeof where, "%.*s", (int)(equals - variable), variable);
  if (!strcmp(where, "TIDEWIRE_LUA") || !strcmp(where, "TIDEWIRE_BIN")) return true; /* the framework's folder; which binary specs start */
  const int id = settings_find(name, len);
  if (id < 0) return err_set(err, 2, "%s: unknown setting in the environment; `tidewire serve --help` lists them", where);
  return settings_set(s, (enum setting_id)id, equals + 1, SETTING_FROM_ENVIRONMENT, where, err);
}

bool settings_from_environment(struct settings *s, struct err *err) {
  for (char **e = environ; *e; e++) {
    const char *equals = strchr(*e, '=');
    if (strncmp(*e, "TIDEWIRE_", 9) || !equals) continue;
    if (!set_from_variable(s, *e, equals, err)) return false;
  }
  return true;
}

double settings_number(const struct settings *s, enum setting_id id) { return s->values[id].number; }
const char *settings_text(const struct settings *s, enum setting_id id) { return s->values[id].text; }
