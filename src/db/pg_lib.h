/* pg_lib.h - libpq, opened at run time so that the binary runs where it is not installed.
 *
 * TO USE ANOTHER FUNCTION OF LIBPQ: add it to PG_FUNCTIONS and call lib->PQsomething(). Only what libpq 14 has may stand there. */
#pragma once
#include "base/err.h"

#include <libpq-fe.h>

#define PG_FUNCTIONS(X)   \
  X(PQlibVersion)         \
  X(PQconninfoParse)      \
  X(PQconninfoFree)       \
  X(PQfreemem)            \
  X(PQconnectStartParams) \
  X(PQconnectPoll)        \
  X(PQfinish)             \
  X(PQstatus)             \
  X(PQtransactionStatus)  \
  X(PQerrorMessage)       \
  X(PQsetErrorVerbosity)  \
  X(PQsetNoticeReceiver)  \
  X(PQsocket)             \
  X(PQsetnonblocking)     \
  X(PQenterPipelineMode)  \
  X(PQpipelineSync)       \
  X(PQsendPrepare)        \
  X(PQsendQueryPrepared)  \
  X(PQsendQueryParams)    \
  X(PQflush)              \
  X(PQconsumeInput)       \
  X(PQisBusy)             \
  X(PQgetResult)          \
  X(PQnotifies)           \
  X(PQclear)              \
  X(PQresultStatus)       \
  X(PQresultErrorField)   \
  X(PQresultErrorMessage) \
  X(PQntuples)            \
  X(PQnfields)            \
  X(PQfname)              \
  X(PQftype)              \
  X(PQfformat)            \
  X(PQgetvalue)           \
  X(PQgetlength)          \
  X(PQgetisnull)          \
  X(PQcmdStatus)          \
  X(PQcmdTuples)          \
  X(PQgetCancel)          \
  X(PQcancel)             \
  X(PQfreeCancel)

struct pg_lib {
#define PG_MEMBER(name) __typeof__(&name) name; /* NOLINT(bugprone-macro-parentheses) */
  PG_FUNCTIONS(PG_MEMBER)
#undef PG_MEMBER
};

/* Open libpq and look everything up. The library is never closed: OpenSSL below it has handlers that run at exit. False and err, which names the
 * Debian package, when it is missing or too old for pipeline mode. */
bool pg_lib_load(struct pg_lib *lib, struct err *err);
