/* pg_lib.c - see pg_lib.h. */
#include "db/pg_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

enum { PIPELINE_VERSION = 140000 };

static const struct {
  const char *name;
  size_t offset;
} functions[] = {
#define PG_ROW(name) {#name, offsetof(struct pg_lib, name)},
    PG_FUNCTIONS(PG_ROW)
#undef PG_ROW
};

static const char *look_up(struct pg_lib *lib, void *handle) {
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    void *symbol = dlsym(handle, functions[i].name);
    if (!symbol) return functions[i].name;
    memcpy((char *)lib + functions[i].offset, &symbol, sizeof symbol);
  }
  return NULL;
}

bool pg_lib_load(struct pg_lib *lib, struct err *err) {
  void *handle = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    return err_set(err, 2, "PostgreSQL needs the library libpq.so.5, which cannot be opened: %s; on Debian: apt install libpq5", dlerror());
  const char *missing = look_up(lib, handle);
  if (missing && strcmp(missing, "PQenterPipelineMode") && strcmp(missing, "PQpipelineSync"))
    return err_set(err, 2, "libpq.so.5 has no function %s; on Debian: apt install libpq5", missing);
  if (missing || lib->PQlibVersion() < PIPELINE_VERSION)
    return err_set(err, 2, "libpq.so.5 is version %d, but pipeline mode needs 14 or later; on Debian: apt install libpq5",
                   lib->PQlibVersion ? lib->PQlibVersion() / 10000 : 0);
  return true;
}
