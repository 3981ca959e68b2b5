/* to_json.c - implements cairn/json.h. */
#include <cairn/json.h>

#include "record/json.h"

const char *cairn_to_json(const struct cairn_record *record, const void *value,
                          struct cairn_arena *arena, struct cairn_error *error)
{
    if (cairn_record_check(record, value, error) < 0)
        return NULL;
    struct cairn_buffer text = cairn_buffer(arena);
    cairn_record_encode(record, value, &text);
    return text.text;
}

int cairn_from_json(const struct cairn_record *record, void *ret, const char *json, size_t bytes,
                    struct cairn_arena *arena, struct cairn_error *error)
{
    return cairn_record_decode(record, json, bytes, CAIRN_LENIENT, arena, ret, error);
}
