/* bind_db.c - tidewire.host: db_query and what belongs to it. tidewire.db makes them comfortable. Stubs: lua/tidewire/_meta/host.lua.
 *
 * DESIGN: a read on SQLite runs at once, on this very thread, and its rows are built while it is stepped. Everything else parks the task: the request
 * is kept in task->awaited; when it is answered the task goes on and fetches the result with db_result(). A task that is woken for another reason
 * (cancelled, late) gives the request up with db_abandon(). What Lua holds of the database (a transaction, a cursor) is a userdata that ends with the
 * task that made it. RETURNS: functions that ask the database return true and the answer; nothing but true when db_result() has it; false and an
 * error table. */
#include "base/alloc.h"
#include "lua/bind.h"
#include "lua/int64.h"
#include "lua/row_encoder.h"
#include "lua/shape.h"
#include "lua/worker.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

enum awaited { AWAITED_ROWS = 1, AWAITED_TRANSACTION, AWAITED_CURSOR };
enum { PARAMS_INLINE = 32, PARAMS_MAX = 65535 };

static const char transaction_key, cursor_key;

/* ---- errors ---- */

static const char *const kinds[] = {[DB_OK] = "",
                                    [DB_INTEGRITY] = "IntegrityError",
                                    [DB_DATA] = "DataError",
                                    [DB_PROGRAMMING] = "ProgrammingError",
                                    [DB_OPERATIONAL] = "OperationalError",
                                    [DB_TIMED_OUT] = "OperationalError",
                                    [DB_UNAVAILABLE] = "DatabaseUnavailable"};

static void set_text(lua_State *L, const char *key, const char *text) {
  if (!*text) return;
  lua_pushstring(L, text);
  lua_setfield(L, -2, key);
}

/* Return false and the error as a table to Lua. */
static int push_db_error(lua_State *L, const struct db_error *e) {
  lua_pushboolean(L, 0);
  lua_createtable(L, 0, 6);
  set_text(L, "class", kinds[e->kind]);
  set_text(L, "message", e->message);
  set_text(L, "code", e->code);
  set_text(L, "constraint", e->constraint);
  set_text(L, "detail", e->detail);
  lua_pushboolean(L, e->kind == DB_TIMED_OUT);
  lua_setfield(L, -2, "timed_out");
  return 2;
}

/* ---- parameters ---- */

static void read_number(lua_Number n, struct db_value *to) {
  const bool whole = n == floor(n) && n >= -9223372036854775808.0 && n < 9223372036854775808.0;
  *to = whole ? (struct db_value){.type = DB_INTEGER, .integer = (int64_t)n} : (struct db_value){.type = DB_FLOAT, .number = n};
}

/* The parameter on top of the stack, which the list at index 3 keeps alive. */
static void read_param(lua_State *L, int i, struct db_value *to) {
  int64_t whole;
  switch (lua_type(L, -1)) {
    case LUA_TNIL: *to = (struct db_value){.type = DB_NULL}; return;
    case LUA_TBOOLEAN: *to = (struct db_value){.type = DB_BOOLEAN, .boolean = lua_toboolean(L, -1)}; return;
    case LUA_TNUMBER: read_number(lua_tonumber(L, -1), to); return;
    case LUA_TSTRING:
      to->type = DB_TEXT;
      to->text.data = lua_tolstring(L, -1, &to->text.len);
      return;
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, -1)) break;
      *to = (struct db_value){.type = DB_NULL}; /* tidewire.null */
      return;
    default:
      if (!to_int64(L, lua_gettop(L), &whole)) break;
      *to = (struct db_value){.type = DB_INTEGER, .integer = whole};
      return;
  }
  luaL_error(L, "parameter %d is a %s; a database takes nil, null, booleans, numbers, int64_t and strings", i, luaL_typename(L, -1));
}

struct params {
  struct db_value *values;
  int count;
  struct db_value here[PARAMS_INLINE];
};

