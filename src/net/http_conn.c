/* http_conn.c - requests on a connection: /healthz, static files, WebSocket handshakes, and what the layer above answers. */
#include "net/conn.h"

#include <stdio.h>
#include <string.h>

static void refuse_and_end(struct conn *c, int status, const char *reason, const char *extra) {
  http_write_text(conn_out(c), status, reason, false, c->head_only, extra);
  conn_linger(c);
}

static void respond_health(struct conn *c) {
  struct net_stats *stats = c->net->stats;
  const bool draining = atomic_load(&stats->draining);
  char body[128];
  const int len = snprintf(body, sizeof body, "{\"status\":\"%s\",\"connections\":%ld,\"tasks\":%ld}\n", draining ? "draining" : "ok",
                           atomic_load(&stats->connections), atomic_load(&stats->tasks));
  struct buf *out = conn_out(c);
  http_write_head(out, draining ? 503 : 200, "application/json", (uint64_t)len, c->keep_alive, "Cache-Control: no-store\r\n");
  if (!c->head_only) buf_put(out, body, (size_t)len);
  if (!c->keep_alive) conn_linger(c);
}

static void start_upgrade(struct conn *c, const struct http_request *r) {
  const struct slice *key;
  const char *reason, *extra;
  const int status = http_check_upgrade(r, &key, &reason, &extra);
  if (status) {
    refuse_and_end(c, status, reason, extra);
    return;
  }
  if (atomic_load(&c->net->stats->draining)) {
    refuse_and_end(c, 503, "the server is shutting down", "Retry-After: 1\r\n");
    return;
  }
  ws_accept_key(c->accept_key, key->data, key->len);
  c->state = CONN_UPGRADING;
  c->net->handlers.upgrade(c->net->ctx, c, r);
}

static bool wants_upgrade(const struct http_request *r) { return http_header(r, "upgrade", NULL) != NULL; }

static void dispatch(struct conn *c, const struct http_request *r) {
  c->keep_alive = r->keep_alive && !c->net->closing_all;
  c->head_only = slice_is(r->method, "HEAD");
  if (wants_upgrade(r)) {
    start_upgrade(c, r);
  } else if (slice_is(r->path, "/healthz")) {
    respond_health(c);
  } else {
    c->busy = true;
    if (!c->net->handlers.request(c->net->ctx, c, r) && !static_serve(c, r)) conn_respond(c, 404, "Not Found", NULL);
  }
}

bool http_conn_receive(struct conn *c) {
  const size_t len = http_head_length(c->in.data, c->in.len);
  const char *reason;
  c->head_only = false;
  if (!len) {
    if (c->in.len > HTTP_HEAD_LIMIT) refuse_and_end(c, 431, "the request's head is too large", NULL);
    return false;
  }
  if (len > HTTP_HEAD_LIMIT) {
    refuse_and_end(c, 431, "the request's head is too large", NULL);
    return false;
  }
  const int status = http_parse(&c->net->request, c->in.data, len, &reason);
  conn_wait_for(c, NET_TIMED_HTTP);
  if (status) refuse_and_end(c, status, reason, NULL);
  else dispatch(c, &c->net->request);
  if (c->in.len) buf_consume(&c->in, len); /* conn_linger() has emptied it already */
  return c->state != CONN_LINGER;
}
