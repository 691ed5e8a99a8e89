/* json_encode.c - Lua values → JSON text. See json.h.
 *
 * DESIGN: values are appended as they are walked. On failure each level on the way out puts its own key in front of the error's path, so
 * the path costs nothing when all goes well. */
#include "lua/json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_CDATA = 10 }; /* LuaJIT's own type, which lua.h does not name */

struct writer {
  struct json *json;
  lua_State *L;
  struct buf *out;
  int depth;
  struct trail *trail; /* where an error is described: not made before there is one */
};

struct trail {
  char path[256];
  char reason[224];
};

static bool put_value(struct writer *w, int index);

/* ---- errors ---- */

static bool fail(struct writer *w, const char *reason) {
  snprintf(w->trail->reason, sizeof w->trail->reason, "%s", reason);
  return false;
}

/* Put `part` in front of the path; what does not fit is cut off at the far end. */
static bool within(struct writer *w, const char *part) {
  char longer[sizeof w->trail->path];
  snprintf(longer, sizeof longer, "%s%s", part, w->trail->path);
  memcpy(w->trail->path, longer, sizeof longer);
  return false;
}

static bool within_index(struct writer *w, int i) {
  char part[32];
  snprintf(part, sizeof part, "[%d]", i);
  return within(w, part);
}

static bool within_key(struct writer *w, const char *key) {
  char part[96];
  snprintf(part, sizeof part, ".%s", key);
  return within(w, part);
}

/* ---- strings ---- */