static void read_params(lua_State *L, int index, struct params *p) {
  p->values = p->here;
  p->count = 0;
  if (lua_isnoneornil(L, index)) return;
  luaL_checktype(L, index, LUA_TTABLE);
  lua_getfield(L, index, "n");
  const lua_Number n = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : (lua_Number)lua_objlen(L, index);
  lua_pop(L, 1);
  if (!(n >= 0 && n <= PARAMS_MAX)) luaL_error(L, "%f parameters; a database takes %d at most", n, PARAMS_MAX);
  p->count = (int)n;
  if (p->count > PARAMS_INLINE) p->values = lua_newuserdata(L, (size_t)p->count * sizeof *p->values); /* stays on the stack during the call */
  for (int i = 0; i < p->count; i++) {
    lua_rawgeti(L, index, i + 1);
    read_param(L, i + 1, &p->values[i]);
    lua_pop(L, 1);
  }
}

/* ---- handles ---- */

struct handle {
  struct task_cleanup cleanup;
  struct worker *worker;
  struct db *db; /* the one it belongs to */
  void *object;  /* struct db_transaction or struct db_cursor; NULL: given back */
};

static void end_handle(struct handle *h, void (*give_back)(struct worker *w, void *object)) {
  task_forgo(&h->cleanup);
  if (h->object && h->worker->db == h->db) give_back(h->worker, h->object);
  h->object = NULL;
}

static void release_transaction(struct worker *w, void *object) { w->cluster->db_driver->release(w->db, object); }
static void close_cursor(struct worker *w, void *object) { w->cluster->db_driver->cursor_close(w->db, object); }

static void transaction_cleanup(struct task_cleanup *c) { end_handle(list_entry(c, struct handle, cleanup), release_transaction); }
static void cursor_cleanup(struct task_cleanup *c) { end_handle(list_entry(c, struct handle, cleanup), close_cursor); }

/* The handle at `index`, NULL when it is none of that kind. */
static struct handle *handle_at(lua_State *L, int index, const char *key) {
  struct handle *h = lua_touserdata(L, index);
  if (!h || !lua_getmetatable(L, index)) return NULL;
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  const bool same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same ? h : NULL;
}

static void push_handle(lua_State *L, struct worker *w, struct task *t, const char *key, void *object) {
  struct handle *h = lua_newuserdata(L, sizeof *h);
  *h = (struct handle){.worker = w, .db = w->db, .object = object};
  list_init(&h->cleanup.link);
  h->cleanup.run = key == &transaction_key ? transaction_cleanup : cursor_cleanup;
  task_defer(t, &h->cleanup);
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_rawget(L, LUA_REGISTRYINDEX);
  lua_setmetatable(L, -2);
}

static int transaction_gc(lua_State *L) {
  end_handle(lua_touserdata(L, 1), release_transaction);
  return 0;
}

static int cursor_gc(lua_State *L) {
  end_handle(lua_touserdata(L, 1), close_cursor);
  return 0;
}

static void register_handle(lua_State *L, const char *key, const char *name, lua_CFunction gc) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_createtable(L, 0, 2);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushcfunction(L, gc);
  lua_setfield(L, -2, "__gc");
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* ---- asking ---- */

static struct worker *check_db(lua_State *L) {
  struct worker *w = check_worker(L);
  if (!w->cluster->db_driver) luaL_error(L, "this app has no database: set `database` in app.lua, TIDEWIRE_DATABASE or --database");
  if (!w->db) luaL_error(L, "the database can be used inside a task only, not while the app loads");
  return w;
}

static void answered(struct db_request *r) {
  struct task *t = r->owner;
  t->answered = true;
  task_wake(t->scheduler, t);
}

static struct db_transaction *transaction_at(lua_State *L, int index) {
  if (lua_isnoneornil(L, index)) return NULL;
  struct handle *h = handle_at(L, index, &transaction_key);
  if (!h || !h->object) luaL_error(L, "the transaction is over");
  return h->object;
}

/* Remember what the running task waits for; the request is its own until it is submitted. */
static void expect(struct worker *w, struct db_request *r, enum awaited kind) {
  struct task *t = w->scheduler.current;
  r->owner = t;
  r->done = answered;
  t->awaited = r;
  t->awaited_kind = kind;
  t->answered = false;
}

/* After submitting: go on at once when the answer is there already, else wait for it. */
static int wait_for_answer(lua_State *L, struct worker *w) {
  if (!w->scheduler.current->answered) return task_wait(&w->scheduler, L, 0);
  lua_pushboolean(L, 1);
  return 1;
}

struct walk {
  struct db_rows *rows;
  struct db_error *err;
  int shape;
};

