/* row_encoder.c - see row_encoder.h.
 *
 * DESIGN: an encoder is one block: its columns, and the text that stands before each value (`{"id":`, `,"name":`). A kind is a function that appends
 * a value the way its serializer field writes it, or says that it cannot; then the whole answer is given up, never guessed. TO ADD A KIND: a put
 * function, a row in `kinds`, and its name in lua/tidewire/serializers/rows.lua. */
#include "lua/row_encoder.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "lua/json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

enum { COLUMNS_MAX = 2000, PLACES_MAX = 15, MICROSECONDS = 6 };

struct column;

/* Append a value that is not NULL. False when it is none of the kind; what was appended by then does not matter. */
typedef bool (*put_function)(struct buf *out, const struct column *c, const struct db_value *v);

struct column {
  put_function put;
  int column;                /* of the result, from 0 */
  int places;                /* of decimals */
  size_t prefix, prefix_len; /* in the encoder's texts */
};

struct encoder {
  int count, last;  /* columns; the highest result column */
  struct buf texts; /* owned */
  struct column columns[];
};

static const char encoder_key;

/* ---- values ---- */

static bool is_text(const struct db_value *v) { return v->type == DB_TEXT; }

static bool put_text(struct buf *out, const struct column *c, const struct db_value *v) {
  (void)c;
  return is_text(v) && json_put_string(out, v->text.data, v->text.len);
}

static bool put_integer(struct buf *out, const struct column *c, const struct db_value *v) {
  (void)c;
  if (v->type != DB_INTEGER) return false;
  json_put_integer(out, v->integer);
  return true;
}

static bool put_float(struct buf *out, const struct column *c, const struct db_value *v) {
  (void)c;
  if (v->type == DB_INTEGER) json_put_integer(out, v->integer);
  else if (v->type == DB_FLOAT && isfinite(v->number)) json_put_number(out, v->number);
  else return false;
  return true;
}

/* SQLite keeps booleans as 0 and 1. */
static bool put_bool(struct buf *out, const struct column *c, const struct db_value *v) {
  (void)c;
  if (v->type != DB_BOOLEAN && v->type != DB_INTEGER) return false;
  const bool set = v->type == DB_BOOLEAN ? v->boolean : v->integer != 0;
  buf_put_str(out, set ? "true" : "false");
  return true;
}

/* JSON that the database has checked. */
static bool put_json(struct buf *out, const struct column *c, const struct db_value *v) {
  (void)c;
  if (!is_text(v) || !utf8_valid(v->text.data, v->text.len)) return false;
  buf_put(out, v->text.data, v->text.len);
  return true;
}

/* Does the text have one of 0 for each digit of `pattern`, and the same characters elsewhere? */
static bool looks_like(const char *text, const char *pattern) {
  for (; *pattern; text++, pattern++)
    if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern) return false;
  return true;
}

/* A number in digits, with so many of them behind the point: no NaN, no exponent. */
static bool has_places(const char *text, size_t len, size_t places) {
  const char *end = text + len, *p = text;
  if (p < end && *p == '-') p++;
  const char *whole = p;
  while (p < end && *p >= '0' && *p <= '9') p++;
  if (p == whole) return false;
  if (p == end) return places == 0;
  const char *point = p++;
  while (p < end && *p >= '0' && *p <= '9') p++;
  return *point == '.' && p == end && (size_t)(end - point - 1) == places;
}

/* PostgreSQL's numeric has all its places; a number of SQLite is exact to 15 digits, which is all a column that holds numbers may have. */
static bool put_decimal(struct buf *out, const struct column *c, const struct db_value *v) {
  if (is_text(v)) {
    return has_places(v->text.data, v->text.len, (size_t)c->places) && json_put_string(out, v->text.data, v->text.len);
  }
  if (v->type != DB_INTEGER && v->type != DB_FLOAT) return false;
  const double number = v->type == DB_INTEGER ? (double)v->integer : v->number;
  if (!isfinite(number) || fabs(number) >= 1e15) return false;
  buf_printf(out, "\"%.*f\"", c->places, number);
  return true;
}

static bool put_date(struct buf *out, const struct column *c, const struct db_value *v) {
  return is_text(v) && v->text.len == 10 && looks_like(v->text.data, "0000-00-00") && put_text(out, c, v);
}

/* Append a clock's "10:00:00" or "10:00:00.5", with six digits behind the point where there is one. */
static bool put_clock(struct buf *out, const char *text, size_t len) {
  static const char zeros[MICROSECONDS + 1] = "000000";
  if (len < 8 || !looks_like(text, "00:00:00")) return false;
  buf_put(out, text, len);
  if (len == 8) return true;
  const size_t digits = len - 9;
  if (text[8] != '.' || !digits || digits > MICROSECONDS || strspn(text + 9, "0123456789") < digits) return false;
  buf_put(out, zeros, MICROSECONDS - digits);
  return true;
}

static bool put_time(struct buf *out, const struct column *c, const struct db_value *v) {
  (void)c;
  if (!is_text(v)) return false;
  buf_put_char(out, '"');
  if (!put_clock(out, v->text.data, v->text.len)) return false;
  buf_put_char(out, '"');
  return true;
}

