/* table_names.c - the names under which a generation's rows are stored. */
#include "projection/tables/table_names.h"

const char *cairn_table_name(struct cairn_arena *arena, const char *projection, int64_t generation)
{
    return cairn_print(arena, "%s_g%" PRId64, projection, generation);
}

static const char *redis_prefix(struct cairn_arena *arena, const struct cairn_timeline *timeline,
                                const char *projection, int64_t generation)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(timeline->store_id, id);
    return cairn_print(arena, "cairn:%.8s:{%s:g%" PRId64 "}:", id, projection, generation);
}

const char *cairn_redis_row_prefix(struct cairn_arena *arena, const struct cairn_timeline *timeline,
                                   const char *projection, int64_t generation)
{
    return cairn_print(arena, "%srow:", redis_prefix(arena, timeline, projection, generation));
}

const char *cairn_redis_checkpoint_key(struct cairn_arena *arena,
                                       const struct cairn_timeline *timeline,
                                       const char *projection, int64_t generation)
{
    return cairn_print(arena, "%scheckpoint",
                       redis_prefix(arena, timeline, projection, generation));
}
