/* conn.c - one connection: bytes in, frames out, and the closing handshake. See conn.h for its states.
 *
 * INVARIANTS: nothing here frees a connection or calls send(): a connection that must go is marked dead and lws is told at the end of
 * the tick, when nobody walks over connections. Messages are handed up in the order of arrival and never after closed(). */
#include "net/conn.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { INDEX_BITS = 24 };

static uint32_t take_slot(struct net *n) {
  if (!n->free_count) {
    const size_t count = n->slot_count ? n->slot_count * 2 : 256;
    n->slots = xrealloc(n->slots, count * sizeof *n->slots);
    n->free_slots = xrealloc(n->free_slots, count * sizeof *n->free_slots);
    for (size_t i = count; i > n->slot_count; i--) {
      n->slots[i - 1] = (struct conn_slot){0};
      n->free_slots[n->free_count++] = (uint32_t)(i - 1);
    }
    n->slot_count = count;
  }
  return n->free_slots[--n->free_count];
}

struct conn *conn_new(struct net *n, int fd) {
  struct conn *c = xcalloc(1, sizeof *c);
  const uint32_t index = take_slot(n);
  n->slots[index].conn = c;
  n->slots[index].generation = (n->slots[index].generation + 1) & 0xfffffff;
  c->net = n;
  c->fd = fd;
  c->id = (uint64_t)n->slots[index].generation << INDEX_BITS | index;
  c->keep_alive = true;
  list_init(&c->dirty_link);
  list_init(&c->timed_link);
  buf_init(&c->in);
  buf_init(&c->out);
  n->conn_count++;
  conn_wait_for(c, NET_TIMED_HTTP);
  return c;
}

static void end_websocket(struct conn *c) {
  if (c->ws_ready) ws_fini(&c->ws);
  c->ws_ready = false;
}

static bool speaks_websocket(const struct conn *c) { return c->state == CONN_OPEN || c->state == CONN_CLOSING; }

static void return_out(struct conn *c) {
  struct net *n = c->net;
  if (!c->out.cap) return;
  if (c->out.cap > 16384 || n->pool_count == 1024) {
    buf_fini(&c->out);
  } else {
    buf_clear(&c->out);
    n->pool[n->pool_count++] = c->out;
  }
  buf_init(&c->out);
  c->out_sent = 0;
}

void conn_free(struct conn *c) {
  struct net *n = c->net;
  conn_lost(c, WS_ABNORMAL);
  static_cancel(c);
  list_remove(&c->dirty_link);
  list_remove(&c->timed_link);
  return_out(c);
  buf_fini(&c->in);
  end_websocket(c);
  const uint32_t index = (uint32_t)(c->id & ((1u << INDEX_BITS) - 1));
  n->slots[index].conn = NULL;
  n->free_slots[n->free_count++] = index;
  n->conn_count--;
  free(c);
}

struct conn *conn_find(struct net *n, uint64_t id) {
  const uint64_t index = id & ((1u << INDEX_BITS) - 1);
  struct conn *c = index < n->slot_count ? n->slots[index].conn : NULL;
  if (!c || c->id != id || c->dead) return NULL;
  return c->state == CONN_OPEN || c->state == CONN_UPGRADING || (c->state == CONN_HTTP && c->busy) ? c : NULL;
}

uint64_t conn_id(const struct conn *c) { return c->id; }
void conn_set_user(struct conn *c, void *user) { c->user = user; }
void *conn_user(const struct conn *c) { return c->user; }

void conn_lost(struct conn *c, int code) {
  if (!c->user) return;
  void *user = c->user;
  const enum conn_state state = c->state;
  if (c->counted) atomic_fetch_sub_explicit(&c->net->stats->connections, 1, memory_order_relaxed);
  c->counted = false;
  if (state == CONN_OPEN || state == CONN_UPGRADING) c->state = state == CONN_OPEN ? CONN_CLOSING : CONN_LINGER;
  c->net->handlers.closed(c->net->ctx, c, code);
  if (c->user == user) c->user = NULL;
}

/* ---- sending ---- */

static void mark_dirty(struct conn *c) {
  if (c->dirty) return;
  c->dirty = true;
  list_push(&c->net->dirty, &c->dirty_link);
}

struct buf *conn_out(struct conn *c) {
  struct net *n = c->net;
  if (!c->out.cap && n->pool_count) c->out = n->pool[--n->pool_count];
  mark_dirty(c);
  return &c->out;
}

static void put_frame(struct conn *c, enum ws_opcode opcode, const char *data, size_t len) {
  char head[10];
  struct buf *out = conn_out(c);
  buf_put(out, head, ws_head(head, opcode, len));
  buf_put(out, data, len);
}

