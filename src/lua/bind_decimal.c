/* bind_decimal.c - tidewire.decimal: immutable numbers on base/decimal.h. Stubs: lua/tidewire/_meta/decimal.lua.
 *
 * DESIGN: a Decimal is a userdata of plain bytes, a coefficient beyond 128 bits behind its head, so it needs no finalizer and creating one is one
 * allocation. Operations work on three numbers of `struct desk`, which the module owns for good: whatever raises in between, nothing is lost. */
#include "base/alloc.h"
#include "base/decimal.h"
#include "lua/bind.h"
#include "lua/json.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { TYPE_CDATA = 10 }; /* LuaJIT's own type, which lua.h does not name */
enum { MODULE = lua_upvalueindex(1), META = lua_upvalueindex(2), DESK = lua_upvalueindex(3) };

struct stored {
  uint8_t kind, negative;
  uint32_t size; /* of the bytes behind, the lowest first; 0 when low and high hold the coefficient */
  int64_t exponent;
  uint64_t low, high;
  unsigned char bytes[];
};

struct desk {
  struct decimal a, b, result;
  struct buf text;
  const void *meta; /* that of all Decimals */
};

static const struct decimal_context standard = {DECIMAL_PRECISION, DECIMAL_HALF_EVEN};

static struct desk *desk_of(lua_State *L) { return *(struct desk **)lua_touserdata(L, DESK); }

static int desk_collect(lua_State *L) {
  struct desk *k = *(struct desk **)lua_touserdata(L, 1);
  decimal_fini(&k->a);
  decimal_fini(&k->b);
  decimal_fini(&k->result);
  buf_fini(&k->text);
  free(k);
  return 0;
}

/* ---- raising ---- */

/* Raise the module's exception `name` with the message on top of the stack. */
static int raise(lua_State *L, const char *name) {
  lua_getfield(L, MODULE, name);
  lua_insert(L, -2);
  lua_call(L, 1, 1);
  return lua_error(L);
}

static int raise_status(lua_State *L, enum decimal_status status, const char *what) {
  static const char *const names[] = {"", "InvalidOperation", "DivisionByZero", "Overflow"};
  static const char *const texts[] = {"", "has no defined result", "division by zero", "the result is too large"};
  lua_pushfstring(L, "decimal %s: %s", what, texts[status]);
  return raise(L, names[status]);
}

static int raise_text(lua_State *L, const char *s, size_t n) {
  char shown[48];
  snprintf(shown, sizeof shown, "%.*s%s", (int)(n < 40 ? n : 40), s, n < 40 ? "" : "…");
  lua_pushfstring(L, "\"%s\" is not a decimal number", shown);
  return raise(L, "InvalidOperation");
}

static int raise_type(lua_State *L, int i, const char *what) {
  lua_pushfstring(L, "decimal %s: a Decimal or a number was expected, got a %s", what, luaL_typename(L, i));
  return raise(L, "TypeError");
}

/* ---- Decimals on the stack ---- */

static const struct stored *stored_at(lua_State *L, const struct desk *k, int i) {
  const struct stored *s = lua_type(L, i) == LUA_TUSERDATA ? lua_touserdata(L, i) : NULL;
  if (!s || !lua_getmetatable(L, i)) return NULL;
  const bool ours = lua_topointer(L, -1) == k->meta;
  lua_pop(L, 1);
  return ours ? s : NULL;
}

static void load(const struct stored *s, struct decimal *d) {
  decimal_set(d, s->negative, s->low, s->exponent);
  d->kind = (enum decimal_kind)s->kind;
  if (!s->size) d->coef.small |= (coef_small)s->high << 64;
  else coef_take(&d->coef, BN_lebin2bn(s->bytes, (int)s->size, NULL));
}

