/* json_changes.h - what differs between two JSON objects that cairn_record_encode() has written, by
 * field. */
#ifndef CAIRN_RECORD_JSON_CHANGES_H
#define CAIRN_RECORD_JSON_CHANGES_H

#include "core/containers/buffer.h"

/* One field; the values are JSON, NULL where the object does not have it. */
struct cairn_json_change {
    const char *field;
    const char *from;
    const char *to;
};

/* Lists the fields that differ, in the order of `after`; "" is an object without fields. Returns
 * how many; all of it is in the arena. */
size_t cairn_json_changes(const char *before, const char *after, struct cairn_arena *arena,
                          struct cairn_json_change **ret);

/* Appends [{"field": …, "from": …, "to": …}, …]. */
void cairn_json_changes_write(const struct cairn_json_change *changes, size_t count,
                              struct cairn_buffer *out);

#endif
