/* sqlite_dates.c - parts of dates and times, from the text they are stored as: 'YYYY-MM-DD', 'HH:MM:SS[.ffffff]', or both with a blank (or T)
 * between them, in UTC. What is no such text gives NULL, as an unknown part does. */
#include "db/sqlite.h"

#include <stdio.h>
#include <string.h>

struct moment {
  int year, month, day;
  int hour, minute, second;
};

/* ---- reading ---- */

static bool digits(const char **p, int count, int *to) {
  int n = 0;
  for (int i = 0; i < count; i++) {
    if ((*p)[i] < '0' || (*p)[i] > '9') return false;
    n = n * 10 + ((*p)[i] - '0');
  }
  *to = n;
  *p += count;
  return true;
}

static bool sign(const char **p, char c) {
  if (**p != c) return false;
  (*p)++;
  return true;
}

static int days_in(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return days[month - 1] + (month == 2 && leap);
}

static bool read_date(const char **p, struct moment *m) {
  return digits(p, 4, &m->year) && sign(p, '-') && digits(p, 2, &m->month) && sign(p, '-') && digits(p, 2, &m->day) && m->month >= 1 &&
         m->month <= 12 && m->day >= 1 && m->day <= days_in(m->year, m->month);
}

/* A fraction or an offset may follow; nobody asks for it. */
static bool read_time(const char **p, struct moment *m) {
  if (!digits(p, 2, &m->hour) || !sign(p, ':') || !digits(p, 2, &m->minute)) return false;
  if (sign(p, ':') && !digits(p, 2, &m->second)) return false;
  return m->hour < 24 && m->minute < 60 && m->second < 60;
}

enum form { FORM_DATE = 1, FORM_TIME = 2 };

/* What stands in `text`: FORM_DATE, FORM_TIME, both; 0 when it is neither. */
static int read_moment(sqlite3_value *value, struct moment *m) {
  const char *p = (const char *)sqlite3_value_text(value);
  *m = (struct moment){0};
  if (!p) return 0;
  const char *start = p;
  if (!read_date(&p, m)) {
    p = start;
    return read_time(&p, m) ? FORM_TIME : 0;
  }
  if (!*p) return FORM_DATE;
  if (*p != ' ' && *p != 'T') return 0;
  p++;
  return read_time(&p, m) ? FORM_DATE | FORM_TIME : 0;
}

/* ---- the calendar ---- */

/* Days since 0000-03-01: years that start in March have their leap day at the end. */
static int day_number(const struct moment *m) {
  const int year = m->month > 2 ? m->year : m->year - 1, month = (m->month + 9) % 12;
  return year * 365 + (year >= 0 ? year / 4 - year / 100 + year / 400 : -1) + (month * 153 + 2) / 5 + m->day - 1;
}

/* 0: Monday. */
static int weekday(const struct moment *m) { return (day_number(m) + 2) % 7 < 0 ? (day_number(m) + 2) % 7 + 7 : (day_number(m) + 2) % 7; }

static int day_of_year(const struct moment *m) {
  const struct moment first = {.year = m->year, .month = 1, .day = 1};
  return day_number(m) - day_number(&first);
}

static int weeks_in(int year) {
  const struct moment first = {.year = year, .month = 1, .day = 1}, last = {.year = year, .month = 12, .day = 31};
  return weekday(&first) == 3 || weekday(&last) == 3 ? 53 : 52; /* a year has the week that its Thursday is in */
}

static int iso_week(const struct moment *m, int *year) {
  const int week = (day_of_year(m) - weekday(m) + 10) / 7;
  *year = m->year;
  if (week < 1) return weeks_in(--*year);
  if (week <= weeks_in(m->year)) return week;
  ++*year;
  return 1;
}

static void go_back(struct moment *m, int days) {
  while (days--) {
    if (--m->day) continue;
    if (!--m->month) m->year--, m->month = 12;
    m->day = days_in(m->year, m->month);
  }
}

/* ---- parts ---- */

enum part { YEAR, ISO_YEAR, QUARTER, MONTH, WEEK, DAY, WEEK_DAY, ISO_WEEK_DAY, HOUR, MINUTE, SECOND, PARTS };

