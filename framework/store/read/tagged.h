/* tagged.h - reads the events that have a tag, in whichever streams they are. */
#ifndef CAIRN_STORE_TAGGED_H
#define CAIRN_STORE_TAGGED_H

#include "store/store.h"

/* One tag of many that are read together. */
struct cairn_tagged_load {
    const char *tag;
    const char *types;          /* as cairn_types_text() returns it */
    int64_t after;              /* events after this position are read; 0: all */
    struct cairn_uuid after_id; /* of the event there: if the log has another one, all are read */
    /* the result: */
    bool begins;                             /* all were read */
    int64_t head;                            /* of the log when it was read, */
    struct cairn_uuid head_id;               /* and its last event; zero: the log is empty */
    const struct cairn_stored_event *events; /* in order */
    int64_t count;
    bool more; /* there may be more to read */
};

/* Reads at most `limit` events of each, and some 16 MiB in total. Returns 0, or the error that all
 * of them failed with. */
int cairn_store_load_tagged(struct cairn_store *store, struct cairn_tagged_load *loads,
                            size_t count, int64_t limit, struct cairn_arena *arena,
                            struct cairn_error *error) CAIRN_CHECKED;

/* Returns the names of types, a list that ends with NULL, as the text of an array: {"A","B"}. */
const char *cairn_types_text(const char *const *types, struct cairn_arena *arena);

#endif
