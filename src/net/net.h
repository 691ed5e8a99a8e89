/* net.h - one worker's network: listening socket, lws context, connections and what is done for them at the end of a tick.
 *
 * The layer above is reached through struct net_handlers only. A connection is named by its id everywhere outside net: ids carry a
 * generation, so one that is kept too long finds nothing instead of somebody else's connection.
 * One thread a net, except where a function says otherwise. */
#pragma once
#include "base/err.h"
#include "base/offload.h"
#include "net/http.h"
#include "net/ws.h"

#include <stdatomic.h>
#include <stdint.h>

struct conn;
struct net;

/* Shared by the nets of a process; read by /healthz. */
struct net_stats {
  atomic_long connections; /* open WebSocket connections */
  atomic_long tasks;       /* running Lua tasks; kept by the layer above */
  atomic_bool draining;    /* /healthz answers 503, new connections are refused */
};

struct net_static {
  char *prefix; /* owned: "/" or "/assets/" */
  char *root;   /* owned: absolute folder */
};

struct net_config {
  size_t max_message, outbox_limit;
  uint64_t ping_interval, handshake_timeout; /* ns; 0: no pings */
  unsigned ping_misses;
  unsigned max_connections;         /* of this net, 0: no limit of its own */
  const struct net_static *statics; /* borrowed, longest prefix first */
  size_t static_count;
};

struct net_handlers {
  /* A WebSocket handshake that RFC 6455 allows. Answer with conn_accept() or conn_refuse(), now or later. `r` is valid during the call. */
  void (*upgrade)(void *ctx, struct conn *c, const struct http_request *r);
  /* Any other request than /healthz. False when it is nothing for the layer above: static files are tried then. After true answer with
   * conn_respond(), now or later. `r` is valid during the call. */
  bool (*request)(void *ctx, struct conn *c, const struct http_request *r);
  /* A whole message. `data` may be changed and is gone after the call. */
  void (*message)(void *ctx, struct conn *c, bool text, const char *data, size_t len);
  /* The connection is gone, after `upgrade` was called for it; conn_find() does not know it any more. `code` is the peer's close code,
   * WS_NO_STATUS or WS_ABNORMAL when it sent none. Exactly once. */
  void (*closed)(void *ctx, struct conn *c, int code);
};

/* A listening socket on host:port with SO_REUSEPORT; `port` 0 takes a free one and *port receives it. -1 and err on failure. With `probe`
 * an address that another process listens on is an error, although it could be shared. */
int net_listen(const char *host, int *port, bool probe, struct err *err);

struct net *net_new(const struct net_config *config, const struct net_handlers *handlers, void *ctx, struct net_stats *stats, struct offload *offload,
                    struct mailbox *mailbox, struct err *err);
void net_free(struct net *n);

/* Serve connections that come in at `fd`, which becomes the net's. */
void net_serve(struct net *n, int fd);

/* Call ready(arg, readable, writable) in each net_wait() that finds `fd` (one that is not the net's) ready; replaces an earlier wish for it. With
 * neither read nor write it is called for errors only. */
void net_watch(struct net *n, int fd, bool read, bool write, void (*ready)(void *arg, bool readable, bool writable), void *arg);

/* Forget `fd`, before it is closed. */
void net_unwatch(struct net *n, int fd);

/* Close the listening socket; connections go on. */
void net_stop_listening(struct net *n);

/* Wait for events until clock_ns() == deadline at the latest, and handle them. True when the mailbox may hold mail. */
bool net_wait(struct net *n, uint64_t deadline);

/* End of a tick: pings and timeouts, writes, closes, in that order. Returns when it wants to be called again at the latest. */
uint64_t net_tick(struct net *n);

/* Close every WebSocket connection with `code` and every other one as soon as it is idle. */
void net_close_all(struct net *n, int code, const char *reason);

/* Connections of any kind that are still there. */
size_t net_count(const struct net *n);

/* ---- connections ---- */

enum conn_sent { CONN_SENT, CONN_CLOSED, CONN_TOO_SLOW };

/* The open connection (or the one whose handshake waits) with `id`, else NULL. */
struct conn *conn_find(struct net *n, uint64_t id);

uint64_t conn_id(const struct conn *c);

/* A pointer for the layer above. */
void conn_set_user(struct conn *c, void *user);
void *conn_user(const struct conn *c);

/* Peer's address as text into `to` (at least 46 bytes); returns its port. */
int conn_peer(const struct conn *c, char *to);

/* Complete a waiting handshake. False when it does not wait any more. */
bool conn_accept(struct conn *c, struct slice subprotocol);

/* Refuse a waiting handshake with an HTTP status; the connection ends. */
void conn_refuse(struct conn *c, int status, const char *text, const char *extra);

/* Answer the plain request that waits. */
void conn_respond(struct conn *c, int status, const char *text, const char *extra);

/* Queue one message made of `count` parts. CONN_TOO_SLOW: the outbox is full and the connection is being closed with 1013. */
enum conn_sent conn_send(struct conn *c, enum ws_opcode opcode, const struct slice *parts, size_t count);

/* Start the closing handshake. A connection whose handshake waits is refused with 403, as Channels does. */
void conn_close(struct conn *c, int code, const char *reason, size_t len);

/* Stop and go on reading; messages that were received already wait inside. */
void conn_pause(struct conn *c);
void conn_resume(struct conn *c);
