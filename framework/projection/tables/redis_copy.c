/* redis_copy.c - the copy of a generation's rows in Redis: writes batches, checks that it still matches.
 */
#include "projection/tables/redis_copy.h"

#include "core/clock.h"
#include "projection/tables/table_names.h"

#include <stdio.h>
#include <string.h>

#define LOOK_US CAIRN_SECONDS(1)        /* between two checks of a copy that matches */
#define AGAIN_US CAIRN_MILLISECONDS(20) /* after another process has written in between */
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

/* ---- a batch ---- */

static void mark_current(struct cairn_copy *copy)
{
    copy->current = true;
    copy->due_us = cairn_monotonic_us() + LOOK_US;
}

void cairn_copy_write(struct cairn_copy *copy, const struct cairn_stored_row *changed, size_t count,
                      const struct cairn_checkpoint *before, const struct cairn_checkpoint *after,
                      struct cairn_arena *arena)
{
    int64_t now_us = cairn_monotonic_us();
    if (!copy->redis || copy->repair.running || (copy->problem[0] && now_us < copy->due_us))
        return;
    copy->due_us = now_us;
    copy->current = cairn_copy_put(copy, cairn_checkpoint_text(arena, before),
                                   cairn_checkpoint_text(arena, after), after->epoch, changed,
                                   count, arena) == 1;
    if (copy->current)
        mark_current(copy);
}

/* ---- checking ---- */

/* Returns whether the rows are those of this checkpoint, though written under another fence. */
static bool is_the_same_rows(const char *text, const struct cairn_checkpoint *committed)
{
    struct cairn_checkpoint at = {0};
    int end = 0;
    int read = sscanf(text, "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 "%n", &at.epoch,
                      &at.position, &at.fence, &at.revision, &end);
    return read == 4 && text[end] == '\0' && at.epoch == committed->epoch &&
           at.position == committed->position && at.revision == committed->revision;
}

static void compare_checkpoint(struct cairn_copy *copy, const struct cairn_checkpoint *committed,
                               struct cairn_arena *arena)
{
    const char *text = "";
    const char *ours = cairn_checkpoint_text(arena, committed);
    copy->current = false;
    if (cairn_copy_get(copy, arena, &text) < 0)
        return;
    copy->due_us = cairn_monotonic_us() + AGAIN_US;
    if (strcmp(text, ours) == 0)
        mark_current(copy);
    else if (!is_the_same_rows(text, committed))
        (void)!cairn_repair_begin(copy, text, committed, arena);
    else if (cairn_copy_put(copy, text, ours, committed->epoch, NULL, 0, arena) == 1)
        mark_current(copy);
}

int cairn_copy_tend(struct cairn_copy *copy, const struct cairn_rows *rows,
                    struct cairn_store *store, const struct cairn_checkpoint *committed,
                    struct cairn_arena *arena, struct cairn_error *error)
{
    int failed = 0;
    if (copy->redis && copy->current && !copy->repair.running)
        failed = cairn_copy_patrol(copy, rows, cairn_store_pg(store), committed, arena, error);
    if (failed || !copy->redis || cairn_monotonic_us() < copy->due_us)
        return failed;
    if (!copy->repair.running) {
        compare_checkpoint(copy, committed, arena);
        return 0;
    }
    struct cairn_error away = {0};
    int done = cairn_repair_page(copy, rows, cairn_store_pg(store), arena, &away);
    if (away.code)
        return cairn_error_pass(error, &away);
    if (done == 1 && strcmp(copy->repair.text, cairn_checkpoint_text(arena, committed)) == 0)
        mark_current(copy);
    return 0;
}
