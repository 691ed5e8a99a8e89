/* conn.h - what the files of net/ know of a connection. Nobody outside net/ includes this.
 *
 * States:  HTTP → (UPGRADING → OPEN → CLOSING) → LINGER → freed
 *   HTTP       requests are read; `busy` while one waits for its answer
 *   UPGRADING  handlers->upgrade was called; bytes that come are kept in `in`
 *   OPEN       messages flow
 *   CLOSING    our close frame is queued; we wait for the peer's
 *   LINGER     everything is said; once the outbox is empty we shut down writing, and wait for the peer's end so that it reads our
 *              last bytes instead of a reset */
#pragma once
#include "base/list.h"
#include "net/net.h"

#include <libwebsockets.h>

enum conn_state { CONN_HTTP, CONN_UPGRADING, CONN_OPEN, CONN_CLOSING, CONN_LINGER };

struct transfer; /* a static file on its way, static.c */

struct conn {
  struct net *net;
  struct lws *wsi; /* borrowed: lws frees it and tells us by RAW_CLOSE */
  void *user;
  uint64_t id;
  int fd;
  enum conn_state state;
  bool dirty, paused, busy, keep_alive, head_only, shut, dead, counted, ws_ready;
  uint8_t missed_pings;
  struct list dirty_link; /* on net->dirty when dirty */
  struct list timed_link; /* on one of net's timed lists */
  uint64_t due;
  struct buf in;  /* bytes not understood yet; empty for an idle connection */
  struct buf out; /* borrowed from the net's pool while there is something to send */
  size_t out_sent;
  struct transfer *transfer; /* owned */
  union {
    struct ws_parser ws; /* while ws_ready */
    char accept_key[32]; /* before */
  };
};

enum { NET_TIMED_HTTP, NET_TIMED_PING, NET_TIMED_LINGER, NET_TIMED_COUNT };

struct conn_slot {
  struct conn *conn;
  uint32_t generation;
};

struct net {
  struct net_config config;
  struct net_handlers handlers;
  void *ctx;
  struct net_stats *stats;
  struct offload *offload;
  struct mailbox *mailbox;
  struct lws_context *lws;
  struct lws_vhost *vhost;
  struct poller *poller;
  int listen_fd;
  bool accept_paused, closing_all, mail;
  uint64_t accept_again;
  struct list dirty;
  struct list timed[NET_TIMED_COUNT]; /* each in order of `due`: all of a list wait equally long */
  struct conn_slot *slots;            /* owned */
  uint32_t *free_slots;               /* owned stack of indices */
  size_t slot_count, free_count, conn_count;
  struct buf *pool; /* spare outbox buffers */
  size_t pool_count;
  struct http_request request; /* the one being handled; too large for the stack of every call */
};

/* conn.c */
struct conn *conn_new(struct net *n, int fd);
void conn_free(struct conn *c);
void conn_receive(struct conn *c, char *bytes, size_t n);
void conn_flush(struct conn *c);
struct buf *conn_out(struct conn *c); /* the outbox to append to; it is flushed at the end of the tick */
void conn_linger(struct conn *c);
void conn_timed_out(struct conn *c, int list);
void conn_wait_for(struct conn *c, int list);
void conn_lost(struct conn *c, int code); /* tell the layer above, once */

/* http_conn.c */
bool http_conn_receive(struct conn *c); /* handle the requests in c->in; false when it has to stop */

/* static.c */
bool static_serve(struct conn *c, const struct http_request *r); /* false: no folder is mounted there */
void static_continue(struct conn *c);                            /* the outbox is empty: send on */
void static_cancel(struct conn *c);
