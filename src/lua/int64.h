/* int64.h - whole numbers of 64 bits between C and Lua, exactly: a number up to 2^53, an int64_t cdata beyond. */
#pragma once
#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* Push `value`. May raise (out of memory). */
void push_int64(lua_State *L, int64_t value);

/* The int64_t or uint64_t cdata at `index`; false when it is something else, or beyond an int64_t. */
bool to_int64(lua_State *L, int index, int64_t *value);
