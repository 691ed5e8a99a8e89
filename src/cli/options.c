/* options.c - reading command lines. See cli.h. */
#include "cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool mistake(const struct cli_line *line, const char *what, const char *value) {
  fprintf(stderr, "tidewire %s: %s%s; see tidewire %s --help\n", line->command, what, value, line->command);
  return false;
}

int cli_fail(const struct err *err) {
  fprintf(stderr, "tidewire: %s\n", err->message);
  return err->code;
}

/* --name=value, --name value, or --name for a boolean; *i moves past a value of its own. */
static bool take_flag(struct cli_line *line, int argc, char **argv, int *i) {
  const char *flag = argv[*i], *equals = strchr(flag, '=');
  const size_t len = equals ? (size_t)(equals - flag) : strlen(flag);
  const int id = line->settings && len > 2 ? settings_find(flag + 2, len - 2) : -1;
  struct err err;
  char where[80];
  if (id < 0 || memchr(flag, '_', len)) return mistake(line, "unknown flag ", flag);
  const char *value = equals ? equals + 1 : NULL;
  if (!value && settings_row((enum setting_id)id)->type == SETTING_BOOLEAN) value = "true";
  else if (!value && *i + 1 < argc) value = argv[++*i];
  if (!value) return mistake(line, "a value is missing for ", flag);
  snprintf(where, sizeof where, "%.*s", (int)len, flag);
  if (settings_set(line->settings, (enum setting_id)id, value, SETTING_FROM_FLAG, where, &err)) return true;
  cli_fail(&err);
  return false;
}

bool cli_parse(struct cli_line *line, int argc, char **argv) {
  for (int i = 0; i < argc; i++) {
    if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) line->help = true;
    else if (argv[i][0] == '-') {
      if (!take_flag(line, argc, argv, &i)) return false;
    } else if (!line->argument) line->argument = argv[i];
    else if (line->then && !line->second) line->second = argv[i];
    else return mistake(line, "unexpected argument ", argv[i]);
  }
  if (line->help) return true;
  if (!line->argument) return mistake(line, "missing argument ", line->what);
  return !line->then || line->second || mistake(line, "missing argument ", line->then);
}

bool cli_app_path(const struct cli_line *line, char *path, size_t cap) {
  char real[PATH_MAX], file[PATH_MAX + 16];
  struct stat info;
  if (!realpath(line->argument, real) || stat(real, &info) || !S_ISDIR(info.st_mode)) {
    fprintf(stderr, "tidewire %s: %s: no such folder\n", line->command, line->argument);
    return false;
  }
  snprintf(file, sizeof file, "%s/app.lua", real);
  if (stat(file, &info)) {
    fprintf(stderr, "tidewire %s: %s: not an app: it has no app.lua\n", line->command, line->argument);
    return false;
  }
  return snprintf(path, cap, "%s", real) < (int)cap;
}

void cli_print_settings(void) {
  for (int i = 0; i < SETTING_COUNT; i++) {
    const struct setting *row = settings_row((enum setting_id)i);
    char flag[40];
    snprintf(flag, sizeof flag, "--%s", row->name);
    for (char *p = flag; *p; p++)
      if (*p == '_') *p = '-';
    printf("  %-22s %s", flag, row->help);
    if (*row->fallback) printf(" (default %s)", row->fallback);
    printf("\n");
  }
}
