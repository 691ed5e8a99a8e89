/* worker.h - one worker: a thread with its network, Lua state, tasks and groups; and the process they share (struct cluster).
 *
 * Everything in struct worker belongs to the worker's thread. struct cluster is written before the workers start, except for its atomics
 * and what its lock guards. */
#pragma once
#include "base/mailbox.h"
#include "base/map.h"
#include "base/settings.h"
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
  bool running;            /* all workers are there: groups can be used */
  struct offload *offload; /* owned */
  struct net_stats stats;
  struct net_config net;
  struct net_static *statics; /* owned */
  size_t static_count;
  pthread_mutex_t lock;    /* guards group_counts, and the creation of nets: lws has global state */
  struct map group_counts; /* name → number of members in the process, as intptr_t */
  char address[300];       /* HOST:PORT that is listened on */
  atomic_int ended;        /* workers whose loop is over */
  int ended_fd;            /* eventfd, readable once all have ended */
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

/* Load the app, read its settings into `settings`, load it in every other worker, listen, and start the threads. On failure nothing runs,
 * nothing is left to free, and err is filled. */
bool cluster_start(struct cluster *c, struct settings *settings, const char *app_path, struct err *err);

/* Ask all workers to drain: stop accepting, finish running tasks within the grace time, close with 1001. c->ended_fd tells when they have. */
void cluster_drain(struct cluster *c);

/* Wait for the workers to end and free everything. */
void cluster_join(struct cluster *c);

/* The worker that a Lua state belongs to; NULL in the state that only checks an app. */
struct worker *worker_of(lua_State *L);

/* Send `mail` to worker `to`: through its mailbox, or in the next step when it is the sender itself. */
void worker_post(struct worker *from, struct worker *to, struct mail *mail);

/* Count `name`'s members of the process up or down; returns the new count. Any thread. */
long cluster_count(struct cluster *c, const char *name, size_t len, int change);
