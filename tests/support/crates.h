/* crates.h - a small domain for tests of rebuilding: a row with a field of every kind, events of
 * one key and of several, rows that are deleted and recreated, and every kind of poison.
 *
 * Crates are packed, stacked onto another one, and thrown away. 666 kilograms park the crate; 0
 * kilograms are skipped. Random values depend on the seed alone. */
#ifndef CRATES_H
#define CRATES_H

#include "core/arena.h"

#include <cairn/projection.h>

enum crate_kind { CRATE_WOODEN = 1, CRATE_STEEL };

struct crate_thing {
    const char *name;
    int64_t count;
};
struct crate_things CAIRN_LIST(struct crate_thing);

struct crate_origin {
    const char *country; /* or NULL */
    struct cairn_day since;
    struct crate_things stamps;
};

struct crate_packed {
    int64_t weight;
    bool fragile;
    const char *label; /* the fields from here on may be unset */
    struct cairn_uuid owner;
    struct cairn_time due;
    struct cairn_day best_before;
    struct cairn_money price;
    enum crate_kind kind;
    struct crate_origin origin;
    struct crate_things things;
};
struct crate_stacked {
    struct cairn_uuid onto;
    int64_t weight;
};
struct crate_thrown_away {
    CAIRN_NO_FIELDS;
};
struct crate_event {
    enum crate_event_type { CRATE_PACKED = 1, CRATE_STACKED, CRATE_THROWN_AWAY } type;
    union {
        struct crate_packed crate_packed;
        struct crate_stacked crate_stacked;
        struct crate_thrown_away crate_thrown_away;
    } as;
};

struct crates {
    struct cairn_uuid crate_id;
    int64_t weight;
    int64_t events;
    struct crate_packed last;
    bool fragile;
    const char *label;
    struct cairn_uuid owner;
    struct cairn_time due;
    struct cairn_day best_before;
    struct cairn_money price;
    enum crate_kind kind;
    struct crate_origin origin;
    struct crate_things things;
};
extern const struct cairn_record crates_record;
extern const struct cairn_events crate_events;
extern const struct cairn_projection crates_projection;
extern const struct cairn_projection crates_that_stop; /* stops where the other parks */

/* A random event of one of the `count` crates, its data as JSON in the arena. If `poison`, about
 * one in a hundred is poison. */
struct crate_step {
    size_t crate; /* index of the crate whose stream it is */
    const char *type;
    const char *data;
};
struct crate_step crate_step(unsigned *random, const struct cairn_uuid *crates, size_t count,
                             bool poison, struct cairn_arena *arena);

/* Returns a row with a value in every field, or if `sparse` in as few as possible. */
struct crates crate_row(unsigned *random, bool sparse, struct cairn_arena *arena);

#endif
