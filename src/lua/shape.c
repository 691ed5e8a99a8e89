/* shape.c - see shape.h.
 *
 * DESIGN: a shape's Lua values (metatable, names, converters, nested shapes) stand in its environment table. Before the first row they are all pushed
 * on the stack once, a struct frame says where; a row then costs one table, and a push and a rawset a column. */
#include "lua/shape.h"

#include "lua/int64.h"
#include "lua/json.h"

#include <lauxlib.h>
#include <string.h>

enum { FRAMES_MAX = 64, COLUMNS_MAX = 2000 };

enum convert { CONVERT_NOTHING, CONVERT_BOOL, CONVERT_INTEGER, CONVERT_FLOAT, CONVERT_CALL };
enum form { FORM_TABLE, FORM_LIST, FORM_FLAT };

struct related {
  int first, pk; /* columns, from 0 */
};

struct shape {
  enum form form;
  int count, related_count;
  bool meta, deferred;
  unsigned char *convert; /* into the same block, like `related` */
  struct related *related;
};

/* Slots of the environment: META, DEFERRED, then names, converters, names of relations, nested shapes. */
enum { ENV_META = 1, ENV_DEFERRED, ENV_LISTS };

static const char shape_key;

/* ---- making one ---- */

static struct shape *check_shape(lua_State *L, int index) {
  struct shape *s = lua_touserdata(L, index);
  if (s && lua_getmetatable(L, index)) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)&shape_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    const bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (same) return s;
  }
  luaL_error(L, "shape: a shape was expected, got a %s", luaL_typename(L, index));
  return NULL;
}

bool shape_at(lua_State *L, int index) { return lua_type(L, index) == LUA_TUSERDATA && check_shape(L, index); }

static bool flag(lua_State *L, int spec, const char *name) {
  lua_getfield(L, spec, name);
  const bool set = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return set;
}

static int list_length(lua_State *L, int spec, const char *name) {
  lua_getfield(L, spec, name);
  const int n = lua_istable(L, -1) ? (int)lua_objlen(L, -1) : 0;
  lua_pop(L, 1);
  if (n > COLUMNS_MAX) luaL_error(L, "shape: %d %s; at most %d", n, name, COLUMNS_MAX);
  return n;
}

/* The converter on top of the stack; pops it unless it is a function, which stays. */
static enum convert convert_at_top(lua_State *L) {
  if (lua_isfunction(L, -1)) return CONVERT_CALL;
  static const char *const names[] = {"bool", "integer", "float"};
  static const enum convert kinds[] = {CONVERT_BOOL, CONVERT_INTEGER, CONVERT_FLOAT};
  const char *name = lua_tostring(L, -1);
  const bool none = lua_isnil(L, -1);
  for (int i = 0; i < 3 && name; i++) {
    if (strcmp(name, names[i]) != 0) continue;
    lua_pop(L, 1);
    return kinds[i];
  }
  if (!none) luaL_error(L, "shape: convert: bool, integer, float or a function expected, got %s", name ? name : luaL_typename(L, -1));
  lua_pop(L, 1);
  return CONVERT_NOTHING;
}

