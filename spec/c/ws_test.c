/* ws_test.c - net/ws.h: frames in every cut, and everything RFC 6455 forbids. */
#include "net/ws.h"

#include "check.h"

#include <stdlib.h>

enum { MAX = 100000 };

static struct buf wire;

/* Append a client frame; first and second byte's flags as given, masked unless told otherwise. */
static void put_frame_raw(uint8_t first, bool masked, const char *payload, size_t n, int length_bytes) {
  static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
  const uint8_t bit = masked ? 0x80 : 0;
  buf_put_char(&wire, (char)first);
  if (length_bytes == 0) buf_put_char(&wire, (char)(bit | n));
  if (length_bytes == 2) buf_put_char(&wire, (char)(bit | 126));
  if (length_bytes == 8) buf_put_char(&wire, (char)(bit | 127));
  for (int i = length_bytes - 1; i >= 0; i--) buf_put_char(&wire, (char)((uint64_t)n >> (8 * i)));
  if (masked) buf_put(&wire, mask, 4);
  for (size_t i = 0; i < n; i++) buf_put_char(&wire, (char)(payload[i] ^ (masked ? mask[i & 3] : 0)));
}

static void put_frame(uint8_t first, const char *payload, size_t n) { put_frame_raw(first, true, payload, n, n < 126 ? 0 : n < 65536 ? 2 : 8); }

static struct buf heard;

/* Parse the wire in steps of `step` bytes and write down what is found: T:text B:binary P:ping O:pong C:code E:code. */
static const char *listen_in_steps(size_t step) {
  struct ws_parser w;
  bool ended = false;
  ws_init(&w, MAX);
  buf_clear(&heard);
  char *copy = malloc(wire.len + 1);
  memcpy(copy, wire.data, wire.len);
  for (size_t at = 0; at < wire.len && !ended; at += step) {
    const size_t n = wire.len - at < step ? wire.len - at : step;
    for (size_t used, done = 0; done < n && !ended; done += used) {
      struct ws_result r = {0};
      const enum ws_event event = ws_parse(&w, copy + at + done, n - done, &used, &r);
      ended = event == WS_EVENT_ERROR || event == WS_EVENT_CLOSE;
      if (event == WS_NEED_MORE) continue;
      if (ended) buf_printf(&heard, "%c:%d ", event == WS_EVENT_ERROR ? 'E' : 'C', r.code);
      else if (r.len > 40) buf_printf(&heard, "%c:%zu ", " TBPO"[event], r.len);
      else buf_printf(&heard, "%c:%.*s ", " TBPO"[event], (int)r.len, r.data);
    }
  }
  buf_put_char(&heard, 0);
  ws_fini(&w);
  free(copy);
  return heard.data;
}

/* What is on the wire has to be heard as `expected`, whole and in every small step. */
static void expect(const char *what, const char *expected) {
  static const size_t steps[] = {1, 2, 3, 5, 7, 64, 1 << 20};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    const char *got = listen_in_steps(steps[i]);
    CHECK(what, !strcmp(got, expected));
    if (strcmp(got, expected)) printf("  step %zu: heard \"%s\", expected \"%s\"\n", steps[i], got, expected);
  }
  buf_clear(&wire);
}

#define FIN 0x80

static void check_messages(void) {
  static char large[70000];
  memset(large, 'x', sizeof large);
  put_frame(FIN | WS_TEXT, "hello", 5);
  put_frame(FIN | WS_BINARY, "\x01\x02", 2);
  put_frame(FIN | WS_TEXT, "", 0);
  expect("messages in one frame", "T:hello B:\x01\x02 T: ");
  put_frame(FIN | WS_TEXT, large, 126);
  put_frame(FIN | WS_TEXT, large, 65535);
  put_frame(FIN | WS_TEXT, large, 65536);
  expect("lengths of every form", "T:126 T:65535 T:65536 ");
  put_frame(WS_TEXT, "one ", 4);
  put_frame(FIN | WS_PING, "ping", 4);
  put_frame(WS_CONTINUATION, "", 0);
  put_frame(FIN | WS_PONG, "", 0);
  put_frame(FIN | WS_CONTINUATION, "two", 3);
  put_frame(FIN | WS_TEXT, "three", 5);
  expect("control frames between fragments", "P:ping O: T:one two T:three ");
  put_frame(WS_TEXT, "\xf0\x9f", 2);
  put_frame(FIN | WS_CONTINUATION, "\x98\x80", 2);
  expect("a character cut by fragments", "T:\xf0\x9f\x98\x80 ");
  put_frame(WS_BINARY, "\xff", 1);
  put_frame(FIN | WS_CONTINUATION, "\xfe", 1);
  expect("binary is not UTF-8", "B:\xff\xfe ");
}

