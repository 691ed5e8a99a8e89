/* pg_faults_test.c - the PostgreSQL driver when something breaks: clusters of our own, made by tools/postgresql, that are stopped, killed and filled
 * up. */
#include "pg_ask.h"

#include <pthread.h>
#include <sys/stat.h>

/* ---- faults ---- */

static struct { char folder[64], url[128]; } cluster; /* of our own, to be broken */

static __attribute__((format(printf, 1, 2))) int shell(const char *format, ...) {
  char command[512];
  va_list args;
  va_start(args, format);
  vsnprintf(command, sizeof command, format, args);
  va_end(args);
  return system(command); /* NOLINT(cert-env33-c) */
}

static bool make_cluster(void) {
  char line[32] = "", command[160];
  snprintf(cluster.folder, sizeof cluster.folder, "/tmp/tidewire-pg-test-XXXXXX");
  if (!mkdtemp(cluster.folder)) return false;
  chmod(cluster.folder, 0755);
  snprintf(command, sizeof command, "tools/postgresql create %s max_connections=8 superuser_reserved_connections=1", cluster.folder);
  FILE *out = popen(command, "r"); /* NOLINT(cert-env33-c) */
  if (!out || !fgets(line, sizeof line, out)) line[0] = '\0';
  if (out) pclose(out);
  snprintf(cluster.url, sizeof cluster.url, "postgresql://postgres@127.0.0.1:%d/postgres", atoi(line));
  return atoi(line) > 0;
}

static void remove_cluster(void) {
  if (cluster.url[0]) shell("tools/postgresql remove %s", cluster.folder);
}

/* The error that a statement gets from a pool on `url`. */
static struct db_error refused_by(const char *url, int *ms) {
  struct db_config config = kit_config(url);
  config.acquire_timeout = CLOCK_NS_PER_SEC;
  reopen(config);
  const uint64_t before = clock_ns();
  struct ask a = ask(NULL, "SELECT 1");
  const struct db_error e = a.r->error;
  *ms = (int)((clock_ns() - before) / CLOCK_NS_PER_MS);
  db_request_free(a.r);
  return e;
}

static void check_refusals(void) {
  char url[160];
  int ms;
  const int port = atoi(strstr(cluster.url, "127.0.0.1:") + 10);
  snprintf(url, sizeof url, "postgresql://with_password:wr0ng@127.0.0.1:%d/postgres", port);
  struct db_error e = refused_by(url, &ms);
  CHECK("a wrong password is told at once", e.kind == DB_UNAVAILABLE && is(e.code, "28P01") && ms < 900);
  CHECK("without the password", strstr(e.message, "with_password") && !strstr(e.message, "wr0ng"));
  struct ask a = ask(NULL, "SELECT 1");
  CHECK("and again", a.r->error.kind == DB_UNAVAILABLE && is(a.r->error.code, "28P01"));
  db_request_free(a.r);
  snprintf(url, sizeof url, "postgresql://with_password:right@127.0.0.1:%d/postgres", port);
  CHECK("the right one is right", (e = refused_by(url, &ms)).kind == DB_OK);
  snprintf(url, sizeof url, "postgresql://postgres@127.0.0.1:%d/nowhere", port);
  e = refused_by(url, &ms);
  CHECK("so is a database that is missing", e.kind == DB_UNAVAILABLE && is(e.code, "3D000") && ms < 900 && strstr(e.message, "nowhere"));
  e = refused_by("postgresql://postgres@127.0.0.1:1/x", &ms);
  CHECK("for a server that is away requests wait",
        e.kind == DB_UNAVAILABLE && ms >= 950 && ms < 3000 && strstr(e.message, "127.0.0.1:1/x") && strstr(e.message, "refused"));
}

static void check_urls(void) {
  struct err err;
  struct db_config config = kit_config("postgresql://u:s3cret@[::1/x");
  CHECK("a URL that makes no sense", !db_postgresql.share(&config, &err) && strstr(err.message, "IPv6") && !strstr(err.message, "s3cret"));
  config.url = "postgresql://u:s3cr%zzt@h/x";
  CHECK("passwords stay secret", !db_postgresql.share(&config, &err) && strstr(err.message, "percent") && !strstr(err.message, "s3cr"));
  config.url = "postgresql://u:s3/cret@h/x";
  CHECK("an unescaped / is named", !db_postgresql.share(&config, &err) && strstr(err.message, "%2F") && !strstr(err.message, "cret"));
  config.url = "postgresql://u:s3@cret@h/x";
  CHECK("so is an @", !db_postgresql.share(&config, &err) && strstr(err.message, "%40") && !strstr(err.message, "cret"));
  config.url = "postgresql://u:s3cret";
  CHECK("a port is a number", !db_postgresql.share(&config, &err) && strstr(err.message, "port") && !strstr(err.message, "s3cret"));
  config.url = "postgresql://h/x?sslmod=require";
  CHECK("an unknown parameter is named", !db_postgresql.share(&config, &err) && strstr(err.message, "sslmod"));
}

