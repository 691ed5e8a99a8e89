/* drivers.c - which driver a URL means. A file of its own, so that a program that names one driver is not linked with the other. */
#include "db/driver.h"

#include <string.h>

static const struct {
  const char *prefix;
  const struct db_driver *driver;
} schemes[] = {
    {"sqlite:", &db_sqlite},
    {"postgresql://", &db_postgresql},
    {"postgres://", &db_postgresql},
};

const struct db_driver *db_driver_of(const char *url, struct err *err) {
  char masked[256];
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
    if (!strncmp(url, schemes[i].prefix, strlen(schemes[i].prefix))) return schemes[i].driver;
  db_url_masked(url, masked, sizeof masked);
  err_set(err, 2, "database: \"%s\" is no URL of a database; expected sqlite:FILE, sqlite::memory: or postgresql://[USER@]HOST[:PORT]/NAME", masked);
  return NULL;
}
