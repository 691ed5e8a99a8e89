/* db_test.c - db/db.c: requests own copies, and passwords are masked. */
#include "db/driver.h"

#include "check.h"

#include <string.h>

static bool masked_as(const char *url, const char *expected) {
  char to[200];
  db_url_masked(url, to, sizeof to);
  if (strcmp(to, expected) != 0) printf("%s -> %s\n", url, to);
  return !strcmp(to, expected);
}

static void check_requests(void) {
  char sql[] = "SELECT ?1, ?2", text[] = "ab\0c";
  const struct db_value params[] = {{.type = DB_TEXT, .text = {text, 4}}, {.type = DB_INTEGER, .integer = 7}, {.type = DB_BLOB, .text = {NULL, 0}}};
  struct db_request *r = db_request_new(sql, strlen(sql), params, 3);
  memset(sql, 'x', sizeof sql - 1);
  memset(text, 'x', sizeof text - 1);
  CHECK("SQL is copied", !strcmp(r->sql, "SELECT ?1, ?2") && r->sql_len == 13);
  CHECK("texts are copied, NUL and all", r->params[0].text.len == 4 && !memcmp(r->params[0].text.data, "ab\0c", 5));
  CHECK("values are copied", r->params[1].integer == 7 && r->params[2].text.len == 0 && r->param_count == 3);
  CHECK("there is no answer yet", r->error.kind == DB_OK && !r->rows && !r->affected);
  db_request_free(r);
  db_request_free(db_request_new(NULL, 0, NULL, 0));
}

int main(void) {
  check_requests();
  CHECK("a password is masked", masked_as("postgresql://ann:secret@host/db", "postgresql://ann:***@host/db"));
  CHECK("one with an @ too", masked_as("postgres://ann:se@cret@host:5432/db", "postgres://ann:***@host:5432/db"));
  CHECK("one with what ends a host", masked_as("postgres://ann:s/e?c#ret@host/db", "postgres://ann:***@host/db"));
  CHECK("one in what is hardly a URL", masked_as("postgres:ann:secret@host", "postgres:ann:***@host"));
  CHECK("an empty one", masked_as("postgres://ann:@host/db", "postgres://ann:***@host/db"));
  CHECK("one among the parameters", masked_as("postgresql:///db?password=secret&host=/tmp", "postgresql:///db?password=***&host=/tmp"));
  CHECK("a key's", masked_as("postgresql://h/db?sslpassword=x", "postgresql://h/db?sslpassword=***"));
  CHECK("a port is none", masked_as("postgresql://host:5432/db", "postgresql://host:5432/db"));
  CHECK("a file has none", masked_as("sqlite:a:b@c.db", "sqlite:a:b@c.db"));
  struct db_error e;
  db_error_set(&e, DB_DATA, "%d is too much", 7);
  CHECK("an error has its text", e.kind == DB_DATA && !strcmp(e.message, "7 is too much") && !*e.code && !*e.constraint && !*e.detail);
  TESTS_END;
}
