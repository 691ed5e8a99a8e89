/* err.h - a failure's code and text, filled by whoever knows most about it.
 *
 * Functions that can fail in ways a user sees take `struct err *err` and return false (or NULL); the caller prints or forwards
 * err->message. Nothing is allocated, so an err can live on the stack of any thread. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>

struct err {
  int code; /* the caller's own meaning: an exit status for commands, an errno for the network */
  char message[1024];
};

/* Fill `err` and return false, so that a failing function can end with `return err_set(…)`. */
bool err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
