/* loaddata.c - tidewire loaddata APP FILE: put the rows of a fixture into the app's database. */
#include "base/log.h"
#include "cli/cli.h"
#include "lua/worker.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int print_help(void) {
  printf(
      "tidewire loaddata APP FILE - put the rows of a fixture into the app's database, all or none\n\n"
      "FILE is JSON Lines, or a JSON list, of {\"model\": \"app.Model\", \"pk\": …, \"fields\": {…}} as Django writes them. A row whose primary key "
      "is\n"
      "there already is replaced. Missing tables are created. Every setting of `tidewire serve` can be given, --database above all:\n\n");
  cli_print_settings();
  return 0;
}

static int load(struct settings *settings, const char *app_path, const char *file) {
  char path[PATH_MAX];
  struct err err;
  if (!realpath(file, path)) {
    perror(file);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  log_init((enum log_level)log_level_from(settings_text(settings, SETTING_LOG_LEVEL)), !isatty(STDERR_FILENO));
  char *arguments[] = {path};
  return cluster_run(settings, app_path, "loaddata", 1, arguments, &err) ? 0 : cli_fail(&err);
}

int cli_loaddata(int argc, char **argv) {
  struct settings settings;
  struct err err;
  char path[PATH_MAX];
  struct cli_line line = {.command = "loaddata", .what = "APP", .then = "FILE", .settings = &settings};
  settings_init(&settings);
  int status = 2;
  if (cli_parse(&line, argc, argv)) {
    if (line.help) status = print_help();
    else if (!settings_from_environment(&settings, &err)) status = cli_fail(&err);
    else if (cli_app_path(&line, path, sizeof path)) status = load(&settings, path, line.second);
  }
  settings_fini(&settings);
  return status;
}