static void check_errors(void) {
  for (uint8_t bit = 0x10; bit <= 0x40; bit = (uint8_t)(bit << 1)) {
    put_frame((uint8_t)(FIN | bit | WS_TEXT), "x", 1);
    expect("reserved bits", "E:1002 ");
  }
  for (uint8_t opcode = 3; opcode <= 15; opcode++) {
    if (opcode >= 8 && opcode <= 10) continue;
    put_frame(FIN | opcode, "", 0);
    expect("reserved opcodes", "E:1002 ");
  }
  put_frame_raw(FIN | WS_TEXT, false, "x", 1, 0);
  expect("unmasked frames", "E:1002 ");
  put_frame_raw(FIN | WS_TEXT, true, "x", 1, 2);
  expect("a length of two bytes too many", "E:1002 ");
  put_frame_raw(FIN | WS_TEXT, true, "x", 1, 8);
  expect("a length of eight bytes too many", "E:1002 ");
  put_frame(WS_PING, "", 0);
  expect("a fragmented control frame", "E:1002 ");
  put_frame_raw(FIN | WS_PING, true, "", 0, 2);
  expect("a control frame with an extended length", "E:1002 ");
  put_frame(FIN | WS_CONTINUATION, "x", 1);
  expect("a continuation of nothing", "E:1002 ");
  put_frame(WS_TEXT, "x", 1);
  put_frame(FIN | WS_TEXT, "y", 1);
  expect("a message inside a message", "E:1002 ");
  put_frame(FIN | WS_TEXT, "ok", 2);
  put_frame(FIN | WS_TEXT, "bad \xff", 5);
  put_frame(FIN | WS_TEXT, "unheard", 7);
  expect("text that is not UTF-8, and silence behind it", "T:ok E:1007 ");
  put_frame(WS_TEXT, "\xf0\x9f\x98", 3);
  put_frame(FIN | WS_CONTINUATION, "", 0);
  expect("text that ends inside a character", "E:1007 ");
  buf_put(&wire, "\x81\xff\x80\0\0\0\0\0\0\1", 10);
  expect("a length beyond 63 bits", "");
  buf_put(&wire, "\x81\xff\x00\0\0\0\0\2\0\0\1\1\1\1", 14);
  expect("a message beyond the limit, before it comes", "E:1009 ");
}

static void check_close(void) {
  static const int good[] = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999};
  static const int bad[] = {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535};
  char body[125] = {0}, expected[16];
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    body[0] = (char)(good[i] >> 8);
    body[1] = (char)good[i];
    put_frame(FIN | WS_CLOSE, body, 2);
    put_frame(FIN | WS_TEXT, "behind", 6);
    snprintf(expected, sizeof expected, "C:%d ", good[i]);
    expect("codes a peer may send", expected);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    body[0] = (char)(bad[i] >> 8);
    body[1] = (char)bad[i];
    put_frame(FIN | WS_CLOSE, body, 2);
    expect("codes a peer may not send", "E:1002 ");
  }
  put_frame(FIN | WS_CLOSE, "", 0);
  expect("a close without a code", "C:1005 ");
  put_frame(FIN | WS_CLOSE, "x", 1);
  expect("a close of one byte", "E:1002 ");
  put_frame(FIN | WS_CLOSE, "\x03\xe8\xff", 3);
  expect("a reason that is not UTF-8", "E:1007 ");
  put_frame(FIN | WS_CLOSE,
            "\x03\xe8"
            "bye",
            5);
  expect("a reason", "C:1000 ");
}

static void check_heads(void) {
  char head[10], key[32];
  CHECK("short frames", ws_head(head, WS_TEXT, 125) == 2 && !memcmp(head, "\x81\x7d", 2));
  CHECK("medium frames", ws_head(head, WS_BINARY, 126) == 4 && !memcmp(head, "\x82\x7e\x00\x7e", 4));
  CHECK("long frames", ws_head(head, WS_TEXT, 65536) == 10 && !memcmp(head, "\x81\x7f\0\0\0\0\0\1\0\0", 10));
  ws_accept_key(key, "dGhlIHNhbXBsZSBub25jZQ==", 24);
  CHECK("the RFC's example key", !strcmp(key, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

int main(void) {
  check_messages();
  check_errors();
  check_close();
  check_heads();
  buf_fini(&wire);
  buf_fini(&heard);
  TESTS_END;
}
