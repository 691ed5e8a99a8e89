/* log.h - one line an event on standard error: for people on a terminal, as JSON otherwise. Any thread.
 *
 * A line is an event (a short text that never changes, so it can be searched for) and key-value pairs of text. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

struct log_field {
  const char *key;
  const char *value;
  size_t len;
  bool raw; /* value is JSON already (a number, true) */
};

/* Choose level and form. Call before other threads start. */
void log_init(enum log_level level, bool json);

/* The level by its name ("debug", "info", "warning", "error"), -1 when there is none. */
int log_level_from(const char *name);

enum log_level log_threshold(void);

/* Write one line with `count` fields. */
void log_fields(enum log_level level, const char *event, size_t len, const struct log_field *fields, size_t count);

/* The same with pairs of C strings, ended by NULL: log_event(LOG_LEVEL_INFO, "listening", "address", text, NULL). */
void log_event(enum log_level level, const char *event, ...) __attribute__((sentinel));
