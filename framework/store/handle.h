/* handle.h - what the files of this folder share. */
#ifndef CAIRN_STORE_HANDLE_H
#define CAIRN_STORE_HANDLE_H

#include "core/map.h"
#include "store/store.h"

struct cairn_store {
    struct cairn_pg *pg;
    struct cairn_timeline timeline; /* as it was on connection number `timeline_of` */
    int64_t timeline_of;

    /* batch.c: types of which events were accepted on connection number `types_of` */
    struct cairn_arena types_arena;
    struct cairn_map types;
    int64_t types_of;
};

/* What an event is read from, in this order. */
#define CAIRN_EVENT_COLUMNS                                                                        \
    "stream, version, position, type, schema_version, event_id, recorded_at, data"

/* read.c: the events in the rows from `first` to before `end`. */
struct cairn_stored_event *cairn_take_events(const struct cairn_pg_result *rows, int64_t first,
                                             int64_t end, struct cairn_arena *arena);

#endif
