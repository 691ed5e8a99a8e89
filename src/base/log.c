/* log.c - see log.h. A line is built in one buffer and written with one write(), so lines of threads never mix. */
#include "base/log.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_int current_level = LOG_LEVEL_INFO; /* set again when app.lua has been read, and workers may log already */
static atomic_bool as_json;

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const char *const level_colours[] = {"\033[2m", "\033[32m", "\033[33m", "\033[31m"};

void log_init(enum log_level level, bool json) {
  current_level = (int)level;
  as_json = json;
}

int log_level_from(const char *name) {
  for (int i = 0; i < 4; i++)
    if (!strcmp(level_names[i], name)) return i;
  return -1;
}

enum log_level log_threshold(void) { return (enum log_level)atomic_load_explicit(&current_level, memory_order_relaxed); }

/* UTC; people at a terminal need no date. */
static void put_timestamp(struct buf *b, bool date) {
  struct timespec now;
  struct tm t;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &t);
  if (date) buf_printf(b, "%04d-%02d-%02dT", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
  buf_printf(b, "%02d:%02d:%02d.%03ldZ", t.tm_hour, t.tm_min, t.tm_sec, now.tv_nsec / 1000000);
}

/* Bytes from 0x80 up pass as they are: what is logged is UTF-8 in all but hostile cases, and a log reader copes with those. */
static void put_escaped(struct buf *b, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)s[i];
    if (c == '"' || c == '\\') buf_printf(b, "\\%c", c);
    else if (c == '\n') buf_put_str(b, "\\n");
    else if (c < 0x20 || c == 0x7f) buf_printf(b, "\\u%04x", c);
    else buf_put_char(b, (char)c);
  }
}

static void put_json(struct buf *b, enum log_level level, const char *event, size_t len, const struct log_field *fields, size_t count) {
  buf_put_str(b, "{\"time\":\"");
  put_timestamp(b, true);
  buf_printf(b, "\",\"level\":\"%s\",\"event\":\"", level_names[level]);
  put_escaped(b, event, len);
  buf_put_char(b, '"');
  for (size_t i = 0; i < count; i++) {
    buf_put_str(b, ",\"");
    put_escaped(b, fields[i].key, strlen(fields[i].key));
    buf_put_str(b, fields[i].raw ? "\":" : "\":\"");
    if (fields[i].raw) buf_put(b, fields[i].value, fields[i].len);
    else put_escaped(b, fields[i].value, fields[i].len);
    if (!fields[i].raw) buf_put_char(b, '"');
  }
  buf_put_str(b, "}\n");
}

/* Control characters of clients must not reach a terminal as such; a traceback's line breaks and tabs should. */
static void put_plain(struct buf *b, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)s[i];
    if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) buf_printf(b, "\\x%02x", c);
    else buf_put_char(b, (char)c);
  }
}

static void put_human(struct buf *b, enum log_level level, const char *event, size_t len, const struct log_field *fields, size_t count) {
  const bool colour = isatty(STDERR_FILENO);
  put_timestamp(b, false);
  buf_printf(b, " %s%-7s%s ", colour ? level_colours[level] : "", level_names[level], colour ? "\033[0m" : "");
  put_plain(b, event, len);
  for (size_t i = 0; i < count; i++) {
    buf_printf(b, "%s%s=", memchr(fields[i].value, '\n', fields[i].len) ? "\n  " : " ", fields[i].key);
    put_plain(b, fields[i].value, fields[i].len);
  }
  buf_put_char(b, '\n');
}

void log_fields(enum log_level level, const char *event, size_t len, const struct log_field *fields, size_t count) {
  if (level < log_threshold()) return;
  struct buf b;
  buf_init(&b);
  if (as_json) put_json(&b, level, event, len, fields, count);
  else put_human(&b, level, event, len, fields, count);
  for (size_t sent = 0; sent < b.len;) {
    const ssize_t n = write(STDERR_FILENO, b.data + sent, b.len - sent);
    if (n <= 0) break; /* nobody reads the log any more: there is no place left to say so */
    sent += (size_t)n;
  }
  buf_fini(&b);
}

void log_event(enum log_level level, const char *event, ...) {
  struct log_field fields[12];
  size_t count = 0;
  va_list args;
  va_start(args, event);
  for (const char *key; count < 12 && (key = va_arg(args, const char *)); count++) {
    const char *value = va_arg(args, const char *);
    fields[count] = (struct log_field){.key = key, .value = value ? value : "", .len = value ? strlen(value) : 0};
  }
  va_end(args);
  log_fields(level, event, strlen(event), fields, count);
}
