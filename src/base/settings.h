/* settings.h - every setting of the host, in one table: its name, type, default, bounds and help.
 *
 * The table gives the flag (--ping-interval), the environment variable (TIDEWIRE_PING_INTERVAL) and the key in tidewire.app{}
 * (ping_interval). Precedence: flag, environment, app.lua, default. Filled before workers start, read-only afterwards. */
#pragma once
#include "base/err.h"

#include <stddef.h>

enum setting_type { SETTING_STRING, SETTING_INTEGER, SETTING_SECONDS, SETTING_BOOLEAN, SETTING_LIST };
enum setting_source { SETTING_FROM_DEFAULT, SETTING_FROM_APP, SETTING_FROM_ENVIRONMENT, SETTING_FROM_FLAG };

enum setting_id {
  SETTING_LISTEN,
  SETTING_WORKERS,
  SETTING_GRACE,
  SETTING_DEBUG,
  SETTING_LOG_LEVEL,
  SETTING_ALLOWED_ORIGINS,
  SETTING_PING_INTERVAL,
  SETTING_PING_MISSES,
  SETTING_MAX_MESSAGE_SIZE,
  SETTING_OUTBOX_LIMIT,
  SETTING_INBOX_LIMIT,
  SETTING_HANDSHAKE_TIMEOUT,
  SETTING_CLOSE_TIMEOUT,
  SETTING_MAX_CONNECTIONS,
  SETTING_DATABASE,
  SETTING_DATABASE_POOL_MIN,
  SETTING_DATABASE_POOL_MAX,
  SETTING_DATABASE_POOL_IDLE,
  SETTING_DATABASE_ACQUIRE_TIMEOUT,
  SETTING_DATABASE_STATEMENT_TIMEOUT,
  SETTING_DATABASE_SLOW_QUERY,
  SETTING_DATABASE_SYNCHRONOUS,
  SETTING_ATOMIC_ACTIONS,
  SETTING_TIME_ZONE,
  SETTING_COUNT
};

struct setting {
  const char *name; /* as in tidewire.app{}: ping_interval */
  enum setting_type type;
  const char *fallback; /* the default, as text */
  double min, max;      /* of numbers */
  const char *help;
  const char *choices;                                                 /* of a string: the texts it may be, with | between; NULL: any */
  bool (*check)(const char *text, const char *where, struct err *err); /* of a string: fills err when it may not be that; NULL: it may */
};

struct settings {
  struct {
    char *text; /* owned; a list's members are separated by commas */
    double number;
    enum setting_source source;
  } values[SETTING_COUNT];
};

/* The table's row of `id`. */
const struct setting *settings_row(enum setting_id id);

/* The id of `name` (underscores or hyphens), -1 when there is none. */
int settings_find(const char *name, size_t len);

void settings_init(struct settings *s);
void settings_fini(struct settings *s);

/* Set from text unless a stronger source has set it already. On bad text: false, with err naming setting, value, what was
 * expected and `where` ("--ping-interval", "TIDEWIRE_PING_INTERVAL", "app.lua"). */
bool settings_set(struct settings *s, enum setting_id id, const char *text, enum setting_source source, const char *where, struct err *err);

/* Read all TIDEWIRE_* variables; an unknown one is an error. TIDEWIRE_LUA and those of the sanitizer specs are not settings. */
bool settings_from_environment(struct settings *s, struct err *err);

double settings_number(const struct settings *s, enum setting_id id);
const char *settings_text(const struct settings *s, enum setting_id id);
