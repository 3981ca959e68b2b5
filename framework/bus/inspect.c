/* inspect.c - reads the state of the bus from Redis. */
#include "bus/inspect.h"

#include "bus/bus_names.h"

#include <stdlib.h>
#include <string.h>

int cairn_bus_belongs(struct cairn_redis *redis, const char *store, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("HGET"), CAIRN_ARG(CAIRN_BUS_KEY),
                                           CAIRN_ARG("store")};
    struct cairn_redis_reply reply = {0};
    int failed = cairn_redis_call(redis, args, 3, arena, &reply, error);
    if (failed || reply.kind != CAIRN_REDIS_TEXT || strcmp(reply.text, store) == 0)
        return failed;
    return cairn_fail(error, CAIRN_DIVERGED,
                      "the bus in this Redis is that of store %s, the database has store %s:"
                      " DATABASE_URL or REDIS_URL leads elsewhere",
                      reply.text, store);
}

/* KEYS: the hash. ARGV: categories. The keys of the streams follow from the epoch in the hash. */
static const struct cairn_redis_script report_script = {
    "local function pairs_of(list)\n"
    "  local said = {}\n"
    "  for i = 1, #list, 2 do said[list[i]] = list[i + 1] end\n"
    "  return said\n"
    "end\n"
    "local function at(id) return tonumber(string.match(id, '^%d+')) end\n"
    "local function json(rows) return #rows > 0 and cjson.encode(rows) or '[]' end\n"
    "local now = redis.call('hmget', KEYS[1], 'epoch', 'position')\n"
    "local streams, groups = {}, {}\n"
    "for _, category in ipairs(now[1] and ARGV or {}) do\n"
    "  local key = KEYS[1] .. ':' .. category .. ':' .. now[1]\n"
    "  if redis.call('exists', key) == 1 then\n"
    "    local info = pairs_of(redis.call('xinfo', 'stream', key))\n"
    "    local first = redis.call('xrange', key, '-', '+', 'COUNT', 1)[1]\n"
    "    streams[#streams + 1] = {category = category, entries = info['length'],\n"
    "      first = first and at(first[1]) or 0, last = at(info['last-generated-id'])}\n"
    "    for _, g in ipairs(redis.call('xinfo', 'groups', key)) do\n"
    "      local said = pairs_of(g)\n"
    "      groups[#groups + 1] = {category = category, name = said['name'],\n"
    "        members = said['consumers'], pending = said['pending'],\n"
    "        lag = said['lag'] or cjson.null, position = at(said['last-delivered-id']),\n"
    "        dead = redis.call('xlen', KEYS[1] .. '-dead:' .. said['name'])}\n"
    "    end\n"
    "  end\n"
    "end\n"
    "return {now[1] or '0', now[2] or '0', json(streams), json(groups)}\n",
};

int cairn_bus_inspect(struct cairn_redis *redis, const char *const *categories, size_t count,
                      struct cairn_arena *arena, struct cairn_bus_report *ret,
                      struct cairn_error *error)
{
    const struct cairn_redis_arg key = CAIRN_ARG(CAIRN_BUS_KEY);
    struct cairn_redis_arg *args = cairn_new(arena, struct cairn_redis_arg, count);
    struct cairn_redis_reply reply;
    for (size_t i = 0; i < count; i++)
        args[i] = CAIRN_ARG(categories[i]);
    int failed =
        cairn_redis_eval(redis, &report_script, &key, 1, args, count, arena, &reply, error);
    if (failed)
        return failed;
    *ret = (struct cairn_bus_report){.epoch = strtoll(reply.items[0].text, NULL, 10),
                                     .position = strtoll(reply.items[1].text, NULL, 10),
                                     .streams = reply.items[2].text,
                                     .groups = reply.items[3].text};
    return 0;
}

static const struct cairn_redis_script dead_script = {
    "local rows = {}\n"
    "for _, letter in ipairs(redis.call('xrevrange', KEYS[1], '+', '-', 'COUNT', ARGV[1])) do\n"
    "  local row = {id = letter[1]}\n"
    "  for i = 1, #letter[2], 2 do row[letter[2][i]] = letter[2][i + 1] end\n"
    "  row.entry = row.stream .. ' ' .. letter[2][6]\n"
    "  row.id = letter[1]\n"
    "  rows[#rows + 1] = row\n"
    "end\n"
    "return #rows > 0 and cjson.encode(rows) or '[]'\n",
};

int cairn_bus_dead_letters(struct cairn_redis *redis, const char *group, int64_t limit,
                           struct cairn_arena *arena, const char **ret, struct cairn_error *error)
{
    const struct cairn_redis_arg key = CAIRN_ARG(cairn_bus_dead_key(arena, group));
    const struct cairn_redis_arg arg = CAIRN_ARG(cairn_print(arena, "%" PRId64, limit));
    struct cairn_redis_reply reply;
    int failed = cairn_redis_eval(redis, &dead_script, &key, 1, &arg, 1, arena, &reply, error);
    if (!failed)
        *ret = reply.text;
    return failed;
}
