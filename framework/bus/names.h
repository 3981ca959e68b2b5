/* bus/names.h - what the bus is called in Redis.
 *
 *     cairn:bus                   a hash: which store and epoch, up to which position it was
 *                                 published, under which fence; `at:order` is the last entry of a
 *                                 stream
 *     cairn:bus:order:1           a stream: the events of category order, in epoch 1
 *     cairn:bus-dead:GROUP        a stream: what a group could not handle
 *     cairn:bus-again:GROUP       a stream: what it is to try again
 *
 * A Redis database has the bus of one store. */
#ifndef CAIRN_BUS_NAMES_H
#define CAIRN_BUS_NAMES_H

#include "core/arena.h"

#define CAIRN_BUS_KEY "cairn:bus"

const char *cairn_bus_stream_key(struct cairn_arena *arena, const char *category, int64_t epoch);
const char *cairn_bus_dead_key(struct cairn_arena *arena, const char *group);
const char *cairn_bus_again_key(struct cairn_arena *arena, const char *group);

#endif
