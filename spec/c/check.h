/* check.h - the whole of the C test kit: CHECK("what has to be true", condition), and TESTS_END as the last statement of main(). */
#pragma once
#include <stdio.h>

static int checks_passed, checks_failed;

#define CHECK(what, condition)                                                  \
  do {                                                                          \
    if (condition) {                                                            \
      checks_passed++;                                                          \
    } else {                                                                    \
      checks_failed++;                                                          \
      printf("%s:%d: failed: %s (%s)\n", __FILE__, __LINE__, what, #condition); \
    }                                                                           \
  } while (0)

#define TESTS_END                                                   \
  do {                                                              \
    printf("%d passed, %d failed\n", checks_passed, checks_failed); \
    return checks_failed != 0;                                      \
  } while (0)
