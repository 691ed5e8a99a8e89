/* row_encoder.h - rows of a result as JSON text, without Lua values between.
 *
 * For lists of rows that nobody looks at on their way to a client: made once a serializer and set of columns (tidewire.serializers.rows). */
#pragma once
#include "db/driver.h"

#include <lua.h>

/* row_encoder{ { key = "id", column = 1, kind = "integer" }, … } → encoder. Columns count from 1. Raises when it is asked for what it does not know.
 */
int row_encoder_new(lua_State *L);

/* True when the value at `index` is an encoder. */
bool row_encoder_at(lua_State *L, int index);

/* Push a JSON array of all rows that are left, as tidewire.json.raw; false when a value is not what its column's kind expects, so that the rows have
 * to be asked for again and represented one by one. False with err, and nothing pushed, when the database fails. Does not free `rows`. */
bool row_encoder_push(lua_State *L, int encoder, struct db_rows *rows, struct db_error *err);

/* Register the encoders' metatable. */
void row_encoder_open(lua_State *L);
