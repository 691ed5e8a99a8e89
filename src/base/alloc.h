/* alloc.h - memory. Any thread.
 *
 * The x functions never return NULL: a server that cannot get a few hundred bytes has nothing sensible left to do and aborts.
 * What a client can make large is bounded by limits (max_message_size, outbox_limit) before memory is asked for. */
#pragma once
#include <stddef.h>

void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t n) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
