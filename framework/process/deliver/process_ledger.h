/* process_ledger.h - the tables of one process manager: commands to be delivered, timers that are
 * set. They are a projection of its streams (migrations/repeatable/processes.sql). */
#ifndef CAIRN_PROCESS_PROCESS_LEDGER_H
#define CAIRN_PROCESS_PROCESS_LEDGER_H

#include "postgres/postgres.h"
#include "process/deliver/delivery.h"

/* Applies the process manager's own events at positions from + 1 to `to` to the tables, moves its
 * checkpoint, and queues the new commands. Returns 0, or -CAIRN_CONFLICT if another process has
 * taken over, or an error of postgres.h. */
int cairn_ledger_advance(struct cairn_pg *pg, const char *process, int64_t fence, int64_t from,
                         int64_t to, struct cairn_delivery *delivery, struct cairn_arena *arena,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Queues commands that are only in the table, as far as their ways have room (delivery.h). */
int cairn_ledger_fill(struct cairn_pg *pg, const char *process, struct cairn_delivery *delivery,
                      struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Deletes the delivered commands, records the failed attempts. Returns the same. */
int cairn_ledger_settle(struct cairn_pg *pg, const char *process, int64_t fence,
                        const struct cairn_delivered *first, struct cairn_arena *arena,
                        struct cairn_error *error) CAIRN_CHECKED;

struct cairn_due {
    const char *stream;
    const char *name;
    struct cairn_time at;
};

/* Reads the time from the clock of all processes. */
int cairn_ledger_now(struct cairn_pg *pg, struct cairn_time *ret,
                     struct cairn_error *error) CAIRN_CHECKED;

/* Returns when the event at this position was recorded, by the clock of all processes; without such
 * an event, 1970. */
int cairn_ledger_recorded_at(struct cairn_pg *pg, int64_t position, struct cairn_arena *arena,
                             struct cairn_time *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Reads the timers that are due by then, the oldest first; at most 200. Returns how many. */
int64_t cairn_ledger_due(struct cairn_pg *pg, const char *process, struct cairn_time by,
                         struct cairn_arena *arena, struct cairn_due **ret,
                         struct cairn_error *error) CAIRN_CHECKED;

/* Returns 1 if the stream records already that this command was refused, 0 if not, or an error of
 * postgres.h. */
int cairn_ledger_was_refused(struct cairn_pg *pg, const struct cairn_outgoing *outgoing,
                             struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

#endif
