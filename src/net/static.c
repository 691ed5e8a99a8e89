/* static.c - files below a folder: paths, content types, conditional requests, and the transfer itself.
 *
 * DESIGN: opening and reading happen on the offload thread, a chunk at a time; the next chunk is read when the outbox is empty, so a slow
 * reader of a large file costs one chunk of memory. A request path is decoded once and then refused if any segment is empty, "." or ".." or
 * starts with a dot; the real path must still lie below the real root, so a symbolic link does not lead out.
 * OWNERSHIP: a transfer belongs to its connection. When that goes while the job is out, the job frees the transfer on its return. */
#include "base/alloc.h"
#include "net/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 262144 };

struct transfer {
  struct offload_job job; /* first: the mail inside leads back to the transfer */
  struct net *net;
  struct conn *conn; /* borrowed; NULL once the connection is gone */
  char *root, *path; /* owned; path is relative to root */
  char etag[64], if_none_match[256], if_modified_since[64];
  bool directory_without_slash, started, out;
  int fd, status;
  uint64_t size, at;
  time_t modified;
  char *chunk; /* owned */
  size_t chunk_len;
};

static const struct {
  const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".ico", "image/x-icon"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/markdown; charset=utf-8"},
    {".xml", "application/xml"},
    {".pdf", "application/pdf"},
    {".wasm", "application/wasm"},
    {".woff", "font/woff"},
    {".woff2", "font/woff2"},
    {".ttf", "font/ttf"},
    {".otf", "font/otf"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".webm", "video/webm"},
    {".webmanifest", "application/manifest+json"},
    {".csv", "text/csv; charset=utf-8"},
};

static const char *type_of(const char *path) {
  const char *dot = strrchr(path, '.');
  for (size_t i = 0; dot && i < sizeof types / sizeof *types; i++)
    if (!strcasecmp(types[i].ending, dot)) return types[i].type;
  return "application/octet-stream";
}

static void transfer_free(struct transfer *t) {
  if (t->fd >= 0) close(t->fd);
  free(t->root);
  free(t->path);
  free(t->chunk);
  free(t);
}

static void drop(struct mail *mail) { transfer_free((struct transfer *)(void *)mail); }

/* ---- on the offload thread ---- */

static bool lies_below(const char *root, const char *path) {
  const size_t n = strlen(root);
  return !strncmp(path, root, n) && (path[n] == '/' || path[n] == 0 || !strcmp(root, "/"));
}

static int open_below(const char *root, const char *relative) {
  char joined[PATH_MAX], real[PATH_MAX], real_root[PATH_MAX];
  if (snprintf(joined, sizeof joined, "%s/%s", root, relative) >= (int)sizeof joined) return -1;
  if (!realpath(root, real_root) || !realpath(joined, real) || !lies_below(real_root, real)) return -1;
  return open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
}

static bool not_modified(const struct transfer *t) {
  if (*t->if_none_match) return strstr(t->if_none_match, t->etag) || !strcmp(t->if_none_match, "*");
  struct tm parts;
  const char *end = *t->if_modified_since ? strptime(t->if_modified_since, "%a, %d %b %Y %H:%M:%S GMT", &parts) : NULL;
  return end && !*end && t->modified <= timegm(&parts);
}

static int open_file(struct transfer *t) {
  struct stat info;
  const size_t len = strlen(t->path);
  if (!len || t->path[len - 1] == '/') {
    t->path = xrealloc(t->path, len + sizeof "index.html");
    strcpy(t->path + len, "index.html");
  }
  t->fd = open_below(t->root, t->path);
  if (t->fd < 0 || fstat(t->fd, &info)) return errno == EACCES ? 403 : 404;
  if (S_ISDIR(info.st_mode)) {
    t->directory_without_slash = true;
    return 301;
  }
  if (!S_ISREG(info.st_mode)) return 404;
  t->size = (uint64_t)info.st_size;
  t->modified = info.st_mtime;
  snprintf(t->etag, sizeof t->etag, "\"%llx-%llx\"",
           (unsigned long long)info.st_mtim.tv_sec * 1000000000ull + (unsigned long long)info.st_mtim.tv_nsec, (unsigned long long)info.st_size);
  return not_modified(t) ? 304 : 200;
}

static void run(struct offload_job *job) {
  struct transfer *t = (struct transfer *)job;
  if (!t->status) t->status = open_file(t);
  if (t->status != 200) return;
  if (!t->chunk) t->chunk = xmalloc(CHUNK);
  const uint64_t left = t->size - t->at;
  const ssize_t n = left ? pread(t->fd, t->chunk, left < CHUNK ? (size_t)left : CHUNK, (off_t)t->at) : 0;
  t->chunk_len = n > 0 ? (size_t)n : 0;
}

/* ---- on the worker ---- */

static void submit(struct transfer *t) {
  t->out = true;
  offload_submit(t->net->offload, &t->job);
}