static void start_closing(struct conn *c, int code, const char *reason, size_t len) {
  char body[125] = {(char)(code >> 8), (char)code};
  if (len > sizeof body - 2) len = sizeof body - 2;
  while (len && !utf8_valid(reason, len)) len--; /* a cut may not split a character */
  memcpy(body + 2, reason, len);
  put_frame(c, WS_CLOSE, body, code == WS_NO_STATUS ? 0 : len + 2);
}

enum conn_sent conn_send(struct conn *c, enum ws_opcode opcode, const struct slice *parts, size_t count) {
  if (c->state != CONN_OPEN || c->dead) return CONN_CLOSED;
  size_t len = 0;
  for (size_t i = 0; i < count; i++) len += parts[i].len;
  if (c->out.len - c->out_sent + len > c->net->config.outbox_limit) {
    conn_close(c, WS_TRY_LATER, "slow consumer", 13);
    return CONN_TOO_SLOW;
  }
  char head[10];
  struct buf *out = conn_out(c);
  buf_reserve(out, len + sizeof head);
  buf_put(out, head, ws_head(head, opcode, len));
  for (size_t i = 0; i < count; i++) buf_put(out, parts[i].data, parts[i].len);
  return CONN_SENT;
}

void conn_close(struct conn *c, int code, const char *reason, size_t len) {
  if (c->state == CONN_UPGRADING) {
    conn_refuse(c, 403, "Access denied", NULL);
  } else if (c->state == CONN_OPEN) {
    start_closing(c, code, reason, len);
    c->state = CONN_CLOSING;
    conn_wait_for(c, NET_TIMED_LINGER);
  }
}

void conn_linger(struct conn *c) {
  c->state = CONN_LINGER;
  buf_fini(&c->in);
  conn_wait_for(c, NET_TIMED_LINGER);
  mark_dirty(c); /* the flush shuts writing down, also when there is nothing to send */
}

/* ---- receiving ---- */

static void pong(struct conn *c, const struct ws_result *r) {
  if (c->out.len - c->out_sent < c->net->config.outbox_limit) put_frame(c, WS_PONG, r->data, r->len);
}

/* The peer's close frame, or a frame that breaks the protocol: either way one close frame goes out and nothing more is read. */
static void end_of_messages(struct conn *c, const struct ws_result *r) {
  if (c->state == CONN_OPEN) start_closing(c, r->code, r->data, r->len);
  conn_lost(c, r->code);
  end_websocket(c);
  conn_linger(c);
}

static void handle(struct conn *c, enum ws_event event, const struct ws_result *r) {
  c->missed_pings = 0;
  switch (event) {
    case WS_EVENT_TEXT:
    case WS_EVENT_BINARY:
      if (c->state == CONN_OPEN) c->net->handlers.message(c->net->ctx, c, event == WS_EVENT_TEXT, r->data, r->len);
      break;
    case WS_EVENT_PING: pong(c, r); break;
    case WS_EVENT_CLOSE:
    case WS_EVENT_ERROR: end_of_messages(c, r); break;
    case WS_EVENT_PONG:
    case WS_NEED_MORE: break;
  }
}

/* Parse frames until the bytes end, the connection closes or reading is paused; returns how many bytes were taken. */
static size_t parse_frames(struct conn *c, char *bytes, size_t n) {
  size_t at = 0;
  while (at < n && speaks_websocket(c) && !c->paused) {
    struct ws_result r = {0};
    size_t used;
    const enum ws_event event = ws_parse(&c->ws, bytes + at, n - at, &used, &r);
    at += used;
    handle(c, event, &r);
  }
  return at;
}

static void keep(struct conn *c, const char *bytes, size_t n) {
  if (n) buf_put(&c->in, bytes, n);
}

/* Work through what was kept; what cannot be handled yet stays. */
static void drain_in(struct conn *c) {
  for (;;) {
    if (c->state == CONN_HTTP && !c->busy) {
      if (!http_conn_receive(c)) break;
    } else if (speaks_websocket(c) && !c->paused && c->in.len) {
      const size_t used = parse_frames(c, c->in.data, c->in.len);
      if (c->in.len) buf_consume(&c->in, used);
    } else {
      break;
    }
  }
  if (!c->in.len && c->in.cap) buf_fini(&c->in);
}

void conn_receive(struct conn *c, char *bytes, size_t n) {
  if (c->state == CONN_LINGER || c->dead) return;
  if (speaks_websocket(c) && !c->in.len) {
    const size_t used = parse_frames(c, bytes, n);
    if (used < n && speaks_websocket(c)) keep(c, bytes + used, n - used);
    return;
  }
  if (c->in.len + n > HTTP_HEAD_LIMIT + c->net->config.max_message + 65536) { /* bytes before the handshake is answered */
    c->dead = true;
    mark_dirty(c);
    return;
  }
  keep(c, bytes, n);
  drain_in(c);
}

