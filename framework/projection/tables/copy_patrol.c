/* copy_patrol.c - puts back single rows that are missing from a Redis copy: evicted, expired, or
 * deleted by hand. Queries fall back to PostgreSQL for such a row, and nothing else restores it.
 *
 * One page of keys per second, cyclically: a million rows are checked in half an hour. The
 * alternative, a report from the query that misses a row, would need a channel from query services
 * back to projectors. */
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "projection/tables/redis_copy.h"

#include <stdio.h>
#include <string.h>

#define PAUSE_US CAIRN_SECONDS(1)
enum {
    PAGE = 500,
    BACK_MAX = 50
}; /* keys that are checked, and rows that are put back, in one round */

static struct cairn_metric put_back =
    CAIRN_COUNTER("cairn_projection_copy_put_back_total",
                  "Rows that had gone from the copy in Redis and were put back.", "projection");

/* KEYS: rows. Returns the 1-based indexes of those that do not exist. */
static const struct cairn_redis_script missing_script = {
    "local missing = {}\n"
    "for i = 1, #KEYS do\n"
    "  if redis.call('exists', KEYS[i]) == 0 then missing[#missing + 1] = i end\n"
    "end\n"
    "return missing\n",
};

/* Finds the rows that are not in Redis. Returns 0 or Redis's error. */
static int find_missing(struct cairn_copy *copy, const char *const *keys, size_t count,
                        struct cairn_arena *arena, struct cairn_redis_reply *ret)
{
    struct cairn_error error = {0};
    struct cairn_redis_arg *names = cairn_new(arena, struct cairn_redis_arg, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = CAIRN_ARG(cairn_copy_key(copy, keys[i], arena));
    int failed =
        cairn_redis_eval(copy->redis, &missing_script, names, count, NULL, 0, arena, ret, &error);
    if (failed) /* no further patrol before the copy is checked */
        cairn_copy_doubt(copy);
    return failed;
}

/* Reads the missing rows, as far as they can be read, from PostgreSQL. Returns their number. */
static size_t get_rows(const struct cairn_rows *rows, struct cairn_pg *pg, const char *const *keys,
                       const struct cairn_redis_reply *missing, struct cairn_arena *arena,
                       struct cairn_stored_row *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < missing->count && found < BACK_MAX; i++) {
        struct cairn_error error = {0};
        const char *key = keys[missing->items[i].integer - 1];
        if (cairn_rows_get(rows, pg, key, arena, &ret[found], &error) == 0 && ret[found].json)
            found++;
    }
    return found;
}

static void put_rows_back(struct cairn_copy *copy, const struct cairn_stored_row *rows,
                          size_t count, const struct cairn_checkpoint *committed,
                          struct cairn_arena *arena)
{
    const char *text = cairn_checkpoint_text(arena, committed);
    const char *name = copy->generation.projection->name;
    int done = cairn_copy_put(copy, text, text, committed->epoch, rows, count, arena);
    if (done == 0)
        cairn_copy_doubt(copy);
    if (done != 1)
        return;
    cairn_metric_add(&put_back, name, (int64_t)count);
    cairn_log(CAIRN_LOG_WARN, "rows had gone from the copy in Redis and were put back",
              CAIRN_LOG_TEXT("projection", name), CAIRN_LOG_INTEGER("rows", (int64_t)count));
}

int cairn_copy_patrol(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                      const struct cairn_checkpoint *committed, struct cairn_arena *arena,
                      struct cairn_error *error)
{
    const char **keys = NULL;
    struct cairn_redis_reply missing = {0};
    if (cairn_monotonic_us() < copy->patrol.due_us)
        return 0;
    copy->patrol.due_us = cairn_monotonic_us() + PAUSE_US;
    int64_t count = cairn_rows_keys(rows, pg, copy->patrol.key, PAGE, arena, &keys, error);
    if (count < 0)
        return (int)count;
    (void)snprintf(copy->patrol.key, sizeof copy->patrol.key, "%s",
                   count == PAGE ? keys[count - 1] : "");
    if (count == 0 || find_missing(copy, keys, (size_t)count, arena, &missing) < 0)
        return 0;
    struct cairn_stored_row *found = cairn_new(arena, struct cairn_stored_row, BACK_MAX);
    size_t found_count = get_rows(rows, pg, keys, &missing, arena, found);
    if (found_count)
        put_rows_back(copy, found, found_count, committed, arena);
    return 0;
}
