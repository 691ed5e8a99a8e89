/* serve.c - tidewire serve APP: run the app until a signal ends it. */
#include "base/log.h"
#include "cli/cli.h"
#include "lua/worker.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_AT_ONCE = 130 }; /* what shells expect of a process that was interrupted */

static int print_help(void) {
  printf(
      "tidewire serve APP - serve the app in folder APP\n\n"
      "Every setting can also be given in the environment (TIDEWIRE_PING_INTERVAL=5) or in app.lua\n"
      "(ping_interval = 5); a flag is stronger than the environment, which is stronger than app.lua.\n\n");
  cli_print_settings();
  printf("\nSIGTERM and SIGINT drain: stop accepting, finish running tasks within --grace, close with 1001.\nA second SIGINT ends at once.\n");
  return 0;
}

/* A connection is a descriptor: take as many as we may have. */
static void raise_descriptor_limit(void) {
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files)) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

/* Route SIGTERM and SIGINT into a descriptor, for this thread and all that it starts. */
static int open_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

static int next_signal(int fd) {
  struct signalfd_siginfo info;
  return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

/* Wait for signals until all workers have ended. */
static void supervise(struct cluster *c, int signals) {
  struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = c->ended_fd, .events = POLLIN}};
  for (bool draining = false; !(fds[1].revents & POLLIN);) {
    if (ppoll(fds, 2, NULL, NULL) < 0 || !(fds[0].revents & POLLIN)) continue;
    const int signo = next_signal(signals);
    if (draining && signo == SIGINT) _exit(EXIT_AT_ONCE);
    if (draining || !signo) continue;
    draining = true;
    log_event(LOG_LEVEL_INFO, "draining", "signal", strsignal(signo), NULL);
    cluster_drain(c);
  }
}

static void start_log(const struct settings *s) {
  log_init((enum log_level)log_level_from(settings_text(s, SETTING_LOG_LEVEL)), !isatty(STDERR_FILENO));
}

static int serve(struct settings *settings, const char *app_path) {
  struct cluster cluster;
  struct err err;
  char workers[16];
  raise_descriptor_limit();
  start_log(settings); /* while the app loads it may log; its own log_level counts from then on */
  const int signals = open_signals();
  if (!cluster_start(&cluster, settings, app_path, &err)) return cli_fail(&err);
  start_log(settings);
  snprintf(workers, sizeof workers, "%d", cluster.worker_count);
  log_event(LOG_LEVEL_INFO, "listening", "address", cluster.address, "workers", workers, "app", app_path, NULL);
  supervise(&cluster, signals);
  cluster_join(&cluster);
  close(signals);
  log_event(LOG_LEVEL_INFO, "stopped", NULL);
  return 0;
}

int cli_serve(int argc, char **argv) {
  struct settings settings;
  struct err err;
  char path[PATH_MAX];
  struct cli_line line = {.command = "serve", .what = "APP", .settings = &settings};
  settings_init(&settings);
  int status = 2;
  if (cli_parse(&line, argc, argv)) {
    if (line.help) status = print_help();
    else if (!settings_from_environment(&settings, &err)) status = cli_fail(&err);
    else if (cli_app_path(&line, path, sizeof path)) status = serve(&settings, path);
  }
  settings_fini(&settings);
  return status;
}
