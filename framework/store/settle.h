/* settle.h - what became of a batch whose connection was lost while it was under way.
 *
 * Looking into the log is not enough: the old backend may still be at work, or its bytes may still
 * be on their way to it. So: end it, wait until it is gone, take the lock that every append takes,
 * and then look. What is not there then will never be there.
 *
 * The end of the old backend also ends its wait for a synchronous standby, and what it wrote
 * becomes visible although no standby has it. So what was found is acknowledged only after a commit
 * that came after it and was not cancelled: cairn_store_confirm(). The same holds for all else that
 * is acknowledged because it was found and not because it was written.
 *
 * This needs a backend of one's own for each connection: a proxy that pools transactions cannot be
 * between an appender and PostgreSQL. */
#ifndef CAIRN_STORE_SETTLE_H
#define CAIRN_STORE_SETTLE_H

#include "store/append.h"

/* Ends the backend. Returns 1 when it is gone, 0 while it is not. */
int cairn_backend_end(struct cairn_store *store, const struct cairn_pg_backend *backend,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Looks for the append's events, after its backend is gone. Returns 1, with `ret` filled in as
 * cairn_store_append() does, or 0 if it is not in the log and never will be. */
int cairn_append_find(struct cairn_store *store, const struct cairn_append *append,
                      struct cairn_arena *arena, struct cairn_appended *ret,
                      struct cairn_error *error) CAIRN_CHECKED;

/* Commits something now, so that all that could be read before is as durable as a commit is told to
 * be. Without a synchronous standby what can be read is so already, and nothing is written.
 *
 * Returns 0, or -CAIRN_UNKNOWN. A server process that was left waiting is told to end, if the
 * connection tracks it. */
int cairn_store_confirm(struct cairn_store *store, struct cairn_arena *arena,
                        struct cairn_error *error) CAIRN_CHECKED;
/* The same statement, for callers that commit it in a transaction of their own. */
extern const struct cairn_statement cairn_confirm_statement;

#endif
