/* sqlite_faults_test.c - db/sqlite*.c when things go wrong: timeouts, cancelled requests, locks, a full disk, files that are none. */
#include "sqlite_kit.h"

#include "check.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define FOREVER "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

static uint64_t ms_since(uint64_t started) { return (clock_ns() - started) / CLOCK_NS_PER_MS; }

static void in_folder(char *to, size_t cap, const char *name) { snprintf(to, cap, "%s/%s", kit_folder, name); }

/* ---- files that cannot be opened ---- */

static bool refused(const char *url, const char *why) {
  struct err err;
  struct db_config config = kit_config(url);
  config.acquire_timeout = 100 * CLOCK_NS_PER_MS;
  struct db_shared *shared = db_sqlite.share(&config, &err);
  const bool ok = !shared && strstr(err.message, why);
  if (shared) db_sqlite.unshare(shared);
  if (!ok) printf("%s: %s\n", url, shared ? "opened" : err.message);
  return ok;
}

static void write_file(const char *path, const char *content) {
  FILE *f = fopen(path, "w");
  if (!f) abort();
  for (int i = 0; i < 100; i++) fputs(content, f);
  if (fclose(f)) abort();
}

/* Root may write anything, so this is tried by somebody else. */
static bool refused_as_nobody(const char *url, const char *why) {
  int status = 1;
  fflush(stdout);
  const pid_t child = fork();
  if (!child) {
    if (getuid() == 0 && (setgid(65534) || setuid(65534))) _exit(2);
    _exit(refused(url, why) ? 0 : 1);
  }
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void check_files(void) {
  char path[128], sealed[160];
  CHECK("a missing folder", refused("sqlite:nowhere/x.db", "folder of"));
  CHECK("no name", refused("sqlite:", "names no file"));
  CHECK("a folder", refused("sqlite:/tmp", "is no file"));
  in_folder(path, sizeof path, "text.db");
  write_file(path, "This is no database, whatever its name says. ");
  CHECK("no database", refused("sqlite:text.db", "text.db cannot be opened: file is not a database"));
  in_folder(path, sizeof path, "readonly.db");
  write_file(path, "");
  if (chmod(path, 0444) || chmod(kit_folder, 0755)) abort();
  CHECK("a file that cannot be written to", refused_as_nobody("sqlite:readonly.db", "cannot be written to"));
  in_folder(path, sizeof path, "sealed");
  snprintf(sealed, sizeof sealed, "sqlite:%s/x.db", path);
  if (mkdir(path, 0555)) abort();
  CHECK("a folder that cannot be written to", refused_as_nobody(sealed, "unable to open database file"));
}

/* ---- a process that is killed ---- */

static int acknowledgements; /* the child's end of a pipe */

static void acknowledge(struct db_request *r) {
  const int id = (int)r->params[0].integer;
  if (r->error.kind == DB_OK && write(acknowledgements, &id, sizeof id) != sizeof id) _exit(1);
  ++*(int *)r->owner;
  db_request_free(r);
}

static void write_until_killed(void) {
  const struct db_config config = kit_config("sqlite:killed.db");
  struct kit k;
  int done = 0;
  kit_open(&k, kit_share(&config));
  kit_ok(&k, NULL, "CREATE TABLE killed (id integer PRIMARY KEY)");
  for (int id = 1;; id++) {
    const struct db_value param = integer(id);
    struct db_request *r = kit_request("INSERT INTO killed VALUES (?1)", &param, 1, &done);
    r->done = acknowledge;
    db_sqlite.submit(k.db, r);
    if (id % 20 == 0) kit_turn(&k, 1);
  }
}

static void check_killed(void) {
  int ends[2], id, last = 0;
  char sql[80], expected[32];
  if (pipe(ends)) abort();
  fflush(stdout);
  const pid_t child = fork();
  if (!child) {
    acknowledgements = ends[1];
    write_until_killed();
  }
  close(ends[1]);
  while (last < 2000 && read(ends[0], &id, sizeof id) == sizeof id) last = id;
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  while (read(ends[0], &id, sizeof id) == sizeof id) last = id;
  close(ends[0]);
  const struct db_config config = kit_config("sqlite:killed.db");
  struct db_shared *shared = kit_share(&config);
  struct kit k;
  kit_open(&k, shared);
  snprintf(sql, sizeof sql, "SELECT count(*) FROM killed WHERE id <= %d", last);
  snprintf(expected, sizeof expected, "%d", last);
  CHECK("every acknowledged row is there", last >= 2000 && kit_reads(&k, sql, expected));
  CHECK("and the file is sound", kit_gives(&k, NULL, "PRAGMA integrity_check", "ok"));
  kit_close(&k);
  db_sqlite.unshare(shared);
}

/* ---- locks of other programs ---- */

static sqlite3 *other_program(const char *name) {
  char path[128];
  sqlite3 *other;
  in_folder(path, sizeof path, name);
  if (sqlite3_open(path, &other)) abort();
  return other;
}

static void other_does(sqlite3 *other, const char *sql) {
  char *message = NULL;
  if (sqlite3_exec(other, sql, NULL, NULL, &message)) printf("%s: %s\n", sql, message);
  sqlite3_free(message);
}

static void *commit_soon(void *other) {
  nanosleep(&(struct timespec){.tv_nsec = 150 * (long)CLOCK_NS_PER_MS}, NULL);
  other_does(other, "COMMIT");
  return NULL;
}

static void check_locked_at_start(void) {
  sqlite3 *other = other_program("busy.db");
  other_does(other, "BEGIN EXCLUSIVE; CREATE TABLE b (id)");
  CHECK("a file that another program keeps for itself",
        refused("sqlite:busy.db", "busy.db cannot be opened: the database is locked by another program"));
  other_does(other, "COMMIT");
  sqlite3_close(other);
}

static void check_locked(void) {
  struct db_config config = kit_config("sqlite:locked.db");
  config.acquire_timeout = 400 * CLOCK_NS_PER_MS;
  struct db_shared *shared = kit_share(&config);
  struct kit k;
  pthread_t thread;
  kit_open(&k, shared);
  CHECK("a table", kit_ok(&k, NULL, "CREATE TABLE l (id integer PRIMARY KEY)"));
  sqlite3 *other = other_program("locked.db");
  other_does(other, "BEGIN IMMEDIATE; INSERT INTO l VALUES (1)");
  const uint64_t started = clock_ns();
  struct db_request *r = kit_run(&k, NULL, "INSERT INTO l VALUES (2)", NULL, 0);
  CHECK("a lock is waited for", ms_since(started) >= 390 && ms_since(started) < 2000);
  CHECK("not for ever", r->error.kind == DB_UNAVAILABLE && !strcmp(r->error.message, "the database is locked by another program"));
  db_request_free(r);
  CHECK("reads go on", kit_reads(&k, "SELECT count(*) FROM l", "0"));
  pthread_create(&thread, NULL, commit_soon, other);
  CHECK("a short lock is no error", kit_ok(&k, NULL, "INSERT INTO l VALUES (3)"));
  pthread_join(thread, NULL);
  CHECK("the other's row is seen", kit_reads(&k, "SELECT count(*) FROM l", "2"));
  CHECK("in the same turn too, a moment later", kit_reads(&k, "SELECT 1", "1"));
  other_does(other, "INSERT INTO l VALUES (4)");
  nanosleep(&(struct timespec){.tv_nsec = 2 * (long)CLOCK_NS_PER_MS}, NULL);
  CHECK("and what it writes later", kit_reads(&k, "SELECT count(*) FROM l", "3"));
  struct db_transaction *tx = kit_acquire(&k);
  other_does(other, "BEGIN IMMEDIATE");
  CHECK("BEGIN waits as well", !strcmp(kit_try(&k, tx, "BEGIN"), "the database is locked by another program"));
  other_does(other, "COMMIT");
  CHECK("a transaction", kit_ok(&k, tx, "BEGIN") && kit_ok(&k, tx, "INSERT INTO l VALUES (5)") && kit_ok(&k, tx, "COMMIT"));
  db_sqlite.release(k.db, tx);
  other_does(other, "BEGIN IMMEDIATE");
  int done = 0;
  db_sqlite.submit(k.db, kit_request("INSERT INTO l VALUES (6)", NULL, 0, &done));
  kit_turn(&k, 50);
  const uint64_t closing = clock_ns();
  kit_close(&k);
  CHECK("closing waits for no lock", ms_since(closing) < 300);
  other_does(other, "COMMIT");
  sqlite3_close(other);
  db_sqlite.unshare(shared);
}

/* ---- statements that take too long ---- */

static void check_timeouts(void) {
  struct db_config config = kit_config("sqlite:slow.db");
  struct db_request *r[3];
  struct kit k;
  int done = 0;
  config.statement_timeout = 100 * CLOCK_NS_PER_MS;
  struct db_shared *shared = kit_share(&config);
  kit_open(&k, shared);
  CHECK("a table", kit_ok(&k, NULL, "CREATE TABLE s (id integer PRIMARY KEY)"));
  CHECK("a read", kit_reads(&k, FOREVER "SELECT count(*) FROM n", "error: the statement took longer than the statement timeout"));
  CHECK("and the next one works", kit_reads(&k, "SELECT 1", "1"));
  const char *const sqls[] = {"INSERT INTO s VALUES (-1)", FOREVER "INSERT INTO s SELECT i FROM n", "INSERT INTO s VALUES (-2)"};
  for (int i = 0; i < 3; i++) db_sqlite.submit(k.db, r[i] = kit_request(sqls[i], NULL, 0, &done));
  kit_wait(&k, &done, 3);
  CHECK("a write", r[1]->error.kind == DB_TIMED_OUT);
  CHECK("harms no other", r[0]->error.kind == DB_OK && r[2]->error.kind == DB_OK && kit_reads(&k, "SELECT count(*) FROM s", "2"));
  for (int i = 0; i < 3; i++) db_request_free(r[i]);
  struct db_transaction *tx = kit_acquire(&k);
  CHECK("in a transaction", kit_ok(&k, tx, "BEGIN") && kit_ok(&k, tx, "INSERT INTO s VALUES (-3)") && *kit_try(&k, tx, sqls[1]));
  CHECK("which is lost by that", *kit_try(&k, tx, "COMMIT"));
  db_sqlite.release(k.db, tx);
  CHECK("nothing of it stays", kit_gives(&k, NULL, "SELECT count(*) FROM s", "2"));
  kit_close(&k);
  db_sqlite.unshare(shared);
}

static void check_held_writer(void) {
  struct db_config config = kit_config("sqlite:held.db");
  struct kit holder, k;
  struct db_request *write, *acquire;
  int done = 0;
  config.acquire_timeout = 200 * CLOCK_NS_PER_MS;
  struct db_shared *shared = kit_share(&config);
  kit_open(&holder, shared);
  kit_open(&k, shared);
  struct db_transaction *tx = kit_acquire(&holder);
  db_sqlite.submit(k.db, write = kit_request("CREATE TABLE h (id)", NULL, 0, &done));
  db_sqlite.acquire(k.db, acquire = kit_request("", NULL, 0, &done));
  const uint64_t now = clock_ns(), wish = db_sqlite.tick(k.db, now);
  CHECK("a wish to be called when it is time", wish > now && wish < now + config.acquire_timeout);
  kit_wait(&k, &done, 2);
  CHECK("a write", write->error.kind == DB_UNAVAILABLE && !strcmp(write->error.message, "the database's writer was busy for 0.2 s"));
  CHECK("a transaction", acquire->error.kind == DB_UNAVAILABLE && !acquire->driver_data);
  CHECK("no wish any more", db_sqlite.tick(k.db, clock_ns()) == UINT64_MAX);
  db_request_free(write);
  db_request_free(acquire);
  db_sqlite.release(holder.db, tx);
  CHECK("it goes on when it is given back", kit_ok(&k, NULL, "CREATE TABLE h (id)"));
  kit_close(&k);
  kit_close(&holder);
  db_sqlite.unshare(shared);
}

/* ---- cancelled requests ---- */

static void check_cancel(struct kit *k, struct kit *other) {
  int done = 0;
  CHECK("a table", kit_ok(k, NULL, "CREATE TABLE c (id integer PRIMARY KEY)"));
  struct db_request *r = kit_request("INSERT INTO c VALUES (1)", NULL, 0, &done);
  db_sqlite.submit(k->db, r);
  db_sqlite.cancel(k->db, r);
  kit_turn(k, 20);
  CHECK("before it is sent", done == 0 && kit_reads(k, "SELECT count(*) FROM c", "0"));
  r = kit_request(FOREVER "INSERT INTO c SELECT i FROM n", NULL, 0, &done);
  db_sqlite.submit(k->db, r);
  kit_turn(k, 50);
  struct db_request *behind = kit_request("INSERT INTO c VALUES (2)", NULL, 0, &done);
  db_sqlite.submit(k->db, behind);
  kit_turn(k, 1);
  db_sqlite.cancel(k->db, behind);
  db_sqlite.cancel(k->db, r);
  const uint64_t started = clock_ns();
  CHECK("while it runs", kit_ok(other, NULL, "INSERT INTO c VALUES (3)") && ms_since(started) < 2000);
  kit_turn(k, 20);
  CHECK("and while it waits", done == 0 && kit_reads(k, "SELECT group_concat(id) FROM c", "3"));
  r = kit_request("INSERT INTO c VALUES (4)", NULL, 0, &done);
  db_sqlite.submit(k->db, r);
  db_sqlite.tick(k->db, clock_ns());
  nanosleep(&(struct timespec){.tv_nsec = 100 * (long)CLOCK_NS_PER_MS}, NULL);
  db_sqlite.cancel(k->db, r);
  kit_turn(k, 20);
  CHECK("when the answer is on its way", done == 0);
  r = kit_request("", NULL, 0, &done);
  db_sqlite.acquire(k->db, r);
  db_sqlite.tick(k->db, clock_ns());
  nanosleep(&(struct timespec){.tv_nsec = 100 * (long)CLOCK_NS_PER_MS}, NULL);
  db_sqlite.cancel(k->db, r);
  kit_turn(k, 20);
  CHECK("a transaction that was given already", done == 0 && kit_ok(other, NULL, "INSERT INTO c VALUES (5)"));
  struct db_transaction *tx = kit_acquire(k);
  CHECK("BEGIN", kit_ok(k, tx, "BEGIN"));
  r = kit_request(FOREVER "INSERT INTO c SELECT i + 10 FROM n", NULL, 0, &done);
  r->tx = tx;
  db_sqlite.submit(k->db, r);
  kit_turn(k, 50);
  db_sqlite.release(k->db, tx);
  CHECK("with its transaction", kit_gives(other, NULL, "SELECT group_concat(id) FROM c", "3,4,5") && done == 0);
}

enum { RACERS = 3, ROUNDS = 400 };

static struct db_shared *common;
static atomic_int acknowledged, given_up;

static unsigned next_random(unsigned *seed) { return (*seed = *seed * 1103515245u + 12345u) >> 16; }

static void finish_counted(struct db_request *r) {
  if (r->error.kind == DB_OK) atomic_fetch_add(&acknowledged, 1);
  ++*(int *)r->owner;
  db_request_free(r);
}

/* Transactions, writes and cancelled ones in any order; what is acknowledged has to be there in the end. */
static void *race(void *arg) {
  unsigned seed = (unsigned)(uintptr_t)arg;
  int done = 0, expected = 0;
  struct kit k;
  kit_open(&k, common);
  for (int i = 0; i < ROUNDS; i++) {
    struct db_request *r =
        kit_request(next_random(&seed) % 8 ? "INSERT INTO race VALUES (NULL)" : "INSERT INTO race SELECT NULL FROM big LIMIT 1", NULL, 0, &done);
    r->done = finish_counted;
    db_sqlite.submit(k.db, r);
    expected++;
    if (next_random(&seed) % 2) kit_turn(&k, (int)(next_random(&seed) % 2));
    if (next_random(&seed) % 4 == 0 && done < expected) { /* the last one is the last to be answered */
      db_sqlite.cancel(k.db, r);
      atomic_fetch_add(&given_up, 1);
      expected--;
    }
    if (next_random(&seed) % 50 == 0) {
      kit_wait(&k, &done, expected);
      struct db_transaction *tx = kit_acquire(&k);
      if (tx && kit_ok(&k, tx, "BEGIN") && kit_ok(&k, tx, "INSERT INTO race VALUES (NULL)")) db_sqlite.release(k.db, tx);
    }
  }
  kit_wait(&k, &done, expected);
  kit_close(&k);
  return NULL;
}

static void check_races(struct kit *k, struct db_shared *shared) {
  pthread_t threads[RACERS];
  char out[32];
  common = shared;
  CHECK("tables", kit_ok(k, NULL, "CREATE TABLE race (id integer PRIMARY KEY)") &&
                      kit_ok(k, NULL, "CREATE VIEW big AS " FOREVER "SELECT i FROM n WHERE i = 5000"));
  for (uintptr_t i = 0; i < RACERS; i++) pthread_create(&threads[i], NULL, race, (void *)(i + 1));
  for (int i = 0; i < RACERS; i++) pthread_join(threads[i], NULL);
  snprintf(out, sizeof out, "%s", kit_read(k, "SELECT count(*) FROM race"));
  const int rows = (int)strtol(out, NULL, 10);
  CHECK("what is acknowledged is there", rows >= acknowledged && rows <= acknowledged + given_up && acknowledged > 0 && given_up > 0);
  CHECK("and the writer goes on", kit_ok(k, NULL, "INSERT INTO race VALUES (NULL)"));
}

/* Requests in every state when the worker ends. */
static void check_close(struct db_shared *shared) {
  struct kit k, other;
  int done = 0;
  kit_open(&other, shared);
  kit_open(&k, shared);
  struct db_transaction *tx = kit_acquire(&k);
  CHECK("a transaction that stays open", kit_ok(&k, tx, "BEGIN") && kit_ok(&k, tx, "INSERT INTO c VALUES (100)"));
  struct db_request *r = kit_request("SELECT * FROM c", NULL, 0, &done);
  r->tx = tx;
  db_sqlite.cursor_open(k.db, r);
  kit_wait(&k, &done, 1);
  struct db_cursor *cursor = r->driver_data;
  db_request_free(r);
  r = kit_request("INSERT INTO c VALUES (101)", NULL, 0, &done);
  r->tx = tx;
  db_sqlite.submit(k.db, r);
  db_sqlite.tick(k.db, clock_ns());
  nanosleep(&(struct timespec){.tv_nsec = 50 * (long)CLOCK_NS_PER_MS}, NULL); /* its answer waits in the mailbox */
  db_sqlite.cursor_fetch(k.db, cursor, 1, kit_request("", NULL, 0, &done));
  r = kit_request(FOREVER "INSERT INTO c SELECT i + 1000 FROM n", NULL, 0, &done);
  r->tx = tx;
  db_sqlite.submit(k.db, r);
  db_sqlite.submit(k.db, kit_request("INSERT INTO c VALUES (102)", NULL, 0, &done));
  db_sqlite.acquire(k.db, kit_request("", NULL, 0, &done));
  db_sqlite.tick(k.db, clock_ns());
  nanosleep(&(struct timespec){.tv_nsec = 50 * (long)CLOCK_NS_PER_MS}, NULL);
  db_sqlite.submit(k.db, kit_request("INSERT INTO c VALUES (103)", NULL, 0, &done));
  kit_close(&k);
  CHECK("nothing of it is done", done == 1 && kit_gives(&other, NULL, "SELECT count(*) FROM c WHERE id >= 100", "0"));
  kit_open(&k, shared);
  db_sqlite.acquire(k.db, kit_request("", NULL, 0, &done));
  db_sqlite.tick(k.db, clock_ns());
  nanosleep(&(struct timespec){.tv_nsec = 50 * (long)CLOCK_NS_PER_MS}, NULL); /* given, but it does not know yet */
  kit_close(&k);
  CHECK("a transaction on its way is given back", kit_ok(&other, NULL, "INSERT INTO c VALUES (104)"));
  kit_close(&other);
}

/* ---- a full disk ---- */

static void check_full(struct kit *k) {
  struct db_request *r[3];
  int done = 0;
  CHECK("a table", kit_ok(k, NULL, "CREATE TABLE f (id integer PRIMARY KEY, data blob)"));
  db_request_free(kit_run(k, NULL, "PRAGMA max_page_count=1", NULL, 0)); /* the pages it has, that is */
  const char *const sqls[] = {"INSERT INTO f VALUES (1, 'x')", "INSERT INTO f VALUES (2, zeroblob(1000000))", "INSERT INTO f VALUES (3, 'x')"};
  for (int i = 0; i < 3; i++) db_sqlite.submit(k->db, r[i] = kit_request(sqls[i], NULL, 0, &done));
  kit_wait(k, &done, 3);
  CHECK("what does not fit", r[1]->error.kind == DB_OPERATIONAL && !strcmp(r[1]->error.message, "database or disk is full"));
  CHECK("what fits", r[0]->error.kind == DB_OK && r[2]->error.kind == DB_OK);
  for (int i = 0; i < 3; i++) db_request_free(r[i]);
  CHECK("and is there", kit_reads(k, "SELECT group_concat(id) FROM f", "1,3"));
  db_request_free(kit_run(k, NULL, "PRAGMA max_page_count=1000000", NULL, 0));
  CHECK("when there is room again", kit_ok(k, NULL, sqls[1]));
}

/* ---- a file that somebody takes away ---- */

static void check_moved(void) {
  char from[128], to[128];
  const struct db_config config = kit_config("sqlite:moved.db");
  struct db_shared *shared = kit_share(&config);
  struct kit k;
  kit_open(&k, shared);
  CHECK("a table", kit_ok(&k, NULL, "CREATE TABLE m (id integer)") && kit_ok(&k, NULL, "INSERT INTO m VALUES (1)"));
  snprintf(from, sizeof from, "%s/moved.db", kit_folder);
  snprintf(to, sizeof to, "%s/elsewhere.db", kit_folder);
  CHECK("moved", !rename(from, to));
  CHECK("nothing is written to it", strstr(kit_try(&k, NULL, "INSERT INTO m VALUES (2)"), "moved"));
  struct db_transaction *tx = kit_acquire(&k);
  CHECK("nor in a transaction", tx && strstr(kit_try(&k, tx, "BEGIN"), "moved"));
  db_sqlite.release(k.db, tx);
  CHECK("and back", !rename(to, from) && kit_ok(&k, NULL, "INSERT INTO m VALUES (3)"));
  CHECK("it goes on", kit_reads(&k, "SELECT group_concat(id) FROM m", "1,3"));
  kit_close(&k);
  db_sqlite.unshare(shared);
}

int main(void) {
  kit_make_folder();
  check_files(); /* these two fork: before there are threads */
  check_killed();
  check_locked_at_start();
  check_locked();
  check_timeouts();
  check_held_writer();
  check_moved();
  const struct db_config config = kit_config("sqlite:faults.db");
  struct db_shared *shared = kit_share(&config);
  struct kit k, other;
  kit_open(&k, shared);
  kit_open(&other, shared);
  check_cancel(&k, &other);
  check_races(&k, shared);
  check_close(shared);
  check_full(&k);
  CHECK("what is left is sound", kit_gives(&k, NULL, "PRAGMA integrity_check", "ok"));
  kit_close(&other);
  kit_close(&k);
  db_sqlite.unshare(shared);
  kit_remove_folder();
  TESTS_END;
}
