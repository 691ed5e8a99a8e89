/* shape.h - how rows of a result become Lua values.
 *
 * A shape is made once a query (tidewire.db.shape) and used for every row: its columns' names and converters, the metatable of model instances, and
 * the nested shapes of select_related. Rows are built here in one go, so that Lua does nothing a row unless a converter is a function. */
#pragma once
#include "db/driver.h"

#include <lua.h>

/* shape{…} → shape. Arguments are checked: what is wrong is named. */
int shape_new(lua_State *L);

/* True when the value at `index` is a shape. */
bool shape_at(lua_State *L, int index);

/* Push the list of all rows that are left; `shape` is a stack index, 0 for tables keyed by column name. Raises errors of converters; false with err,
 * and nothing pushed, when the database fails. Does not free `rows`. */
bool shape_push_rows(lua_State *L, int shape, struct db_rows *rows, struct db_error *err);

/* Register the metatable of list rows with the JSON encoder's marks. */
void shape_open(lua_State *L);
