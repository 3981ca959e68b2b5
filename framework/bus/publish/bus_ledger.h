/* bus_ledger.h - what PostgreSQL records about the bus (cairn.bus, cairn.bus_streams): the last
 * recorded position of the publisher, and what was trimmed.
 *
 * Redis alone decides where publishing resumes; the ledger shows when Redis has lost something, and
 * from where to publish again. */
#ifndef CAIRN_BUS_BUS_LEDGER_H
#define CAIRN_BUS_BUS_LEDGER_H

#include "bus/publish/streams.h"

struct cairn_bus_ledger {
    int64_t epoch;
    int64_t position;
    bool fits; /* the log has the recorded event at that position */
};

/* Takes over the ledger with this fence and reads it, and the floors of the streams. Returns 0, or
 *   -CAIRN_CONFIG    another category is published too, whose events would be passed over: the
 *                    error names it and says what to do
 *   -CAIRN_CONFLICT  a later owner has taken it over */
int cairn_bus_ledger_take(struct cairn_store *store, int64_t fence,
                          struct cairn_bus_stream *streams, size_t count, struct cairn_arena *arena,
                          struct cairn_bus_ledger *ret, struct cairn_error *error) CAIRN_CHECKED;

/* Checks, for one that does not publish, that all its categories are published by the one that
 * does. Returns 0, or -CAIRN_CONFIG as above. */
int cairn_bus_ledger_covers(struct cairn_store *store, const struct cairn_bus_stream *streams,
                            size_t count, struct cairn_arena *arena,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Records the place and clears the problem. -CAIRN_CONFLICT as above. */
int cairn_bus_ledger_note(struct cairn_store *store, const struct cairn_bus_place *place,
                          struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Records the problem. A failure of this call is ignored. */
void cairn_bus_ledger_problem(struct cairn_store *store, const char *problem,
                              struct cairn_arena *arena);

/* Records which groups have lost entries up to the position; `lost` as cairn_bus_trim() returns
 * it. */
int cairn_bus_ledger_lost(struct cairn_store *store, const char *category, const char *lost,
                          int64_t to, struct cairn_arena *arena,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Records that all entries up to the stream's floor were trimmed. */
int cairn_bus_ledger_floor(struct cairn_store *store, const struct cairn_bus_stream *stream,
                           struct cairn_arena *arena, struct cairn_error *error) CAIRN_CHECKED;

/* Returns the id of the event at a position, as text; "" for position 0. -CAIRN_DIVERGED if there
 * is none. */
int cairn_bus_event_at(struct cairn_store *store, int64_t position, struct cairn_arena *arena,
                       char ret[static CAIRN_UUID_TEXT_SIZE],
                       struct cairn_error *error) CAIRN_CHECKED;

#endif
