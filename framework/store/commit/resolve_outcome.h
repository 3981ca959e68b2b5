/* resolve_outcome.h - finds out what became of a batch whose connection was lost during the call.
 *
 * Looking into the log is not enough: the old backend may still be running, or the request may
 * still be on its way to it. So: terminate it, wait until it is gone, take the lock that every
 * append takes, and then look. What is not there then will never be there.
 *
 * The end of the old backend also ends its wait for a synchronous standby, and what it wrote
 * becomes visible although no standby has it. So what was found is acknowledged only after a later
 * commit that was not cancelled: cairn_store_confirm(). The same holds for everything else that is
 * acknowledged because it was found and not because it was written.
 *
 * Each connection needs a backend of its own for this: a proxy that pools transactions cannot be
 * between an appender and PostgreSQL. */
#ifndef CAIRN_STORE_RESOLVE_OUTCOME_H
#define CAIRN_STORE_RESOLVE_OUTCOME_H

#include "store/append/append.h"

/* Terminates the backend. Returns 1 when it is gone, 0 while it is not. */
int cairn_backend_end(struct cairn_store *store, const struct cairn_pg_backend *backend,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Looks for the append's events, after its backend is gone. Returns 1, with `ret` filled in as
 * cairn_store_append() does, or 0 if it is not in the log and never will be. */
int cairn_append_find(struct cairn_store *store, const struct cairn_append *append,
                      struct cairn_arena *arena, struct cairn_appended *ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Commits now, so that everything that could be read before is as durable as commits are configured
 * to be. Where all is on disk already, and there is no synchronous standby, nothing is written.
 *
 * Returns 0, or -CAIRN_UNKNOWN, also if the connection was lost and made again: what was read on
 * the one before may be lost. A backend that was left waiting is terminated, if the connection
 * tracks it. */
int cairn_store_confirm(struct cairn_store *store, struct cairn_arena *arena,
                        struct cairn_error *error) CAIRN_CHECKED;
/* The same statement, for callers that commit it in a transaction of their own. */
extern const struct cairn_statement cairn_confirm_statement;

#endif