static int push(lua_State *L, const struct decimal *d) {
  const uint32_t size = d->coef.big ? (uint32_t)BN_num_bytes(d->coef.big) : 0;
  struct stored *s = lua_newuserdata(L, sizeof *s + size);
  *s = (struct stored){.kind = (uint8_t)d->kind,
                       .negative = d->negative,
                       .size = size,
                       .exponent = d->exponent,
                       .low = (uint64_t)d->coef.small,
                       .high = (uint64_t)(d->coef.small >> 64)};
  if (size) BN_bn2lebinpad(d->coef.big, s->bytes, (int)size);
  lua_pushvalue(L, META);
  lua_setmetatable(L, -2);
  return 1;
}

static int push_text(lua_State *L, const struct buf *text) {
  lua_pushlstring(L, text->data, text->len);
  return 1;
}

/* ---- numbers from other values ---- */

/* The number that is meant: a whole one, or the shortest text that reads back as the same. */
static void from_number(struct decimal *d, double value) {
  char text[40];
  if (value >= -9007199254740992.0 && value <= 9007199254740992.0 && value == (double)(int64_t)value) {
    decimal_set(d, signbit(value), (uint64_t)fabs(value), 0);
    return;
  }
  if (!isfinite(value)) {
    decimal_set_double(d, value);
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  decimal_parse(d, text, strlen(text));
}

/* int64_t and uint64_t print as digits with LL or ULL behind them. */
static bool from_cdata(lua_State *L, int i, struct decimal *d) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, json_of(L)->tostring_ref);
  lua_pushvalue(L, i);
  lua_call(L, 1, 1);
  const char *text = lua_tostring(L, -1);
  const size_t n = text ? strspn(text, "-0123456789") : 0;
  const bool whole = n && (!strcmp(text + n, "LL") || !strcmp(text + n, "ULL")) && decimal_parse(d, text, n);
  lua_pop(L, 1);
  return whole;
}

/* A number that JSON had and Lua has not. */
static bool from_json_number(lua_State *L, int i, struct decimal *d) {
  size_t n;
  if (!lua_getmetatable(L, i)) return false;
  const bool number = lua_topointer(L, -1) == json_of(L)->number;
  lua_pop(L, 1);
  if (!number) return false;
  lua_rawgeti(L, i, 1);
  const char *text = lua_tolstring(L, -1, &n);
  const bool ok = text && decimal_parse(d, text, n);
  lua_pop(L, 1);
  return ok;
}

/* Load the Decimal or number at `i`. */
static bool read_number(lua_State *L, const struct desk *k, int i, struct decimal *d) {
  const struct stored *s = stored_at(L, k, i);
  if (s) {
    load(s, d);
    return true;
  }
  switch (lua_type(L, i)) {
    case LUA_TNUMBER: from_number(d, lua_tonumber(L, i)); return true;
    case TYPE_CDATA: return from_cdata(L, i, d);
    case LUA_TTABLE: return from_json_number(L, i, d);
    default: return false;
  }
}

static void check_number(lua_State *L, const struct desk *k, int i, struct decimal *d, const char *what) {
  if (!read_number(L, k, i, d)) raise_type(L, i, what);
}

/* The same, of text too. */
static void check_value(lua_State *L, const struct desk *k, int i, struct decimal *d, const char *what) {
  size_t n;
  const char *s = lua_type(L, i) == LUA_TSTRING ? lua_tolstring(L, i, &n) : NULL;
  if (!s) check_number(L, k, i, d, what);
  else if (!decimal_parse(d, s, n)) raise_text(L, s, n);
}

static const struct stored *check_self(lua_State *L, const struct desk *k) {
  const struct stored *s = stored_at(L, k, 1);
  if (!s) luaL_typerror(L, 1, "Decimal");
  return s;
}

/* Load self into the desk's result, to be changed there. */
static struct decimal *take_self(lua_State *L, struct desk *k) {
  load(check_self(L, k), &k->result);
  return &k->result;
}

static enum decimal_rounding check_rounding(lua_State *L, int i) {
  static const char *const names[] = {"ROUND_HALF_EVEN", "ROUND_HALF_UP", "ROUND_HALF_DOWN", "ROUND_UP", "ROUND_DOWN",
                                      "ROUND_CEILING",   "ROUND_FLOOR",   "ROUND_05UP",      NULL};
  return (enum decimal_rounding)luaL_checkoption(L, i, "ROUND_HALF_EVEN", names);
}

