/* snapshot.h - snapshots of streams' states, kept beside the log. The log is authoritative: a
 * snapshot whose last event is not in it, or that other code made, is not used. */
#ifndef CAIRN_STORE_SNAPSHOT_H
#define CAIRN_STORE_SNAPSHOT_H

#include "store/store.h"

/* Identifies a state of a stream: `kind` names the fold, `code_version` its code. */
struct cairn_snapshot_key {
    const char *stream;
    const char *kind;
    int64_t code_version;
};

enum cairn_snapshot_found {
    CAIRN_SNAPSHOT_NONE = 1,
    CAIRN_SNAPSHOT_USABLE,
    CAIRN_SNAPSHOT_OTHER_CODE,  /* of another code_version */
    CAIRN_SNAPSHOT_OTHER_EVENT, /* its last event is not in the log */
    CAIRN_SNAPSHOT_UNREADABLE,  /* set by the caller that cannot decode it */
    CAIRN_SNAPSHOT_LEFT_OUT,    /* one call for many had read too much before it */
};

struct cairn_snapshot {
    enum cairn_snapshot_found found;
    /* only if it is usable: */
    int64_t version; /* of its last event */
    int64_t position;
    struct cairn_uuid event_id;
    const char *state; /* JSON */
    size_t state_bytes;
};

/* Reads a snapshot and the events after it, in order, at most `limit` or some 8 MiB; without a
 * usable snapshot, the first events. Returns how many events, and whether there may be more. */
int64_t cairn_store_load(struct cairn_store *store, const struct cairn_snapshot_key *key,
                         int64_t limit, struct cairn_arena *arena, struct cairn_snapshot *ret,
                         const struct cairn_stored_event **ret_events, bool *ret_more,
                         struct cairn_error *error) CAIRN_CHECKED;

/* One stream of many that are read together. */
struct cairn_load {
    struct cairn_snapshot_key key; /* kind NULL: no snapshot is wanted */
    int64_t after;                 /* without a usable one: events after this version are read */
    /* the result: */
    struct cairn_snapshot snapshot;
    const struct cairn_stored_event *events; /* in order */
    int64_t count;
    bool more; /* there may be more to read */
};

/* The same for many streams by one call: at most `limit` events of each, and some 16 MiB in total.
 * Returns 0, or the error that all of them failed with. */
int cairn_store_load_many(struct cairn_store *store, struct cairn_load *loads, size_t count,
                          int64_t limit, struct cairn_arena *arena,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Stores a snapshot, of which version, event_id and state are read. Returns 1, or 0 if it was not
 * stored: there is a newer one, or the event is not in the log (any more). */
int cairn_store_keep(struct cairn_store *store, const struct cairn_snapshot_key *key,
                     const struct cairn_snapshot *snapshot, struct cairn_arena *arena,
                     struct cairn_error *error) CAIRN_CHECKED;

#endif
