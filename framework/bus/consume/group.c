/* group.c - the operations of a consumer group in Redis. */
#include "bus/consume/group.h"

#include "bus/bus_names.h"
#include "redis/arguments.h"

#include <string.h>

enum { DEAD_MAX = 100000, RETRY_PAGE = 1000, GONE_MS = 3600000 };

static int call(struct cairn_redis *redis, const struct cairn_redis_args *words,
                struct cairn_redis_reply *ret, struct cairn_error *error)
{
    return cairn_redis_call(redis, words->items, words->count, words->arena, ret, error);
}

/* Maps an error: a missing group means that Redis has lost its data, unlike an unreachable
 * Redis. */
static int fail_as(const struct cairn_error *why, struct cairn_error *error)
{
    if (strstr(why->message, "NOGROUP") || strstr(why->message, "UNBLOCKED"))
        return cairn_fail(error, CAIRN_CONFLICT, "the group does not exist any more");
    return cairn_error_pass(error, why);
}

/* Runs a script on one or two keys, whose first arguments are the group and the member. */
static int eval(struct cairn_group *group, const struct cairn_redis_script *script, const char *key,
                const char *other, const struct cairn_redis_args *more, struct cairn_arena *arena,
                struct cairn_redis_reply *ret, struct cairn_error *error)
{
    const struct cairn_redis_arg keys[] = {CAIRN_ARG(key), CAIRN_ARG(other ? other : "")};
    struct cairn_redis_args args = cairn_redis_args(arena, 2 + more->count);
    cairn_redis_add(&args, group->name);
    cairn_redis_add(&args, group->member);
    for (size_t i = 0; i < more->count; i++)
        args.items[args.count++] = more->items[i];
    struct cairn_error why = {0};
    int failed = cairn_redis_eval(group->redis, script, keys, other ? 2 : 1, args.items, args.count,
                                  arena, ret, &why);
    return failed ? fail_as(&why, error) : 0;
}

/* ---- making and reading ---- */

static int ensure_one(struct cairn_group *group, const char *key, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    struct cairn_error why = {0};
    struct cairn_redis_reply reply;
    struct cairn_redis_args args = cairn_redis_args(arena, 6);
    cairn_redis_add(&args, "XGROUP");
    cairn_redis_add(&args, "CREATE");
    cairn_redis_add(&args, key);
    cairn_redis_add(&args, group->name);
    cairn_redis_add(&args, "0");
    cairn_redis_add(&args, "MKSTREAM");
    int failed = call(group->redis, &args, &reply, &why);
    if (!failed || strstr(why.message, "BUSYGROUP"))
        return 0;
    return cairn_error_pass(error, &why);
}

int cairn_group_ensure(struct cairn_group *group, struct cairn_arena *arena,
                       struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < group->key_count && !failed; i++)
        failed = ensure_one(group, group->keys[i], arena, error);
    return failed;
}

/* {id, {field, value, …}} */
static struct cairn_group_entry take_entry(size_t key, const struct cairn_redis_reply *item)
{
    struct cairn_group_entry entry = {.key = key, .id = item->items[0].text, .json = ""};
    const struct cairn_redis_reply *fields = &item->items[1];
    for (size_t i = 0; i + 1 < fields->count; i += 2) {
        if (strcmp(fields->items[i].text, "event") == 0) {
            entry.json = fields->items[i + 1].text;
            entry.bytes = fields->items[i + 1].bytes;
        }
    }
    return entry;
}

static size_t key_index(const struct cairn_group *group, const char *key)
{
    size_t i = 0;
    while (i + 1 < group->key_count && strcmp(group->keys[i], key) != 0)
        i++;
    return i;
}

static int64_t take_streams(const struct cairn_group *group, const struct cairn_redis_reply *reply,
                            struct cairn_arena *arena, const struct cairn_group_entry **ret)
{
    size_t count = 0, used = 0;
    for (size_t i = 0; i < reply->count; i++)
        count += reply->items[i].items[1].count;
    struct cairn_group_entry *entries = cairn_new(arena, struct cairn_group_entry, count);
    for (size_t i = 0; i < reply->count; i++) {
        size_t key = key_index(group, reply->items[i].items[0].text);
        const struct cairn_redis_reply *list = &reply->items[i].items[1];
        for (size_t k = 0; k < list->count; k++)
            entries[used++] = take_entry(key, &list->items[k]);
    }
    *ret = entries;
    return (int64_t)used;
}