static size_t check_precision(lua_State *L, int i) {
  const double precision = luaL_optnumber(L, i, DECIMAL_PRECISION);
  luaL_argcheck(L, precision >= 1 && precision <= DECIMAL_DIGITS && precision == floor(precision), i, "a number of digits expected");
  return (size_t)precision;
}

/* ---- operators ---- */

static int operate(lua_State *L, decimal_operation op, const char *what) {
  struct desk *k = desk_of(L);
  check_number(L, k, 1, &k->a, what);
  check_number(L, k, 2, &k->b, what);
  const enum decimal_status status = op(&k->result, &k->a, &k->b, &standard);
  return status == DECIMAL_OK ? push(L, &k->result) : raise_status(L, status, what);
}

static int meta_add(lua_State *L) { return operate(L, decimal_add, "addition"); }
static int meta_sub(lua_State *L) { return operate(L, decimal_subtract, "subtraction"); }
static int meta_mul(lua_State *L) { return operate(L, decimal_multiply, "multiplication"); }
static int meta_div(lua_State *L) { return operate(L, decimal_divide, "division"); }
static int meta_mod(lua_State *L) { return operate(L, decimal_remainder, "remainder"); }
static int method_divide_int(lua_State *L) { return operate(L, decimal_divide_integer, "division"); }

/* Set the sign as Python's unary minus and abs do: the result is rounded, and there is no negative zero. */
static int with_sign(lua_State *L, bool negative) {
  struct desk *k = desk_of(L);
  struct decimal *d = &k->result;
  if (d->kind == DECIMAL_SNAN) return raise_status(L, DECIMAL_INVALID, "sign");
  if (decimal_is_nan(d)) return push(L, d);
  d->negative = negative && !decimal_is_zero(d);
  const enum decimal_status status = decimal_round(d, &standard);
  return status == DECIMAL_OK ? push(L, d) : raise_status(L, status, "sign");
}

static int meta_unm(lua_State *L) {
  const struct decimal *d = take_self(L, desk_of(L));
  return with_sign(L, !d->negative);
}

static int method_abs(lua_State *L) {
  take_self(L, desk_of(L));
  return with_sign(L, false);
}

/* Compare what is at 1 and 2: -1, 0, 1; 2 when one is a NaN. */
static int compare(lua_State *L, const char *what) {
  struct desk *k = desk_of(L);
  check_number(L, k, 1, &k->a, what);
  check_number(L, k, 2, &k->b, what);
  return decimal_is_nan(&k->a) || decimal_is_nan(&k->b) ? 2 : decimal_compare(&k->a, &k->b);
}

static int ordered(lua_State *L) {
  const int order = compare(L, "comparison");
  if (order == 2) raise_status(L, DECIMAL_INVALID, "comparison with NaN");
  return order;
}

static int meta_eq(lua_State *L) { return lua_pushboolean(L, compare(L, "comparison") == 0), 1; }
static int meta_lt(lua_State *L) { return lua_pushboolean(L, ordered(L) < 0), 1; }
static int meta_le(lua_State *L) { return lua_pushboolean(L, ordered(L) <= 0), 1; }

static int method_compare(lua_State *L) {
  const int order = compare(L, "compare");
  if (order == 2) lua_pushnil(L);
  else lua_pushinteger(L, order);
  return 1;
}

/* The operand that a comparison chooses; one NaN loses against a number. */
static int choose(lua_State *L, int wanted) {
  struct desk *k = desk_of(L);
  const int order = compare(L, wanted < 0 ? "min" : "max");
  const bool first = order == 2 ? !decimal_is_nan(&k->a) : order * wanted >= 0;
  return push(L, first ? &k->a : &k->b);
}

static int method_min(lua_State *L) { return choose(L, -1); }
static int method_max(lua_State *L) { return choose(L, 1); }

