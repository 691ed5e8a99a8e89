/* sqlite_functions_test.c - the SQL functions and the collation that every connection has. */
#include "sqlite_kit.h"

#include "check.h"

static struct kit k;

/* What `expression` gives; the checks below are a table of these. */
static void gives(const char *expression, const char *expected) {
  char sql[600];
  snprintf(sql, sizeof sql, "SELECT %s", expression);
  CHECK(expression, kit_reads(&k, sql, expected));
}

static void check_regexp(void) {
  gives("'abc123' REGEXP '\\d+$', 'abc' REGEXP '\\d', 'Abc' REGEXP 'abc', iregexp('ABC', 'xabcx')", "1 0 0 1");
  gives("iregexp('ÄÖ', 'xäöx'), 'é' REGEXP '^.$', 'é' REGEXP '^\\w$', 12.5 REGEXP '^12\\.'", "1 1 1 1");
  gives("NULL REGEXP 'a', 'a' REGEXP NULL, '' REGEXP '', 'a' REGEXP ''", "null null 1 1");
  gives("cast(x'ff61' AS text) REGEXP 'a'", "1");
  gives("'a' REGEXP '(a'", "error: invalid regular expression \"(a\": missing closing parenthesis at offset 2");
  gives("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab' REGEXP '^(a+)+$'", "error: the regular expression \"^(a+)+$\" takes too many steps");
  gives("group_concat(n REGEXP p) FROM (SELECT 'a' AS n, 'a' AS p UNION ALL SELECT 'b', 'a' UNION ALL SELECT 'b', 'b')", "1,0,1");
}

static void check_dates(void) {
  gives("tidewire_date_extract('year', '2021-03-04'), tidewire_date_extract('month', '2021-03-04'), tidewire_date_extract('day', '2021-03-04')",
        "2021 3 4");
  gives(
      "tidewire_date_extract('quarter', '2021-03-31'), tidewire_date_extract('quarter', '2021-04-01'), tidewire_date_extract('quarter', "
      "'2021-12-01')",
      "1 2 4");
  gives("tidewire_date_extract('week_day', '2021-01-03'), tidewire_date_extract('week_day', '2021-01-02')", "1 7");
  gives("tidewire_date_extract('iso_week_day', '2021-01-03'), tidewire_date_extract('iso_week_day', '2021-01-04')", "7 1");
  gives("tidewire_date_extract('week', '2021-01-03'), tidewire_date_extract('iso_year', '2021-01-03'), tidewire_date_extract('week', '2021-01-04')",
        "53 2020 1");
  gives("tidewire_date_extract('week', '2018-12-31'), tidewire_date_extract('iso_year', '2018-12-31'), tidewire_date_extract('week', '2016-01-01')",
        "1 2019 53");
  gives("tidewire_date_extract('iso_week_day', '0001-01-01'), tidewire_date_extract('iso_week_day', '9999-12-31')", "1 5");
  gives(
      "tidewire_datetime_extract('hour', '2021-03-04 05:06:07.890123'), tidewire_datetime_extract('minute', '2021-03-04T05:06:07'), "
      "tidewire_datetime_extract('second', '2021-03-04 05:06:07'), tidewire_datetime_extract('year', '2021-03-04 05:06:07')",
      "5 6 7 2021");
  gives("tidewire_time_extract('hour', '23:59:58.5'), tidewire_time_extract('second', '23:59:58.5'), tidewire_time_extract('year', '23:59:58')",
        "23 58 null");
  gives(
      "tidewire_date_extract('year', NULL), tidewire_date_extract('year', 'x'), tidewire_date_extract('year', '2021-02-29'), "
      "tidewire_date_extract('century', '2021-02-28'), tidewire_date_extract(NULL, '2021-02-28'), tidewire_date_extract('hour', '2021-02-28')",
      "null null null null null null");
  gives(
      "tidewire_date_trunc('year', '2021-05-20'), tidewire_date_trunc('quarter', '2021-05-20'), tidewire_date_trunc('month', '2021-05-20 10:00:00'), "
      "tidewire_date_trunc('week', '2021-01-02'), tidewire_date_trunc('day', '2021-05-20')",
      "2021-01-01 2021-04-01 2021-05-01 2020-12-28 2021-05-20");
  gives("tidewire_datetime_trunc('hour', '2021-05-20 10:11:12.5'), tidewire_datetime_trunc('month', '2021-05-20 10:11:12')",
        "2021-05-20 10:00:00 2021-05-01 00:00:00");
}