void conn_pause(struct conn *c) {
  if (c->paused) return;
  c->paused = true;
  lws_rx_flow_control(c->wsi, 0);
}

void conn_resume(struct conn *c) {
  if (!c->paused) return;
  c->paused = false;
  c->missed_pings = 0; /* pongs could not be read meanwhile */
  drain_in(c);
  if (!c->paused) lws_rx_flow_control(c->wsi, 1);
}

/* ---- handshake ---- */

bool conn_accept(struct conn *c, struct slice subprotocol) {
  if (c->state != CONN_UPGRADING || c->dead) return false;
  struct buf *out = conn_out(c);
  buf_printf(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n", c->accept_key);
  if (subprotocol.len) buf_printf(out, "Sec-WebSocket-Protocol: %.*s\r\n", (int)subprotocol.len, subprotocol.data);
  buf_put_str(out, "\r\n");
  ws_init(&c->ws, c->net->config.max_message);
  c->ws_ready = true;
  c->state = CONN_OPEN;
  c->counted = true;
  atomic_fetch_add_explicit(&c->net->stats->connections, 1, memory_order_relaxed);
  conn_wait_for(c, NET_TIMED_PING);
  return true;
}

void conn_refuse(struct conn *c, int status, const char *text, const char *extra) {
  if (c->state != CONN_UPGRADING) return;
  http_write_text(conn_out(c), status, text, false, false, extra);
  conn_linger(c);
}

void conn_respond(struct conn *c, int status, const char *text, const char *extra) {
  if (c->state != CONN_HTTP || !c->busy) return;
  http_write_text(conn_out(c), status, text, c->keep_alive, c->head_only, extra);
  c->busy = false;
  if (!c->keep_alive) conn_linger(c);
}

/* ---- time ---- */

static uint64_t patience(const struct net *n, int list) {
  if (list == NET_TIMED_HTTP) return n->config.handshake_timeout;
  return list == NET_TIMED_PING ? n->config.ping_interval : 2 * CLOCK_NS_PER_SEC;
}

void conn_wait_for(struct conn *c, int list) {
  list_remove(&c->timed_link);
  const uint64_t ns = patience(c->net, list);
  if (!ns) return;
  c->due = clock_ns() + ns;
  list_push(&c->net->timed[list], &c->timed_link);
}

static void ping(struct conn *c) {
  if (c->missed_pings >= c->net->config.ping_misses && !c->paused) {
    c->dead = true;
    mark_dirty(c);
    return;
  }
  if (!c->paused) c->missed_pings++;
  put_frame(c, WS_PING, "", 0);
  conn_wait_for(c, NET_TIMED_PING);
}

void conn_timed_out(struct conn *c, int list) {
  list_remove(&c->timed_link);
  if (list == NET_TIMED_PING) {
    ping(c);
    return;
  }
  if (list == NET_TIMED_HTTP && c->state == CONN_HTTP && c->in.len) {
    http_write_text(conn_out(c), 408, "the request took too long", false, false, NULL);
    conn_linger(c);
    return;
  }
  c->dead = true;
  mark_dirty(c);
}

/* ---- writing ---- */

/* Everything queued is on its way. */
static void flushed(struct conn *c) {
  return_out(c);
  if (c->transfer) static_continue(c);
  else if (c->in.len && ((c->state == CONN_HTTP && !c->busy) || c->state == CONN_OPEN)) drain_in(c); /* came while an answer was awaited */
  if (c->state == CONN_LINGER && !c->shut && !c->out.len) {
    c->shut = true;
    shutdown(c->fd, SHUT_WR);
  }
}

void conn_flush(struct conn *c) {
  c->dirty = false;
  while (c->out_sent < c->out.len) {
    const ssize_t n = send(c->fd, c->out.data + c->out_sent, c->out.len - c->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      /* what was sent makes room, so a slow reader's outbox stays near what it really holds */
      if (c->out_sent > 65536 && c->out_sent * 2 > c->out.len) {
        buf_consume(&c->out, c->out_sent);
        c->out_sent = 0;
      }
      lws_callback_on_writable(c->wsi);
      return;
    }
    if (n < 0) {
      c->dead = true;
      return;
    }
    c->out_sent += (size_t)n;
    if (c->transfer) conn_wait_for(c, NET_TIMED_HTTP); /* a reader may be slow, but it must read */
  }
  flushed(c);
}
