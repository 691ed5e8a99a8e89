/* pg_statement.c - which statements are kept prepared, and what is known of them.
 *
 * DESIGN: the pool numbers statements; a connection's table says which number is prepared in each slot. When a slot goes to another statement (the
 * least recently used one makes room), each connection notices by the number the next time it gets there, and deallocates. So both the pool and
 * every connection hold PG_STATEMENTS at most. */
#include "db/pg.h"

#include "base/alloc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_FLOAT8 = 701 };

void pg_statements_init(struct pg_statements *s) {
  map_init(&s->by_key);
  list_init(&s->used);
  buf_init(&s->key);
  for (int i = 0; i < PG_STATEMENTS; i++) {
    s->all[i].slot = i;
    list_init(&s->all[i].link);
    list_push(&s->used, &s->all[i].link);
  }
}

void pg_statements_fini(struct pg_statements *s) {
  for (int i = 0; i < PG_STATEMENTS; i++) free(s->all[i].key);
  map_fini(&s->by_key);
  buf_fini(&s->key);
}

/* ---- a look at the SQL ---- */

/* The first word, behind white space and brackets. Comments are not skipped: what starts with one is sent unprepared, that is all. */
static const char *first_word(const char *sql, size_t *len) {
  sql += strspn(sql, " \t\r\n(");
  size_t n = 0;
  while (isalpha((unsigned char)sql[n])) n++;
  *len = n;
  return sql;
}

static bool is_word(const char *word, size_t len, const char *expected) { return strlen(expected) == len && !strncasecmp(word, expected, len); }

static bool is_one_of(const char *word, size_t len, const char *const *list) {
  for (; *list; list++)
    if (is_word(word, len, *list)) return true;
  return false;
}

enum pg_control pg_control_of(const char *sql) {
  static const char *const others[] = {"abort", "savepoint", "release", NULL};
  size_t len;
  const char *word = first_word(sql, &len);
  if (is_word(word, len, "begin") || is_word(word, len, "start")) return PG_BEGIN;
  if (is_word(word, len, "commit") || is_word(word, len, "end")) return PG_COMMIT;
  if (is_word(word, len, "rollback")) return PG_ROLLBACK;
  return is_one_of(word, len, others) ? PG_CONTROL : PG_PLAIN;
}

/* Statements that come again and again. Of the others (DDL, SET, …) a prepared one would only use up a slot. */
static bool worth_keeping(const char *sql) {
  static const char *const words[] = {"select", "insert", "update",   "delete",    "with",    "values",
                                      "begin",  "commit", "rollback", "savepoint", "release", NULL};
  size_t len;
  const char *word = first_word(sql, &len);
  return is_one_of(word, len, words);
}

/* May it be run again when the transaction it ran in is rolled back, without holding locks in the meantime? "for" is that of FOR UPDATE. */
static bool is_plain_read(const char *sql) {
  size_t len;
  const char *word = first_word(sql, &len);
  return is_word(word, len, "select") && !strcasestr(sql, "for ");
}

/* ---- statements ---- */

Oid pg_type_of(const struct db_value *v) {
  switch (v->type) {
    case DB_BOOLEAN: return OID_BOOL;
    case DB_INTEGER: return OID_INT8;
    case DB_FLOAT: return OID_FLOAT8;
    case DB_BLOB: return OID_BYTEA;
    case DB_NULL:
    case DB_TEXT: break;
  }
  return 0;
}

static void put_key(struct buf *key, const struct db_request *r) {
  buf_clear(key);
  buf_reserve(key, r->sql_len + (size_t)r->param_count);
  for (int i = 0; i < r->param_count; i++) {
    const enum db_type type = r->params[i].type;
    key->data[key->len++] = (char)(type == DB_NULL ? DB_TEXT : type); /* both are 0 to Parse */
  }
  buf_put(key, r->sql, r->sql_len);
}

void pg_statement_renew(struct pg_statements *s, struct pg_statement *st) {
  st->id = ++s->last_id ? s->last_id : ++s->last_id;
  snprintf(st->name, sizeof st->name, "s%u", st->id);
  st->seen = st->binary = false;
}

/* Give the slot that was used longest ago to the statement whose key is in s->key. */
static struct pg_statement *replace(struct pg_statements *s, const char *sql) {
  struct pg_statement *st = list_entry(s->used.next, struct pg_statement, link);
  if (st->id) map_remove(&s->by_key, st->key, st->key_len);
  pg_statement_renew(s, st);
  st->read = is_plain_read(sql);
  st->apart = 0;
  st->slow = 1; /* who knows */
  st->key = xrealloc(st->key, s->key.len);
  st->key_len = s->key.len;
  memcpy(st->key, s->key.data, s->key.len);
  return st;
}

struct pg_statement *pg_statement_of(struct pg_statements *s, const struct db_request *r) {
  if (r->sql_len > PG_LONGEST || !r->sql_len) return NULL;
  put_key(&s->key, r);
  struct pg_statement *st = map_get(&s->by_key, s->key.data, s->key.len);
  if (!st) {
    if (!worth_keeping(r->sql)) return NULL;
    st = replace(s, r->sql);
    *map_slot(&s->by_key, s->key.data, s->key.len) = st;
  }
  list_remove(&st->link);
  list_push(&s->used, &st->link);
  return st;
}
