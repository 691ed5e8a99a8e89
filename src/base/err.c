/* err.c - see err.h. */
#include "base/err.h"

#include <stdio.h>

bool err_set(struct err *err, int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  err->code = code;
  vsnprintf(err->message, sizeof err->message, format, args);
  va_end(args);
  return false;
}
