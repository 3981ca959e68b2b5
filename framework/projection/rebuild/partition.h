/* partition.h - decodes events and applies them to one part of the rows of a refold (refold.h): the
 * rows whose key's hash falls into the part, in memory or in a file.
 *
 * Ownership: a part belongs to one thread at a time. A batch belongs to one thread until it is
 * decoded; afterwards several threads may read it. */
#ifndef CAIRN_PROJECTION_PARTITION_H
#define CAIRN_PROJECTION_PARTITION_H

#include "projection/fold/decoded_event.h"
#include "projection/rebuild/refold.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* One key of one event. */
struct cairn_partition_entry {
    const struct cairn_decoded_event *item;
    const struct cairn_stored_event *event;
    const char *key;
    uint64_t hash;
    uint32_t next; /* next entry of the same part, as index + 1 */
};

/* Events in log order. Once decoded, the entries of each part form a linked list. */
struct cairn_partition_batch {
    struct cairn_arena arena;
    struct cairn_stored_event *events;
    size_t count, capacity;
    size_t bytes;
    struct cairn_partition_entry *entries;
    uint32_t first[CAIRN_REFOLD_PARTS], last[CAIRN_REFOLD_PARTS]; /* index + 1; 0: none */
};

void cairn_partition_batch_add(struct cairn_partition_batch *batch,
                               const struct cairn_stored_event *event);
void cairn_partition_batch_reset(struct cairn_partition_batch *batch);
void cairn_partition_batch_close(struct cairn_partition_batch *batch);

struct cairn_partition_parks {
    struct cairn_park *all;
    size_t count, capacity;
};

/* The state that all parts share. */
struct cairn_partition_store {
    const struct cairn_projection *projection;
    size_t limit_bytes; /* of rows in memory */
    const char *directory;
    const struct cairn_map *skipped;
    atomic_llong events, rows;
    atomic_size_t bytes, spilled;
    pthread_mutex_t lock; /* guards what follows */
    struct cairn_partition_parks parks, skips;
    struct cairn_arena arena; /* of the texts of parks and skips */
};

void cairn_partition_store_open(struct cairn_partition_store *store,
                                const struct cairn_projection *projection, size_t limit_bytes,
                                const char *directory, const struct cairn_map *skipped);
void cairn_partition_store_close(struct cairn_partition_store *store);

struct cairn_partition {
    struct cairn_partition_store *store;
    size_t number;
    struct cairn_row_table row_table;
    FILE *file; /* NULL: the part is not spilled */
};

void cairn_partition_open(struct cairn_partition *part, struct cairn_partition_store *store,
                          size_t number);
void cairn_partition_clear(struct cairn_partition *part);

/* Decodes the batch. Returns 0, or the position of the event that the live path would stop at, with
 * the reason in `error`. */
int64_t cairn_partition_decode(struct cairn_partition_store *store,
                               struct cairn_partition_batch *batch,
                               struct cairn_error *error) CAIRN_CHECKED;
/* Applies the batch's events of the part, or appends them to its file. `arena` is scratch memory.
 * Returns as above. */
int64_t cairn_partition_apply(struct cairn_partition *part,
                              const struct cairn_partition_batch *batch, struct cairn_arena *arena,
                              struct cairn_error *error) CAIRN_CHECKED;
/* Reads the part's file back, if it has one, and folds it. */
int cairn_partition_finish(struct cairn_partition *part, struct cairn_error *error) CAIRN_CHECKED;

#endif
