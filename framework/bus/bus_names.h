/* bus_names.h - the Redis keys of the bus.
 *
 *     cairn:bus                   a hash: the store, the epoch, the position up to which it was
 *                                 published, the fence; `at:order` is the last entry of a
 *                                 stream
 *     cairn:bus:order:1           a stream: the events of category order, in epoch 1
 *     cairn:bus-dead:GROUP        a stream: entries that a group could not handle
 *     cairn:bus-again:GROUP       a stream: entries that a group is to retry
 *
 * A Redis database holds the bus of one store. */
#ifndef CAIRN_BUS_BUS_NAMES_H
#define CAIRN_BUS_BUS_NAMES_H

#include "core/containers/arena.h"

#define CAIRN_BUS_KEY "cairn:bus"

const char *cairn_bus_stream_key(struct cairn_arena *arena, const char *category, int64_t epoch);
const char *cairn_bus_dead_key(struct cairn_arena *arena, const char *group);
const char *cairn_bus_again_key(struct cairn_arena *arena, const char *group);

#endif
