/* settings_test.c - base/settings.h. */
#include "base/settings.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>

static struct err err;

static bool set(struct settings *s, enum setting_id id, const char *text, enum setting_source source) {
  err.message[0] = 0;
  return settings_set(s, id, text, source, "here", &err);
}

int main(void) {
  struct settings s;
  settings_init(&s);
  CHECK("defaults are there", settings_number(&s, SETTING_PING_INTERVAL) == 20 && !strcmp(settings_text(&s, SETTING_LISTEN), "localhost:8000"));
  CHECK("names with either kind of dash",
        settings_find("ping-interval", 13) == SETTING_PING_INTERVAL && settings_find("ping_interval", 13) == SETTING_PING_INTERVAL);
  CHECK("unknown names are unknown", settings_find("ping", 4) < 0 && settings_find("", 0) < 0);
  CHECK("a flag wins over the app",
        set(&s, SETTING_GRACE, "3", SETTING_FROM_FLAG) && set(&s, SETTING_GRACE, "4", SETTING_FROM_APP) && settings_number(&s, SETTING_GRACE) == 3);
  CHECK("the environment wins over the app", set(&s, SETTING_WORKERS, "2", SETTING_FROM_ENVIRONMENT) &&
                                                 set(&s, SETTING_WORKERS, "4", SETTING_FROM_APP) && settings_number(&s, SETTING_WORKERS) == 2);
  CHECK("text is no number", !set(&s, SETTING_WORKERS, "two", SETTING_FROM_FLAG) && strstr(err.message, "here: \"two\""));
  CHECK("fractions are no whole numbers", !set(&s, SETTING_WORKERS, "1.5", SETTING_FROM_FLAG));
  CHECK("but seconds", set(&s, SETTING_GRACE, "0.25", SETTING_FROM_FLAG) && settings_number(&s, SETTING_GRACE) == 0.25);
  CHECK("bounds hold", !set(&s, SETTING_WORKERS, "-1", SETTING_FROM_FLAG) && !set(&s, SETTING_WORKERS, "100000", SETTING_FROM_FLAG) &&
                           !set(&s, SETTING_GRACE, "nan", SETTING_FROM_FLAG));
  CHECK("booleans by their usual names", set(&s, SETTING_DEBUG, "yes", SETTING_FROM_FLAG) && settings_number(&s, SETTING_DEBUG) == 1 &&
                                             !set(&s, SETTING_DEBUG, "maybe", SETTING_FROM_FLAG));
  CHECK("log levels by theirs", !set(&s, SETTING_LOG_LEVEL, "loud", SETTING_FROM_FLAG) && set(&s, SETTING_LOG_LEVEL, "error", SETTING_FROM_FLAG));
  CHECK("time zones that there are",
        set(&s, SETTING_TIME_ZONE, "Europe/Berlin", SETTING_FROM_APP) && set(&s, SETTING_TIME_ZONE, "UTC", SETTING_FROM_FLAG));
  CHECK("and no others", !set(&s, SETTING_TIME_ZONE, "Europe/Berln", SETTING_FROM_FLAG) &&
                             strstr(err.message, "here: \"Europe/Berln\" is not a time zone") &&
                             !set(&s, SETTING_TIME_ZONE, "../../../etc/passwd", SETTING_FROM_FLAG) &&
                             !set(&s, SETTING_TIME_ZONE, "Europe", SETTING_FROM_FLAG) && !set(&s, SETTING_TIME_ZONE, "", SETTING_FROM_FLAG));
  setenv("TIDEWIRE_PING_MISSES", "5", 1);
  CHECK("variables are read", settings_from_environment(&s, &err) && settings_number(&s, SETTING_PING_MISSES) == 5);
  setenv("TIDEWIRE_PONG", "5", 1);
  CHECK("unknown variables are mistakes", !settings_from_environment(&s, &err) && strstr(err.message, "TIDEWIRE_PONG") && err.code == 2);
  settings_fini(&s);
  TESTS_END;
}