int64_t cairn_group_read(struct cairn_group *group, int count, int64_t block_ms,
                         struct cairn_arena *arena, const struct cairn_group_entry **ret,
                         struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_error why = {0};
    struct cairn_redis_args args = cairn_redis_args(arena, 9 + 2 * group->key_count);
    cairn_redis_add(&args, "XREADGROUP");
    cairn_redis_add(&args, "GROUP");
    cairn_redis_add(&args, group->name);
    cairn_redis_add(&args, group->member);
    cairn_redis_add(&args, "COUNT");
    cairn_redis_add_integer(&args, count);
    if (block_ms > 0) {
        cairn_redis_add(&args, "BLOCK");
        cairn_redis_add_integer(&args, block_ms);
    }
    cairn_redis_add(&args, "STREAMS");
    for (size_t i = 0; i < group->key_count; i++)
        cairn_redis_add(&args, group->keys[i]);
    for (size_t i = 0; i < group->key_count; i++)
        cairn_redis_add(&args, ">");
    int failed = call(group->redis, &args, &reply, &why);
    if (failed)
        return fail_as(&why, error);
    return take_streams(group, &reply, arena, ret);
}

/* ---- claiming, keeping ---- */

/* ARGV: group, member, idle time, count. Acknowledges entries that are no longer in the stream. */
static const struct cairn_redis_script claim_script = {
    "local got = redis.call('xautoclaim', KEYS[1], ARGV[1], ARGV[2], ARGV[3], '0-0', 'COUNT',\n"
    "  ARGV[4], 'JUSTID')[2]\n"
    "local ret = {}\n"
    "for _, id in ipairs(got) do\n"
    "  local entry = redis.call('xrange', KEYS[1], id, id)[1]\n"
    "  if entry then ret[#ret + 1] = entry\n"
    "  else redis.call('xack', KEYS[1], ARGV[1], id) end\n"
    "end\n"
    "return ret\n",
};

int64_t cairn_group_claim(struct cairn_group *group, size_t key, int64_t idle_ms, int64_t most,
                          struct cairn_arena *arena, const struct cairn_group_entry **ret,
                          struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args more = cairn_redis_args(arena, 2);
    cairn_redis_add_integer(&more, idle_ms);
    cairn_redis_add_integer(&more, most);
    int failed = eval(group, &claim_script, group->keys[key], NULL, &more, arena, &reply, error);
    if (failed)
        return failed;
    struct cairn_group_entry *entries = cairn_new(arena, struct cairn_group_entry, reply.count);
    for (size_t i = 0; i < reply.count; i++)
        entries[i] = take_entry(key, &reply.items[i]);
    *ret = entries;
    return (int64_t)reply.count;
}

/* ARGV: group, member, ids. */
static const struct cairn_redis_script keep_script = {
    "local ret = {}\n"
    "for i = 3, #ARGV do\n"
    "  local p = redis.call('xpending', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]\n"
    "  if p and p[2] == ARGV[2] then\n"
    "    redis.call('xclaim', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[i], 'JUSTID')\n"
    "    ret[#ret + 1] = 1\n"
    "  else ret[#ret + 1] = 0 end\n"
    "end\n"
    "return ret\n",
};

int cairn_group_keep(struct cairn_group *group, size_t key, const char *const *ids, size_t count,
                     struct cairn_arena *arena, bool *ret_lost, struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args more = cairn_redis_args(arena, count);
    for (size_t i = 0; i < count; i++)
        cairn_redis_add(&more, ids[i]);
    int failed = eval(group, &keep_script, group->keys[key], NULL, &more, arena, &reply, error);
    for (size_t i = 0; i < count && !failed; i++)
        ret_lost[i] = i >= reply.count || reply.items[i].integer == 0;
    return failed;
}

