/* http.h - HTTP/1.1 request heads: strict parsing, and the heads of our answers. No sockets.
 *
 * Refused: folded header lines, blanks before a colon, control characters, bare LF, bodies (until views need them), anything longer than
 * HTTP_HEAD_LIMIT. All slices point into the bytes that were parsed. */
#pragma once
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_HEAD_LIMIT = 16384, HTTP_MAX_HEADERS = 100 };

struct slice {
  const char *data;
  size_t len;
};

struct http_header {
  struct slice name;  /* in lower case */
  struct slice value; /* without blanks around it */
};

struct http_request {
  struct slice method, target, path, query; /* path is still percent-encoded */
  int minor_version;                        /* HTTP/1.x */
  struct http_header headers[HTTP_MAX_HEADERS];
  size_t header_count;
  bool keep_alive;
};

/* Length of the head (with its empty line) at the start of `bytes`, 0 when it is not whole yet. Stray CRLFs before it count. */
size_t http_head_length(const char *bytes, size_t n);

/* Parse a whole head of `n` bytes, names lowered in place. Returns 0, or the status to refuse it with and *reason. */
int http_parse(struct http_request *r, char *bytes, size_t n, const char **reason);

/* The value of header `name` (lower case), NULL when it is absent; `*count`, when given, receives how often it stands there. */
const struct slice *http_header(const struct http_request *r, const char *name, size_t *count);

/* True when header `name`, a comma-separated list that may stand on several lines, holds `token`, case ignored. */
bool http_lists(const struct http_request *r, const char *name, const char *token);

bool slice_is(struct slice s, const char *text);

/* Status line, Content-Length, Connection and the security headers; `extra` are further header lines, each ended by CRLF, or NULL. */
void http_write_head(struct buf *out, int status, const char *content_type, uint64_t content_length, bool keep_alive, const char *extra);

/* A whole small text answer; with `head_only` (HEAD) without its body. */
void http_write_text(struct buf *out, int status, const char *text, bool keep_alive, bool head_only, const char *extra);

/* What RFC 9110 calls `status`. */
const char *http_reason(int status);

/* Decode %XX of `in` into `out` (NUL-terminated). False on bad escapes, NUL bytes or when it does not fit. */
bool http_percent_decode(struct slice in, char *out, size_t cap);

/* Check a WebSocket opening handshake (RFC 6455 4.2.1). Returns 0 and the key, or the status to refuse with, *reason and *extra
 * (a header line such as Sec-WebSocket-Version that goes with it, or NULL). */
int http_check_upgrade(const struct http_request *r, const struct slice **key, const char **reason, const char **extra);
