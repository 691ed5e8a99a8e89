#include "db/driver.h"
const struct db_driver db_postgresql;
