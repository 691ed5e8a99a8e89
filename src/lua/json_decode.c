/* json_decode.c - JSON text → Lua values. See json.h.
 *
 * DESIGN: one pass of recursive descent that pushes values as it finds them; only strings with escapes are copied, into j->scratch.
 * Positions in errors are found by counting again from the start, since an error is rare and counting is not free. */
#include "base/alloc.h"
#include "lua/json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct span {
  const char *start, *end; /* start NULL: absent */
};

struct parser {
  struct json *json;
  lua_State *L;
  const char *p, *begin, *end;
  int depth;
  struct span *request_id, *action; /* of the outermost object, when wanted */
  struct json_error *err;
};

static bool parse_value(struct parser *x);

/* ---- errors ---- */

static bool fail(struct parser *x, const char *what, const char *at) {
  size_t line = 1, column = 1, offset = 0;
  for (const char *c = x->begin; c < at; c++) {
    if ((*c & 0xc0) == 0x80) continue; /* characters, not bytes */
    offset++;
    column++;
    if (*c == '\n') {
      line++;
      column = 1;
    }
  }
  snprintf(x->err->message, sizeof x->err->message, "%s: line %zu column %zu (char %zu)", what, line, column, offset);
  return false;
}

/* ---- strings ---- */

static int hex4(const char *p, const char *end) {
  int value = 0;
  if (end - p < 4) return -1;
  for (int i = 0; i < 4; i++) {
    const char c = p[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return -1;
    value = value << 4 | digit;
  }
  return value;
}

static void put_utf8(struct buf *b, uint32_t c) {
  if (c < 0x80) {
    buf_put_char(b, (char)c);
  } else if (c < 0x800) {
    buf_put_char(b, (char)(0xc0 | c >> 6));
    buf_put_char(b, (char)(0x80 | (c & 63)));
  } else if (c < 0x10000) {
    buf_put_char(b, (char)(0xe0 | c >> 12));
    buf_put_char(b, (char)(0x80 | (c >> 6 & 63)));
    buf_put_char(b, (char)(0x80 | (c & 63)));
  } else {
    buf_put_char(b, (char)(0xf0 | c >> 18));
    buf_put_char(b, (char)(0x80 | (c >> 12 & 63)));
    buf_put_char(b, (char)(0x80 | (c >> 6 & 63)));
    buf_put_char(b, (char)(0x80 | (c & 63)));
  }
}

/* x->p stands behind "\u". Joins a surrogate pair; a lone surrogate stays as it is. */
static bool unicode_escape(struct parser *x, struct buf *b) {
  const int first = hex4(x->p, x->end);
  if (first < 0) return fail(x, "Invalid \\uXXXX escape", x->p - 1);
  uint32_t c = (uint32_t)first;
  x->p += 4;
  if (c >= 0xd800 && c <= 0xdbff && x->end - x->p >= 6 && x->p[0] == '\\' && x->p[1] == 'u') {
    const int second = hex4(x->p + 2, x->end);
    if (second >= 0xdc00 && second <= 0xdfff) {
      c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)second - 0xdc00);
      x->p += 6;
    }
  }
  put_utf8(b, c);
  return true;
}

/* x->p stands behind the backslash. */
static bool escape(struct parser *x, struct buf *b, const char *start) {
  if (x->p == x->end) return fail(x, "Unterminated string starting at", start);
  const char c = *x->p++;
  switch (c) {
    case '"':
    case '\\':
    case '/': buf_put_char(b, c); return true;
    case 'b': buf_put_char(b, '\b'); return true;
    case 'f': buf_put_char(b, '\f'); return true;
    case 'n': buf_put_char(b, '\n'); return true;
    case 'r': buf_put_char(b, '\r'); return true;
    case 't': buf_put_char(b, '\t'); return true;
    case 'u': return unicode_escape(x, b);
    default: return fail(x, "Invalid \\escape", x->p - 2);
  }
}

/* The end of a run of ordinary characters. */
static const char *skip_plain(const char *p, const char *end) {
  while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) p++;
  return p;
}

/* x->p stands on the opening quote. Pushes the string. */
static bool parse_string(struct parser *x) {
  const char *start = x->p++, *run = x->p;
  struct buf *b = &x->json->scratch;
  bool copied = false;
  for (;;) {
    x->p = skip_plain(x->p, x->end);
    if (x->p == x->end) return fail(x, "Unterminated string starting at", start);
    if (*x->p == '"') break;
    if (*x->p != '\\') return fail(x, "Invalid control character at", x->p);
    if (!copied) buf_clear(b);
    copied = true;
    buf_put(b, run, (size_t)(x->p++ - run));
    if (!escape(x, b, start)) return false;
    run = x->p;
  }
  if (copied) {
    buf_put(b, run, (size_t)(x->p - run));
    lua_pushlstring(x->L, b->data, b->len);
  } else {
    lua_pushlstring(x->L, run, (size_t)(x->p - run));
  }
  x->p++;
  return true;
}

