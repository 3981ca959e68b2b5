/* redis_copy.c - the calls to Redis that every writer of a copy makes: values, keys, the
 * checkpoint's text. */
#include "projection/tables/redis_copy.h"

#include "core/threads/clock.h"
#include "projection/tables/table_names.h"

#include <stdio.h>
#include <string.h>

#define AWAY_US CAIRN_MILLISECONDS(250) /* minimum after a failure of Redis */

/* KEYS: the checkpoint, the rows. ARGV: the expected text ("" for no key), the new text, one value
 * per row ("" to delete it). */
static const struct cairn_redis_script put_script = {
    "local now = redis.call('get', KEYS[1]) or ''\n"
    "if now ~= ARGV[1] then return 0 end\n"
    "for i = 2, #KEYS do\n"
    "  if ARGV[i + 1] == '' then redis.call('del', KEYS[i])\n"
    "  else redis.call('set', KEYS[i], ARGV[i + 1]) end\n"
    "end\n"
    "redis.call('set', KEYS[1], ARGV[2])\n"
    "return 1\n",
};

void cairn_copy_init(struct cairn_copy *copy, const struct cairn_timeline *timeline,
                     const struct cairn_generation *generation, struct cairn_arena *arena)
{
    const char *name = generation->projection->name;
    copy->generation = *generation;
    copy->row_prefix = cairn_redis_row_prefix(arena, timeline, name, generation->number);
    copy->checkpoint_key = cairn_redis_checkpoint_key(arena, timeline, name, generation->number);
    cairn_copy_doubt(copy);
}

void cairn_copy_doubt(struct cairn_copy *copy)
{
    copy->current = false;
    copy->repair.running = false;
    if (copy->problem[0] == '\0')
        copy->due_us = 0;
}

const char *cairn_checkpoint_text(struct cairn_arena *arena,
                                  const struct cairn_checkpoint *checkpoint)
{
    return cairn_print(arena, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, checkpoint->epoch,
                       checkpoint->position, checkpoint->fence, checkpoint->revision);
}

/* ---- calling Redis ---- */

/* Records the result of a call. The pause after a failure is proportional to the duration of the
 * call, so that a slow Redis does not take a large part of the projection's time. */
static int took(struct cairn_copy *copy, int64_t begun_us, int failed,
                const struct cairn_error *error)
{
    int64_t now_us = cairn_monotonic_us();
    if (failed)
        copy->due_us = now_us + AWAY_US + 10 * (now_us - begun_us);
    (void)snprintf(copy->problem, sizeof copy->problem, "%.190s", error->message);
    return failed;
}

int cairn_copy_ask(struct cairn_copy *copy, const struct cairn_redis_arg *args, size_t count,
                   struct cairn_arena *arena, struct cairn_redis_reply *ret)
{
    struct cairn_error error = {0};
    int64_t begun_us = cairn_monotonic_us();
    int failed = cairn_redis_call(copy->redis, args, count, arena, ret, &error);
    return took(copy, begun_us, failed, &error);
}

int cairn_copy_get(struct cairn_copy *copy, struct cairn_arena *arena, const char **ret)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("GET"), CAIRN_ARG(copy->checkpoint_key)};
    struct cairn_redis_reply reply = {0};
    int failed = cairn_copy_ask(copy, args, 2, arena, &reply);
    if (!failed)
        *ret = reply.kind == CAIRN_REDIS_TEXT ? reply.text : "";
    return failed;
}

/* A parked row is not in the copy: a query of it must read from PostgreSQL that it is parked. */
const char *cairn_copy_value(const struct cairn_copy *copy, int64_t epoch,
                             const struct cairn_stored_row *row, struct cairn_arena *arena)
{
    if (!row->json || row->parked)
        return "";
    const int64_t about[] = {epoch, row->position, row->version, copy->generation.number};
    struct cairn_buffer value = cairn_buffer(arena);
    for (size_t i = 0; i < sizeof about / sizeof about[0]; i++) {
        cairn_buffer_integer(&value, about[i]);
        cairn_buffer_char(&value, i < 3 ? ' ' : '\n');
    }
    cairn_buffer_text(&value, row->json);
    return value.text;
}

const char *cairn_copy_key(const struct cairn_copy *copy, const char *key,
                           struct cairn_arena *arena)
{
    struct cairn_buffer name = cairn_buffer(arena);
    cairn_buffer_text(&name, copy->row_prefix);
    cairn_buffer_text(&name, key);
    return name.text;
}

int cairn_copy_put(struct cairn_copy *copy, const char *before, const char *after, int64_t epoch,
                   const struct cairn_stored_row *rows, size_t count, struct cairn_arena *arena)
{
    struct cairn_redis_arg *keys = cairn_new(arena, struct cairn_redis_arg, count + 1);
    struct cairn_redis_arg *args = cairn_new(arena, struct cairn_redis_arg, count + 2);
    keys[0] = CAIRN_ARG(copy->checkpoint_key);
    args[0] = CAIRN_ARG(before);
    args[1] = CAIRN_ARG(after);
    for (size_t i = 0; i < count; i++) {
        const char *value = cairn_copy_value(copy, epoch, &rows[i], arena);
        keys[i + 1] = CAIRN_ARG(cairn_copy_key(copy, rows[i].key, arena));
        args[i + 2] = CAIRN_ARG(value);
    }
    struct cairn_redis_reply reply;
    struct cairn_error error = {0};
    int64_t begun_us = cairn_monotonic_us();
    int failed = cairn_redis_eval(copy->redis, &put_script, keys, count + 1, args, count + 2, arena,
                                  &reply, &error);
    return took(copy, begun_us, failed, &error) ? failed : (int)reply.integer;
}