static int push_rows(lua_State *L) { /* (walk, shape) */
  const struct walk *walk = lua_touserdata(L, 1);
  if (walk->shape && row_encoder_at(L, walk->shape)) return row_encoder_push(L, walk->shape, walk->rows, walk->err);
  return shape_push_rows(L, walk->shape, walk->rows, walk->err);
}

/* Push true and the list of rows, or false and an error table; frees `rows`. Raises what converters raise. `shape` is a stack index or 0. */
static int push_answer(lua_State *L, int shape, struct db_rows *rows, int64_t affected) {
  struct db_error err = {.kind = DB_OK};
  struct walk walk = {.rows = rows, .err = &err, .shape = shape ? 2 : 0};
  lua_pushboolean(L, 1);
  lua_pushcfunction(L, push_rows);
  lua_pushlightuserdata(L, &walk);
  lua_pushvalue(L, shape ? shape : -1);
  const int failed = lua_pcall(L, 2, 1, 0);
  rows->ops->free(rows);
  if (failed) return lua_error(L);
  if (err.kind != DB_OK) return push_db_error(L, &err);
  push_int64(L, affected);
  return 3;
}

/* A shape or a row encoder. */
static int shape_index(lua_State *L, int index) { return row_encoder_at(L, index) || shape_at(L, index) ? index : 0; }

/* db_query(transaction, sql, params, shape) → true, rows, affected */
static int host_db_query(lua_State *L) {
  struct worker *w = check_db(L);
  size_t len;
  const char *sql = luaL_checklstring(L, 2, &len);
  struct params params;
  struct db_error err;
  lua_settop(L, 4);
  struct db_transaction *tx = transaction_at(L, 1);
  const int shape = shape_index(L, 4);
  read_params(L, 3, &params);
  const bool fails = task_wait_fails(&w->scheduler, L);
  err.kind = DB_OK;
  if (!tx) {
    struct db_rows *rows = w->cluster->db_driver->read_now(w->db, sql, len, params.values, params.count, &err);
    if (rows) return push_answer(L, shape, rows, 0);
    if (err.kind != DB_OK) return push_db_error(L, &err);
  }
  if (fails) return task_wait(&w->scheduler, L, 0);
  struct db_request *r = db_request_new(sql, len, params.values, params.count);
  r->tx = tx;
  expect(w, r, AWAITED_ROWS);
  w->cluster->db_driver->submit(w->db, r);
  return wait_for_answer(L, w);
}

/* db_acquire() → true, transaction */
static int host_db_acquire(lua_State *L) {
  struct worker *w = check_db(L);
  if (task_wait_fails(&w->scheduler, L)) return task_wait(&w->scheduler, L, 0);
  struct db_request *r = db_request_new("", 0, NULL, 0);
  expect(w, r, AWAITED_TRANSACTION);
  w->cluster->db_driver->acquire(w->db, r);
  return wait_for_answer(L, w);
}

/* db_release(transaction): roll back what is open in it, and give the connection back */
static int host_db_release(lua_State *L) {
  struct handle *h = handle_at(L, 1, &transaction_key);
  luaL_argcheck(L, h, 1, "a transaction expected");
  end_handle(h, release_transaction);
  return 0;
}

/* db_cursor_open(transaction, sql, params) → true, cursor */
static int host_db_cursor_open(lua_State *L) {
  struct worker *w = check_db(L);
  size_t len;
  const char *sql = luaL_checklstring(L, 2, &len);
  struct params params;
  lua_settop(L, 3);
  struct db_transaction *tx = transaction_at(L, 1);
  read_params(L, 3, &params);
  if (task_wait_fails(&w->scheduler, L)) return task_wait(&w->scheduler, L, 0);
  struct db_request *r = db_request_new(sql, len, params.values, params.count);
  r->tx = tx;
  expect(w, r, AWAITED_CURSOR);
  w->cluster->db_driver->cursor_open(w->db, r);
  return wait_for_answer(L, w);
}

