/* net.c - see net.h: lws as the source of bytes, the listening socket, and the end of a tick. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/conn.h"
#include "net/poller.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPT_BATCH = 256, READ_BUFFER = 65536 };

/* ---- lws ---- */

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len) {
  (void)user;
  struct conn *c;
  switch (reason) {
    case LWS_CALLBACK_RAW_RX:
      if ((c = lws_get_opaque_user_data(wsi))) conn_receive(c, in, len);
      return 0;
    case LWS_CALLBACK_RAW_WRITEABLE:
      if ((c = lws_get_opaque_user_data(wsi))) conn_out(c);
      return 0;
    case LWS_CALLBACK_RAW_CLOSE:
      if ((c = lws_get_opaque_user_data(wsi))) {
        poller_forget(c->net->poller, c->fd);
        conn_free(c);
      }
      lws_set_opaque_user_data(wsi, NULL);
      return 0;
    default: return 0;
  }
}

static const struct lws_protocols protocols[] = {{.name = "tidewire", .callback = on_lws, .rx_buffer_size = READ_BUFFER}, {0}};

static void forward_lws_log(int level, const char *line) {
  char text[256];
  size_t n = strcspn(line, "\n");
  if (n >= sizeof text) n = sizeof text - 1;
  memcpy(text, line, n);
  text[n] = 0;
  log_event(level == LLL_ERR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING, "libwebsockets", "message", text, NULL);
}

static bool create_lws(struct net *n, struct err *err) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  struct lws_context_creation_info info = {
      .port = CONTEXT_PORT_NO_LISTEN,
      .protocols = protocols,
      .fd_limit_per_thread = (unsigned)files.rlim_cur, /* the limit itself: a lower one makes lws search descriptors one by one */
      .pt_serv_buf_size = READ_BUFFER,
      .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
  };
  lws_set_log_level(LLL_ERR | LLL_WARN, forward_lws_log);
  n->lws = lws_create_context(&info);
  if (!n->lws) return err_set(err, 1, "libwebsockets did not start");
  n->vhost = lws_create_vhost(n->lws, &info);
  return n->vhost || err_set(err, 1, "libwebsockets did not create a vhost");
}

/* ---- life ---- */

static void mail_came(void *arg, bool readable, bool writable) {
  struct net *n = arg;
  (void)writable;
  n->mail |= readable;
}

struct net *net_new(const struct net_config *config, const struct net_handlers *handlers, void *ctx, struct net_stats *stats, struct offload *offload,
                    struct mailbox *mailbox, struct err *err) {
  struct net *n = xcalloc(1, sizeof *n);
  *n = (struct net){.config = *config, .handlers = *handlers, .ctx = ctx, .stats = stats, .offload = offload, .mailbox = mailbox, .listen_fd = -1};
  list_init(&n->dirty);
  for (int i = 0; i < NET_TIMED_COUNT; i++) list_init(&n->timed[i]);
  n->pool = xcalloc(1024, sizeof *n->pool);
  n->poller = poller_new();
  poller_attach(n->poller);
  poller_watch(n->poller, mailbox->fd, true, false, mail_came, n);
  if (create_lws(n, err)) return n;
  net_free(n);
  return NULL;
}

void net_free(struct net *n) {
  if (!n) return;
  net_stop_listening(n);
  if (n->lws) lws_context_destroy(n->lws);
  for (size_t i = 0; i < n->slot_count; i++)
    if (n->slots[i].conn) conn_free(n->slots[i].conn);
  while (n->pool_count) buf_fini(&n->pool[--n->pool_count]);
  poller_attach(NULL);
  poller_free(n->poller);
  free(n->pool);
  free(n->slots);
  free(n->free_slots);
  free(n);
}

size_t net_count(const struct net *n) { return n->conn_count; }

/* ---- listening ---- */

static int open_socket(const struct addrinfo *a, bool shared) {
  const int one = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 4096)) {
    const int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}

static int port_of(int fd) {
  struct sockaddr_storage at;
  socklen_t len = sizeof at;
  memset(&at, 0, sizeof at);
  if (getsockname(fd, (struct sockaddr *)&at, &len)) return 0;
  return ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port : ((struct sockaddr_in *)&at)->sin_port);
}

int net_listen(const char *host, int *port, bool probe, struct err *err) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
  char service[16];
  snprintf(service, sizeof service, "%d", *port);
  if (!strcmp(host, "localhost")) hints.ai_family = AF_INET; /* 127.0.0.1 rather than whichever comes first */
  const int failed = getaddrinfo(*host ? host : NULL, service, &hints, &found);
  if (failed) {
    err_set(err, 2, "cannot listen on %s:%d: %s", host, *port, gai_strerror(failed));
    return -1;
  }
  int fd = probe ? open_socket(found, false) : 0;
  if (probe && fd >= 0) close(fd); /* nobody else has it: take it in a way that workers can share */
  if (fd >= 0) fd = open_socket(found, true);
  if (fd < 0) err_set(err, 2, "cannot listen on %s:%d: %s", host, *port, strerror(errno));
  freeaddrinfo(found);
  if (fd >= 0) *port = port_of(fd);
  return fd;
}