int cairn_group_oldest_idle(struct cairn_group *group, size_t key, int64_t idle_ms,
                            struct cairn_arena *arena, const char **ret, struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_error why = {0};
    struct cairn_redis_args args = cairn_redis_args(arena, 8);
    cairn_redis_add(&args, "XPENDING");
    cairn_redis_add(&args, group->keys[key]);
    cairn_redis_add(&args, group->name);
    cairn_redis_add(&args, "IDLE");
    cairn_redis_add_integer(&args, idle_ms);
    cairn_redis_add(&args, "-");
    cairn_redis_add(&args, "+");
    cairn_redis_add(&args, "1");
    int failed = call(group->redis, &args, &reply, &why);
    *ret = !failed && reply.count ? reply.items[0].items[0].text : NULL;
    return failed ? fail_as(&why, error) : 0;
}

/* ARGV: group, member, idle time to set; then for each entry its id, and 1 if an attempt is
 * uncounted. */
static const struct cairn_redis_script give_back_script = {
    "for i = 4, #ARGV, 2 do\n"
    "  local p = redis.call('xpending', KEYS[1], ARGV[1], ARGV[i], ARGV[i], 1)[1]\n"
    "  if p and p[2] == ARGV[2] then\n"
    "    redis.call('xclaim', KEYS[1], ARGV[1], '-', 0, ARGV[i], 'IDLE', ARGV[3],\n"
    "      'RETRYCOUNT', math.max(p[4] - ARGV[i + 1], 0), 'JUSTID')\n"
    "  end\n"
    "end\n",
};

int cairn_group_release(struct cairn_group *group, size_t key, const char *const *ids,
                        const bool *counted, size_t count, struct cairn_arena *arena,
                        struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args more = cairn_redis_args(arena, 1 + 2 * count);
    cairn_redis_add_integer(&more, GONE_MS);
    for (size_t i = 0; i < count; i++) {
        cairn_redis_add(&more, ids[i]);
        cairn_redis_add(&more, counted[i] ? "1" : "0");
    }
    return eval(group, &give_back_script, group->keys[key], NULL, &more, arena, &reply, error);
}

/* ARGV: group, member, id. */
static const struct cairn_redis_script begin_script = {
    "local p = redis.call('xpending', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)[1]\n"
    "if not p or p[2] ~= ARGV[2] then return 0 end\n"
    "redis.call('xclaim', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3])\n"
    "return p[4] + 1\n",
};

int64_t cairn_group_begin(struct cairn_group *group, size_t key, const char *id,
                          struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args more = cairn_redis_args(arena, 1);
    cairn_redis_add(&more, id);
    int failed = eval(group, &begin_script, group->keys[key], NULL, &more, arena, &reply, error);
    return failed ? failed : reply.integer;
}

/* ARGV: group, member, id, text. With 1000 pending entries before it, it is too early anyway. */
static const struct cairn_redis_script clear_script = {
    "local p = redis.call('xpending', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1)[1]\n"
    "if not p or p[2] ~= ARGV[2] then return -1 end\n"
    "local before = redis.call('xpending', KEYS[1], ARGV[1], '-', '(' .. ARGV[3], 1000)\n"
    "if #before == 1000 then return 0 end\n"
    "for _, b in ipairs(before) do\n"
    "  local entry = redis.call('xrange', KEYS[1], b[1], b[1])[1]\n"
    "  if entry and string.find(entry[2][2], ARGV[4], 1, true) then return 0 end\n"
    "end\n"
    "return 1\n",
};

int cairn_group_clear(struct cairn_group *group, size_t key, const char *id, const char *text,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args more = cairn_redis_args(arena, 2);
    cairn_redis_add(&more, id);
    cairn_redis_add(&more, text);
    int failed = eval(group, &clear_script, group->keys[key], NULL, &more, arena, &reply, error);
    if (!failed && reply.integer < 0)
        failed = cairn_fail(error, CAIRN_CONFLICT, "another member has claimed the entry");
    return failed ? failed : (int)reply.integer;
}

/* ---- settling ---- */

int cairn_group_ack(struct cairn_group *group, size_t key, const char *const *ids, size_t count,
                    struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args args = cairn_redis_args(arena, 3 + count);
    cairn_redis_add(&args, "XACK");
    cairn_redis_add(&args, group->keys[key]);
    cairn_redis_add(&args, group->name);
    for (size_t i = 0; i < count; i++)
        cairn_redis_add(&args, ids[i]);
    return call(group->redis, &args, &reply, error);
}