static void read_columns(lua_State *L, struct shape *s, int spec, int env) {
  lua_getfield(L, spec, "columns");
  for (int i = 0; i < s->count; i++) {
    lua_rawgeti(L, -1, i + 1); // [columns, column]
    if (!lua_istable(L, -1)) luaL_error(L, "shape: columns[%d] is a %s; a table was expected", i + 1, luaL_typename(L, -1));
    lua_getfield(L, -1, "name");
    if (lua_isnil(L, -1) && s->form == FORM_TABLE) luaL_error(L, "shape: columns[%d] has no name", i + 1);
    lua_rawseti(L, env, ENV_LISTS + i);
    lua_getfield(L, -1, "convert");
    s->convert[i] = (unsigned char)convert_at_top(L);
    if (s->convert[i] == CONVERT_CALL) lua_rawseti(L, env, ENV_LISTS + s->count + i);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static int column_number(lua_State *L, const char *name) { /* [entry] */
  lua_getfield(L, -1, name);
  const int n = (int)lua_tointeger(L, -1) - 1;
  lua_pop(L, 1);
  if (n < 0) luaL_error(L, "shape: related: %s is a column's number, from 1", name);
  return n;
}

static void read_related(lua_State *L, struct shape *s, int spec, int env) {
  const int names = ENV_LISTS + 2 * s->count, shapes = names + s->related_count;
  if (!s->related_count) return;
  lua_getfield(L, spec, "related");
  for (int i = 0; i < s->related_count; i++) {
    lua_rawgeti(L, -1, i + 1); // [related, entry]
    s->related[i] = (struct related){column_number(L, "first"), column_number(L, "pk")};
    lua_getfield(L, -1, "name");
    lua_rawseti(L, env, names + i);
    lua_getfield(L, -1, "shape");
    check_shape(L, lua_gettop(L));
    lua_rawseti(L, env, shapes + i);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

static bool keep(lua_State *L, int spec, const char *name, int env, int slot) {
  lua_getfield(L, spec, name);
  const bool there = lua_istable(L, -1);
  if (there) lua_rawseti(L, env, slot);
  else lua_pop(L, 1);
  return there;
}

int shape_new(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  const int count = list_length(L, 1, "columns"), related = list_length(L, 1, "related");
  struct shape *s = lua_newuserdata(L, sizeof *s + (size_t)related * sizeof *s->related + (size_t)count);
  *s = (struct shape){.form = flag(L, 1, "flat") ? FORM_FLAT : flag(L, 1, "list") ? FORM_LIST : FORM_TABLE, .count = count, .related_count = related};
  s->related = (struct related *)(s + 1);
  s->convert = (unsigned char *)(s->related + related);
  lua_createtable(L, ENV_LISTS + 2 * (count + related), 0); // [spec, shape, env]
  s->meta = keep(L, 1, "meta", 3, ENV_META);
  s->deferred = keep(L, 1, "deferred", 3, ENV_DEFERRED);
  read_columns(L, s, 1, 3);
  read_related(L, s, 1, 3);
  lua_setfenv(L, 2);
  lua_pushlightuserdata(L, (void *)(uintptr_t)&shape_key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_setmetatable(L, 2);
  return 1;
}

void shape_open(lua_State *L) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)&shape_key);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "tidewire.shape");
  lua_setfield(L, -2, "__name");
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* ---- rows ---- */

/* A shape laid out on the stack. Frames are in the order of a walk: a frame's nested ones follow it, `size` of them with itself. */
struct frame {
  const struct shape *shape;
  int base;      /* stack index of its first value: the environment's slots in order */
  int first, pk; /* result columns; pk -1 for the outermost */
  int name;      /* stack index of the relation's name */
  int size;
};

struct builder {
  lua_State *L;
  struct db_rows *rows;
  int row_meta; /* stack index */
  int related_key, deferred_key;
  int frame_count;
  struct frame frames[FRAMES_MAX];
};

static void lay_out(struct builder *b, int index, int first, int pk, int name) {
  lua_State *L = b->L;
  const struct shape *s = check_shape(L, index);
  if (b->frame_count == FRAMES_MAX) luaL_error(L, "shape: more than %d nested", FRAMES_MAX);
  const int values = ENV_LISTS - 1 + 2 * s->count + s->related_count, at = b->frame_count++;
  luaL_checkstack(L, values + s->related_count + 16, "a row with this many columns");
  lua_getfenv(L, index);
  const int env = lua_gettop(L);
  b->frames[at] = (struct frame){.shape = s, .base = env + 1, .first = first, .pk = pk, .name = name};
  for (int i = 1; i <= values; i++) lua_rawgeti(L, env, i);
  for (int i = 0; i < s->related_count; i++) {
    lua_rawgeti(L, env, values + 1 + i);
    lay_out(b, lua_gettop(L), s->related[i].first, s->related[i].pk, env + ENV_LISTS + 2 * s->count + i);
  }
  b->frames[at].size = b->frame_count - at;
}

static void push_converted(struct builder *b, const struct db_value *v, enum convert how, int function) {
  lua_State *L = b->L;
  if (how == CONVERT_CALL) lua_pushvalue(L, function);
  switch (v->type) {
    case DB_NULL: lua_pushnil(L); break;
    case DB_BOOLEAN: lua_pushboolean(L, v->boolean); break;
    case DB_INTEGER:
      if (how == CONVERT_BOOL) lua_pushboolean(L, v->integer != 0);
      else push_int64(L, v->integer);
      break;
    case DB_FLOAT:
      if (how == CONVERT_INTEGER && v->number >= -9223372036854775808.0 && v->number < 9223372036854775808.0) push_int64(L, (int64_t)v->number);
      else lua_pushnumber(L, v->number);
      break;
    case DB_TEXT:
    case DB_BLOB:
      lua_pushlstring(L, v->text.data, v->text.len);
      if (how == CONVERT_FLOAT || how == CONVERT_INTEGER) {
        lua_pushnumber(L, lua_tonumber(L, -1));
        lua_remove(L, -2);
      }
      break;
  }
  if (how == CONVERT_CALL) lua_call(L, 1, 1);
}

/* Push the value of a result column; false, and nothing pushed, for NULL. */
static bool push_column(struct builder *b, const struct frame *f, int i) {
  struct db_value v;
  b->rows->ops->value(b->rows, f->first + i, &v);
  if (v.type == DB_NULL) return false;
  push_converted(b, &v, f->shape->convert[i], f->base + ENV_LISTS - 1 + f->shape->count + i);
  return true;
}

static void push_row(struct builder *b, int at);

/* Give the row on top its __related: nested rows by name, false where there is none. */
static void set_related(struct builder *b, int at) {
  lua_State *L = b->L;
  const struct frame *f = &b->frames[at];
  struct db_value v;
  lua_pushvalue(L, b->related_key);
  lua_createtable(L, 0, f->shape->related_count);
  for (int child = at + 1; child < at + f->size; child += b->frames[child].size) {
    lua_pushvalue(L, b->frames[child].name);
    b->rows->ops->value(b->rows, b->frames[child].pk, &v);
    if (v.type == DB_NULL) lua_pushboolean(L, 0);
    else push_row(b, child);
    lua_rawset(L, -3);
  }
  lua_rawset(L, -3);
}

static void push_table(struct builder *b, int at) {
  lua_State *L = b->L;
  const struct frame *f = &b->frames[at];
  const struct shape *s = f->shape;
  lua_createtable(L, 0, s->count + (s->related_count ? 1 : 0) + s->deferred);
  for (int i = 0; i < s->count; i++) {
    lua_pushvalue(L, f->base + ENV_LISTS - 1 + i);
    if (push_column(b, f, i)) lua_rawset(L, -3);
    else lua_pop(L, 1);
  }
  if (s->deferred) {
    lua_pushvalue(L, b->deferred_key);
    lua_pushvalue(L, f->base + ENV_DEFERRED - 1);
    lua_rawset(L, -3);
  }
  if (s->related_count) set_related(b, at);
  if (s->meta) {
    lua_pushvalue(L, f->base + ENV_META - 1);
    lua_setmetatable(L, -2);
  }
}

static void push_list(struct builder *b, const struct frame *f) {
  lua_State *L = b->L;
  lua_createtable(L, f->shape->count, 1);
  for (int i = 0; i < f->shape->count; i++)
    if (push_column(b, f, i)) lua_rawseti(L, -2, i + 1);
  lua_pushinteger(L, f->shape->count);
  lua_setfield(L, -2, "n");
  lua_pushvalue(L, b->row_meta);
  lua_setmetatable(L, -2);
}

static void push_row(struct builder *b, int at) {
  const struct frame *f = &b->frames[at];
  if (f->shape->form == FORM_TABLE) push_table(b, at);
  else if (f->shape->form == FORM_LIST) push_list(b, f);
  else if (!push_column(b, f, 0)) lua_pushlightuserdata(b->L, NULL);
}

/* A row without a shape: a table keyed by column name, whose names stand from stack index `names` on. */
static void push_plain(struct builder *b, int names) {
  lua_State *L = b->L;
  struct db_value v;
  lua_createtable(L, 0, b->rows->column_count);
  for (int i = 0; i < b->rows->column_count; i++) {
    b->rows->ops->value(b->rows, i, &v);
    if (v.type == DB_NULL) continue;
    lua_pushvalue(L, names + i);
    push_converted(b, &v, CONVERT_NOTHING, 0);
    lua_rawset(L, -3);
  }
}

static void check_columns(struct builder *b) {
  for (int i = 0; i < b->frame_count; i++) {
    const struct frame *f = &b->frames[i];
    const int needed = f->first + f->shape->count > f->pk + 1 ? f->first + f->shape->count : f->pk + 1;
    if (needed > b->rows->column_count) luaL_error(b->L, "shape: %d columns expected, the result has %d", needed, b->rows->column_count);
  }
}

bool shape_push_rows(lua_State *L, int shape, struct db_rows *rows, struct db_error *err) {
  const int top = lua_gettop(L);
  struct builder b; /* not cleared: its frames are large */
  b.L = L;
  b.rows = rows;
  b.frame_count = 0;
  luaL_checkstack(L, rows->column_count + 16, "a row with this many columns");
  const int64_t expected = rows->row_count < 0 ? 0 : rows->row_count;
  lua_createtable(L, expected > 1000000 ? 1000000 : (int)expected, 0); // [list]
  json_push_row_mark(L);
  b.row_meta = top + 2;
  lua_pushliteral(L, "__related");
  b.related_key = top + 3;
  lua_pushliteral(L, "__deferred");
  b.deferred_key = top + 4;
  if (shape) lay_out(&b, shape, 0, -1, 0);
  else
    for (int i = 0; i < rows->column_count; i++) lua_pushstring(L, rows->ops->name(rows, i));
  check_columns(&b);
  enum db_step step;
  for (int i = 1; (step = rows->ops->next(rows, err)) == DB_ROW; i++) {
    if (shape) push_row(&b, 0);
    else push_plain(&b, top + 5);
    lua_rawseti(L, top + 1, i);
  }
  lua_settop(L, step == DB_END ? top + 1 : top);
  return step == DB_END;
}