void net_watch(struct net *n, int fd, bool read, bool write, void (*ready)(void *arg, bool readable, bool writable), void *arg) {
  poller_watch(n->poller, fd, read, write, ready, arg);
}

void net_unwatch(struct net *n, int fd) { poller_unwatch(n->poller, fd); }

void net_stop_listening(struct net *n) {
  if (n->listen_fd < 0) return;
  poller_unwatch(n->poller, n->listen_fd);
  close(n->listen_fd);
  n->listen_fd = -1;
}

static void adopt(struct net *n, int fd) {
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct conn *c = conn_new(n, fd);
  const lws_adopt_desc_t desc = {.vh = n->vhost, .type = LWS_ADOPT_SOCKET, .fd.sockfd = fd, .vh_prot_name = "tidewire", .opaque = c};
  c->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
  if (!c->wsi) conn_free(c); /* lws has closed the descriptor */
}

/* Out of descriptors: accepting again at once would spin, so the queue waits for a moment. */
static void pause_accepting(struct net *n) {
  log_event(LOG_LEVEL_ERROR, "cannot accept connections", "reason", strerror(errno), NULL);
  poller_unwatch(n->poller, n->listen_fd);
  n->accept_paused = true;
  n->accept_again = clock_ns() + 100 * CLOCK_NS_PER_MS;
}

static void accept_all(struct net *n) {
  for (int i = 0; i < ACCEPT_BATCH; i++) {
    const int fd = accept4(n->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) pause_accepting(n);
      if (errno == ECONNABORTED || errno == EINTR) continue;
      return;
    }
    if (n->config.max_connections && n->conn_count >= n->config.max_connections) close(fd);
    else adopt(n, fd);
  }
}

static void connection_came(void *arg, bool readable, bool writable) {
  (void)writable;
  if (readable) accept_all(arg);
}

void net_serve(struct net *n, int fd) {
  n->listen_fd = fd;
  poller_watch(n->poller, fd, true, false, connection_came, n);
}

int conn_peer(const struct conn *c, char *to) {
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  to[0] = 0;
  memset(&peer, 0, sizeof peer);
  if (getpeername(c->fd, (struct sockaddr *)&peer, &len)) return 0;
  if (peer.ss_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&peer;
    inet_ntop(AF_INET6, &in6->sin6_addr, to, 46);
    return ntohs(in6->sin6_port);
  }
  const struct sockaddr_in *in = (struct sockaddr_in *)&peer;
  inet_ntop(AF_INET, &in->sin_addr, to, 46);
  return ntohs(in->sin_port);
}

/* ---- a turn ---- */

bool net_wait(struct net *n, uint64_t deadline) {
  if (n->accept_paused && n->accept_again < deadline) deadline = n->accept_again;
  poller_deadline(n->poller, deadline);
  lws_service(n->lws, 0);
  if (n->accept_paused && clock_ns() >= n->accept_again && n->listen_fd >= 0) {
    n->accept_paused = false;
    poller_watch(n->poller, n->listen_fd, true, false, connection_came, n);
  }
  n->mail = false;
  poller_dispatch(n->poller);
  return n->mail;
}

static void expire(struct net *n, uint64_t now) {
  for (int i = 0; i < NET_TIMED_COUNT; i++) {
    while (!list_empty(&n->timed[i])) {
      struct conn *c = list_entry(n->timed[i].next, struct conn, timed_link);
      if (c->due > now) break;
      conn_timed_out(c, i);
    }
  }
}

static void flush_all(struct net *n) {
  struct list batch;
  list_take(&batch, &n->dirty);
  for (struct list *link; (link = list_shift(&batch));) {
    struct conn *c = list_entry(link, struct conn, dirty_link);
    if (!c->dead) conn_flush(c);
    if (c->dead) lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC); /* frees c through RAW_CLOSE */
  }
}

uint64_t net_tick(struct net *n) {
  expire(n, clock_ns());
  while (!list_empty(&n->dirty)) flush_all(n); /* a flush may free the way for a request that waited behind it */
  uint64_t next = UINT64_MAX;
  for (int i = 0; i < NET_TIMED_COUNT; i++) {
    if (list_empty(&n->timed[i])) continue;
    const struct conn *c = list_entry(n->timed[i].next, struct conn, timed_link);
    if (c->due < next) next = c->due;
  }
  return next;
}

void net_close_all(struct net *n, int code, const char *reason) {
  n->closing_all = true;
  for (size_t i = 0; i < n->slot_count; i++) {
    struct conn *c = n->slots[i].conn;
    if (!c) continue;
    if (c->state == CONN_HTTP && !c->busy && !c->out.len) conn_linger(c);
    else if (c->state == CONN_OPEN || c->state == CONN_UPGRADING) conn_close(c, code, reason, strlen(reason));
    else c->keep_alive = false;
  }
}
