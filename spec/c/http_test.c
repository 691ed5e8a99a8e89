/* http_test.c - net/http.h: heads as clients send them, and as they must not. */
#include "net/http.h"

#include "check.h"

#include <string.h>

static struct http_request request;

/* The status that the head would be refused with, 0 when it is fine. */
static int parse(const char *text) {
  static char copy[65536];
  const char *reason;
  const size_t n = strlen(text);
  memcpy(copy, text, n);
  const size_t head = http_head_length(copy, n);
  return head ? http_parse(&request, copy, head, &reason) : -1;
}

static int upgrade(const char *headers) {
  char text[4096];
  const struct slice *key;
  const char *reason, *extra;
  snprintf(text, sizeof text, "GET /ws/ HTTP/1.1\r\n%s\r\n", headers);
  const int status = parse(text);
  return status ? status : http_check_upgrade(&request, &key, &reason, &extra);
}

#define WS "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define V13 "Sec-WebSocket-Version: 13\r\n"

static void check_heads(void) {
  CHECK("half a head is no head", http_head_length("GET / HTTP/1.1\r\nHost: a\r\n", 25) == 0);
  CHECK("an ordinary request", parse("GET /a%20b?x=1&y HTTP/1.1\r\nHost: a\r\n\r\n") == 0);
  CHECK("has method, path and query", slice_is(request.method, "GET") && slice_is(request.path, "/a%20b") && slice_is(request.query, "x=1&y"));
  CHECK("and lives on", request.keep_alive);
  CHECK("names are compared without case",
        parse("GET / HTTP/1.1\r\nHOST: a\r\nX-Thing:  v w \t\r\n\r\n") == 0 && slice_is(*http_header(&request, "x-thing", NULL), "v w"));
  CHECK("Connection: close ends it", parse("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == 0 && !request.keep_alive);
  CHECK("HTTP/1.0 ends by itself", parse("GET / HTTP/1.0\r\n\r\n") == 0 && !request.keep_alive);
  CHECK("folded lines are refused", parse("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n") == 400);
  CHECK("a blank before the colon is refused", parse("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n") == 400);
  CHECK("a header without a name is refused", parse("GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n") == 400);
  CHECK("control characters are refused", parse("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n") == 400);
  CHECK("a missing Host is refused", parse("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK("two Hosts are refused", parse("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n") == 400);
  CHECK("an unknown version is refused", parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == 505);
  CHECK("nonsense is refused", parse("nonsense\r\n\r\n") == 400 && parse("GET /\r\n\r\n") == 400);
  CHECK("a body is refused", parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n") != 0 &&
                                 parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n") != 0);
  CHECK("an empty body is none", parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n") == 0);
}

static void check_handshakes(void) {
  CHECK("the RFC's handshake is right", upgrade(WS KEY V13) == 0);
  CHECK("tokens stand in lists, without case", upgrade("Host: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n" KEY V13) == 0);
  CHECK("a token is a whole word", upgrade("Host: a\r\nUpgrade: websockets\r\nConnection: Upgrade\r\n" KEY V13) != 0);
  CHECK("Connection has to say upgrade", upgrade("Host: a\r\nUpgrade: websocket\r\nConnection: keep-alive\r\n" KEY V13) != 0);
  CHECK("another version is 426", upgrade(WS KEY "Sec-WebSocket-Version: 8\r\n") == 426);
  CHECK("no version is refused", upgrade(WS KEY) != 0);
  CHECK("no key is refused", upgrade(WS V13) == 400);
  CHECK("two keys are refused", upgrade(WS KEY KEY V13) == 400);
  CHECK("a key of 15 bytes is refused", upgrade(WS "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1\r\n" V13) == 400);
  CHECK("a key that is not base64 is refused", upgrade(WS "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n" V13) == 400);
}

static void check_percent(void) {
  char to[16];
  CHECK("escapes are decoded", http_percent_decode((struct slice){"a%20%41", 7}, to, sizeof to) && !strcmp(to, "a A"));
  CHECK("half an escape is bad", !http_percent_decode((struct slice){"a%2", 3}, to, sizeof to));
  CHECK("an escape that is not hexadecimal is bad", !http_percent_decode((struct slice){"%zz", 3}, to, sizeof to));
  CHECK("NUL is bad", !http_percent_decode((struct slice){"%00", 3}, to, sizeof to));
  CHECK("what does not fit is bad", !http_percent_decode((struct slice){"0123456789abcdefgh", 18}, to, sizeof to));
}

int main(void) {
  check_heads();
  check_handshakes();
  check_percent();
  TESTS_END;
}