/* ---- numbers ---- */

static bool is_digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

/* An integer that a double cannot hold: an int64_t where it fits, else an exact number object. */
static void push_big(struct parser *x, const char *start, size_t n) {
  static const char max[] = "9223372036854775807", min[] = "9223372036854775808";
  const bool negative = *start == '-';
  const size_t digits = n - negative;
  if (digits < 19 || (digits == 19 && memcmp(start + negative, negative ? min : max, 19) <= 0)) {
    char code[64];
    snprintf(code, sizeof code, "return %.*sLL", (int)n, start);
    if (!luaL_loadstring(x->L, code) && !lua_pcall(x->L, 0, 1, 0)) return;
    lua_pop(x->L, 1);
  }
  lua_createtable(x->L, 1, 0);
  lua_pushlstring(x->L, start, n);
  lua_rawseti(x->L, -2, 1);
  lua_rawgeti(x->L, LUA_REGISTRYINDEX, x->json->number_ref);
  lua_setmetatable(x->L, -2);
}

static void push_integer(struct parser *x, const char *start, size_t n) {
  const bool negative = *start == '-';
  if (n - negative > 16) {
    push_big(x, start, n);
    return;
  }
  int64_t value = 0;
  for (size_t i = negative; i < n; i++) value = value * 10 + (start[i] - '0');
  if (value > (int64_t)1 << 53) push_big(x, start, n);
  else lua_pushnumber(x->L, (lua_Number)(negative ? -value : value));
}

static void push_float(struct parser *x, const char *start, size_t n) {
  char text[64], *copy = n < sizeof text ? text : xmalloc(n + 1);
  memcpy(copy, start, n);
  copy[n] = 0;
  const double value = strtod(copy, NULL);
  if (copy != text) free(copy);
  if (isfinite(value)) lua_pushnumber(x->L, value);
  else push_big(x, start, n);
}

static bool parse_number(struct parser *x) {
  const char *start = x->p, *p = x->p, *end = x->end;
  bool whole = true;
  if (*p == '-') p++;
  if (!is_digit(p, end)) return fail(x, "Expecting value", start);
  if (*p == '0') p++;
  else
    while (is_digit(p, end)) p++;
  if (p < end && *p == '.' && is_digit(p + 1, end)) {
    whole = false;
    for (p++; is_digit(p, end);) p++;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    const char *exponent = p + 1;
    if (exponent < end && (*exponent == '+' || *exponent == '-')) exponent++;
    if (is_digit(exponent, end)) {
      whole = false;
      for (p = exponent; is_digit(p, end);) p++;
    }
  }
  x->p = p;
  if (whole) push_integer(x, start, (size_t)(p - start));
  else push_float(x, start, (size_t)(p - start));
  return true;
}

/* ---- containers ---- */

static inline void skip_space(struct parser *x) {
  while (x->p < x->end && (*x->p == ' ' || *x->p == '\t' || *x->p == '\n' || *x->p == '\r')) x->p++;
}

static bool enter(struct parser *x) {
  if (++x->depth > JSON_DEPTH) return fail(x, "Nested deeper than 64 levels", x->p);
  x->p++;
  skip_space(x);
  return true;
}

static bool leave_if(struct parser *x, char c) {
  if (x->p == x->end || *x->p != c) return false;
  x->p++;
  x->depth--;
  return true;
}

static bool parse_array(struct parser *x) {
  if (!enter(x)) return false;
  lua_newtable(x->L); // [array]
  lua_rawgeti(x->L, LUA_REGISTRYINDEX, x->json->array_ref);
  lua_setmetatable(x->L, -2);
  if (leave_if(x, ']')) return true;
  for (int i = 1;; i++) {
    if (!parse_value(x)) return false;
    lua_rawseti(x->L, -2, i);
    skip_space(x);
    if (leave_if(x, ']')) return true;
    if (x->p == x->end || *x->p != ',') return fail(x, "Expecting ',' delimiter", x->p);
    x->p++;
    skip_space(x);
  }
}

/* Where the value of the key on top of the stack is to be noted, NULL for nowhere. */
static struct span *watched(struct parser *x) {
  if (x->depth != 1 || !x->request_id) return NULL;
  size_t n;
  const char *key = lua_tolstring(x->L, -1, &n);
  if (n == 6 && !memcmp(key, "action", 6)) return x->action;
  return n == 10 && !memcmp(key, "request_id", 10) ? x->request_id : NULL;
}

static bool parse_member(struct parser *x) {
  if (x->p == x->end || *x->p != '"') return fail(x, "Expecting property name enclosed in double quotes", x->p);
  if (!parse_string(x)) return false;
  skip_space(x);
  if (x->p == x->end || *x->p != ':') return fail(x, "Expecting ':' delimiter", x->p);
  x->p++;
  skip_space(x);
  struct span *span = watched(x);
  const char *start = x->p;
  if (!parse_value(x)) return false;
  if (span) *span = (struct span){start, x->p};
  lua_rawset(x->L, -3);
  return true;
}