/* ARGV: group, member, id, json, attempts, reason, how many letters to keep. */
static const struct cairn_redis_script bury_script = {
    "redis.call('xadd', KEYS[2], 'MAXLEN', '~', ARGV[7], '*', 'event', ARGV[4], 'stream', "
    "KEYS[1],\n"
    "  'id', ARGV[3], 'attempts', ARGV[5], 'error', ARGV[6])\n"
    "return redis.call('xack', KEYS[1], ARGV[1], ARGV[3])\n",
};

int cairn_group_dead_letter(struct cairn_group *group, const struct cairn_group_entry *entry,
                            int64_t attempts, const char *why, struct cairn_arena *arena,
                            struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args more = cairn_redis_args(arena, 5);
    cairn_redis_add(&more, entry->id);
    more.items[more.count++] = (struct cairn_redis_arg){entry->json, entry->bytes};
    cairn_redis_add_integer(&more, attempts);
    cairn_redis_add(&more, why);
    cairn_redis_add_integer(&more, DEAD_MAX);
    return eval(group, &bury_script, group->keys[entry->key],
                cairn_bus_dead_key(arena, group->name), &more, arena, &reply, error);
}

/* ARGV: group, member, idle time to set. Deleting a member discards its pending entries, so it must
 * have none. */
static const struct cairn_redis_script leave_script = {
    "repeat\n"
    "  local mine = redis.call('xpending', KEYS[1], ARGV[1], '-', '+', 1000, ARGV[2])\n"
    "  for _, p in ipairs(mine) do\n"
    "    redis.call('xclaim', KEYS[1], ARGV[1], '-', 0, p[1], 'IDLE', ARGV[3], 'JUSTID')\n"
    "  end\n"
    "until #mine == 0\n"
    "return redis.call('xgroup', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])\n",
};

int cairn_group_leave(struct cairn_group *group, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args more = cairn_redis_args(arena, 1);
    int failed = 0;
    cairn_redis_add_integer(&more, GONE_MS);
    for (size_t i = 0; i < group->key_count && !failed; i++)
        failed = eval(group, &leave_script, group->keys[i], NULL, &more, arena, &reply, error);
    return failed;
}

/* ---- dead letters ---- */

/* ARGV: first and last letter, count. */
static const struct cairn_redis_script retry_script = {
    "local letters = redis.call('xrange', KEYS[1], ARGV[1], ARGV[2], 'COUNT', ARGV[3])\n"
    "for _, letter in ipairs(letters) do\n"
    "  redis.call('xadd', KEYS[2], '*', unpack(letter[2]))\n"
    "  redis.call('xdel', KEYS[1], letter[1])\n"
    "end\n"
    "return #letters\n",
};

/* Queues at most `limit` dead letters, the oldest first, or the one with this id. */
static int64_t retry_page(struct cairn_redis *redis, const struct cairn_redis_arg keys[2],
                          const char *id, int64_t limit, struct cairn_arena *arena,
                          struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    struct cairn_redis_args args = cairn_redis_args(arena, 3);
    cairn_redis_add(&args, id ? id : "-");
    cairn_redis_add(&args, id ? id : "+");
    cairn_redis_add_integer(&args, limit < RETRY_PAGE ? limit : RETRY_PAGE);
    int failed = cairn_redis_eval(redis, &retry_script, keys, 2, args.items, args.count, arena,
                                  &reply, error);
    return failed ? failed : reply.integer;
}

int64_t cairn_group_retry(struct cairn_redis *redis, const char *name, const char *id,
                          struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_redis_arg keys[] = {CAIRN_ARG(cairn_bus_dead_key(arena, name)),
                                           CAIRN_ARG(cairn_bus_again_key(arena, name))};
    const struct cairn_redis_arg length[] = {CAIRN_ARG("XLEN"), keys[0]};
    struct cairn_redis_reply reply;
    int failed = cairn_redis_call(redis, length, 2, arena, &reply, error);
    if (failed)
        return failed;
    /* No more than there are now: one that fails again meanwhile is not queued twice. */
    int64_t left = id ? 1 : reply.integer;
    int64_t queued = 0;
    int64_t page = 1;
    while (left > 0 && page > 0) {
        page = retry_page(redis, keys, id, left, arena, error);
        if (page < 0)
            return page;
        queued += page;
        left -= page;
    }
    return queued;
}