/* True when none of the eight bytes needs a second look: no control characters, quotes, backslashes, or bytes from 0x80 up. */
static inline bool plain8(uint64_t v) {
  const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
  const uint64_t quote = v ^ ones * '"', slash = v ^ ones * '\\';
  return !((v | (v - ones * 0x20) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & high);
}

static size_t skip_plain(const char *s, size_t n) {
  size_t i = 0;
  for (uint64_t chunk; i + 8 <= n; i += 8) {
    memcpy(&chunk, s + i, 8);
    if (!plain8(chunk)) break;
  }
  while (i < n && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x80 && s[i] != '"' && s[i] != '\\') i++;
  return i;
}

static void put_unicode(struct buf *out, unsigned c) {
  static const char digits[] = "0123456789abcdef";
  const char text[6] = {'\\', 'u', digits[c >> 12 & 15], digits[c >> 8 & 15], digits[c >> 4 & 15], digits[c & 15]};
  buf_put(out, text, sizeof text);
}

static void put_ascii_escape(struct buf *out, unsigned char c) {
  static const char names[] = "btn\0fr"; /* 8 to 13 */
  if (c == '"' || c == '\\' || (c >= 8 && c <= 13 && c != 11)) {
    const char text[2] = {'\\', c < 0x20 ? names[c - 8] : (char)c};
    buf_put(out, text, 2);
  } else {
    put_unicode(out, c);
  }
}

static bool continues(const char *s, size_t n, size_t at) { return at < n && (s[at] & 0xc0) == 0x80; }

/* Append the character of two to four bytes at s; returns its length, 0 when it is not one. A surrogate is escaped. */
static size_t put_multibyte(struct buf *out, const char *s, size_t n) {
  const unsigned char c = (unsigned char)s[0], d = n > 1 ? (unsigned char)s[1] : 0;
  const size_t len = c >= 0xf0 && c <= 0xf4 ? 4 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xc2 && c < 0xe0 ? 2 : 0;
  if (!len) return 0;
  for (size_t i = 1; i < len; i++)
    if (!continues(s, n, i)) return 0;
  if ((c == 0xe0 && d < 0xa0) || (c == 0xf0 && d < 0x90) || (c == 0xf4 && d > 0x8f)) return 0;
  if (c == 0xed && d >= 0xa0) put_unicode(out, 0xd000u | (d & 63u) << 6 | ((unsigned char)s[2] & 63u));
  else buf_put(out, s, len);
  return len;
}

bool json_put_string(struct buf *out, const char *s, size_t n) {
  buf_reserve(out, n + 2);
  buf_put_char(out, '"');
  for (size_t i = 0; i < n;) {
    const size_t run = skip_plain(s + i, n - i);
    buf_put(out, s + i, run);
    i += run;
    if (i == n) break;
    if (!(s[i] & 0x80)) {
      put_ascii_escape(out, (unsigned char)s[i++]);
    } else {
      const size_t len = put_multibyte(out, s + i, n - i);
      if (!len) return false;
      i += len;
    }
  }
  buf_put_char(out, '"');
  return true;
}

static bool put_string(struct writer *w, int index) {
  size_t n;
  const char *s = lua_tolstring(w->L, index, &n);
  return json_put_string(w->out, s, n) || fail(w, "the string is not UTF-8");
}

/* ---- numbers ---- */

void json_put_integer(struct buf *out, int64_t value) {
  char text[24], *p = text + sizeof text;
  uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  do *--p = (char)('0' + rest % 10);
  while (rest /= 10);
  if (value < 0) *--p = '-';
  buf_put(out, p, (size_t)(text + sizeof text - p));
}

void json_put_number(struct buf *out, double value) {
  if (value >= -9007199254740992.0 && value <= 9007199254740992.0 && value == (double)(int64_t)value && !(value == 0 && signbit(value))) {
    json_put_integer(out, (int64_t)value);
    return;
  }
  char text[40];
  for (int digits = 15; digits <= 17; digits++) { /* the shortest that reads back as the same number */
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  buf_put_str(out, value == 0 ? "-0.0" : text);
}

static bool put_number(struct writer *w, double value) {
  if (!isfinite(value)) return fail(w, isnan(value) ? "NaN is not JSON" : "Infinity is not JSON");
  json_put_number(w->out, value);
  return true;
}

/* int64_t and uint64_t print as digits with LL or ULL behind them; every other cdata as cdata<…>. */
static bool put_cdata(struct writer *w, int index) {
  lua_State *L = w->L;
  lua_rawgeti(L, LUA_REGISTRYINDEX, w->json->tostring_ref);
  lua_pushvalue(L, index);
  if (lua_pcall(L, 1, 1, 0)) lua_pop(L, 1);
  const char *text = lua_tostring(L, -1);
  const size_t n = text ? strspn(text, "-0123456789") : 0;
  const bool whole = n && (!strcmp(text + n, "LL") || !strcmp(text + n, "ULL"));
  if (whole) buf_put(w->out, text, n);
  lua_pop(L, 1);
  return whole || fail(w, "a cdata value is not JSON");
}

/* ---- tables ---- */

static bool put_items(struct writer *w, int table, int n) {
  buf_put_char(w->out, '[');
  for (int i = 1; i <= n; i++) {
    if (i > 1) buf_put_char(w->out, ',');
    lua_rawgeti(w->L, table, i);
    if (!put_value(w, lua_gettop(w->L))) return within_index(w, i);
    lua_pop(w->L, 1);
  }
  buf_put_char(w->out, ']');
  return true;
}

static bool put_list(struct writer *w, int table) { return put_items(w, table, (int)lua_objlen(w->L, table)); }

/* A row of a result: NULLs are holes, so it says how long it is. */
static bool put_row(struct writer *w, int table) {
  lua_pushliteral(w->L, "n");
  lua_rawget(w->L, table);
  const int n = (int)lua_tointeger(w->L, -1);
  lua_pop(w->L, 1);
  return put_items(w, table, n);
}

/* Write the member whose key and value are on top of the stack. */
static bool put_member(struct writer *w, bool first) {
  lua_State *L = w->L;
  const int value = lua_gettop(L), key = value - 1;
  if (!first) buf_put_char(w->out, ',');
  if (lua_type(L, key) == LUA_TSTRING) {
    if (!put_string(w, key)) return fail(w, "a key is not UTF-8");
  } else if (lua_type(L, key) == LUA_TNUMBER) {
    buf_put_char(w->out, '"');
    if (!put_number(w, lua_tonumber(L, key))) return false;
    buf_put_char(w->out, '"');
  } else {
    char reason[64];
    snprintf(reason, sizeof reason, "a %s as key is not JSON", luaL_typename(L, key));
    return fail(w, reason);
  }
  buf_put_char(w->out, ':');
  if (put_value(w, value)) return true;
  lua_pushvalue(L, key); /* a copy: lua_tostring would change a number key under lua_next */
  within_key(w, lua_tostring(L, -1));
  lua_pop(L, 1);
  return false;
}

static bool put_object(struct writer *w, int table) {
  lua_State *L = w->L;
  bool first = true;
  buf_put_char(w->out, '{');
  lua_pushnil(L);
  for (; lua_next(L, table); first = false) { // [key, value]
    if (!put_member(w, first)) return false;
    lua_pop(L, 1);
  }
  buf_put_char(w->out, '}');
  return true;
}

static bool put_plain(struct writer *w, int table) {
  lua_State *L = w->L;
  const size_t n = lua_objlen(L, table);
  if (!n) return put_object(w, table);
  size_t count = 0;
  lua_pushnil(L);
  while (lua_next(L, table)) {
    lua_pop(L, 1);
    count++;
  }
  if (count == n) return put_list(w, table);
  return fail(w, "a table with list items and other keys, or with holes, is neither a list nor an object");
}

/* The keys that `fields`, the list on top of the stack, names, in its order; absent ones are left out. */
static bool put_fields(struct writer *w, int table) {
  lua_State *L = w->L;
  const int fields = lua_gettop(L), n = (int)lua_objlen(L, fields);
  bool first = true;
  buf_put_char(w->out, '{');
  for (int i = 1; i <= n; i++) {
    lua_rawgeti(L, fields, i);
    lua_pushvalue(L, -1);
    lua_rawget(L, table); // [key, value]
    if (!lua_isnil(L, -1)) {
      if (!put_member(w, first)) return false;
      first = false;
    }
    lua_pop(L, 2);
  }
  buf_put_char(w->out, '}');
  return true;
}

/* The metamethod __tojson is on top of the stack. */
static bool put_converted(struct writer *w, int table) {
  lua_State *L = w->L;
  lua_pushvalue(L, table);
  if (lua_pcall(L, 1, 1, 0)) return fail(w, lua_isstring(L, -1) ? lua_tostring(L, -1) : "__tojson failed");
  return put_value(w, lua_gettop(L));
}

/* What raw and number objects hold is JSON already. */
static bool put_verbatim(struct writer *w, int table) {
  size_t n;
  lua_rawgeti(w->L, table, 1);
  const char *s = lua_tolstring(w->L, -1, &n);
  buf_put(w->out, s, n);
  lua_pop(w->L, 1);
  return true;
}

static bool put_special(struct writer *w, int table) { /* [metatable] */
  lua_State *L = w->L;
  const void *meta = lua_topointer(L, -1);
  const struct json *j = w->json;
  if (meta == j->array) return put_list(w, table);
  if (meta == j->object) return put_object(w, table);
  if (meta == j->row) return put_row(w, table);
  if (meta == j->raw || meta == j->number) return put_verbatim(w, table);
  lua_pushliteral(L, "__tojson");
  lua_rawget(L, -2);
  if (!lua_isnil(L, -1)) return put_converted(w, table);
  lua_pop(L, 1);
  lua_pushliteral(L, "__fields");
  lua_rawget(L, -2);
  if (lua_istable(L, -1)) return put_fields(w, table);
  return fail(w, "an object is not JSON; give its metatable __tojson, or send a plain table");
}

static bool put_table(struct writer *w, int table) {
  lua_State *L = w->L;
  if (w->depth == JSON_ENCODE_DEPTH || !lua_checkstack(L, 16)) return fail(w, "nested deeper than 256 levels; is this a cycle?");
  w->depth++;
  const bool ok = lua_getmetatable(L, table) ? put_special(w, table) : put_plain(w, table);
  w->depth--;
  return ok;
}

/* A C object, such as a Decimal, whose metatable says what to send. */
static bool put_userdata(struct writer *w, int index) {
  lua_State *L = w->L;
  if (!lua_checkstack(L, 16)) return fail(w, "nested too deep");
  if (!lua_getmetatable(L, index)) return fail(w, "a userdata is not JSON");
  lua_pushliteral(L, "__tojson");
  lua_rawget(L, -2);
  return lua_isnil(L, -1) ? fail(w, "a userdata is not JSON") : put_converted(w, index);
}

static bool put_value(struct writer *w, int index) {
  lua_State *L = w->L;
  const int top = lua_gettop(L);
  bool ok = true;
  char reason[64];
  switch (lua_type(L, index)) {
    case LUA_TNIL: buf_put(w->out, "null", 4); break;
    case LUA_TBOOLEAN: lua_toboolean(L, index) ? buf_put(w->out, "true", 4) : buf_put(w->out, "false", 5); break;
    case LUA_TNUMBER: ok = put_number(w, lua_tonumber(L, index)); break;
    case LUA_TSTRING: ok = put_string(w, index); break;
    case LUA_TTABLE:
      ok = put_table(w, index);
      lua_settop(L, top);
      break;
    case TYPE_CDATA: ok = put_cdata(w, index); break;
    case LUA_TUSERDATA:
      ok = put_userdata(w, index);
      lua_settop(L, top);
      break;
    case LUA_TLIGHTUSERDATA:
      if (!lua_touserdata(L, index)) {
        buf_put(w->out, "null", 4);
        break;
      } /* fall through */
    default: snprintf(reason, sizeof reason, "a %s is not JSON", luaL_typename(L, index)); ok = fail(w, reason);
  }
  return ok;
}

int json_encode(struct json *j, lua_State *L, int index, const char *root, struct buf *out, struct json_error *err) {
  struct trail trail; /* filled by a failure only */
  struct writer w = {.json = j, .L = L, .out = out, .trail = &trail};
  const int top = lua_gettop(L);
  const size_t len = out->len;
  if (index < 0) index = top + index + 1;
  luaL_checkstack(L, 16, "JSON");
  trail.path[0] = 0;
  if (put_value(&w, index)) return 0;
  lua_settop(L, top);
  out->len = len;
  snprintf(err->message, sizeof err->message, "%s%s: %s", root, trail.path, trail.reason);
  return -1;
}