static enum part part_of(sqlite3_value *value) {
  static const char *const names[PARTS] = {"year",     "iso_year",     "quarter", "month",  "week",  "day",
                                           "week_day", "iso_week_day", "hour",    "minute", "second"};
  const char *name = (const char *)sqlite3_value_text(value);
  int i = 0;
  while (i < PARTS && (!name || strcmp(names[i], name) != 0)) i++;
  return (enum part)i;
}

static int extract_part(enum part part, const struct moment *m) {
  int year, week;
  switch (part) {
    case YEAR: return m->year;
    case ISO_YEAR: iso_week(m, &year); return year;
    case QUARTER: return (m->month + 2) / 3;
    case MONTH: return m->month;
    case WEEK: week = iso_week(m, &year); return week;
    case DAY: return m->day;
    case WEEK_DAY: return (weekday(m) + 1) % 7 + 1; /* Sunday is 1 */
    case ISO_WEEK_DAY: return weekday(m) + 1;
    case HOUR: return m->hour;
    case MINUTE: return m->minute;
    default: return m->second;
  }
}

/* tidewire_…_extract(part, text). A date has no hour, and a time no year. */
static void extract(sqlite3_context *context, int count, sqlite3_value **args) {
  struct moment m;
  (void)count;
  const enum part part = part_of(args[0]);
  const int form = read_moment(args[1], &m);
  if (part != PARTS && form & (part < HOUR ? FORM_DATE : FORM_TIME)) sqlite3_result_int(context, extract_part(part, &m));
}

static bool truncate_to(enum part part, struct moment *m) {
  if (part < HOUR) m->hour = 0;
  if (part < MINUTE) m->minute = 0;
  if (part < SECOND) m->second = 0;
  switch (part) {
    case YEAR: m->month = m->day = 1; return true;
    case QUARTER: m->month = (m->month - 1) / 3 * 3 + 1, m->day = 1; return true;
    case MONTH: m->day = 1; return true;
    case WEEK: go_back(m, weekday(m)); return true;
    case DAY:
    case HOUR:
    case MINUTE:
    case SECOND: return true;
    default: return false;
  }
}

static void trunc_as(sqlite3_context *context, sqlite3_value **args, bool with_time) {
  struct moment m;
  char text[80];
  const enum part part = part_of(args[0]);
  if (!(read_moment(args[1], &m) & FORM_DATE) || !truncate_to(part, &m)) return;
  int n = snprintf(text, sizeof text, "%04d-%02d-%02d", m.year, m.month, m.day);
  if (with_time) n += snprintf(text + n, sizeof text - (size_t)n, " %02d:%02d:%02d", m.hour, m.minute, m.second);
  sqlite3_result_text(context, text, n, SQLITE_TRANSIENT);
}

/* tidewire_date_trunc(part, text): 'YYYY-MM-DD'. */
static void date_trunc(sqlite3_context *context, int count, sqlite3_value **args) {
  (void)count;
  trunc_as(context, args, false);
}

/* tidewire_datetime_trunc(part, text): 'YYYY-MM-DD HH:MM:SS'. */
static void datetime_trunc(sqlite3_context *context, int count, sqlite3_value **args) {
  (void)count;
  trunc_as(context, args, true);
}

int sqlite_dates(sqlite3 *handle) {
  static const struct {
    const char *name;
    void (*run)(sqlite3_context *context, int count, sqlite3_value **args);
  } functions[] = {{"tidewire_date_extract", extract},
                   {"tidewire_datetime_extract", extract},
                   {"tidewire_time_extract", extract},
                   {"tidewire_date_trunc", date_trunc},
                   {"tidewire_datetime_trunc", datetime_trunc}};
  int rc = SQLITE_OK;
  for (size_t i = 0; !rc && i < sizeof functions / sizeof *functions; i++)
    rc = sqlite3_create_function_v2(handle, functions[i].name, 2, PURE_FUNCTION, NULL, functions[i].run, NULL, NULL, NULL);
  return rc;
}