static void finish(struct conn *c) {
  struct transfer *t = c->transfer;
  c->transfer = NULL;
  transfer_free(t);
  c->busy = false;
  if (!c->keep_alive) conn_linger(c);
}

static void start_answer(struct conn *c, struct transfer *t) {
  char extra[384], date[64];
  struct tm parts;
  gmtime_r(&t->modified, &parts);
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  snprintf(extra, sizeof extra, "ETag: %s\r\nLast-Modified: %s\r\nCache-Control: no-cache\r\n", t->etag, date);
  http_write_head(conn_out(c), t->status, t->status == 200 ? type_of(t->path) : NULL, t->size, c->keep_alive, extra);
}

/* A folder asked for without its slash: relative links of its page would point beside it. */
static void redirect(struct conn *c, const struct transfer *t) {
  const char *slash = strrchr(t->path, '/');
  struct buf extra;
  buf_init(&extra);
  buf_put_str(&extra, "Location: ");
  for (const char *p = slash ? slash + 1 : t->path; *p; p++)
    buf_printf(&extra, (unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f || strchr("%?#\"<>", *p) ? "%%%02X" : "%c", (unsigned char)*p);
  buf_put(&extra, "/\r\n", sizeof "/\r\n"); /* with its NUL */
  http_write_text(conn_out(c), 301, "Moved Permanently", c->keep_alive, c->head_only, extra.data);
  buf_fini(&extra);
}

static void answer(struct conn *c, struct transfer *t) {
  if (t->status == 301) {
    redirect(c, t);
  } else if (t->status != 200 && t->status != 304) {
    http_write_text(conn_out(c), t->status, http_reason(t->status), c->keep_alive, c->head_only, NULL);
  } else {
    start_answer(c, t);
  }
  t->started = true;
}

/* One chunk has been read, or the file could not be had. */
static void deliver(struct mail *mail, void *receiver) {
  (void)receiver;
  struct transfer *t = (struct transfer *)(void *)mail;
  struct conn *c = t->conn;
  t->out = false;
  if (!c) {
    transfer_free(t);
    return;
  }
  if (!t->started) answer(c, t);
  if (t->status != 200 || c->head_only) {
    finish(c);
    return;
  }
  buf_put(conn_out(c), t->chunk, t->chunk_len);
  t->at += t->chunk_len;
  if (t->at >= t->size) {
    finish(c);
  } else if (!t->chunk_len) { /* the file shrank: the length that was announced cannot be kept */
    c->dead = true;
  }
}

void static_continue(struct conn *c) {
  if (!c->transfer->out && c->transfer->started) submit(c->transfer);
}

void static_cancel(struct conn *c) {
  struct transfer *t = c->transfer;
  if (!t) return;
  c->transfer = NULL;
  t->conn = NULL;
  if (t->out) return; /* freed when its job comes back */
  transfer_free(t);
}

/* ---- the request ---- */

static bool is_safe(const char *path) {
  for (const char *segment = path; *segment;) {
    const char *slash = strchr(segment, '/');
    if (*segment == '.' || segment == slash) return false;
    if (!slash) break;
    segment = slash + 1;
  }
  return !strchr(path, '\\');
}

static const struct net_static *mount_of(const struct net *n, const char *path) {
  for (size_t i = 0; i < n->config.static_count; i++)
    if (!strncmp(path, n->config.statics[i].prefix, strlen(n->config.statics[i].prefix))) return &n->config.statics[i];
  return NULL;
}

static void copy_header(char *to, size_t cap, const struct http_request *r, const char *name) {
  const struct slice *value = http_header(r, name, NULL);
  const size_t len = value && value->len < cap ? value->len : 0;
  if (len) memcpy(to, value->data, len);
  to[len] = 0;
}

bool static_serve(struct conn *c, const struct http_request *r) {
  char path[2048];
  if (!http_percent_decode(r->path, path, sizeof path)) {
    conn_respond(c, 400, "malformed path", NULL);
    return true;
  }
  const struct net_static *mount = mount_of(c->net, path);
  if (!mount) return false;
  if (!slice_is(r->method, "GET") && !c->head_only) {
    conn_respond(c, 405, "Method Not Allowed", "Allow: GET, HEAD\r\n");
    return true;
  }
  const char *relative = path + strlen(mount->prefix);
  if (!is_safe(relative)) {
    conn_respond(c, 404, "Not Found", NULL);
    return true;
  }
  struct transfer *t = xcalloc(1, sizeof *t);
  *t = (struct transfer){.job = {.mail = {.deliver = deliver, .drop = drop}, .reply = c->net->mailbox, .run = run},
                         .net = c->net,
                         .conn = c,
                         .fd = -1,
                         .root = xstrdup(mount->root),
                         .path = xstrdup(relative)};
  copy_header(t->if_none_match, sizeof t->if_none_match, r, "if-none-match");
  copy_header(t->if_modified_since, sizeof t->if_modified_since, r, "if-modified-since");
  c->transfer = t;
  submit(t);
  return true;
}