static bool parse_object(struct parser *x) {
  if (!enter(x)) return false;
  lua_createtable(x->L, 0, 4); // [object]
  if (leave_if(x, '}')) return true;
  for (;;) {
    if (!parse_member(x)) return false;
    skip_space(x);
    if (leave_if(x, '}')) return true;
    if (x->p == x->end || *x->p != ',') return fail(x, "Expecting ',' delimiter", x->p);
    x->p++;
    skip_space(x);
  }
}

static bool literal(struct parser *x, const char *word, size_t n) {
  if ((size_t)(x->end - x->p) < n || memcmp(x->p, word, n) != 0) return false;
  x->p += n;
  return true;
}

static bool parse_word(struct parser *x) {
  static const char *const constants[] = {"NaN", "Infinity", "-Infinity"};
  const char *start = x->p;
  if (literal(x, "null", 4)) lua_pushlightuserdata(x->L, NULL);
  else if (literal(x, "true", 4)) lua_pushboolean(x->L, 1);
  else if (literal(x, "false", 5)) lua_pushboolean(x->L, 0);
  else {
    for (int i = 0; i < 3; i++) {
      if (!literal(x, constants[i], strlen(constants[i]))) continue;
      snprintf(x->err->message, sizeof x->err->message, "Out of range float values are not JSON compliant: '%s'", constants[i]);
      return false;
    }
    return fail(x, "Expecting value", start);
  }
  return true;
}

static bool parse_value(struct parser *x) {
  if (x->p == x->end) return fail(x, "Expecting value", x->p);
  switch (*x->p) {
    case '"': return parse_string(x);
    case '{': return parse_object(x);
    case '[': return parse_array(x);
    case '-':
      if (x->end - x->p > 1 && x->p[1] == 'I') return parse_word(x);
      return parse_number(x);
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return parse_number(x);
    default: return parse_word(x);
  }
}

static bool parse_text(struct parser *x) {
  if (x->end - x->p >= 3 && !memcmp(x->p, "\xef\xbb\xbf", 3)) return fail(x, "Unexpected UTF-8 BOM (decode using utf-8-sig)", x->p);
  skip_space(x);
  if (!parse_value(x)) return false;
  skip_space(x);
  return x->p == x->end || fail(x, "Extra data", x->p);
}

/* ---- entries ---- */

int json_decode(struct json *j, lua_State *L, const char *s, size_t n, struct json_error *err) {
  struct parser x = {.json = j, .L = L, .p = s, .begin = s, .end = s + n, .err = err};
  const int top = lua_gettop(L);
  luaL_checkstack(L, JSON_DEPTH * 3 + 16, "JSON");
  if (parse_text(&x)) return 0;
  lua_settop(L, top);
  return -1;
}

static const char *kind_of(lua_State *L) {
  switch (lua_type(L, -1)) {
    case LUA_TTABLE: return "a list";
    case LUA_TSTRING: return "a string";
    case LUA_TBOOLEAN: return "a boolean";
    case LUA_TLIGHTUSERDATA: return "null";
    default: return "a number";
  }
}

/* True when encoding the decoded value gives these bytes again. */
static bool survives(const struct span *s) {
  const size_t n = (size_t)(s->end - s->start);
  if (*s->start == '"') return !memchr(s->start, '\\', n);
  if (*s->start == '{' || *s->start == '[') return false;
  if (*s->start != '-' && !is_digit(s->start, s->end)) return true;
  if (n > 15 || (n > 1 && *s->start == '-' && s->start[1] == '0')) return false;
  for (size_t i = 1; i < n; i++)
    if (!is_digit(s->start + i, s->end)) return false;
  return true;
}

static void push_request_id(struct json *j, lua_State *L, const struct span *s) { /* [object] → [object, request_id] */
  if (!s->start) lua_pushnil(L);
  else if (survives(s)) lua_getfield(L, -1, "request_id");
  else json_push_raw(j, L, s->start, (size_t)(s->end - s->start));
}

int json_decode_message(struct json *j, lua_State *L, const char *s, size_t n, struct json_error *err) {
  struct span request_id = {0}, action = {0};
  struct parser x = {.json = j, .L = L, .p = s, .begin = s, .end = s + n, .request_id = &request_id, .action = &action, .err = err};
  const int top = lua_gettop(L);
  luaL_checkstack(L, JSON_DEPTH * 3 + 16, "JSON");
  if (!parse_text(&x)) {
    lua_settop(L, top);
    return -1;
  }
  if (s[0] != '{' && *(s + strspn(s, " \t\r\n")) != '{') {
    snprintf(err->message, sizeof err->message, "expected an object, got %s", kind_of(L));
    lua_settop(L, top);
    return -1;
  }
  push_request_id(j, L, &request_id);
  if (action.start && *action.start != '"') lua_pushlstring(L, action.start, (size_t)(action.end - action.start));
  else lua_pushnil(L);
  return 0;
}
