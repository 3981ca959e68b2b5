/* copy_repair.c - repairs a copy in Redis, a page at a time, while the projection continues; fills
 * and removes copies. redis_copy.h says why the result of a repair is correct. */
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "projection/tables/redis_copy.h"

#include <stdio.h>
#include <string.h>

/* More rows than a batch usually changes, so that the walk is faster than the projection. */
enum { PAGE = 2000 };

static struct cairn_metric repairs = CAIRN_COUNTER("cairn_projection_copy_repairs_total",
                                                   "Repairs of a copy in Redis.", "projection");

/* Returns the text after `pages` pages. */
static const char *repair_text(const struct cairn_copy *copy, int64_t pages,
                               struct cairn_arena *arena)
{
    return cairn_print(arena, "%" PRId64 " %" PRId64 " %" PRId64 " %s %" PRId64, copy->repair.epoch,
                       copy->repair.base, copy->repair.fence, copy->repair.mark, pages);
}

static void remember(struct cairn_copy *copy, const char *text)
{
    (void)snprintf(copy->repair.text, sizeof copy->repair.text, "%s", text);
    copy->due_us = cairn_monotonic_us(); /* the next page may follow */
}

/* Returns the position up to which the rows in Redis can be trusted, -1 for none. The text's own
 * position is excluded, since rows at it may have changed in a later revision. */
static int64_t trusted(const char *text, const struct cairn_checkpoint *committed)
{
    int64_t epoch = 0;
    int64_t position = 0;
    bool read = sscanf(text, "%" SCNd64 " %" SCNd64, &epoch, &position) == 2;
    bool good = read && epoch == committed->epoch && position >= 0;
    return good && position <= committed->position ? position - 1 : -1;
}

int cairn_repair_begin(struct cairn_copy *copy, const char *seen,
                       const struct cairn_checkpoint *committed, struct cairn_arena *arena)
{
    cairn_uuid_format(cairn_uuid_make(), copy->repair.mark);
    copy->repair.epoch = committed->epoch;
    copy->repair.fence = committed->fence;
    copy->repair.base = trusted(seen, committed);
    copy->repair.pages = 0;
    copy->repair.position = copy->repair.base + 1;
    copy->repair.sweeping = copy->repair.base < 0;
    (void)snprintf(copy->repair.cursor, sizeof copy->repair.cursor, "0");
    copy->repair.key[0] = '\0'; /* before any key at the first position that is not trusted */
    const char *text = repair_text(copy, 0, arena);
    int done = cairn_copy_put(copy, seen, text, committed->epoch, NULL, 0, arena);
    copy->repair.running = done == 1;
    if (done == 1)
        remember(copy, text);
    return done;
}

static void finish(struct cairn_copy *copy)
{
    copy->repair.running = false;
    cairn_metric_add(&repairs, copy->generation.projection->name, 1);
}

static void walk_on(struct cairn_copy *copy, const struct cairn_stored_row *last)
{
    copy->repair.pages++;
    copy->repair.position = last->position;
    (void)snprintf(copy->repair.key, sizeof copy->repair.key, "%s", last->key);
}

/* ---- removing untrusted rows ---- */

/* Lists some of the rows in Redis, from the cursor on. Returns 0 and sets *ret_count, or returns
 * Redis's error. */
static int scan(struct cairn_copy *copy, char *cursor, size_t cursor_size,
                struct cairn_arena *arena, struct cairn_stored_row **ret, size_t *ret_count)
{
    size_t prefix = strlen(copy->row_prefix);
    const char *pattern = cairn_print(arena, "%s*", copy->row_prefix);
    const struct cairn_redis_arg args[] = {CAIRN_ARG("SCAN"),  CAIRN_ARG(cursor),
                                           CAIRN_ARG("MATCH"), CAIRN_ARG(pattern),
                                           CAIRN_ARG("COUNT"), CAIRN_ARG("2000")};
    struct cairn_redis_reply reply = {0};
    int failed = cairn_copy_ask(copy, args, sizeof args / sizeof args[0], arena, &reply);
    if (failed)
        return failed;
    if (reply.count != 2 || reply.items[0].kind != CAIRN_REDIS_TEXT)
        return -CAIRN_BUG;
    (void)snprintf(cursor, cursor_size, "%s", reply.items[0].text);
    *ret_count = reply.items[1].count;
    *ret = cairn_new(arena, struct cairn_stored_row, *ret_count + 1);
    for (size_t i = 0; i < *ret_count; i++)
        (*ret)[i].key = reply.items[1].items[i].text + prefix;
    return 0;
}

