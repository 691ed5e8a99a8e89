/* cli.h - the commands. Each takes the arguments behind its name and returns the process's exit status: 0 done, 1 the app is at fault, 2 the command
 * line or the machine is. */
#pragma once
#include "base/err.h"
#include "base/settings.h"

int cli_serve(int argc, char **argv);
int cli_new(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_routes(int argc, char **argv);
int cli_loaddata(int argc, char **argv);

/* What a command line holds. */
struct cli_line {
  const char *command;
  const char *what;          /* the positional argument's name in messages: APP, NAME */
  const char *argument;      /* NULL when it was not given */
  const char *then;          /* a second positional argument's name, NULL when there is none */
  const char *second;        /* it */
  struct settings *settings; /* NULL: the command takes no settings */
  bool help;
};

/* Read the command line. On a mistake: false, and one line on standard error. */
bool cli_parse(struct cli_line *line, int argc, char **argv);

/* The absolute path of an app's folder; false and one line on standard error when it is none. */
bool cli_app_path(const struct cli_line *line, char *path, size_t cap);

/* Print err->message as one line (or more, when it holds a traceback) and return its exit status. */
int cli_fail(const struct err *err);

/* Flags of all settings with their defaults, for --help. */
void cli_print_settings(void);