/* db_cursor_fetch(cursor, most) → true, rows (by db_result with a shape) */
static int host_db_cursor_fetch(lua_State *L) {
  struct worker *w = check_db(L);
  const struct handle *h = handle_at(L, 1, &cursor_key);
  const int most = luaL_checkint(L, 2);
  luaL_argcheck(L, h && h->object, 1, "an open cursor expected");
  luaL_argcheck(L, most > 0, 2, "a number of rows expected");
  if (task_wait_fails(&w->scheduler, L)) return task_wait(&w->scheduler, L, 0);
  struct db_request *r = db_request_new("", 0, NULL, 0);
  expect(w, r, AWAITED_ROWS);
  w->cluster->db_driver->cursor_fetch(w->db, h->object, most, r);
  /* rows that were read on this very thread, and there may be more: the others first */
  if (w->scheduler.current->answered && r->rows && r->rows->row_count == most) return task_wait(&w->scheduler, L, 1);
  return wait_for_answer(L, w);
}

static int host_db_cursor_close(lua_State *L) {
  struct handle *h = handle_at(L, 1, &cursor_key);
  luaL_argcheck(L, h, 1, "a cursor expected");
  end_handle(h, close_cursor);
  return 0;
}

/* ---- the answer ---- */

/* The request that the running task waited for, which is the caller's from now on; NULL when there is none. */
static struct db_request *take_awaited(struct worker *w) {
  struct task *t = w->scheduler.current;
  struct db_request *r = t ? t->awaited : NULL;
  if (r) t->awaited = NULL;
  return r;
}

/* db_result(shape) → true, rows, affected | true, transaction or cursor | false, error */
static int host_db_result(lua_State *L) {
  struct worker *w = check_db(L);
  lua_settop(L, 1);
  const int shape = shape_index(L, 1);
  struct task *t = w->scheduler.current;
  struct db_request *r = take_awaited(w);
  if (!r || !t->answered) return luaL_error(L, "there is no answer of the database to take");
  if (r->error.kind != DB_OK) {
    const int results = push_db_error(L, &r->error);
    db_request_free(r);
    return results;
  }
  if (t->awaited_kind != AWAITED_ROWS) {
    void *object = r->driver_data;
    db_request_free(r);
    lua_pushboolean(L, 1);
    push_handle(L, w, t, t->awaited_kind == AWAITED_TRANSACTION ? &transaction_key : &cursor_key, object);
    return 2;
  }
  struct db_rows *rows = r->rows;
  const int64_t affected = r->affected;
  r->rows = NULL;
  db_request_free(r);
  if (rows) return push_answer(L, shape, rows, affected);
  lua_pushboolean(L, 1);
  lua_newtable(L);
  push_int64(L, affected);
  return 3;
}

/* db_abandon(): the wait has failed; give up what was waited for */
static int host_db_abandon(lua_State *L) {
  struct worker *w = check_worker(L);
  struct task *t = w->scheduler.current;
  struct db_request *r = take_awaited(w);
  if (!r || !w->db) return 0;
  if (!t->answered) {
    w->cluster->db_driver->cancel(w->db, r);
    return 0;
  }
  if (r->error.kind == DB_OK && t->awaited_kind == AWAITED_TRANSACTION) release_transaction(w, r->driver_data);
  if (r->error.kind == DB_OK && t->awaited_kind == AWAITED_CURSOR) close_cursor(w, r->driver_data);
  db_request_free(r);
  return 0;
}

/* db_vendor() → "sqlite" | "postgresql" | nil when the app has no database */
static int host_db_vendor(lua_State *L) {
  const struct worker *w = worker_of(L);
  if (!w || !w->cluster->db_driver) return 0;
  lua_pushstring(L, w->cluster->db_driver->vendor);
  return 1;
}

void bind_db(lua_State *L) {
  static const luaL_Reg functions[] = {{"db_query", host_db_query},
                                       {"db_acquire", host_db_acquire},
                                       {"db_release", host_db_release},
                                       {"db_cursor_open", host_db_cursor_open},
                                       {"db_cursor_fetch", host_db_cursor_fetch},
                                       {"db_cursor_close", host_db_cursor_close},
                                       {"db_result", host_db_result},
                                       {"db_abandon", host_db_abandon},
                                       {"db_vendor", host_db_vendor},
                                       {"db_shape", shape_new},
                                       {"db_row_encoder", row_encoder_new},
                                       {NULL, NULL}};
  shape_open(L);
  row_encoder_open(L);
  register_handle(L, &transaction_key, "tidewire.transaction", transaction_gc);
  register_handle(L, &cursor_key, "tidewire.cursor", cursor_gc);
  luaL_register(L, NULL, functions);
}
