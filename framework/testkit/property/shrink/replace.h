/* replace.h - replaces a value wherever it occurs in a record, so that values that have to be equal
 * become simpler together. */
#ifndef CAIRN_TESTKIT_REPLACE_H
#define CAIRN_TESTKIT_REPLACE_H

#include "core/containers/arena.h"

#include <cairn/record.h>

/* A number (also an amount, a decimal, a duration), day, time, id or text that became another. */
struct cairn_change {
    enum cairn_kind kind; /* CAIRN_KIND_INTEGER for all numbers; 0: nothing to be replaced */
    int64_t from, to;     /* numbers, days, times */
    struct cairn_uuid from_id, to_id;
    const char *from_text, *to_text;
};

/* Returns a copy of the value, in the arena, with all that equals `from` replaced; NULL if there is
 * none, or if the copy violates the table. */
void *cairn_replace(const struct cairn_record *record, const void *value,
                    const struct cairn_change *change, struct cairn_arena *arena);

#endif
