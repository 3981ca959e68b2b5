/* copy.c - the copy of a generation's rows in Redis: writing, comparing, repairing.
 *
 * The checkpoint's key holds one of
 *
 *     EPOCH POSITION FENCE             the copy is what PostgreSQL held at that checkpoint
 *     repair EPOCH POSITION MARK       somebody, MARK, is copying what changed after POSITION
 *     nothing                          the copy is empty, or Redis has lost its memory
 *
 * A repair takes the key for itself with a mark of its own, copies the rows page by page from one
 * snapshot of PostgreSQL, and puts the snapshot's checkpoint there at the end. Each step compares
 * the key first, so of two who repair, the later one finishes, and the earlier one - frozen, say,
 * and now awake - finds another's mark and writes nothing. Readers take what is no checkpoint for a
 * copy that cannot be used. */
#include "projection/copy.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "postgres/postgres.h"
#include "projection/names.h"
#include "record/json.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 500, RETRY_US = 500000, CHECKPOINT_SIZE = 100 };

static struct cairn_metric repairs = CAIRN_COUNTER("cairn_projection_copy_repairs_total",
                                                   "Repairs of a copy in Redis.", "projection");

/* KEYS: the checkpoint, the rows. ARGV: the checkpoint it builds on ("" for none), the one to put
 * there, a value a row ("" to delete it). */
static const struct cairn_redis_script write_script = {
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
    copy->timeline = *timeline;
    copy->generation = *generation;
    copy->row_prefix = cairn_redis_row_prefix(arena, timeline, name, generation->number);
    copy->checkpoint_key = cairn_redis_checkpoint_key(arena, timeline, name, generation->number);
    copy->current = false;
    copy->retry_us = 0;
}

/* ---- one compared write ---- */

struct write {
    struct cairn_arena *arena;
    struct cairn_redis_arg *keys;
    struct cairn_redis_arg *args;
    size_t count; /* of keys; there is one argument more */
};

static struct write begin_write(const struct cairn_copy *copy, const char *before,
                                const char *after, size_t rows, struct cairn_arena *arena)
{
    struct write write = {
        .arena = arena,
        .keys = cairn_new(arena, struct cairn_redis_arg, rows + 1),
        .args = cairn_new(arena, struct cairn_redis_arg, rows + 2),
        .count = 1,
    };
    write.keys[0] = CAIRN_ARG(copy->checkpoint_key);
    write.args[0] = CAIRN_ARG(before);
    write.args[1] = CAIRN_ARG(after);
    return write;
}

static void add_row(struct write *write, const struct cairn_copy *copy, const char *key,
                    int64_t position, int64_t version, const char *json)
{
    const char *value =
        json ? cairn_print(write->arena, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n%s",
                           copy->timeline.epoch, position, version, copy->generation.number, json)
             : "";
    write->keys[write->count] = CAIRN_ARG(cairn_print(write->arena, "%s%s", copy->row_prefix, key));
    write->args[++write->count] = CAIRN_ARG(value);
}

/* Returns 1 if it was written, 0 if Redis holds another checkpoint, or an error. */
static int send_write(const struct cairn_copy *copy, const struct write *write,
                      struct cairn_error *error)
{
    struct cairn_redis_reply reply;
    int failed = cairn_redis_eval(copy->redis, &write_script, write->keys, write->count,
                                  write->args, write->count + 1, write->arena, &reply, error);
    return failed ? failed : (int)reply.integer;
}

/* ---- a batch ---- */

static const char *checkpoint_text(struct cairn_arena *arena,
                                   const struct cairn_checkpoint *checkpoint)
{
    return cairn_print(arena, "%" PRId64 " %" PRId64 " %" PRId64, checkpoint->epoch,
                       checkpoint->position, checkpoint->fence);
}

static void add_changed(struct write *write, const struct cairn_copy *copy,
                        const struct cairn_fold *fold)
{
    for (size_t i = 0; i < fold->rows.count; i++) {
        const struct cairn_fold_row *row = fold->rows.entries[i].value;
        if (!row->changed)
            continue;
        struct cairn_buffer json = cairn_buffer(fold->arena);
        if (row->exists)
            cairn_record_encode(fold->projection->row, row->value, &json);
        add_row(write, copy, row->key, row->position, row->version, row->exists ? json.text : NULL);
    }
}

void cairn_copy_write(struct cairn_copy *copy, const struct cairn_fold *fold,
                      const struct cairn_checkpoint *before, const struct cairn_checkpoint *after)
{
    if (!copy->redis || !copy->current)
        return;
    struct write write =
        begin_write(copy, checkpoint_text(fold->arena, before), checkpoint_text(fold->arena, after),
                    fold->rows.count, fold->arena);
    add_changed(&write, copy, fold);
    copy->current = send_write(copy, &write, NULL) == 1;
}

/* ---- repair ---- */