static int meta_tostring(lua_State *L) {
  struct desk *k = desk_of(L);
  load(check_self(L, k), &k->a);
  buf_clear(&k->text);
  decimal_write(&k->a, &k->text);
  return push_text(L, &k->text);
}

/* ---- methods ---- */

/* A whole number of places stands for the exponent below it. */
static void read_exponent(lua_State *L, struct desk *k) {
  if (lua_type(L, 2) == LUA_TNUMBER) decimal_set(&k->b, false, 1, -(int64_t)luaL_checkinteger(L, 2));
  else check_value(L, k, 2, &k->b, "quantize");
}

static int method_quantize(lua_State *L) {
  struct desk *k = desk_of(L);
  load(check_self(L, k), &k->a);
  read_exponent(L, k);
  const struct decimal_context ctx = {.rounding = check_rounding(L, 3), .precision = check_precision(L, 4)};
  const enum decimal_status status = decimal_quantize(&k->result, &k->a, &k->b, &ctx);
  return status == DECIMAL_OK ? push(L, &k->result) : raise_status(L, status, "quantize");
}

static int method_round(lua_State *L) {
  struct decimal *d = take_self(L, desk_of(L));
  const struct decimal_context ctx = {.precision = check_precision(L, 2), .rounding = check_rounding(L, 3)};
  const enum decimal_status status = decimal_round(d, &ctx);
  return status == DECIMAL_OK ? push(L, d) : raise_status(L, status, "round");
}

static int method_normalize(lua_State *L) {
  struct decimal *d = take_self(L, desk_of(L));
  const struct decimal_context ctx = {.precision = check_precision(L, 2), .rounding = DECIMAL_HALF_EVEN};
  const enum decimal_status status = decimal_normalize(d, &ctx);
  return status == DECIMAL_OK ? push(L, d) : raise_status(L, status, "normalize");
}

static int method_to_integral(lua_State *L) {
  struct decimal *d = take_self(L, desk_of(L));
  decimal_to_integral(d, check_rounding(L, 2));
  return push(L, d);
}

static int method_is_nan(lua_State *L) { return lua_pushboolean(L, check_self(L, desk_of(L))->kind >= DECIMAL_NAN), 1; }
static int method_is_snan(lua_State *L) { return lua_pushboolean(L, check_self(L, desk_of(L))->kind == DECIMAL_SNAN), 1; }
static int method_is_infinite(lua_State *L) { return lua_pushboolean(L, check_self(L, desk_of(L))->kind == DECIMAL_INFINITE), 1; }
static int method_is_finite(lua_State *L) { return lua_pushboolean(L, check_self(L, desk_of(L))->kind == DECIMAL_FINITE), 1; }
static int method_is_signed(lua_State *L) { return lua_pushboolean(L, check_self(L, desk_of(L))->negative), 1; }
static int method_is_zero(lua_State *L) { return lua_pushboolean(L, decimal_is_zero(take_self(L, desk_of(L)))), 1; }

static int method_adjusted(lua_State *L) {
  const struct decimal *d = take_self(L, desk_of(L));
  lua_pushnumber(L, d->kind == DECIMAL_FINITE ? (lua_Number)decimal_adjusted(d) : 0);
  return 1;
}

/* The digits of a coefficient, as text in the desk. */
static void write_digits(struct desk *k, const struct decimal *d) {
  const size_t n = coef_digits(&d->coef);
  buf_clear(&k->text);
  buf_reserve(&k->text, n);
  coef_write(&d->coef, k->text.data, n);
  k->text.len = n;
}

static void push_exponent(lua_State *L, const struct decimal *d) {
  static const char *const names[] = {"", "F", "n", "N"};
  if (d->kind == DECIMAL_FINITE) lua_pushnumber(L, (lua_Number)d->exponent);
  else lua_pushstring(L, names[d->kind]);
}

