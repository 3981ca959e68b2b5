/* handle.h - the struct of a store, and helpers that the files of this folder share. */
#ifndef CAIRN_STORE_HANDLE_H
#define CAIRN_STORE_HANDLE_H

#include "core/containers/map.h"
#include "store/store.h"

struct cairn_store {
    struct cairn_pg *pg;
    struct cairn_timeline timeline; /* as read on connection number `timeline_of` */
    int64_t timeline_of;

    /* append_batch.c: types of which events were accepted on connection number `types_of` */
    struct cairn_arena types_arena;
    struct cairn_map types;
    int64_t types_of;

    /* durable.c: all events up to here are on disk, as known on connection number `durable_of` */
    int64_t durable;
    int64_t durable_of;
};

/* durable.c: Waits until the events that were read, the last of them at `position`, are on disk: a
 * crash must not take back what was answered. Returns 0 or an error. */
int cairn_store_await_durable(struct cairn_store *store, int64_t position,
                              struct cairn_error *error) CAIRN_CHECKED;
/* The same for rows of events, from `first` to before `end`. */
int cairn_await_rows(struct cairn_store *store, const struct cairn_pg_result *rows, int64_t first,
                     int64_t end, struct cairn_error *error) CAIRN_CHECKED;

/* The columns that an event is read from, in this order. */
#define CAIRN_EVENT_COLUMNS                                                                        \
    "stream, version, position, type, schema_version, event_id, recorded_at, data"
enum cairn_event_column {
    CAIRN_EVENT_STREAM,
    CAIRN_EVENT_VERSION,
    CAIRN_EVENT_POSITION,
    CAIRN_EVENT_TYPE,
    CAIRN_EVENT_SCHEMA_VERSION,
    CAIRN_EVENT_ID,
    CAIRN_EVENT_RECORDED_AT,
    CAIRN_EVENT_DATA,
};

/* The same, but data is null for events that have, in this order, `bytes` or more of data before
 * them: what is read at once is bounded by its bytes, however large the events are. The first event
 * always has its data. */
#define CAIRN_EVENT_COLUMNS_WITHIN(bytes, order)                                                   \
    "stream, version, position, type, schema_version, event_id, recorded_at,"                      \
    " case when sum(octet_length(data::text)) over (order by " order " rows unbounded preceding)"  \
    "     - octet_length(data::text) < " bytes " then data end as data"

/* log_read.c: Returns how many rows, from `first` to before `end`, come before one without data. */
int64_t cairn_count_within(const struct cairn_pg_result *rows, int64_t first, int64_t end);
/* Returns the events in the rows from `first` to before `end`. */
struct cairn_stored_event *cairn_take_events(const struct cairn_pg_result *rows, int64_t first,
                                             int64_t end, struct cairn_arena *arena);

#endif
