/* simplify.h - makes simpler variants of a value. */
#ifndef CAIRN_TESTKIT_SIMPLIFY_H
#define CAIRN_TESTKIT_SIMPLIFY_H

#include "testkit/property/seen.h"
#include "testkit/property/shrink/replace.h"

/* Makes variant `which` (0, 1, 2…) of a value: one field is a little simpler: absent, nearer to
 * zero, shorter, an earlier value of its kind. Returns NULL if there are no more. A variant
 * satisfies the table; it is in the arena. Ids and texts that were seen in events count as simpler
 * than those that were seen later. Following simpler variants comes to an end. `ret_change`
 * becomes what a single value has become, if it is one that may have to equal others. */
void *cairn_simplify(const struct cairn_record *record, const void *value, size_t which,
                     const struct cairn_seen *seen, struct cairn_arena *arena,
                     struct cairn_change *ret_change);

#endif