/* "2020-01-02 10:00:00.5+00", or without the zone, which is UTC. */
static bool put_datetime(struct buf *out, const struct column *c, const struct db_value *v) {
  (void)c;
  if (!is_text(v) || v->text.len < 19 || !looks_like(v->text.data, "0000-00-00 ")) return false;
  size_t len = v->text.len;
  if (!memcmp(v->text.data + len - 3, "+00", 3)) len -= 3;
  buf_put_char(out, '"');
  buf_put(out, v->text.data, 10);
  buf_put_char(out, 'T');
  if (len < 19 || !put_clock(out, v->text.data + 11, len - 11)) return false;
  buf_put(out, "Z\"", 2);
  return true;
}

static bool put_uuid(struct buf *out, const struct column *c, const struct db_value *v) {
  if (!is_text(v)) return false;
  const char *s = v->text.data;
  if (v->text.len == 36) return put_text(out, c, v);
  if (v->text.len != 32) return false;
  for (int i = 0; i < 32; i++)
    if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f'))) return false;
  buf_printf(out, "\"%.8s-%.4s-%.4s-%.4s-%.12s\"", s, s + 8, s + 12, s + 16, s + 20);
  return true;
}

static const struct kind {
  const char *name;
  put_function put;
} kinds[] = {{"text", put_text}, {"integer", put_integer}, {"float", put_float}, {"bool", put_bool},         {"json", put_json},
             {"date", put_date}, {"time", put_time},       {"uuid", put_uuid},   {"datetime", put_datetime}, {"decimal", put_decimal}};

/* ---- making one ---- */

static put_function kind_named(lua_State *L, const char *name) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (name && !strcmp(kinds[i].name, name)) return kinds[i].put;
  luaL_error(L, "row_encoder: kind %s", name ? name : "missing");
  return NULL;
}

static int field_integer(lua_State *L, const char *name, int least, int most) { /* [field] */
  lua_getfield(L, -1, name);
  const int n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (n < least || n > most) luaL_error(L, "row_encoder: %s is %d; expected %d to %d", name, n, least, most);
  return n;
}

/* Read the field on top of the stack. */
static void read_column(lua_State *L, struct encoder *e, int i) {
  struct column *c = &e->columns[i];
  size_t len;
  c->column = field_integer(L, "column", 1, COLUMNS_MAX) - 1;
  c->places = field_integer(L, "places", 0, PLACES_MAX);
  lua_getfield(L, -1, "kind");
  c->put = kind_named(L, lua_tostring(L, -1));
  lua_getfield(L, -2, "key"); // [field, kind, key]
  const char *key = lua_tolstring(L, -1, &len);
  c->prefix = e->texts.len;
  buf_put_char(&e->texts, i ? ',' : '{');
  if (!key || !json_put_string(&e->texts, key, len)) luaL_error(L, "row_encoder: a key is no text");
  buf_put_char(&e->texts, ':');
  c->prefix_len = e->texts.len - c->prefix;
  lua_pop(L, 2);
  if (c->column > e->last) e->last = c->column;
}

int row_encoder_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const int count = (int)lua_objlen(L, 1);
  luaL_argcheck(L, count > 0 && count <= COLUMNS_MAX, 1, "a list of columns expected");
  struct encoder *e = lua_newuserdata(L, sizeof *e + (size_t)count * sizeof *e->columns);
  e->count = count;
  e->last = 0;
  buf_init(&e->texts);
  lua_pushlightuserdata(L, (void *)(uintptr_t)&encoder_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_setmetatable(L, 2);
  for (int i = 0; i < count; i++) {
    lua_rawgeti(L, 1, i + 1);
    luaL_argcheck(L, lua_istable(L, -1), 1, "a list of tables expected");
    read_column(L, e, i);
    lua_pop(L, 1);
  }
  return 1;
}

bool row_encoder_at(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return false;
  lua_pushlightuserdata(L, (void *)(uintptr_t)&encoder_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  const bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same;
}

static int collect(lua_State *L) {
  struct encoder *e = lua_touserdata(L, 1);
  buf_fini(&e->texts);
  return 0;
}

void row_encoder_open(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&encoder_key);
  lua_createtable(L, 0, 2);
  lua_pushliteral(L, "tidewire.row_encoder");
  lua_setfield(L, -2, "__name");
  lua_pushcfunction(L, collect);
  lua_setfield(L, -2, "__gc");
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* ---- rows ---- */

static bool put_row(struct buf *out, const struct encoder *e, struct db_rows *rows) {
  struct db_value v;
  for (int i = 0; i < e->count; i++) {
    const struct column *c = &e->columns[i];
    buf_put(out, e->texts.data + c->prefix, c->prefix_len);
    rows->ops->value(rows, c->column, &v);
    if (v.type == DB_NULL) buf_put(out, "null", 4);
    else if (!c->put(out, c, &v)) return false;
  }
  buf_put_char(out, '}');
  return true;
}

bool row_encoder_push(lua_State *L, int encoder, struct db_rows *rows, struct db_error *err) {
  const struct encoder *e = lua_touserdata(L, encoder);
  struct buf out;
  if (e->last >= rows->column_count) luaL_error(L, "row_encoder: %d columns expected, the result has %d", e->last + 1, rows->column_count);
  buf_init(&out);
  buf_put_char(&out, '[');
  enum db_step step = DB_ROW;
  bool plain = true;
  for (int n = 0; plain && (step = rows->ops->next(rows, err)) == DB_ROW; n++) {
    if (n) buf_put_char(&out, ',');
    plain = put_row(&out, e, rows);
  }
  buf_put_char(&out, ']');
  const bool ok = !plain || step == DB_END;
  if (!plain) lua_pushboolean(L, 0);
  else if (ok) json_push_raw(json_of(L), L, out.data, out.len);
  buf_fini(&out);
  return ok;
}
