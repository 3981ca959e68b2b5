/* streams.c - the bus in Redis: reads its state, takes over, appends, trims. */
#include "bus/publish/streams.h"

#include "bus/bus_names.h"
#include "redis/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Returns the last id that a stream has generated, 0 if there is none. Redis keeps it when entries
 * are deleted or trimmed. */
#define LAST_OF                                                                                    \
    "local function last_of(key)\n"                                                                \
    "  if redis.call('exists', key) == 0 then return 0 end\n"                                      \
    "  local info = redis.call('xinfo', 'stream', key)\n"                                          \
    "  for i = 1, #info, 2 do\n"                                                                   \
    "    if info[i] == 'last-generated-id' then\n"                                                 \
    "      return tonumber(string.match(info[i + 1], '^%d+')) end\n"                               \
    "  end\n"                                                                                      \
    "end\n"

#define NUMBER "local function text(n) return string.format('%.0f', n) end\n"

/* ---- arguments ---- */

/* Returns the keys: the hash, then the streams. */
static struct cairn_redis_args keys_of(struct cairn_arena *arena,
                                       const struct cairn_bus_stream *streams, size_t count)
{
    struct cairn_redis_args keys = cairn_redis_args(arena, count + 1);
    cairn_redis_add(&keys, CAIRN_BUS_KEY);
    for (size_t i = 0; i < count; i++)
        cairn_redis_add(&keys, streams[i].key);
    return keys;
}

static const char *at_name(struct cairn_arena *arena, const struct cairn_bus_stream *stream)
{
    return cairn_print(arena, "at:%s", stream->publication->events->category);
}

static void add_at_names(struct cairn_redis_args *args, const struct cairn_bus_stream *streams,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        cairn_redis_add(args, at_name(args->arena, &streams[i]));
}

/* ---- looking ---- */

/* ARGV: for each stream, the hash field of its last entry. */
static const struct cairn_redis_script look_script = {
    LAST_OF NUMBER
    "local ret = redis.call('hmget', KEYS[1], 'store', 'epoch', 'position', 'event', 'fence')\n"
    "for i = 1, 5 do ret[i] = ret[i] or '' end\n"
    "for i = 2, #KEYS do\n"
    "  ret[#ret + 1] = text(last_of(KEYS[i]))\n"
    "  ret[#ret + 1] = redis.call('hget', KEYS[1], ARGV[i - 1]) or '-1'\n"
    "end\n"
    "return ret\n",
};

static int64_t number_at(const struct cairn_redis_reply *reply, size_t i)
{
    return strtoll(reply->items[i].text, NULL, 10);
}

static void copy_at(const struct cairn_redis_reply *reply, size_t i, char *ret, size_t size)
{
    (void)snprintf(ret, size, "%s", reply->items[i].text);
}

int cairn_bus_look(struct cairn_redis *redis, struct cairn_bus_stream *streams, size_t count,
                   struct cairn_arena *arena, struct cairn_bus_seen *ret, struct cairn_error *error)
{
    struct cairn_redis_args keys = keys_of(arena, streams, count);
    struct cairn_redis_args args = cairn_redis_args(arena, count);
    struct cairn_redis_reply reply;
    add_at_names(&args, streams, count);
    int failed = cairn_redis_eval(redis, &look_script, keys.items, keys.count, args.items,
                                  args.count, arena, &reply, error);
    if (failed)
        return failed;
    if (reply.kind != CAIRN_REDIS_LIST || reply.count != 5 + 2 * count)
        return cairn_fail(error, CAIRN_BUG, "unexpected reply of Redis about the bus");
    *ret = (struct cairn_bus_seen){.exists = reply.items[0].bytes > 0,
                                   .epoch = number_at(&reply, 1),
                                   .position = number_at(&reply, 2),
                                   .fence = number_at(&reply, 4)};
    copy_at(&reply, 0, ret->store, sizeof ret->store);
    copy_at(&reply, 3, ret->event, sizeof ret->event);
    for (size_t i = 0; i < count; i++) {
        streams[i].last = number_at(&reply, 5 + 2 * i);
        streams[i].recorded = number_at(&reply, 6 + 2 * i);
    }
    return 0;
}

/* ---- taking over ---- */

enum { FORMER_SECONDS = 86400 };

/* KEYS: the hash, the streams, those of the former epoch. ARGV: store, epoch, position, event,
 * fence, number of streams, seconds until the former ones expire; then the hash field of each
 * stream. The fence of another epoch is not comparable: there the epoch decides. */
