/* new.c - tidewire new NAME: write a small app that runs. The files are templates/app, embedded in the binary. */
#include "cli/cli.h"
#include "lua/bundle.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The last part of the path is the app's package name: it has to be usable in require "name.module". */
static bool valid_name(const char *name) {
  if (!(*name >= 'a' && *name <= 'z')) return false;
  return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name) && strcmp(name, "tidewire") != 0;
}

/* Write `size` bytes with every {{name}} replaced. */
static void write_filled(FILE *f, const char *data, size_t size, const char *name) {
  static const char mark[] = "{{name}}";
  for (const char *end = data + size; data < end;) {
    const char *at = memmem(data, (size_t)(end - data), mark, sizeof mark - 1);
    fwrite(data, 1, (size_t)((at ? at : end) - data), f);
    if (!at) return;
    fputs(name, f);
    data = at + sizeof mark - 1;
  }
}

static bool make_parents(char *path) {
  for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    const bool failed = mkdir(path, 0777) && errno != EEXIST;
    *slash = '/';
    if (failed) return false;
  }
  return true;
}

static bool write_file(const char *folder, const struct bundle_entry *file, const char *name) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", folder, file->name);
  FILE *f = make_parents(path) ? fopen(path, "wx") : NULL;
  if (f) write_filled(f, (const char *)file->data, file->size, name);
  if (f && !fclose(f)) return true;
  fprintf(stderr, "tidewire new: %s: %s\n", path, strerror(errno));
  return false;
}

static int write_app(const char *folder, const char *name) {
  if (mkdir(folder, 0777)) {
    fprintf(stderr, "tidewire new: %s: %s\n", folder, strerror(errno));
    return 2;
  }
  for (size_t i = 0; i < bundle_skeleton_count; i++)
    if (!write_file(folder, &bundle_skeleton[i], name)) return 2;
  printf("%s is ready: tidewire serve %s\n", folder, folder);
  return 0;
}

int cli_new(int argc, char **argv) {
  struct cli_line line = {.command = "new", .what = "NAME"};
  if (!cli_parse(&line, argc, argv)) return 2;
  if (line.help) {
    printf("tidewire new NAME - write a small app into the new folder NAME\n");
    return 0;
  }
  const char *slash = strrchr(line.argument, '/'), *name = slash ? slash + 1 : line.argument;
  if (valid_name(name)) return write_app(line.argument, name);
  fprintf(stderr, "tidewire new: \"%s\" is not a name for an app: expected a-z first, then a-z, 0-9 and _, and not tidewire\n", name);
  return 2;
}
