/* worker.h - one worker: a thread with its network, Lua state, tasks and groups; and the process they share (struct cluster).
 *
 * Everything in struct worker belongs to the worker's thread. struct cluster is written before the workers start, except for its atomics
 * and what its lock guards. */
#pragma once
#include "base/mailbox.h"
#include "base/map.h"
#include "base/settings.h"
#include "base/throttle.h"
#include "db/driver.h"
#include "hub/hub.h"
#include "lua/task.h"
#include "lua/vm.h"
#include "net/net.h"

#include <pthread.h>

struct worker;

struct cluster {
  struct settings *settings; /* borrowed; read-only once workers run */
  const char *app_path;      /* borrowed: absolute folder of the app */
  struct worker **workers;   /* owned */
  int worker_count;
  bool running;              /* all workers are there: groups can be used */
  struct offload *offload;   /* owned */
  struct throttle *throttle; /* owned; has its own lock */
  struct net_stats stats;
  struct net_config net;
  struct net_static *statics; /* owned */
  size_t static_count;
  const struct db_driver *db_driver; /* NULL: the app has no database */
  struct db_config db_config;        /* url and app_path borrowed from settings */
  struct db_shared *db_shared;       /* owned */
  pthread_mutex_t lock;              /* guards group_counts, and the creation of nets: lws has global state */
  struct map group_counts;           /* name → number of members in the process, as intptr_t */
  char address[300];                 /* HOST:PORT that is listened on */
  atomic_int ended;                  /* workers whose loop is over */
  int ended_fd;                      /* eventfd, readable once all have ended */
};

/* The entry points that Lua registers with host.handlers(): references into the registry. */
struct handlers {
  int connect, message, bad_message, text, bytes, group, disconnect, request;
};

struct worker {
  struct cluster *cluster;
  int index;
  pthread_t thread;
  struct mailbox mailbox;
  int listen_fd; /* until net_serve() takes it */
  struct net *net;
  struct db *db; /* while the thread runs, and the app has a database */
  struct hub *hub;
  struct vm vm;
  struct scheduler scheduler;
  struct handlers handlers;
  struct map group_handlers;    /* name → reference of a Lua function, as intptr_t */
  struct list sessions;         /* every session of this worker */
  struct list closing_sessions; /* in order of their patience's end */
  size_t session_count;
  struct list background; /* tasks of no connection, by owner_link */
  size_t background_count;
  struct mail *pending, **pending_tail; /* group messages to this very worker, oldest first */
  bool encoding;                        /* scratch is being written to, with Lua's __tojson in between */
  struct buf scratch;
  bool draining, cancelled, closing;
  uint64_t drain_until; /* end of the grace time, then of what closing may take */
};

/* Load the app, read its settings into `settings`, open its database and create missing tables, load it in every other worker, listen, and start the
 * threads. On failure nothing runs, nothing is left to free, and err is filled. */
bool cluster_start(struct cluster *c, struct settings *settings, const char *app_path, struct err *err);

/* Ask all workers to drain: stop accepting, finish running tasks within the grace time, close with 1001. c->ended_fd tells when they have. */
void cluster_drain(struct cluster *c);

/* Wait for the workers to end and free everything. */
void cluster_join(struct cluster *c);

/* A worker with the app loaded, without a thread. It is in c->workers[index], whether it could be made or not (NULL then, and err). */
struct worker *worker_new(struct cluster *c, int index, struct err *err);
void worker_free(struct worker *w);

/* A worker's thread. */
void *worker_main(void *arg);

/* Run command(arguments…) of tidewire.commands as a task on the calling thread until it ends, the worker's loop turning meanwhile. False and err when
 * it fails; else *text is what it returned, the caller's, or NULL. */
bool worker_run_errand(struct worker *w, const char *command, int argument_count, char **arguments, char **text, struct err *err);

/* For commands: load the app in one worker, open its database, and run `command(arguments…)` of the framework's module tidewire.commands as a task on
 * the calling thread, without listening. It returns a text to print, or nothing. False and err when anything fails. */
bool cluster_run(struct settings *settings, const char *app_path, const char *command, int argument_count, char **arguments, struct err *err);

/* The worker that a Lua state belongs to; NULL in the state that only checks an app. */
struct worker *worker_of(lua_State *L);

/* Send `mail` to worker `to`: through its mailbox, or in the next step when it is the sender itself. */
void worker_post(struct worker *from, struct worker *to, struct mail *mail);

/* Count `name`'s members of the process up or down; returns the new count. Any thread. */
long cluster_count(struct cluster *c, const char *name, size_t len, int change);
