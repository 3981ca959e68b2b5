/* bus_names.c - builds the Redis keys of the bus. */
#include "bus/bus_names.h"

const char *cairn_bus_stream_key(struct cairn_arena *arena, const char *category, int64_t epoch)
{
    return cairn_print(arena, CAIRN_BUS_KEY ":%s:%" PRId64, category, epoch);
}

const char *cairn_bus_dead_key(struct cairn_arena *arena, const char *group)
{
    return cairn_print(arena, CAIRN_BUS_KEY "-dead:%s", group);
}

const char *cairn_bus_again_key(struct cairn_arena *arena, const char *group)
{
    return cairn_print(arena, CAIRN_BUS_KEY "-again:%s", group);
}