static void check_slots(void) {
  struct db_config config = kit_config(cluster.url);
  struct ask asks[10];
  int got = 0, refused = 0;
  config.pool_max = 10;
  config.acquire_timeout = CLOCK_NS_PER_SEC;
  reopen(config);
  for (int i = 0; i < 10; i++) {
    prepare(&asks[i], NULL, "", NULL, 0);
    db_postgresql.acquire(db, asks[i].r);
  }
  for (int i = 0; i < 10; i++) {
    await(&asks[i]);
    got += asks[i].r->error.kind == DB_OK;
    refused += asks[i].r->error.kind == DB_UNAVAILABLE && !strcmp(asks[i].r->error.code, "53300");
  }
  CHECK("a server out of connections: who gets none waits, then hears why", got == 8 && refused == 2);
  for (int i = 0; i < 10; i++) {
    if (asks[i].r->error.kind == DB_OK) db_postgresql.release(db, asks[i].r->driver_data);
    db_request_free(asks[i].r);
  }
  CHECK("those there are serve on", is(value(NULL, "SELECT 1"), "1"));
}

/* ---- load, while the server comes and goes ---- */

static struct {
  bool on;
  int running, right, unavailable, other;
} load;

static void load_one(void);

static void load_done(struct db_request *r) {
  load.running--;
  if (r->error.kind == DB_OK) load.right++;
  else if (r->error.kind == DB_UNAVAILABLE) load.unavailable++;
  else {
    load.other++;
    printf("  %s %s\n", r->error.code, r->error.message);
  }
  db_request_free(r);
  if (load.on) load_one();
}

static void load_one(void) {
  static int turn;
  static const char *const sqls[] = {"SELECT 1", "SELECT count(*) FROM pg_class", "SELECT pg_sleep(0.001)"};
  const char *sql = sqls[turn++ % 3];
  struct db_request *r = db_request_new(sql, strlen(sql), NULL, 0);
  r->done = load_done;
  load.running++;
  db_postgresql.submit(db, r);
}

static void start_load(int count) {
  memset(&load, 0, sizeof load);
  load.on = true;
  while (count--) load_one();
}

static void stop_load(void) {
  load.on = false;
  const uint64_t until = clock_ns() + 20 * CLOCK_NS_PER_SEC;
  while (load.running && clock_ns() < until) kit_turn(20);
}

static void check_restart(void) {
  struct db_config config = kit_config(cluster.url);
  config.acquire_timeout = 20 * CLOCK_NS_PER_SEC;
  reopen(config);
  struct db_transaction *tx = acquire();
  kind_of(tx, "BEGIN");
  kind_of(tx, "SELECT 1");
  start_load(50);
  pass_ms(100);
  struct ask a;
  send(&a, tx, "SELECT pg_sleep(30)");
  pass_ms(20);
  CHECK("load before", load.right > 100 && !load.unavailable);
  shell("(tools/postgresql stop %s immediate; sleep 0.3; tools/postgresql start %s) &", cluster.folder, cluster.folder);
  await(&a);
  CHECK("what runs is lost with its connection", a.r->error.kind == DB_UNAVAILABLE && a.r->error.message[0]);
  db_request_free(a.r);
  CHECK("so is its transaction", kind_of(tx, "SELECT 1") == DB_UNAVAILABLE);
  db_postgresql.release(db, tx);
  pass_ms(200);
  const int before = load.right;
  const uint64_t until = clock_ns() + 15 * CLOCK_NS_PER_SEC;
  while (load.right < before + 500 && clock_ns() < until) kit_turn(20);
  CHECK("the pool comes back by itself", load.right >= before + 500);
  CHECK("only what was under way failed", load.unavailable > 0 && load.unavailable <= 50 * 4 && !load.other); /* connections end one by one */
  stop_load();
  CHECK("every request is answered", load.running == 0);
}

