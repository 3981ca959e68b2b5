/* crates.h - a small domain for tests of rebuilding: a row with a field of every kind, events of
 * one key and of several, rows that are deleted and recreated, and every kind of poison.
 *
 * Crates are packed, stacked onto another one, and thrown away. 666 kilograms park the crate; 0
 * kilograms are skipped. Random values depend on the seed alone. */
#ifndef CRATES_H
#define CRATES_H

#include "core/containers/arena.h"

#include <cairn/projection.h>

CAIRN_ENUM(crate_kind, (CRATE_WOODEN, "wooden"), (CRATE_STEEL, "steel"));

CAIRN_STRUCT(crate_thing, TEXT(name, .max_bytes = 100), INT(count));
CAIRN_STRUCT(crate_origin, TEXT(country, .optional = true), DAY(since, .optional = true),
             LIST(stamps, crate_thing));

/* The fields after the first may be unset. */
#define WHAT_IS_PACKED                                                                             \
    BOOL(fragile), TEXT(label, .optional = true, .max_bytes = 10000),                              \
        UUID(owner, .optional = true), TIME(due, .optional = true),                                \
        DAY(best_before, .optional = true), MONEY(price, .optional = true),                        \
        ENUM(kind, crate_kind, .optional = true), RECORD(origin, crate_origin),                    \
        LIST(things, crate_thing), DECIMAL(height, 2), DURATION(rest), TEXTS(marks),               \
        INTS(numbers), UUIDS(seals), DAYS(checks), TEXT_MAP(notes), OPTIONAL_INT(grade),           \
        OPTIONAL_BOOL(dry), OPTIONAL_DECIMAL(rate, 5), OPTIONAL_DURATION(age),                     \
        OPTIONAL_RECORD(next, crate_origin)

CAIRN_STRUCT(crate_packed, INT(weight), WHAT_IS_PACKED);
CAIRN_STRUCT(crate_stacked, UUID(onto), INT(weight));
CAIRN_STRUCT(crate_thrown_away);
CAIRN_EVENTS(crate, EVENT(crate_packed, "CratePacked", 1), EVENT(crate_stacked, "CrateStacked", 1),
             EVENT(crate_thrown_away, "CrateThrownAway", 1));

CAIRN_STRUCT(crates, UUID(crate_id), INT(weight), INT(events), RECORD(last, crate_packed),
             WHAT_IS_PACKED);
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
