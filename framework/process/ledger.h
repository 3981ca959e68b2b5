/* ledger.h - the tables of one process manager: commands to be delivered, timers that are set. They
 * are a projection of its streams (migrations/0017_processes.sql). */
#ifndef CAIRN_PROCESS_LEDGER_H
#define CAIRN_PROCESS_LEDGER_H

#include "postgres/postgres.h"
#include "process/delivery.h"

/* Takes the process manager's own events at positions from + 1 to `to` into the tables and moves
 * its checkpoint; what is new goes on its way. Returns 0, or -CAIRN_CONFLICT if somebody else has
 * taken over, or what postgres.h says. */
int cairn_ledger_advance(struct cairn_pg *pg, const char *process, int64_t fence, int64_t from,
                         int64_t to, struct cairn_delivery *delivery, struct cairn_arena *arena,
                         struct cairn_error *error) CAIRN_CHECKED;

/* What there is room for of what was left behind goes on its way (delivery.h). */
int cairn_ledger_fill(struct cairn_pg *pg, const char *process, struct cairn_delivery *delivery,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* What was delivered is struck off, what was tried in vain is noted. The same returns. */
int cairn_ledger_settle(struct cairn_pg *pg, const char *process, int64_t fence,
                        const struct cairn_delivered *first, struct cairn_arena *arena,
                        struct cairn_error *error) CAIRN_CHECKED;

struct cairn_due {
    const char *stream;
    const char *name;
    struct cairn_time at;
};

/* The time, on the clock of all processes. */
int cairn_ledger_now(struct cairn_pg *pg, struct cairn_time *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* The timers that are due by then, the oldest first; not all, if there are many. Returns how many.
 */
int64_t cairn_ledger_due(struct cairn_pg *pg, const char *process, struct cairn_time by,
                         struct cairn_arena *arena, const struct cairn_due **ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Does the stream say already that this command was turned down? Returns 1 or 0, or what postgres.h
 * says. */
int cairn_ledger_was_refused(struct cairn_pg *pg, const struct cairn_outgoing *outgoing,
                             struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