static void check_terminated(void) {
  struct ask a, b;
  struct db_transaction *tx = acquire();
  send(&a, tx, "SELECT pg_sleep(24)");
  pass_ms(50);
  send(&b, NULL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(24)'");
  await(&a);
  await(&b);
  CHECK("an administrator's words arrive",
        a.r->error.kind == DB_UNAVAILABLE && is(a.r->error.code, "57P01") && strstr(a.r->error.message, "administrator"));
  db_request_free(a.r);
  db_request_free(b.r);
  db_postgresql.release(db, tx);
  CHECK("idle connections may go, too",
        kind_of(NULL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tidewire' AND pid <> pg_backend_pid()") ==
            DB_OK);
  pass_ms(50);
  for (int i = 0; i < 5; i++) CHECK("nobody notices", is(value(NULL, "SELECT 1"), "1"));
}

static void check_dead_server(void) {
  struct db_config config = kit_config(cluster.url);
  config.statement_timeout = 200 * CLOCK_NS_PER_MS;
  reopen(config);
  const int pid = atoi(value(NULL, "SELECT pg_backend_pid()"));
  shell("kill -STOP %d", pid);
  struct ask a = ask(NULL, "SELECT 1");
  CHECK("a server that falls silent is given up", a.r->error.kind == DB_UNAVAILABLE && strstr(a.r->error.message, "does not answer"));
  db_request_free(a.r);
  shell("kill -CONT %d", pid);
  CHECK("and another connection made", is(value(NULL, "SELECT 1"), "1"));
}

static void check_idle(void) {
  struct db_config config = kit_config(cluster.url);
  config.pool_min = 1;
  config.pool_idle = 100 * CLOCK_NS_PER_MS;
  reopen(config);
  struct db_transaction *tx[3];
  for (int i = 0; i < 3; i++) tx[i] = acquire();
  for (int i = 0; i < 3; i++) db_postgresql.release(db, tx[i]);
  const char *count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tidewire'";
  uint64_t deadline = clock_ns() + 10 * CLOCK_NS_PER_SEC;
  bool one = false;
  while (!one && clock_ns() < deadline) {
    pass_ms(20);
    one = !strcmp(value(NULL, count), "1");
  }
  CHECK("what is idle for long closes, down to the minimum", one);
  config.pool_min = 0;
  reopen(config);
  CHECK("a connection", is(value(NULL, "SELECT 1"), "1"));
  deadline = clock_ns() + 10 * CLOCK_NS_PER_SEC;
  while (db_postgresql.tick(db, clock_ns()) != UINT64_MAX && clock_ns() < deadline) pass_ms(20);
  CHECK("a pool without connections and work wants nothing", db_postgresql.tick(db, clock_ns()) == UINT64_MAX);
}

static void check_slow(void) {
  struct ask slow[2], quick[30];
  struct db_config config = kit_config(cluster.url);
  config.pool_max = 3;
  reopen(config);
  for (int i = 0; i < 3; i++) CHECK("quick", is(value(NULL, "SELECT 1"), "1"));
  for (int i = 0; i < 2; i++) send(&slow[i], NULL, "SELECT pg_sleep(3)");
  for (int i = 0; i < 30; i++) send(&quick[i], NULL, "SELECT 1");
  for (int i = 0; i < 30; i++) await(&quick[i]), db_request_free(quick[i].r);
  CHECK("quick statements do not queue behind slow ones", !slow[0].done && !slow[1].done);
  for (int i = 0; i < 2; i++) await(&slow[i]), db_request_free(slow[i].r);
}

/* Everything at once under way when the pool closes: the sanitizer looks for what is lost. */
static void check_close(void) {
  struct ask asks[8];
  struct db_transaction *tx = acquire();
  kind_of(tx, "BEGIN");
  struct db_cursor *cursor = open_cursor(tx, "SELECT generate_series(1, 100)", NULL);
  CHECK("a cursor that nobody closes", cursor && fetch(cursor, 10) == 10);
  open_cursor(NULL, "SELECT generate_series(1, 100)", NULL);
  send(&asks[0], tx, "SELECT pg_sleep(25)");
  for (int i = 1; i < 7; i++) send(&asks[i], NULL, i % 2 ? "SELECT pg_sleep(25)" : "SELECT 1");
  pass_ms(30);
  prepare(&asks[7], NULL, "", NULL, 0);
  db_postgresql.acquire(db, asks[7].r);
  kit_close();
}

/* Two workers at once, with cancel requests on the way when they end: for TSan. */
static void *work(void *right) {
  struct ask a;
  kit_open_worker();
  for (int i = 0; i < 30; i++) {
    *(int *)right += kind_of(NULL, "SELECT 1") == DB_OK;
    send(&a, NULL, "SELECT pg_sleep(26)");
    pass_ms(3);
    db_postgresql.cancel(db, a.r);
  }
  db_postgresql.close(db);
  mailbox_fini(&kit_mailbox);
  return NULL;
}

static void check_workers(const char *url) {
  const struct db_config config = kit_config(url);
  struct err err;
  pthread_t threads[2];
  int right[2] = {0, 0};
  shared = db_postgresql.share(&config, &err);
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, &right[i]);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  CHECK("two workers", right[0] == 30 && right[1] == 30);
  db_postgresql.unshare(shared);
}

static void check_faults(void) {
  atexit(remove_cluster); /* await() may exit */
  const bool made = make_cluster();
  CHECK("a cluster to break", made);
  if (!made) return;
  check_refusals();
  check_slots();
  check_restart();
  check_terminated();
  check_nothing_left();
  check_dead_server();
  check_idle();
  check_slow();
}

int main(void) {
  const char *url = open_named();
  if (!url) TESTS_END;
  check_urls();
  check_faults();
  check_close();
  check_workers(url);
  TESTS_END;
}