static int sweep(struct cairn_copy *copy, struct cairn_arena *arena)
{
    struct cairn_stored_row *rows = NULL;
    size_t count = 0;
    copy->repair.running = false; /* after any failure the repair restarts */
    int failed = scan(copy, copy->repair.cursor, sizeof copy->repair.cursor, arena, &rows, &count);
    if (failed)
        return failed;
    const char *after = repair_text(copy, copy->repair.pages + 1, arena);
    int done =
        cairn_copy_put(copy, copy->repair.text, after, copy->repair.epoch, rows, count, arena);
    if (done != 1)
        return done;
    remember(copy, after);
    copy->repair.pages++;
    copy->repair.sweeping = strcmp(copy->repair.cursor, "0") != 0;
    copy->repair.running = true;
    return done;
}

int cairn_repair_page(struct cairn_copy *copy, const struct cairn_rows *rows, struct cairn_pg *pg,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_stored_row *page = NULL;
    struct cairn_checkpoint at;
    if (copy->repair.sweeping)
        return sweep(copy, arena);
    copy->repair.running = false; /* after any failure the repair restarts */
    int64_t count = cairn_rows_page(rows, pg, copy->repair.position, copy->repair.key, PAGE, arena,
                                    &page, &at, error);
    if (count < 0)
        return (int)count;
    bool last = count < PAGE;
    const char *after =
        last ? cairn_checkpoint_text(arena, &at) : repair_text(copy, copy->repair.pages + 1, arena);
    int done = cairn_copy_put(copy, copy->repair.text, after, at.epoch, page, (size_t)count, arena);
    if (done != 1)
        return done;
    remember(copy, after);
    if (last) {
        finish(copy);
        return done;
    }
    walk_on(copy, &page[count - 1]);
    copy->repair.running = true;
    return done;
}

/* ---- filling ---- */

int cairn_fill_begin(struct cairn_copy *copy, const struct cairn_checkpoint *at,
                     struct cairn_arena *arena)
{
    cairn_uuid_format(cairn_uuid_make(), copy->repair.mark);
    copy->repair.epoch = at->epoch;
    copy->repair.fence = at->fence;
    copy->repair.base = -1;
    copy->repair.pages = 0;
    const char *text = repair_text(copy, 0, arena);
    int done = cairn_copy_put(copy, "", text, at->epoch, NULL, 0, arena);
    if (done == 1)
        remember(copy, text);
    return done;
}

int cairn_fill_page(struct cairn_copy *copy, const struct cairn_stored_row *rows, size_t count,
                    struct cairn_arena *arena)
{
    const char *after = repair_text(copy, ++copy->repair.pages, arena);
    int done =
        cairn_copy_put(copy, copy->repair.text, after, copy->repair.epoch, rows, count, arena);
    if (done == 1)
        remember(copy, after);
    return done;
}

int cairn_fill_end(struct cairn_copy *copy, const struct cairn_checkpoint *at,
                   struct cairn_arena *arena)
{
    return cairn_copy_put(copy, copy->repair.text, cairn_checkpoint_text(arena, at), at->epoch,
                          NULL, 0, arena);
}

/* ---- removing a copy ---- */

int cairn_copy_remove(struct cairn_copy *copy, char *cursor, size_t size, struct cairn_arena *arena)
{
    struct cairn_stored_row *rows = NULL;
    struct cairn_redis_reply reply = {0};
    size_t count = 0;
    const struct cairn_redis_arg end[] = {CAIRN_ARG("DEL"), CAIRN_ARG(copy->checkpoint_key)};
    int failed = cairn_copy_ask(copy, end, 2, arena, &reply);
    if (!failed)
        failed = scan(copy, cursor, size, arena, &rows, &count);
    if (failed || count == 0)
        return failed;
    struct cairn_redis_arg *args = cairn_new(arena, struct cairn_redis_arg, count + 1);
    args[0] = CAIRN_ARG("UNLINK");
    for (size_t i = 0; i < count; i++)
        args[i + 1] = CAIRN_ARG(cairn_copy_key(copy, rows[i].key, arena));
    return cairn_copy_ask(copy, args, count + 1, arena, &reply);
}
