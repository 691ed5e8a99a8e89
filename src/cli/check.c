/* check.c - tidewire check APP and tidewire routes APP: look at an app without serving it. */
#include "base/log.h"
#include "cli/cli.h"
#include "lua/vm.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* An app that is loaded, with all that serving it would read from it. */
struct look {
  struct settings settings;
  struct vm vm;
  struct net_static *statics;
  size_t static_count;
  char path[PATH_MAX];
};

static bool look_at(struct look *k, struct err *err) {
  log_init(LOG_LEVEL_WARNING, !isatty(STDERR_FILENO));
  if (!settings_from_environment(&k->settings, err) || !vm_open(&k->vm, NULL, &k->settings, err)) return false;
  if (!vm_load_app(&k->vm, k->path, err) || !vm_read_settings(&k->vm, &k->settings, err)) return false;
  return vm_read_statics(&k->vm, k->path, &k->statics, &k->static_count, err);
}

/* Push the list that tidewire.app.routes() makes. */
static void push_routes(struct vm *vm) {
  lua_State *L = vm->L;
  lua_getglobal(L, "require");
  lua_pushliteral(L, "tidewire.app");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "routes");
  vm_push_app(vm);
  lua_call(L, 1, 1);
}

static const char *field(lua_State *L, const char *name) { /* valid while the route is on the stack */
  lua_getfield(L, -1, name);
  const char *text = lua_tostring(L, -1);
  lua_pop(L, 1);
  return text ? text : "";
}

static int print_routes(struct look *k) {
  lua_State *L = k->vm.L;
  push_routes(&k->vm);
  const int n = (int)lua_objlen(L, -1);
  for (int i = 1; i <= n; i++) {
    lua_rawgeti(L, -1, i);
    printf("%-10s %-40s %s\n", field(L, "kind"), field(L, "pattern"), field(L, "target"));
    lua_pop(L, 1);
  }
  return 0;
}

static int print_summary(struct look *k) {
  char name[256];
  push_routes(&k->vm);
  vm_package_name(k->path, name, sizeof name);
  const size_t count = lua_objlen(k->vm.L, -1);
  printf("%s: ok, %zu route%s\n", name, count, count == 1 ? "" : "s");
  return 0;
}

static int run(struct cli_line *line, int argc, char **argv, const char *help, int (*show)(struct look *k)) {
  struct look k = {0};
  struct err err;
  if (!cli_parse(line, argc, argv)) return 2;
  if (line->help) return printf("%s", help) < 0;
  if (!cli_app_path(line, k.path, sizeof k.path)) return 2;
  settings_init(&k.settings);
  const bool ok = look_at(&k, &err);
  const int status = ok ? show(&k) : cli_fail(&err);
  if (ok) vm_free_statics(k.statics, k.static_count);
  vm_close(&k.vm);
  settings_fini(&k.settings);
  return status;
}

int cli_check(int argc, char **argv) {
  struct cli_line line = {.command = "check", .what = "APP"};
  return run(&line, argc, argv, "tidewire check APP - load the app in folder APP, say what is wrong with it, and do nothing else\n", print_summary);
}

int cli_routes(int argc, char **argv) {
  struct cli_line line = {.command = "routes", .what = "APP"};
  return run(&line, argc, argv, "tidewire routes APP - list the app's routes: kind, pattern, and the consumer or folder behind it\n", print_routes);
}