static const struct cairn_redis_script seat_script = {
    LAST_OF NUMBER
    "local now = redis.call('hmget', KEYS[1], 'epoch', 'fence')\n"
    "if now[1] and tonumber(now[1]) > tonumber(ARGV[2]) then return 0 end\n"
    "if now[1] == ARGV[2] and tonumber(now[2]) > tonumber(ARGV[5]) then return 0 end\n"
    "local n = tonumber(ARGV[6])\n"
    "redis.call('del', KEYS[1])\n"
    "redis.call('hset', KEYS[1], 'store', ARGV[1], 'epoch', ARGV[2], 'position', ARGV[3],\n"
    "  'event', ARGV[4], 'fence', ARGV[5])\n"
    "for i = 1, n do\n"
    "  redis.call('hset', KEYS[1], ARGV[7 + i], text(last_of(KEYS[1 + i])))\n"
    "end\n"
    "for i = n + 2, #KEYS do redis.call('expire', KEYS[i], ARGV[7]) end\n"
    "return 1\n",
};

int cairn_bus_seat(struct cairn_redis *redis, const struct cairn_bus_place *place,
                   struct cairn_bus_stream *streams, size_t count, int64_t former_epoch,
                   struct cairn_arena *arena, struct cairn_error *error)
{
    char store[CAIRN_UUID_TEXT_SIZE];
    struct cairn_redis_reply reply;
    struct cairn_redis_args keys = cairn_redis_args(arena, 1 + 2 * count);
    struct cairn_redis_args args = cairn_redis_args(arena, 7 + count);
    cairn_uuid_format(place->timeline.store_id, store);
    cairn_redis_add(&keys, CAIRN_BUS_KEY);
    for (size_t i = 0; i < count; i++)
        cairn_redis_add(&keys, streams[i].key);
    for (size_t i = 0; former_epoch && i < count; i++)
        cairn_redis_add(&keys, cairn_bus_stream_key(arena, streams[i].publication->events->category,
                                                    former_epoch));
    cairn_redis_add(&args, store);
    cairn_redis_add_integer(&args, place->timeline.epoch);
    cairn_redis_add_integer(&args, place->position);
    cairn_redis_add(&args, place->event);
    cairn_redis_add_integer(&args, place->fence);
    cairn_redis_add_integer(&args, (int64_t)count);
    cairn_redis_add_integer(&args, FORMER_SECONDS);
    add_at_names(&args, streams, count);
    int failed = cairn_redis_eval(redis, &seat_script, keys.items, keys.count, args.items,
                                  args.count, arena, &reply, error);
    if (failed)
        return failed;
    if (reply.integer != 1)
        return cairn_fail(error, CAIRN_CONFLICT, "another publisher has taken over the bus");
    for (size_t i = 0; i < count; i++)
        streams[i].recorded = streams[i].last;
    return 0;
}

/* ---- appending ---- */

/* ARGV: epoch, fence, position before, position after, event after, number of streams, the hash
 * field of each stream; then three per entry: its stream, its position, its JSON. A stream may be
 * ahead of the hash only by entries of an earlier call that was stopped by an error. */
static const struct cairn_redis_script append_script = {
    LAST_OF NUMBER
    "local now = redis.call('hmget', KEYS[1], 'epoch', 'fence', 'position')\n"
    "for i = 1, 3 do if now[i] ~= ARGV[i] then return -1 end end\n"
    "local n, last = tonumber(ARGV[6]), {}\n"
    "for i = 1, n do\n"
    "  local recorded = redis.call('hget', KEYS[1], ARGV[6 + i])\n"
    "  last[i] = last_of(KEYS[1 + i])\n"
    "  if not recorded or last[i] < tonumber(recorded) then return -2 end\n"
    "  if last[i] > tonumber(ARGV[4]) and last[i] > tonumber(recorded) then return -2 end\n"
    "end\n"
    "local added = 0\n"
    "for i = 7 + n, #ARGV, 3 do\n"
    "  local s, position = tonumber(ARGV[i]), tonumber(ARGV[i + 1])\n"
    "  if position > last[s] then\n"
    "    redis.call('xadd', KEYS[1 + s], ARGV[i + 1] .. '-0', 'event', ARGV[i + 2])\n"
    "    last[s] = position\n"
    "    added = added + 1\n"
    "  end\n"
    "end\n"
    "redis.call('hset', KEYS[1], 'position', ARGV[4], 'event', ARGV[5])\n"
    "for i = 1, n do redis.call('hset', KEYS[1], ARGV[6 + i], text(last[i])) end\n"
    "return added\n",
};

static void add_entries(struct cairn_redis_args *args, const struct cairn_bus_entry *entries,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cairn_redis_add_integer(args, (int64_t)entries[i].stream + 1);
        cairn_redis_add_integer(args, entries[i].position);
        args->items[args->count++] = (struct cairn_redis_arg){entries[i].json, entries[i].bytes};
    }
}

