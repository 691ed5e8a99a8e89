/* ws.h - RFC 6455 framing: bytes of a client → messages, and the heads of our own frames. No sockets, so it is tested and fuzzed alone.
 *
 * Strict: reserved bits and opcodes, unmasked frames, lengths not in their shortest form, broken fragmentation, control frames
 * that are too long or fragmented, invalid close codes and text that is not UTF-8 (noticed at the first bad byte) all end the connection
 * with the code the RFC names. No extension is negotiated. */
#pragma once
#include "base/buf.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

enum ws_code {
  WS_NORMAL = 1000,
  WS_GOING_AWAY = 1001,
  WS_PROTOCOL_ERROR = 1002,
  WS_UNSUPPORTED = 1003,
  WS_NO_STATUS = 1005,
  WS_ABNORMAL = 1006,
  WS_BAD_DATA = 1007,
  WS_POLICY = 1008,
  WS_TOO_BIG = 1009,
  WS_INTERNAL = 1011,
  WS_RESTART = 1012,
  WS_TRY_LATER = 1013
};

enum ws_event { WS_NEED_MORE, WS_EVENT_TEXT, WS_EVENT_BINARY, WS_EVENT_PING, WS_EVENT_PONG, WS_EVENT_CLOSE, WS_EVENT_ERROR };

struct ws_parser {
  size_t max_message;
  struct buf message; /* payload of the message under way, where it did not come in one piece */
  uint64_t left;      /* bytes of the current frame's payload still to come */
  uint8_t head[14];   /* the frame's head, as far as it came */
  uint8_t head_len;   /* 0 once payload is being read */
  uint8_t mask[4], mask_at;
  uint8_t opcode;         /* of the current frame */
  uint8_t message_opcode; /* of the message under way, 0 for none */
  bool fin, in_payload;
  uint8_t control[125], control_len;
  struct utf8 utf8;
};

/* What ws_parse() found. data stays valid until the next call; it points into the caller's bytes or into the parser. */
struct ws_result {
  const char *data; /* payload of a message or control frame; the reason of a close or of an error */
  size_t len;
  int code; /* of a close (WS_NO_STATUS when it had none) or the code to close with after an error */
};

void ws_init(struct ws_parser *w, size_t max_message);
void ws_fini(struct ws_parser *w);

/* Read from `bytes` (unmasked in place) up to the end of one event; *used says how much was taken. After WS_EVENT_ERROR and WS_EVENT_CLOSE
 * the parser may not be called again. */
enum ws_event ws_parse(struct ws_parser *w, char *bytes, size_t n, size_t *used, struct ws_result *result);

/* Write the head of an unfragmented server frame into `to` (at least 10 bytes); returns its length. */
size_t ws_head(char *to, enum ws_opcode opcode, size_t len);

/* True when a peer may send `code` in a close frame. */
bool ws_code_valid(int code);

/* Sec-WebSocket-Accept for `key` into `to` (at least 29 bytes, NUL-terminated). */
void ws_accept_key(char *to, const char *key, size_t len);
