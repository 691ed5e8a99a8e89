/* sqlite_rows FILE COUNT: what SQLite's own API needs for the rows of bench_item: a statement prepared once, run COUNT times, every column of every row
 * fetched. Prints the CPU time of one run in µs. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double cpu_us(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int fail(sqlite3 *db) {
  fprintf(stderr, "sqlite_rows: %s\n", sqlite3_errmsg(db));
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 3) return fprintf(stderr, "usage: sqlite_rows FILE COUNT\n"), 2;
  sqlite3 *db;
  sqlite3_stmt *statement;
  long long bytes = 0, rows = 0;
  const int count = atoi(argv[2]);
  if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL)) return fail(db);
  if (sqlite3_prepare_v2(db, "SELECT id, name, price, note FROM bench_item ORDER BY id LIMIT 1000", -1, &statement, NULL)) return fail(db);
  const double start = cpu_us();
  for (int i = 0; i < count; i++) {
    int status;
    while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
      rows += sqlite3_column_int64(statement, 0) > 0;
      bytes += sqlite3_column_text(statement, 1) ? sqlite3_column_bytes(statement, 1) : 0;
      bytes += sqlite3_column_int64(statement, 2);
      bytes += sqlite3_column_text(statement, 3) ? sqlite3_column_bytes(statement, 3) : 0;
    }
    if (status != SQLITE_DONE) return fail(db);
    sqlite3_reset(statement);
  }
  const double took = cpu_us() - start;
  if (rows != 1000LL * count || !bytes) return fprintf(stderr, "sqlite_rows: %lld rows, expected %lld\n", rows, 1000LL * count), 1;
  printf("%.1f\n", took / count);
  sqlite3_finalize(statement);
  return sqlite3_close(db);
}