static void check_decimals(void) {
  gives(
      "tidewire_decimal_add('0.1', '0.2'), tidewire_decimal_sub('1', '0.001'), tidewire_decimal_sub('0.5', '0.75'), tidewire_decimal_mul('-1.5', "
      "'2.50')",
      "0.3 0.999 -0.25 -3.750");
  gives("tidewire_decimal_add('99999999999999999999.99', '0.01'), tidewire_decimal_mul('123456789012345678901234567890', '10')",
        "100000000000000000000.00 1234567890123456789012345678900");
  gives(
      "tidewire_decimal_add(NULL, '1'), tidewire_decimal_mul('1', NULL), tidewire_decimal_sub('1.0', '1.00'), tidewire_decimal_add(2, '0.5'), "
      "tidewire_decimal_add('+.5', '1.')",
      "null null 0.00 2.5 1.5");
  gives("tidewire_decimal_add('x', '1')", "error: \"x\" is no decimal");
  gives("tidewire_decimal_mul('1e5', '1')", "error: \"1e5\" is no decimal");
  gives("tidewire_decimal_sum(v), tidewire_decimal_avg(v) FROM (SELECT '10.10' AS v UNION ALL SELECT '0.001' UNION ALL SELECT NULL)",
        "10.101 5.0505");
  gives("tidewire_decimal_avg(v) FROM (SELECT '1.00' AS v UNION ALL SELECT '0.00' UNION ALL SELECT '1.00')", "0.6666666666666667");
  gives("tidewire_decimal_avg(v) FROM (SELECT '-1.00' AS v UNION ALL SELECT '0.00' UNION ALL SELECT '-1.00')", "-0.6666666666666667");
  gives("tidewire_decimal_avg(v) FROM (SELECT '2.00' AS v UNION ALL SELECT '4.00')", "3.00");
  gives("tidewire_decimal_sum(v), tidewire_decimal_avg(v) FROM (SELECT '1' AS v) WHERE v = '2'", "null null");
  gives("tidewire_decimal_sum(v) FROM (SELECT '1' AS v UNION ALL SELECT 'nix')", "error: \"nix\" is no decimal");
}

static void check_collation(void) {
  gives("'1.50' = '1.5' COLLATE tidewire_decimal, '-0' = '0.00' COLLATE tidewire_decimal, '007' = '7' COLLATE tidewire_decimal", "1 1 1");
  gives(
      "'10' > '9.99' COLLATE tidewire_decimal, '-10' < '-9.99' COLLATE tidewire_decimal, '0.1' < '0.11' COLLATE tidewire_decimal, '-1' < '1' "
      "COLLATE tidewire_decimal",
      "1 1 1 1");
  gives(
      "group_concat(v, ' ') FROM (SELECT v FROM (SELECT '9' AS v UNION ALL SELECT '10.0' UNION ALL SELECT '-3' UNION ALL SELECT '' UNION ALL SELECT "
      "'x' UNION ALL SELECT '123456789012345678901234567890.1' UNION ALL SELECT '123456789012345678901234567890.09') ORDER BY v COLLATE "
      "tidewire_decimal)",
      "-3 9 10.0 123456789012345678901234567890.09 123456789012345678901234567890.1  x");
}

static void check_in_tables(void) {
  CHECK("functions stand in a table's definition",
        kit_ok(&k, NULL, "CREATE TABLE d (v text COLLATE tidewire_decimal UNIQUE, day text CHECK (tidewire_date_extract('year', day) > 2000))"));
  CHECK("and work there", kit_ok(&k, NULL, "INSERT INTO d VALUES ('1.0', '2021-01-01')") &&
                              *kit_try(&k, NULL, "INSERT INTO d VALUES ('1.00', '2021-01-01')") &&
                              *kit_try(&k, NULL, "INSERT INTO d VALUES ('2.00', '1999-01-01')"));
  gives("count(*) FROM d WHERE v > '0.9' AND v < '1.1'", "1");
}

int main(void) {
  kit_make_folder();
  const struct db_config config = kit_config("sqlite:functions.db");
  struct db_shared *shared = kit_share(&config);
  kit_open(&k, shared);
  check_regexp();
  check_dates();
  check_decimals();
  check_collation();
  check_in_tables();
  kit_close(&k);
  db_sqlite.unshare(shared);
  kit_remove_folder();
  TESTS_END;
}