static int method_as_tuple(lua_State *L) {
  struct desk *k = desk_of(L);
  const struct decimal *d = take_self(L, k);
  write_digits(k, d);
  const bool none = decimal_is_nan(d) && coef_is_zero(&d->coef);
  lua_createtable(L, 0, 3);
  lua_pushinteger(L, d->negative);
  lua_setfield(L, -2, "sign");
  push_exponent(L, d);
  lua_setfield(L, -2, "exponent");
  lua_createtable(L, (int)k->text.len, 0); // [tuple, digits]
  for (size_t i = 0; i < k->text.len && !none; i++) {
    lua_pushinteger(L, k->text.data[i] - '0');
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_setfield(L, -2, "digits");
  return 1;
}

/* sign, digits, exponent: as_tuple without the tables */
static int method_parts(lua_State *L) {
  struct desk *k = desk_of(L);
  const struct decimal *d = take_self(L, k);
  write_digits(k, d);
  lua_pushinteger(L, d->negative);
  push_text(L, &k->text);
  push_exponent(L, d);
  return 3;
}

static int method_to_number(lua_State *L) {
  struct desk *k = desk_of(L);
  const struct decimal *d = take_self(L, k);
  if (d->kind == DECIMAL_FINITE) {
    buf_clear(&k->text);
    decimal_write(d, &k->text);
    buf_put_char(&k->text, 0);
    lua_pushnumber(L, strtod(k->text.data, NULL));
  } else {
    lua_pushnumber(L, decimal_is_nan(d) ? NAN : d->negative ? -INFINITY : INFINITY);
  }
  return 1;
}

/* What JSON makes of its digits: a number, an int64_t or a number object, always exact. */
static int method_to_integer(lua_State *L) {
  struct json_error err;
  struct desk *k = desk_of(L);
  struct decimal *d = take_self(L, k);
  decimal_to_integral(d, DECIMAL_DOWN);
  if (decimal_is_zero(d)) d->negative = false;
  buf_clear(&k->text);
  if (d->kind != DECIMAL_FINITE) return raise_status(L, DECIMAL_INVALID, "to_integer");
  if (decimal_write_fixed(d, &k->text)) return raise_status(L, DECIMAL_OVERFLOW, "to_integer");
  if (json_decode(json_of(L), L, k->text.data, k->text.len, &err)) return luaL_error(L, "%s", err.message);
  return 1;
}

static int method_to_fixed(lua_State *L) {
  struct desk *k = desk_of(L);
  struct decimal *d = take_self(L, k);
  if (!lua_isnoneornil(L, 2)) {
    const struct decimal_context ctx = {.precision = DECIMAL_DIGITS, .rounding = check_rounding(L, 3)};
    decimal_set(&k->b, false, 1, -(int64_t)luaL_checkinteger(L, 2));
    if (d->kind == DECIMAL_FINITE && decimal_quantize(d, d, &k->b, &ctx)) return raise_status(L, DECIMAL_OVERFLOW, "to_fixed");
  }
  buf_clear(&k->text);
  if (decimal_write_fixed(d, &k->text)) return raise_status(L, DECIMAL_OVERFLOW, "to_fixed");
  return push_text(L, &k->text);
}

/* ---- the module ---- */

static int module_decimal(lua_State *L) {
  struct desk *k = desk_of(L);
  if (stored_at(L, k, 1)) {
    lua_settop(L, 1);
    return 1;
  }
  luaL_checkany(L, 1);
  check_value(L, k, 1, &k->result, "Decimal");
  return push(L, &k->result);
}

/* Decimal(value), or nil when it is none. */
static int module_parse(lua_State *L) {
  struct desk *k = desk_of(L);
  size_t n;
  const char *s = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &n) : NULL;
  if (s ? decimal_parse(&k->result, s, n) : read_number(L, k, 1, &k->result)) return push(L, &k->result);
  lua_pushnil(L);
  return 1;
}

static int module_from_number(lua_State *L) {
  struct desk *k = desk_of(L);
  decimal_set_double(&k->result, luaL_checknumber(L, 1));
  return push(L, &k->result);
}

static int module_is(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, stored_at(L, desk_of(L), 1) != NULL);
  return 1;
}

