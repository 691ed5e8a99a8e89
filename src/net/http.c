/* http.c - see http.h. */
#include "net/http.h"

#include <string.h>
#include <strings.h>

bool slice_is(struct slice s, const char *text) { return s.len == strlen(text) && !memcmp(s.data, text, s.len); }

static size_t skip_blank_lines(const char *p, size_t n) {
  size_t i = 0;
  while (i + 1 < n && p[i] == '\r' && p[i + 1] == '\n') i += 2;
  return i;
}

size_t http_head_length(const char *bytes, size_t n) {
  const size_t from = skip_blank_lines(bytes, n);
  const char *end = n > from ? memmem(bytes + from, n - from, "\r\n\r\n", 4) : NULL;
  return end ? (size_t)(end - bytes) + 4 : 0;
}

static bool is_token_char(unsigned char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(struct slice s) {
  for (size_t i = 0; i < s.len; i++)
    if (!is_token_char((unsigned char)s.data[i])) return false;
  return s.len > 0;
}

static bool is_clean_value(struct slice s) {
  for (size_t i = 0; i < s.len; i++) {
    const unsigned char c = (unsigned char)s.data[i];
    if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

static int refuse(const char **reason, int status, const char *why) {
  *reason = why;
  return status;
}

/* Cut a line off the front of [*p, end); false when it is not ended by CRLF or holds a bare CR or LF. */
static bool next_line(char **p, char *end, struct slice *line) {
  char *lf = memchr(*p, '\n', (size_t)(end - *p));
  if (!lf || lf == *p || lf[-1] != '\r') return false;
  *line = (struct slice){*p, (size_t)(lf - *p) - 1};
  *p = lf + 1;
  return !memchr(line->data, '\r', line->len);
}

static bool parse_target(struct http_request *r) {
  for (size_t i = 0; i < r->target.len; i++)
    if ((unsigned char)r->target.data[i] <= 0x20 || r->target.data[i] == 0x7f || r->target.data[i] == '#') return false;
  if (!r->target.len || r->target.data[0] != '/') return false;
  const char *mark = memchr(r->target.data, '?', r->target.len);
  r->path = (struct slice){r->target.data, mark ? (size_t)(mark - r->target.data) : r->target.len};
  r->query = mark ? (struct slice){mark + 1, r->target.len - r->path.len - 1} : (struct slice){"", 0};
  return true;
}

static int parse_request_line(struct http_request *r, struct slice line, const char **reason) {
  const char *end = line.data + line.len, *first = memchr(line.data, ' ', line.len);
  const char *second = first ? memchr(first + 1, ' ', (size_t)(end - first - 1)) : NULL;
  if (!second) return refuse(reason, 400, "malformed request line");
  r->method = (struct slice){line.data, (size_t)(first - line.data)};
  r->target = (struct slice){first + 1, (size_t)(second - first - 1)};
  const struct slice version = {second + 1, (size_t)(end - second - 1)};
  if (!is_token(r->method)) return refuse(reason, 400, "malformed method");
  if (version.len != 8 || memcmp(version.data, "HTTP/", 5) != 0) return refuse(reason, 400, "malformed HTTP version");
  if (memcmp(version.data + 5, "1.", 2) != 0) return refuse(reason, 505, "only HTTP/1.x is spoken here");
  if (version.data[7] != '0' && version.data[7] != '1') return refuse(reason, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
  r->minor_version = version.data[7] - '0';
  return parse_target(r) ? 0 : refuse(reason, 400, "malformed request target");
}

static struct slice trimmed(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\t')) p++;
  while (end > p && (end[-1] == ' ' || end[-1] == '\t')) end--;
  return (struct slice){p, (size_t)(end - p)};
}

static int parse_header(struct http_request *r, struct slice line, const char **reason) {
  if (line.data[0] == ' ' || line.data[0] == '\t') return refuse(reason, 400, "folded header line");
  char *colon = memchr(line.data, ':', line.len);
  if (!colon) return refuse(reason, 400, "header line without a colon");
  if (r->header_count == HTTP_MAX_HEADERS) return refuse(reason, 431, "too many headers");
  struct http_header *h = &r->headers[r->header_count++];
  h->name = (struct slice){line.data, (size_t)(colon - line.data)};
  h->value = trimmed(colon + 1, line.data + line.len);
  if (!is_token(h->name) || !is_clean_value(h->value)) return refuse(reason, 400, "malformed header");
  for (char *p = (char *)(uintptr_t)h->name.data; p < colon; p++)
    if (*p >= 'A' && *p <= 'Z') *p = (char)(*p + 32);
  return 0;
}

static bool has_token(const struct slice *value, const char *token) {
  const char *p = value->data, *end = p + value->len;
  while (p <= end) {
    const char *comma = p < end ? memchr(p, ',', (size_t)(end - p)) : NULL;
    const struct slice part = trimmed(p, comma ? comma : end);
    if (part.len == strlen(token) && !strncasecmp(part.data, token, part.len)) return true;
    if (!comma) return false;
    p = comma + 1;
  }
  return false;
}

bool http_lists(const struct http_request *r, const char *name, const char *token) {
  for (size_t i = 0; i < r->header_count; i++)
    if (slice_is(r->headers[i].name, name) && has_token(&r->headers[i].value, token)) return true;
  return false;
}

static int check_whole(struct http_request *r, const char **reason) {
  size_t hosts;
  http_header(r, "host", &hosts);
  if (hosts > 1 || (r->minor_version == 1 && hosts != 1)) return refuse(reason, 400, "exactly one Host header is required");
  const struct slice *length = http_header(r, "content-length", NULL);
  if (http_header(r, "transfer-encoding", NULL) || (length && !slice_is(*length, "0")))
    return refuse(reason, 413, "a request body is not accepted here");
  r->keep_alive = r->minor_version == 1 ? !http_lists(r, "connection", "close") : http_lists(r, "connection", "keep-alive");
  return 0;
}

int http_parse(struct http_request *r, char *bytes, size_t n, const char **reason) {
  char *p = bytes + skip_blank_lines(bytes, n), *end = bytes + n;
  struct slice line;
  r->header_count = 0;
  if (!next_line(&p, end, &line)) return refuse(reason, 400, "malformed request line");
  int status = parse_request_line(r, line, reason);
  while (!status) {
    if (!next_line(&p, end, &line)) return refuse(reason, 400, "malformed line end");
    if (!line.len) return check_whole(r, reason);
    status = parse_header(r, line, reason);
  }
  return status;
}

const struct slice *http_header(const struct http_request *r, const char *name, size_t *count) {
  const struct slice *found = NULL;
  if (count) *count = 0;
  for (size_t i = 0; i < r->header_count; i++) {
    if (!slice_is(r->headers[i].name, name)) continue;
    if (!found) found = &r->headers[i].value;
    if (count) ++*count;
  }
  return found;
}

const char *http_reason(int status) {
  switch (status) {
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

void http_write_head(struct buf *out, int status, const char *content_type, uint64_t content_length, bool keep_alive, const char *extra) {
  buf_printf(out, "HTTP/1.1 %d %s\r\nServer: tidewire\r\nConnection: %s\r\n", status, http_reason(status), keep_alive ? "keep-alive" : "close");
  if (status != 304) buf_printf(out, "Content-Length: %llu\r\n", (unsigned long long)content_length);
  if (content_type) buf_printf(out, "Content-Type: %s\r\nX-Content-Type-Options: nosniff\r\n", content_type);
  if (extra) buf_put_str(out, extra);
  buf_put_str(out, "\r\n");
}

void http_write_text(struct buf *out, int status, const char *text, bool keep_alive, bool head_only, const char *extra) {
  http_write_head(out, status, "text/plain; charset=utf-8", strlen(text) + 1, keep_alive, extra);
  if (!head_only) buf_printf(out, "%s\n", text);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 32);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool http_percent_decode(struct slice in, char *out, size_t cap) {
  size_t n = 0;
  for (size_t i = 0; i < in.len; i++) {
    int c = (unsigned char)in.data[i];
    if (c == '%') {
      if (i + 2 >= in.len) return false;
      const int high = hex_digit(in.data[i + 1]), low = hex_digit(in.data[i + 2]);
      if (high < 0 || low < 0) return false;
      c = high << 4 | low;
      i += 2;
    }
    if (!c || n + 1 >= cap) return false;
    out[n++] = (char)c;
  }
  out[n] = 0;
  return true;
}

static bool is_websocket_key(const struct slice *key) {
  if (key->len != 24 || memcmp(key->data + 22, "==", 2) != 0) return false;
  for (size_t i = 0; i < 22; i++) {
    const char c = key->data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/')) return false;
  }
  return true;
}

int http_check_upgrade(const struct http_request *r, const struct slice **key, const char **reason, const char **extra) {
  size_t keys, versions;
  const struct slice *version = http_header(r, "sec-websocket-version", &versions);
  *extra = NULL;
  *key = http_header(r, "sec-websocket-key", &keys);
  if (!slice_is(r->method, "GET")) {
    *extra = "Allow: GET\r\n";
    return refuse(reason, 405, "a WebSocket handshake is a GET request");
  }
  if (r->minor_version < 1) return refuse(reason, 505, "a WebSocket handshake needs HTTP/1.1");
  if (!http_lists(r, "upgrade", "websocket") || !http_lists(r, "connection", "upgrade")) {
    *extra = "Upgrade: websocket\r\n";
    return refuse(reason, 426, "this address speaks WebSocket: Upgrade: websocket and Connection: Upgrade are required");
  }
  if (versions != 1 || !slice_is(*version, "13")) {
    *extra = "Sec-WebSocket-Version: 13\r\n";
    return refuse(reason, 426, "Sec-WebSocket-Version 13 is required");
  }
  if (keys != 1 || !is_websocket_key(*key)) return refuse(reason, 400, "exactly one Sec-WebSocket-Key of 16 bytes in base64 is required");
  return 0;
}
