/* main.c - which command is meant. */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static const struct command {
  const char *name, *usage, *help;
  int (*run)(int argc, char **argv);
} commands[] = {
    {"serve", "serve APP", "serve the app in folder APP", cli_serve},
    {"loaddata", "loaddata APP FILE", "put the rows of a fixture into the app's database", cli_loaddata},
    {"new", "new NAME", "write a small app into the new folder NAME", cli_new},
    {"check", "check APP", "load the app and say what is wrong with it", cli_check},
    {"routes", "routes APP", "list the app's routes", cli_routes},
};

enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static int print_help(FILE *to) {
  fprintf(to, "Tidewire " TIDEWIRE_VERSION ", a realtime API server for apps written in Lua\n\nusage: tidewire COMMAND …\n\n");
  for (int i = 0; i < COMMAND_COUNT; i++) fprintf(to, "  %-18s %s\n", commands[i].usage, commands[i].help);
  fprintf(to, "  %-18s %s\n\n`tidewire COMMAND --help` says more about one.\n", "--version", "print the version");
  return to == stdout ? 0 : 2;
}

int main(int argc, char **argv) {
  const char *name = argc > 1 ? argv[1] : "";
  for (int i = 0; i < COMMAND_COUNT; i++)
    if (!strcmp(name, commands[i].name)) return commands[i].run(argc - 2, argv + 2);
  if (!strcmp(name, "--version")) return printf("tidewire " TIDEWIRE_VERSION "\n") < 0;
  if (!strcmp(name, "--help") || !strcmp(name, "-h")) return print_help(stdout);
  if (!*name) return print_help(stderr);
  fprintf(stderr, "tidewire: unknown %s %s; see tidewire --help\n", *name == '-' ? "flag" : "command", name);
  return 2;
}
