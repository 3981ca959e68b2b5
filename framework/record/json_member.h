/* json_member.h - walks the members of a JSON object that cairn_record_encode() has written:
 * without white space, in the order of the table. */
#ifndef CAIRN_RECORD_JSON_MEMBER_H
#define CAIRN_RECORD_JSON_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

struct cairn_json_member {
    const char *text; /* "total":5, not ended by a NUL */
    size_t bytes;
    const char *name; /* without quotes; names of fields have no escapes */
    size_t name_bytes;
    const char *value; /* as JSON */
    size_t value_bytes;
};

/* Returns the next member, which points into the text, and moves `at` behind it; false after the
 * last one. At first `at` is the text of the object; "" has no members. */
bool cairn_json_member_next(const char **at, struct cairn_json_member *ret);

#endif
