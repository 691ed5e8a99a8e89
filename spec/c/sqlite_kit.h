/* sqlite_kit.h - a worker's part for the specs of the SQLite driver: a mailbox, a db, and calls that wait. */
#pragma once
#include "base/alloc.h"
#include "base/clock.h"
#include "db/driver.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kit {
  struct mailbox box;
  struct db *db;
};

static char kit_folder[64]; /* made anew for each run */

static inline struct db_config kit_config(const char *url) {
  return (struct db_config){.url = url,
                            .app_path = kit_folder,
                            .acquire_timeout = 2 * CLOCK_NS_PER_SEC,
                            .statement_timeout = 10 * CLOCK_NS_PER_SEC,
                            .synchronous_full = true,
                            .worker_count = 1};
}

static inline void kit_make_folder(void) {
  strcpy(kit_folder, "/tmp/sqlite_test.XXXXXX");
  if (!mkdtemp(kit_folder)) abort();
}

static inline void kit_remove_folder(void) {
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", kit_folder);
  if (system(command)) abort(); /* NOLINT(cert-env33-c): a test's own folder */
}

static inline struct db_shared *kit_share(const struct db_config *config) {
  struct err err;
  struct db_shared *shared = db_sqlite.share(config, &err);
  if (!shared) printf("%s\n", err.message);
  if (!shared) abort();
  return shared;
}

static inline void kit_open(struct kit *k, struct db_shared *shared) {
  mailbox_init(&k->box);
  k->db = db_sqlite.open(shared, &(struct db_host){.mailbox = &k->box});
}

static inline void kit_close(struct kit *k) {
  db_sqlite.close(k->db);
  mailbox_fini(&k->box);
}

/* One turn of a worker's loop, which waits for mail up to `ms`. */
static inline void kit_turn(struct kit *k, int ms) {
  db_sqlite.tick(k->db, clock_ns());
  struct pollfd p = {.fd = k->box.fd, .events = POLLIN};
  if (poll(&p, 1, ms) == 1) mailbox_drain(&k->box, NULL);
  db_sqlite.tick(k->db, clock_ns());
}

static inline struct db_value integer(int64_t n) { return (struct db_value){.type = DB_INTEGER, .integer = n}; }
static inline struct db_value text(const char *s) { return (struct db_value){.type = DB_TEXT, .text = {s, strlen(s)}}; }

static inline void kit_done(struct db_request *r) { ++*(int *)r->owner; }

static inline struct db_request *kit_request(const char *sql, const struct db_value *params, int count, int *done) {
  struct db_request *r = db_request_new(sql, strlen(sql), params, count);
  r->done = kit_done;
  r->owner = done;
  return r;
}

static inline void kit_wait(struct kit *k, const int *done, int count) {
  for (int i = 0; *done < count && i < 1000; i++) kit_turn(k, 10);
  if (*done < count) printf("no answer after 10 s\n");
}

/* Submit, in `tx` or by itself, and wait. The caller frees the request. */
static inline struct db_request *kit_run(struct kit *k, struct db_transaction *tx, const char *sql, const struct db_value *params, int count) {
  int done = 0;
  struct db_request *r = kit_request(sql, params, count, &done);
  r->tx = tx;
  db_sqlite.submit(k->db, r);
  kit_wait(k, &done, 1);
  return r;
}

/* Run and free; what went wrong, or "" when nothing did. Valid until the next call on this thread. */
static inline const char *kit_try(struct kit *k, struct db_transaction *tx, const char *sql) {
  static _Thread_local char message[1024];
  struct db_request *r = kit_run(k, tx, sql, NULL, 0);
  snprintf(message, sizeof message, "%s", r->error.kind == DB_OK ? "" : r->error.message);
  db_request_free(r);
  return message;
}

static inline bool kit_ok(struct kit *k, struct db_transaction *tx, const char *sql) {
  const char *message = kit_try(k, tx, sql);
  if (*message) printf("%s: %s\n", sql, message);
  return !*message;
}

static inline struct db_transaction *kit_acquire(struct kit *k) {
  int done = 0;
  struct db_request *r = kit_request("", NULL, 0, &done);
  db_sqlite.acquire(k->db, r);
  kit_wait(k, &done, 1);
  struct db_transaction *tx = r->error.kind == DB_OK ? r->driver_data : NULL;
  db_request_free(r);
  return tx;
}

/* The rows as text: values separated by blanks, rows by semicolons. */
static inline void kit_print(struct db_rows *rows, char *to, size_t cap) {
  struct db_error err;
  struct db_value v;
  size_t n = 0;
  to[0] = '\0';
  while (rows->ops->next(rows, &err) == DB_ROW) {
    if (n && n < cap) n += (size_t)snprintf(to + n, cap - n, ";");
    for (int i = 0; i < rows->column_count && n < cap; i++) {
      const char *gap = i ? " " : "";
      rows->ops->value(rows, i, &v);
      if (v.type == DB_NULL) n += (size_t)snprintf(to + n, cap - n, "%snull", gap);
      else if (v.type == DB_INTEGER) n += (size_t)snprintf(to + n, cap - n, "%s%lld", gap, (long long)v.integer);
      else if (v.type == DB_FLOAT) n += (size_t)snprintf(to + n, cap - n, "%s%g", gap, v.number);
      else n += (size_t)snprintf(to + n, cap - n, "%s%.*s", gap, (int)v.text.len, v.text.data ? v.text.data : "");
    }
  }
}

/* What a read at once gives, or "error: …". Valid until the next call on this thread. */
static inline const char *kit_read(struct kit *k, const char *sql) {
  static _Thread_local char out[2048];
  struct db_error err;
  struct db_rows *rows = db_sqlite.read_now(k->db, sql, strlen(sql), NULL, 0, &err);
  if (!rows) snprintf(out, sizeof out, err.kind == DB_OK ? "submit" : "error: %s", err.message);
  else kit_print(rows, out, sizeof out);
  if (rows) rows->ops->free(rows);
  return out;
}

static inline bool kit_reads(struct kit *k, const char *sql, const char *expected) {
  const char *got = kit_read(k, sql);
  if (strcmp(got, expected) != 0) printf("%s: %s\n", sql, got);
  return !strcmp(got, expected);
}

/* The same through the writer, in `tx` or by itself. */
static inline bool kit_gives(struct kit *k, struct db_transaction *tx, const char *sql, const char *expected) {
  char out[2048];
  struct db_request *r = kit_run(k, tx, sql, NULL, 0);
  if (r->rows) kit_print(r->rows, out, sizeof out);
  else snprintf(out, sizeof out, "error: %s", r->error.message);
  db_request_free(r);
  if (strcmp(out, expected) != 0) printf("%s: %s\n", sql, out);
  return !strcmp(out, expected);
}
