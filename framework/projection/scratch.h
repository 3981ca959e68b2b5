/* scratch.h - the rows of a read model in memory, folded from the log: what they should be.
 *
 * Rows are kept as JSON and folded batch by batch, by the same functions as the live ones. Memory
 * is bounded by taking the keys in parts: a scratch holds the rows whose key's hash falls into its
 * part, and the log is gone through once a part.
 *
 * Ownership: a scratch belongs to one thread. */
#ifndef CAIRN_PROJECTION_SCRATCH_H
#define CAIRN_PROJECTION_SCRATCH_H

#include "projection/batch.h"

struct cairn_scratch_row {
    const char *key;
    char *json; /* "" while there is no row */
    size_t room;
    int64_t position; /* of the event that touched it last */
    int64_t version;
    bool parked;
    bool seen; /* for whoever compares */
};

struct cairn_scratch {
    const struct cairn_projection *projection;
    uint64_t part, parts;
    struct cairn_arena arena; /* keys, and the skipped */
    struct cairn_map rows;    /* of struct cairn_scratch_row */
    struct cairn_map skipped; /* "POSITION KEY": events that are left out */
    size_t json_bytes;
    int64_t position;  /* folded up to here */
    char problem[512]; /* why it goes no further, or "" */
};

void cairn_scratch_open(struct cairn_scratch *scratch, const struct cairn_projection *projection,
                        uint64_t part, uint64_t parts);
void cairn_scratch_close(struct cairn_scratch *scratch);

/* Events that are left out, by "POSITION KEY": puts one there, and looks for one. */
void cairn_skip_name(struct cairn_map *skipped, int64_t position, const char *key);
bool cairn_skip_is_named(const struct cairn_map *skipped, int64_t position, const char *key);

/* Folds on with these events, up to position `to`. `batch` is reset by the caller. */
int cairn_scratch_fold(struct cairn_scratch *scratch, const struct cairn_stored_event *events,
                       size_t count, int64_t to, struct cairn_arena *batch,
                       struct cairn_error *error) CAIRN_CHECKED;

/* Does the key belong to this part? */
bool cairn_scratch_has(const struct cairn_scratch *scratch, const char *key);
/* What it should be; NULL if nothing ever touched it. */
struct cairn_scratch_row *cairn_scratch_row(const struct cairn_scratch *scratch, const char *key);
size_t cairn_scratch_bytes(const struct cairn_scratch *scratch);

#endif