int64_t cairn_bus_append(struct cairn_redis *redis, const struct cairn_bus_place *from,
                         const struct cairn_bus_place *to, struct cairn_bus_stream *streams,
                         size_t count, const struct cairn_bus_entry *entries, size_t entry_count,
                         struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args keys = keys_of(arena, streams, count);
    struct cairn_redis_args args = cairn_redis_args(arena, 6 + count + 3 * entry_count);
    cairn_redis_add_integer(&args, from->timeline.epoch);
    cairn_redis_add_integer(&args, from->fence);
    cairn_redis_add_integer(&args, from->position);
    cairn_redis_add_integer(&args, to->position);
    cairn_redis_add(&args, to->event);
    cairn_redis_add_integer(&args, (int64_t)count);
    add_at_names(&args, streams, count);
    add_entries(&args, entries, entry_count);
    int failed = cairn_redis_eval(redis, &append_script, keys.items, keys.count, args.items,
                                  args.count, arena, &reply, error);
    if (failed)
        return failed;
    if (reply.integer == -1)
        return cairn_fail(error, CAIRN_CONFLICT, "the position of the bus has changed");
    if (reply.integer < 0)
        return cairn_fail(error, CAIRN_CONFLICT, "a stream of the bus has changed");
    return reply.integer;
}

/* ---- trimming ---- */

/* ARGV: epoch, fence, the position to keep from, the cap. The slowest group is the one whose oldest
 * unhandled entry comes first. */
static const struct cairn_redis_script trim_script = {
    NUMBER "local now = redis.call('hmget', KEYS[1], 'epoch', 'fence')\n"
           "if now[1] ~= ARGV[1] or now[2] ~= ARGV[2] then return {'-1', '0', '0', '', '[]'} end\n"
           "local key, keep, cap = KEYS[2], tonumber(ARGV[3]), tonumber(ARGV[4])\n"
           "if redis.call('exists', key) == 0 then return {'0', '0', '0', '', '[]'} end\n"
           "local needed, name, places = math.huge, '', {}\n"
           "for _, group in ipairs(redis.call('xinfo', 'groups', key)) do\n"
           "  local said = {}\n"
           "  for i = 1, #group, 2 do said[group[i]] = group[i + 1] end\n"
           "  local needs = tonumber(string.match(said['last-delivered-id'], '^%d+')) + 1\n"
           "  if said['pending'] > 0 then\n"
           "    local oldest = redis.call('xpending', key, said['name'])[2]\n"
           "    needs = math.min(needs, tonumber(string.match(oldest, '^%d+')))\n"
           "  end\n"
           "  places[#places + 1] = {group = said['name'], from = needs}\n"
           "  if needs < needed then needed, name = needs, said['name'] end\n"
           "end\n"
           "local from, overrun, lost = math.min(keep, needed), '0', {}\n"
           "redis.call('xtrim', key, 'MINID', '=', text(from) .. '-0')\n"
           "if redis.call('xlen', key) > cap then\n"
           "  redis.call('xtrim', key, 'MAXLEN', '=', text(cap))\n"
           "  local first = redis.call('xrange', key, '-', '+', 'COUNT', 1)[1][1]\n"
           "  from = tonumber(string.match(first, '^%d+'))\n"
           "  if from > needed then overrun = '1' end\n"
           "  for _, place in ipairs(places) do\n"
           "    if place.from < from then lost[#lost + 1] = place end\n"
           "  end\n"
           "end\n"
           "return {text(redis.call('xlen', key)), text(from - 1), overrun, name,\n"
           "  #lost > 0 and cjson.encode(lost) or '[]'}\n",
};

int cairn_bus_trim(struct cairn_redis *redis, const struct cairn_bus_place *place,
                   const struct cairn_bus_stream *stream, int64_t keep, int64_t cap,
                   struct cairn_arena *arena, struct cairn_bus_trimmed *ret,
                   struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args keys = keys_of(arena, stream, 1);
    struct cairn_redis_args args = cairn_redis_args(arena, 4);
    cairn_redis_add_integer(&args, place->timeline.epoch);
    cairn_redis_add_integer(&args, place->fence);
    cairn_redis_add_integer(&args, keep > 1 ? keep : 1);
    cairn_redis_add_integer(&args, cap);
    int failed = cairn_redis_eval(redis, &trim_script, keys.items, keys.count, args.items,
                                  args.count, arena, &reply, error);
    if (failed)
        return failed;
    if (number_at(&reply, 0) < 0)
        return cairn_fail(error, CAIRN_CONFLICT, "the position of the bus has changed");
    *ret = (struct cairn_bus_trimmed){.length = number_at(&reply, 0),
                                      .floor = number_at(&reply, 1),
                                      .overrun = number_at(&reply, 2) == 1};
    copy_at(&reply, 3, ret->group, sizeof ret->group);
    ret->lost = reply.items[4].text;
    return 0;
}
