/* expected_rows.h - the expected rows of a read model, folded from the log in memory for a
 * verification.
 *
 * Rows are kept as JSON and folded batch by batch, by the same functions as the live ones. Memory
 * is bounded by dividing the keys into parts: a expected holds the rows whose key's hash falls into
 * its part, and the log is read once per part; or it holds one row alone.
 *
 * Ownership: a expected belongs to one thread. */
#ifndef CAIRN_PROJECTION_EXPECTED_ROWS_H
#define CAIRN_PROJECTION_EXPECTED_ROWS_H

#include "projection/fold/fold_batch.h"

struct cairn_expected_row {
    const char *key;
    char *json; /* "" while there is no row */
    size_t room;
    int64_t position; /* of the event that touched it last */
    int64_t version;
    bool parked;
    bool seen; /* for the caller that compares */
};

struct cairn_expected_rows {
    const struct cairn_projection *projection;
    uint64_t part, parts;
    const char *only;         /* the one key that is wanted, borrowed; NULL: those of the part */
    struct cairn_arena arena; /* of keys and skipped events */
    struct cairn_map rows;    /* of struct cairn_expected_row */
    struct cairn_map skipped; /* "POSITION KEY": events that are left out */
    size_t json_bytes;
    int64_t position;  /* folded up to here */
    char problem[512]; /* why it cannot be folded further, or "" */
};

void cairn_expected_rows_open(struct cairn_expected_rows *expected,
                              const struct cairn_projection *projection, uint64_t part,
                              uint64_t parts);
void cairn_expected_rows_close(struct cairn_expected_rows *expected);

/* Add a skipped event to a map by "POSITION KEY"; return whether the map has one. */
void cairn_skip_name(struct cairn_map *skipped, int64_t position, const char *key);
bool cairn_skip_is_named(const struct cairn_map *skipped, int64_t position, const char *key);

/* Folds these events, up to position `to`. `batch` is reset by the caller. */
int cairn_expected_rows_fold(struct cairn_expected_rows *expected,
                             const struct cairn_stored_event *events, size_t count, int64_t to,
                             struct cairn_arena *batch, struct cairn_error *error) CAIRN_CHECKED;

/* Returns whether the key belongs to this part. */
bool cairn_expected_rows_has(const struct cairn_expected_rows *expected, const char *key);
/* Returns the expected row; NULL if no event touched the key. */
struct cairn_expected_row *cairn_expected_row(const struct cairn_expected_rows *expected,
                                              const char *key);
size_t cairn_expected_rows_bytes(const struct cairn_expected_rows *expected);

#endif