static int module_key(lua_State *L) {
  struct desk *k = desk_of(L);
  check_value(L, k, 1, &k->result, "key");
  decimal_strip(&k->result);
  buf_clear(&k->text);
  decimal_write(&k->result, &k->text);
  return push_text(L, &k->text);
}

/* Register with the module, the metatable and the desk, which stand at 1 to 3, as upvalues. */
static void fill(lua_State *L, const luaL_Reg *functions) {
  for (int i = 1; i <= 3; i++) lua_pushvalue(L, i);
  luaL_setfuncs(L, functions, 3);
}

/* Python's names; they are ValueErrors here, so that a field need catch one kind only. */
static void make_exceptions(lua_State *L) {
  static const char *const names[] = {"InvalidOperation", "DivisionByZero", "Overflow"};
  lua_getglobal(L, "require");
  lua_pushliteral(L, "tidewire.exceptions");
  lua_call(L, 1, 1); // [exceptions]
  lua_getfield(L, -1, "TypeError");
  lua_setfield(L, 1, "TypeError");
  lua_getfield(L, -1, "ValueError"); // [exceptions, ValueError]
  for (int i = 0; i < 3; i++) {
    lua_getfield(L, -1, "extend");
    lua_pushvalue(L, -2);
    lua_pushstring(L, names[i]);
    lua_call(L, 2, 1);
    lua_setfield(L, 1, names[i]);
  }
  lua_pop(L, 2);
}

/* Lua's memory is aligned to eight bytes, a coefficient to sixteen: the desk lies outside. */
static void make_desk(lua_State *L) { /* [] → [desk] */
  struct desk **k = lua_newuserdata(L, sizeof *k);
  *k = xcalloc(1, sizeof **k);
  (*k)->meta = lua_topointer(L, 2);
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, desk_collect);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
}

int luaopen_tidewire_decimal(lua_State *L) {
  static const luaL_Reg functions[] = {{"Decimal", module_decimal},         {"parse", module_parse}, {"is", module_is},
                                       {"from_number", module_from_number}, {"key", module_key},     {NULL, NULL}};
  static const luaL_Reg operators[] = {{"__add", meta_add}, {"__sub", meta_sub},           {"__mul", meta_mul},         {"__div", meta_div},
                                       {"__mod", meta_mod}, {"__unm", meta_unm},           {"__eq", meta_eq},           {"__lt", meta_lt},
                                       {"__le", meta_le},   {"__tostring", meta_tostring}, {"__tojson", meta_tostring}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"quantize", method_quantize},
                                     {"round", method_round},
                                     {"normalize", method_normalize},
                                     {"to_integral", method_to_integral},
                                     {"is_nan", method_is_nan},
                                     {"is_snan", method_is_snan},
                                     {"is_infinite", method_is_infinite},
                                     {"is_finite", method_is_finite},
                                     {"is_signed", method_is_signed},
                                     {"is_zero", method_is_zero},
                                     {"adjusted", method_adjusted},
                                     {"as_tuple", method_as_tuple},
                                     {"parts", method_parts},
                                     {"to_number", method_to_number},
                                     {"to_integer", method_to_integer},
                                     {"to_fixed", method_to_fixed},
                                     {"compare", method_compare},
                                     {"abs", method_abs},
                                     {"min", method_min},
                                     {"max", method_max},
                                     {"divide_int", method_divide_int},
                                     {NULL, NULL}};
  lua_settop(L, 0);
  lua_newtable(L); // [module]
  lua_newtable(L); // [module, metatable]
  make_desk(L);    // [module, metatable, desk]
  make_exceptions(L);
  lua_pushvalue(L, 2);
  fill(L, operators);
  lua_newtable(L);
  fill(L, methods);
  lua_setfield(L, 2, "__index");
  lua_pushliteral(L, "Decimal");
  lua_setfield(L, 2, "__name");
  lua_pushvalue(L, 1);
  fill(L, functions);
  lua_settop(L, 1);
  return 1;
}
