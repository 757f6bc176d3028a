#ifndef RELAY_POSTGRES_SHIM_H
#define RELAY_POSTGRES_SHIM_H
#include <libpq-fe.h>
#include <sys/eventfd.h>

/* Swift imports no macro that is a character, and Glibc's module has no eventfd. This file has no logic. */

static const int relay_pg_sqlstate = PG_DIAG_SQLSTATE;
static const int relay_pg_primary = PG_DIAG_MESSAGE_PRIMARY;
static inline int relay_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }
#endif
