/* bind_conn.c - tidewire.host: what a consumer does with its connection. Stubs: lua/tidewire/_meta/host.lua.
 *
 * A connection is a number here. Every function that finds it closed returns nil, "closed". */
#include "lua/bind.h"
#include "lua/session.h"

#include <lauxlib.h>
#include <string.h>

static struct conn *conn_at(lua_State *L, struct worker *w, int i) {
  const lua_Number id = luaL_checknumber(L, i);
  return id >= 0 ? conn_find(w->net, (uint64_t)id) : NULL;
}

int bind_closed(lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, "closed");
  return 2;
}

static int sent(lua_State *L, enum conn_sent result) {
  if (result == CONN_CLOSED) return bind_closed(L);
  if (result == CONN_TOO_SLOW) {
    lua_pushnil(L);
    lua_pushliteral(L, "slow consumer");
    return 2;
  }
  lua_pushboolean(L, 1);
  return 1;
}

static struct slice slice_at(lua_State *L, int i) {
  struct slice s;
  s.data = luaL_checklstring(L, i, &s.len);
  return s;
}

static int host_accept(lua_State *L) {
  struct worker *w = check_worker(L);
  struct conn *c = conn_at(L, w, 1);
  const struct slice subprotocol = lua_isnoneornil(L, 2) ? (struct slice){"", 0} : slice_at(L, 2);
  if (!c || !conn_accept(c, subprotocol)) return bind_closed(L);
  session_accepted(conn_user(c));
  lua_pushboolean(L, 1);
  return 1;
}

static int host_deny(lua_State *L) {
  struct worker *w = check_worker(L);
  struct conn *c = conn_at(L, w, 1);
  const int status = (int)luaL_optinteger(L, 2, 403);
  const char *text = luaL_optstring(L, 3, "Access denied");
  luaL_argcheck(L, status >= 400 && status <= 599, 2, "a status from 400 to 599 expected");
  if (!c) return bind_closed(L);
  conn_refuse(c, status, text, NULL);
  lua_pushboolean(L, 1);
  return 1;
}

static int send_as(lua_State *L, enum ws_opcode opcode) {
  struct worker *w = check_worker(L);
  const struct slice data = slice_at(L, 2);
  if (opcode == WS_TEXT && !utf8_valid(data.data, data.len)) return luaL_error(L, "send_text: the text is not valid UTF-8; use send_bytes");
  struct conn *c = conn_at(L, w, 1);
  return c ? sent(L, conn_send(c, opcode, &data, 1)) : bind_closed(L);
}

static int host_send_text(lua_State *L) { return send_as(L, WS_TEXT); }
static int host_send_bytes(lua_State *L) { return send_as(L, WS_BINARY); }

void bind_put_json(lua_State *L, struct worker *w, int i, const char *root) {
  struct json_error err;
  luaL_checkstack(L, 16, "JSON"); /* now, so that nothing below raises while `encoding` is set */
  if (w->encoding) luaL_error(L, "nothing can be sent from within __tojson");
  w->encoding = true;
  const int failed = json_encode(w->vm.json, L, i, root, &w->scratch, &err);
  w->encoding = false;
  if (failed) luaL_error(L, "%s", err.message);
}

static int send_scratch(lua_State *L, struct worker *w) {
  struct conn *c = conn_at(L, w, 1);
  const struct slice frame = {w->scratch.data, w->scratch.len};
  return c ? sent(L, conn_send(c, WS_TEXT, &frame, 1)) : bind_closed(L);
}

static int host_send_json(lua_State *L) {
  struct worker *w = check_worker(L);
  lua_settop(L, 2);
  buf_clear(&w->scratch);
  bind_put_json(L, w, 2, "message");
  return send_scratch(L, w);
}

#define PUT_LITERAL(b, text) buf_put(b, text, sizeof(text) - 1)

void bind_put_envelope(lua_State *L, struct worker *w, int errors, int data, int action, int status) {
  struct buf *b = &w->scratch;
  if (errors && !lua_isnil(L, errors)) {
    PUT_LITERAL(b, "{\"errors\":");
    bind_put_json(L, w, errors, "errors");
    PUT_LITERAL(b, ",\"data\":");
  } else {
    PUT_LITERAL(b, "{\"errors\":[],\"data\":");
  }
  bind_put_json(L, w, data, "data");
  PUT_LITERAL(b, ",\"action\":");
  bind_put_json(L, w, action, "action");
  PUT_LITERAL(b, ",\"response_status\":");
  if (lua_type(L, status) != LUA_TNUMBER) luaL_error(L, "response_status: an integer expected, got a %s", luaL_typename(L, status));
  bind_put_json(L, w, status, "response_status");
  PUT_LITERAL(b, ",\"request_id\":");
}

/* reply(conn, errors, data, action, status, request_id) */
static int host_reply(lua_State *L) {
  struct worker *w = check_worker(L);
  lua_settop(L, 6);
  buf_clear(&w->scratch);
  bind_put_envelope(L, w, 2, 3, 4, 5);
  bind_put_json(L, w, 6, "request_id");
  buf_put_char(&w->scratch, '}');
  return send_scratch(L, w);
}

static int host_close(lua_State *L) {
  struct worker *w = check_worker(L);
  struct conn *c = conn_at(L, w, 1);
  const int code = (int)luaL_optinteger(L, 2, WS_NORMAL);
  size_t len;
  const char *reason = luaL_optlstring(L, 3, "", &len);
  if (!ws_code_valid(code)) return luaL_argerror(L, 2, "a close code of 1000 to 1014 or 3000 to 4999 expected");
  if (!c) return bind_closed(L);
  conn_close(c, code, reason, len);
  lua_pushboolean(L, 1);
  return 1;
}

void bind_conn(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"accept", host_accept},       {"deny", host_deny},   {"send_text", host_send_text}, {"send_bytes", host_send_bytes},
      {"send_json", host_send_json}, {"reply", host_reply}, {"close", host_close},         {NULL, NULL}};
  luaL_register(L, NULL, functions);
}
