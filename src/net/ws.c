/* ws.c - see ws.h.
 *
 * DESIGN: a message that lies in one unfragmented frame, whole in the caller's bytes, is unmasked there and handed out without a copy.
 * Everything else is gathered in `message`, unmasked and UTF-8-checked as it arrives. */
#include "net/ws.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

void ws_init(struct ws_parser *w, size_t max_message) {
  memset(w, 0, sizeof *w);
  w->max_message = max_message;
  buf_init(&w->message);
}

void ws_fini(struct ws_parser *w) { buf_fini(&w->message); }

bool ws_code_valid(int code) {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

size_t ws_head(char *to, enum ws_opcode opcode, size_t len) {
  to[0] = (char)(0x80 | opcode);
  if (len < 126) {
    to[1] = (char)len;
    return 2;
  }
  if (len < 65536) {
    to[1] = 126;
    to[2] = (char)(len >> 8);
    to[3] = (char)len;
    return 4;
  }
  to[1] = 127;
  for (int i = 0; i < 8; i++) to[2 + i] = (char)((uint64_t)len >> (56 - 8 * i));
  return 10;
}

void ws_accept_key(char *to, const char *key, size_t len) {
  static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  char text[128];
  unsigned char digest[SHA_DIGEST_LENGTH];
  if (len > sizeof text - sizeof guid) len = sizeof text - sizeof guid;
  memcpy(text, key, len);
  memcpy(text + len, guid, sizeof guid - 1);
  SHA1((unsigned char *)text, len + sizeof guid - 1, digest);
  EVP_EncodeBlock((unsigned char *)to, digest, sizeof digest);
}

static enum ws_event fail(struct ws_result *r, int code, const char *reason) {
  *r = (struct ws_result){.data = reason, .len = strlen(reason), .code = code};
  return WS_EVENT_ERROR;
}

/* Bytes a head has in all, as far as its first bytes tell. */
static size_t head_size(const uint8_t *h, size_t have) {
  if (have < 2) return 2;
  const uint8_t len = h[1] & 127;
  return 2 + (len == 126 ? 2u : len == 127 ? 8u : 0u) + (h[1] & 128 ? 4u : 0u);
}

static const char *check_opcode(const struct ws_parser *w, uint8_t first, uint8_t second) {
  const uint8_t opcode = first & 15, len = second & 127;
  if (first & 0x70) return "reserved bit set";
  if ((opcode > WS_BINARY && opcode < WS_CLOSE) || opcode > WS_PONG) return "reserved opcode";
  if (!(second & 0x80)) return "unmasked frame";
  if (opcode >= WS_CLOSE) {
    if (!(first & 0x80)) return "fragmented control frame";
    return len > 125 ? "control frame longer than 125 bytes" : NULL;
  }
  if (opcode == WS_CONTINUATION) return w->message_opcode ? NULL : "continuation without a message";
  return w->message_opcode ? "new message inside a fragmented one" : NULL;
}

static bool read_length(const uint8_t *h, uint64_t *len) {
  *len = h[1] & 127;
  if (*len == 126) {
    *len = (uint64_t)h[2] << 8 | h[3];
    return *len >= 126;
  }
  if (*len == 127) {
    *len = 0;
    for (int i = 0; i < 8; i++) *len = *len << 8 | h[2 + i];
    return *len >= 65536 && !(*len >> 63);
  }
  return true;
}

static enum ws_event start_frame(struct ws_parser *w, struct ws_result *r) {
  const uint8_t *h = w->head;
  if (!read_length(h, &w->left)) return fail(r, WS_PROTOCOL_ERROR, "length not in its shortest form");
  w->opcode = h[0] & 15;
  w->fin = h[0] >> 7;
  w->mask_at = 0;
  memcpy(w->mask, h + head_size(h, 2) - 4, 4);
  if (w->opcode < WS_CLOSE) {
    if (w->left > w->max_message || w->message.len + w->left > w->max_message) return fail(r, WS_TOO_BIG, "message too big");
    if (w->opcode != WS_CONTINUATION) {
      w->message_opcode = w->opcode;
      w->utf8 = (struct utf8){0};
    }
  } else {
    w->control_len = 0;
  }
  w->in_payload = true;
  return WS_NEED_MORE;
}

/* Take head bytes; sets in_payload when the head is whole. The first two bytes are judged as soon as they are there. */
static enum ws_event read_head(struct ws_parser *w, const char *bytes, size_t n, size_t *used, struct ws_result *r) {
  while (*used < n && (w->head_len < 2 || w->head_len < head_size(w->head, w->head_len))) {
    w->head[w->head_len++] = (uint8_t)bytes[(*used)++];
    if (w->head_len == 2) {
      const char *reason = check_opcode(w, w->head[0], w->head[1]);
      if (reason) return fail(r, WS_PROTOCOL_ERROR, reason);
    }
  }
  if (w->head_len < 2 || w->head_len < head_size(w->head, w->head_len)) return WS_NEED_MORE;
  w->head_len = 0;
  return start_frame(w, r);
}

static void unmask(struct ws_parser *w, char *p, size_t n) {
  size_t i = 0;
  while (i < n && w->mask_at & 3) p[i++] ^= (char)w->mask[w->mask_at++ & 3];
  uint32_t word;
  memcpy(&word, w->mask, 4);
  const uint64_t wide = (uint64_t)word << 32 | word;
  for (uint64_t chunk; i + 8 <= n; i += 8) {
    memcpy(&chunk, p + i, 8);
    chunk ^= wide;
    memcpy(p + i, &chunk, 8);
  }
  if (i < n) w->mask_at = 0; /* aligned: the rest starts at the mask's first byte */
  for (; i < n; i++) p[i] ^= (char)w->mask[w->mask_at++ & 3];
}

static enum ws_event close_event(struct ws_parser *w, struct ws_result *r) {
  if (w->control_len == 0) {
    *r = (struct ws_result){.data = "", .code = WS_NO_STATUS};
    return WS_EVENT_CLOSE;
  }
  if (w->control_len == 1) return fail(r, WS_PROTOCOL_ERROR, "close body of one byte");
  const int code = w->control[0] << 8 | w->control[1];
  if (!ws_code_valid(code)) return fail(r, WS_PROTOCOL_ERROR, "invalid close code");
  const char *reason = (const char *)w->control + 2;
  if (!utf8_valid(reason, w->control_len - 2u)) return fail(r, WS_BAD_DATA, "close reason is not UTF-8");
  *r = (struct ws_result){.data = reason, .len = w->control_len - 2u, .code = code};
  return WS_EVENT_CLOSE;
}

static enum ws_event read_control(struct ws_parser *w, char *bytes, size_t n, size_t *used, struct ws_result *r) {
  const size_t take = n - *used < w->left ? n - *used : (size_t)w->left;
  unmask(w, bytes + *used, take);
  memcpy(w->control + w->control_len, bytes + *used, take);
  w->control_len = (uint8_t)(w->control_len + take);
  w->left -= take;
  *used += take;
  if (w->left) return WS_NEED_MORE;
  w->in_payload = false;
  if (w->opcode == WS_CLOSE) return close_event(w, r);
  *r = (struct ws_result){.data = (const char *)w->control, .len = w->control_len};
  return w->opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG;
}

static enum ws_event message_event(struct ws_parser *w, const char *data, size_t len, struct ws_result *r) {
  const bool text = w->message_opcode == WS_TEXT;
  w->message_opcode = 0;
  if (text && !utf8_complete(&w->utf8)) return fail(r, WS_BAD_DATA, "text is not UTF-8");
  *r = (struct ws_result){.data = data, .len = len};
  return text ? WS_EVENT_TEXT : WS_EVENT_BINARY;
}

static enum ws_event read_data(struct ws_parser *w, char *bytes, size_t n, size_t *used, struct ws_result *r) {
  char *p = bytes + *used;
  const size_t take = n - *used < w->left ? n - *used : (size_t)w->left;
  unmask(w, p, take);
  *used += take;
  w->left -= take;
  if (w->message_opcode == WS_TEXT && !utf8_feed(&w->utf8, p, take)) return fail(r, WS_BAD_DATA, "text is not UTF-8");
  w->in_payload = w->left > 0;
  if (w->fin && !w->left && !w->message.len) return message_event(w, p, take, r);
  buf_put(&w->message, p, take);
  if (w->left || !w->fin) return WS_NEED_MORE;
  return message_event(w, w->message.data, w->message.len, r);
}

enum ws_event ws_parse(struct ws_parser *w, char *bytes, size_t n, size_t *used, struct ws_result *r) {
  *used = 0;
  if (!w->message_opcode && w->message.cap) buf_fini(&w->message); /* an idle connection keeps no buffer */
  for (;;) {
    enum ws_event event = WS_NEED_MORE;
    if (!w->in_payload) event = read_head(w, bytes, n, used, r);
    if (event == WS_NEED_MORE && w->in_payload) event = w->opcode >= WS_CLOSE ? read_control(w, bytes, n, used, r) : read_data(w, bytes, n, used, r);
    if (event != WS_NEED_MORE || *used == n) return event;
  }
}