static int read_checkpoint(const struct cairn_copy *copy, struct cairn_arena *arena,
                           const char **ret)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("GET"), CAIRN_ARG(copy->checkpoint_key)};
    struct cairn_redis_reply reply;
    int failed = cairn_redis_call(copy->redis, args, 2, arena, &reply, NULL);
    if (!failed)
        *ret = reply.kind == CAIRN_REDIS_TEXT ? reply.text : "";
    return failed;
}

/* Up to where the copy can be trusted: -1 if not at all. */
static int64_t trusted(const struct cairn_copy *copy, const char *text,
                       const struct cairn_checkpoint *committed)
{
    int64_t epoch = 0;
    int64_t position = 0;
    bool read = sscanf(text, "%" SCNd64 " %" SCNd64, &epoch, &position) == 2 ||
                sscanf(text, "repair %" SCNd64 " %" SCNd64, &epoch, &position) == 2;
    bool good = read && epoch == copy->timeline.epoch && position <= committed->position;
    return good ? position : -1;
}

/* Copies the rows that changed after `from`. Returns 1, 0 if somebody else took the key, or an
 * error: `*ret_redis` says whether it is Redis'. */
static int copy_pages(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                      int64_t from, const char *mark, bool *ret_redis, struct cairn_error *error)
{
    struct cairn_arena arena = {0};
    char key[CAIRN_KEY_MAX_BYTES + 1] = "";
    int64_t count = 0;
    int outcome = 1;
    /* Rows at `from` itself are in the copy; no key sorts behind U+10FFFF. */
    (void)snprintf(key, sizeof key, "%s", "\xF4\x8F\xBF\xBF");
    do {
        const struct cairn_page_row *page = NULL;
        cairn_arena_reset(&arena);
        count = cairn_rows_page(rows, pg, from, key, PAGE, &arena, &page, error);
        if (count <= 0)
            break;
        struct write write = begin_write(copy, mark, mark, (size_t)count, &arena);
        for (int64_t i = 0; i < count; i++)
            add_row(&write, copy, page[i].key, page[i].position, page[i].version, page[i].json);
        from = page[count - 1].position;
        (void)snprintf(key, sizeof key, "%s", page[count - 1].key);
        outcome = send_write(copy, &write, error);
        *ret_redis = outcome < 0;
    } while (outcome == 1 && count == PAGE);
    cairn_arena_close(&arena);
    return count < 0 ? (int)count : outcome;
}

/* Takes the key, copies, gives it its new checkpoint. All of PostgreSQL's part is one snapshot. */
static int repair(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                  const struct cairn_checkpoint *committed, struct cairn_arena *arena,
                  bool *ret_redis, struct cairn_error *error)
{
    const char *seen = NULL;
    int outcome = read_checkpoint(copy, arena, &seen);
    *ret_redis = outcome < 0;
    if (outcome < 0)
        return outcome;
    const char *target = checkpoint_text(arena, committed);
    if (strcmp(seen, target) == 0)
        return 1;

    char mark_id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(cairn_uuid_make(), mark_id);
    int64_t from = trusted(copy, seen, committed);
    const char *mark = cairn_print(arena, "repair %" PRId64 " %" PRId64 " %s", copy->timeline.epoch,
                                   from, mark_id);
    const struct write take = begin_write(copy, seen, mark, 0, arena);
    outcome = send_write(copy, &take, error);
    *ret_redis = outcome < 0;
    if (outcome == 1)
        outcome = copy_pages(copy, rows, pg, from, mark, ret_redis, error);
    if (outcome != 1)
        return outcome;
    const struct write give = begin_write(copy, mark, target, 0, arena);
    outcome = send_write(copy, &give, error);
    *ret_redis = outcome < 0;
    return outcome;
}

static int repair_in_snapshot(struct cairn_copy *copy, const struct cairn_rows *rows,
                              struct cairn_store *store, struct cairn_arena *arena, bool *ret_redis,
                              struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(store);
    struct cairn_checkpoint committed;
    int outcome = cairn_pg_script(pg, "begin isolation level repeatable read, read only", error);
    if (!outcome)
        outcome = cairn_generation_checkpoint(store, &copy->generation, arena, &committed, error);
    if (!outcome)
        outcome = repair(copy, rows, pg, &committed, arena, ret_redis, error);
    if (cairn_pg_connected(pg))
        (void)!cairn_pg_script(pg, "rollback", NULL);
    return outcome;
}

int cairn_copy_repair(struct cairn_copy *copy, const struct cairn_rows *rows,
                      struct cairn_store *store, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    if (!copy->redis || copy->current || cairn_monotonic_us() < copy->retry_us)
        return 0;
    bool redis = false;
    struct cairn_error wrong = {0};
    int outcome = repair_in_snapshot(copy, rows, store, arena, &redis, &wrong);
    copy->current = outcome == 1;
    copy->retry_us = cairn_monotonic_us() + (redis || outcome == 0 ? RETRY_US : 0);
    if (outcome == 1)
        cairn_metric_add(&repairs, copy->generation.projection->name, 1);
    if (outcome >= 0 || redis)
        return 0;
    return cairn_fail(error, wrong.code, "%s", wrong.message);
}
