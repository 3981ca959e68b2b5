/* snapshot.h - states of streams, kept beside the log. The log is the truth: a snapshot that does
 * not stand on an event of it, or that other code made, is not used. */
#ifndef CAIRN_STORE_SNAPSHOT_H
#define CAIRN_STORE_SNAPSHOT_H

#include "store/store.h"

/* Which state of a stream: `kind` says who folds it, `code_version` by which code. */
struct cairn_snapshot_key {
    const char *stream;
    const char *kind;
    int64_t code_version;
};

enum cairn_snapshot_found {
    CAIRN_SNAPSHOT_NONE = 1,
    CAIRN_SNAPSHOT_USABLE,
    CAIRN_SNAPSHOT_OTHER_CODE,  /* of another code_version */
    CAIRN_SNAPSHOT_OTHER_EVENT, /* it stands on an event that the log does not have */
    CAIRN_SNAPSHOT_UNREADABLE,  /* whoever decodes it says so */
    CAIRN_SNAPSHOT_LEFT_OUT,    /* too much was read before it, by one call for many */
};

struct cairn_snapshot {
    enum cairn_snapshot_found found;
    /* and, where it is usable: */
    int64_t version; /* of the event that it stands on */
    int64_t position;
    struct cairn_uuid event_id;
    const char *state; /* JSON */
    size_t state_bytes;
};

/* Reads a snapshot and at most `limit` events behind it, or some 8 MiB, in order; without a usable
 * one, the first events. Returns how many events, and whether there may be more. */
int64_t cairn_store_load(struct cairn_store *store, const struct cairn_snapshot_key *key,
                         int64_t limit, struct cairn_arena *arena, struct cairn_snapshot *ret,
                         const struct cairn_stored_event **ret_events, bool *ret_more,
                         struct cairn_error *error) CAIRN_CHECKED;

/* One stream of many that are read together. */
struct cairn_load {
    struct cairn_snapshot_key key; /* kind NULL: no snapshot is wanted */
    int64_t after; /* without a usable one: the version that events are wanted from */
    /* and, when it was read: */
    struct cairn_snapshot snapshot;
    const struct cairn_stored_event *events; /* in order */
    int64_t count;
    bool more; /* there may be more to it */
};

/* The same for many streams by one call: at most `limit` events of each, and some 16 MiB of all
 * together. Returns 0, or what went wrong with all of them. */
int cairn_store_load_many(struct cairn_store *store, struct cairn_load *loads, size_t count,
                          int64_t limit, struct cairn_arena *arena,
                          struct cairn_error *error) CAIRN_CHECKED;

/* Keeps one, of which version, event_id and state are read. Returns 1, or 0 if it was not kept: a
 * newer one is there, or the log does not have the event (any more). */
int cairn_store_keep(struct cairn_store *store, const struct cairn_snapshot_key *key,
                     const struct cairn_snapshot *snapshot, struct cairn_arena *arena,
                     struct cairn_error *error) CAIRN_CHECKED;

#endif
