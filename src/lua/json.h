/* json.h - JSON text ↔ Lua values, without loss.
 *
 * Why not lua-cjson: it cannot tell [] from {}, rounds integers beyond 14 digits, and neither limits nesting with a position nor keeps
 * a member's own bytes (docs/architecture.md). Errors are worded as Python's json words them, because that is what DRF shows.
 *
 *   JSON                         Lua
 *   null                         tidewire.null (light userdata NULL); encoding accepts nil too
 *   integer up to 2^53           number
 *   integer up to 2^63           int64_t cdata
 *   any other number             number; beyond a double's range or an int64_t: an exact number object, written back as it came
 *   array                        table with the array metatable
 *   object                       plain table; the last of several equal keys counts
 *   lone surrogate in a string   its three bytes (WTF-8); escaped again when encoded
 *
 * One struct json a Lua state; the state's thread. */
#pragma once
#include "base/buf.h"

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

enum { JSON_DEPTH = 64, JSON_ENCODE_DEPTH = 256 };

struct json {
  const void *array, *object, *raw, *number, *row; /* the metatables, anchored in the registry */
  int array_ref, object_ref, raw_ref, number_ref, row_ref, tostring_ref;
  struct buf scratch; /* strings with escapes while they are decoded */
};

struct json_error {
  char message[512];
};

/* Make the struct, owned by L. */
struct json *json_new(lua_State *L);

/* The one that json_new() made. */
struct json *json_of(lua_State *L);

/* Push the value of the text s[n] (valid UTF-8). Returns 0; or -1 with err filled and nothing pushed. */
int json_decode(struct json *j, lua_State *L, const char *s, size_t n, struct json_error *err);

/* The same for a frame, which must be an object. Pushes three values: the object; what to send back as request_id (nil when there is none; its
 * very bytes where encoding the decoded value would change them); and the JSON text of "action" where that is not a string, else nil. */
int json_decode_message(struct json *j, lua_State *L, const char *s, size_t n, struct json_error *err);

/* Append the value at `index` to `out`. Returns 0; or -1 with `out` as it was and err naming the place ("data.rows[3].due: NaN is not JSON"),
 * beginning with `root`. Metamethods __tojson are called and may not yield. */
int json_encode(struct json *j, lua_State *L, int index, const char *root, struct buf *out, struct json_error *err);

/* Append a number; json_put_number() takes finite ones only. */
void json_put_integer(struct buf *out, int64_t value);
void json_put_number(struct buf *out, double value);

/* Append a JSON string. False, with part of it appended, when s is not UTF-8. */
bool json_put_string(struct buf *out, const char *s, size_t n);

/* Push an object that encodes as the given bytes. */
void json_push_raw(struct json *j, lua_State *L, const char *s, size_t n);

/* Push the metatable of a list that may have holes and says its length as `n`; it encodes as an array with null in them. */
void json_push_row_mark(lua_State *L);
