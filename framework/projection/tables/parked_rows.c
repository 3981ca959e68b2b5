/* parked_rows.c - parked keys: finds requests, retries events. */
#include "projection/tables/parked_rows.h"

#include "projection/tables/table_names.h"

#include <string.h>

/* ---- requests ---- */

int cairn_parked_look(const struct cairn_rows *rows, struct cairn_pg *pg, struct cairn_arena *arena,
                      struct cairn_parked_state *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, rows->generation.projection->name);
    cairn_pg_add_integer(&params, rows->generation.number);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(pg, &rows->parked, &params, &found, error);
    if (count < 0)
        return (int)count;
    ret->keys = cairn_pg_integer(found, 0, 0);
    ret->key = cairn_copy_text(arena, cairn_pg_text(found, 0, 1));
    ret->skip = !cairn_pg_null(found, 0, 2) && strcmp(cairn_pg_text(found, 0, 2), "skip") == 0;
    return 0;
}

static const struct cairn_statement give_up_statement = {
    .name = "give_up_parked",
    .sql = "update cairn.parked set request = null, reason = $4, attempts = attempts + 1,"
           "     parked_at = clock_timestamp()"
           " where projection = $1 and generation = $2 and key = $3 and request is not null",
};

int cairn_parked_give_up(const struct cairn_rows *rows, struct cairn_pg *pg, const char *key,
                         const char *why, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, rows->generation.projection->name);
    cairn_pg_add_integer(&params, rows->generation.number);
    cairn_pg_add_text(&params, key);
    cairn_pg_add_text(&params, why);
    int64_t done = cairn_pg_run(pg, &give_up_statement, &params, error);
    return done < 0 ? (int)done : 0;
}

/* ---- the events of a key ---- */

static const struct cairn_statement first_statement = {
    .name = "first_parked",
    .sql = "select p.position, count(*) over ()"
           " from (select position from cairn.parked"
           "     where projection = $1 and generation = $2 and key = $3"
           "     order by position limit $4) p order by p.position",
};

struct page {
    struct cairn_stored_event *events;
    size_t count;
    bool more; /* the key has further parked events */
};

static int read_event(struct cairn_store *store, int64_t position, struct cairn_arena *arena,
                      struct cairn_stored_event *ret, struct cairn_error *error)
{
    const struct cairn_stored_event *event = NULL;
    int64_t count =
        cairn_store_read_range(store, position - 1, position, NULL, arena, &event, error);
    if (count < 0)
        return (int)count;
    if (count == 0)
        return cairn_fail(error, CAIRN_DIVERGED,
                          "event %" PRId64 " is parked, and the log does not have it", position);
    *ret = event[0];
    return 0;
}

static int read_page(const struct cairn_rows *rows, struct cairn_store *store,
                     const struct cairn_parked_try *ask, struct cairn_arena *arena,
                     struct page *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, rows->generation.projection->name);
    cairn_pg_add_integer(&params, rows->generation.number);
    cairn_pg_add_text(&params, ask->key);
    cairn_pg_add_integer(&params, ask->limit + 1);
    CAIRN_PG_RESULT *found = NULL;
    int64_t count = cairn_pg_call(cairn_store_pg(store), &first_statement, &params, &found, error);
    if (count < 0)
        return (int)count;
    ret->more = count > ask->limit;
    ret->count = (size_t)(ret->more ? ask->limit : count);
    ret->events = cairn_new(arena, struct cairn_stored_event, ret->count + 1);
    int failed = 0;
    for (size_t i = 0; i < ret->count && !failed; i++)
        failed = read_event(store, cairn_pg_integer(found, (int64_t)i, 0), arena, &ret->events[i],
                            error);
    return failed;
}

/* ---- folding them ---- */

struct retry {
    const struct cairn_rows *rows;
    struct cairn_pg *pg;
    const char *key;
    int64_t skipped;
};

static bool is_wanted(void *context, int64_t position, const char *key)
{
    const struct retry *retry = context;
    return position != retry->skipped && strcmp(key, retry->key) == 0;
}

/* Loads the row, as it was before its first parked event, and clears its mark. */
static int load(void *context, struct cairn_fold *fold, struct cairn_error *error)
{
    const struct retry *retry = context;
    struct cairn_fold_row *row = cairn_fold_row(fold, retry->key);
    int failed = cairn_rows_load(retry->rows, retry->pg, fold, error);
    row->parked = false;
    return failed;
}

/* Returns the row as it is to be stored, with the checkpoint's position: repairs of a copy find it
 * by that. */
static struct cairn_stored_row stored(struct cairn_fold *fold, const char *key, bool parked,
                                      const struct cairn_checkpoint *from)
{
    const struct cairn_stored_row *changed = NULL;
    struct cairn_fold_row *row = cairn_fold_row(fold, key);
    row->changed = true;
    row->position = from->position;
    row->parked = parked;
    (void)cairn_rows_changed(fold, &changed);
    return *changed;
}

/* Returns the position of the first event of the page after `position`. */
static int64_t next_position(const struct page *page, int64_t position)
{
    size_t i = 0;
    while (i + 1 < page->count && page->events[i].position <= position)
        i++;
    return page->events[i].position;
}

int cairn_parked_retry(const struct cairn_rows *rows, struct cairn_store *store,
                       const struct cairn_parked_try *ask, const struct cairn_checkpoint *from,
                       struct cairn_arena *arena, struct cairn_stored_row *ret, int64_t *ret_last,
                       struct cairn_error *error)
{
    struct page page = {0};
    struct cairn_fold_batch batch;
    int failed = read_page(rows, store, ask, arena, &page, error);
    if (failed || page.count == 0)
        return failed ? failed : cairn_fail(error, CAIRN_NOT_FOUND, "nothing is parked there");
    struct retry retry = {.rows = rows,
                          .pg = cairn_store_pg(store),
                          .key = ask->key,
                          .skipped = ask->skip ? page.events[0].position : 0};
    *ret_last = page.events[page.count - 1].position;
    const struct cairn_fold_input events = {.events = page.events,
                                            .count = page.count,
                                            .to = *ret_last,
                                            .load = load,
                                            .wants = is_wanted,
                                            .context = &retry,
                                            .refused = ask->refused,
                                            .refused_count = ask->refused ? 1 : 0};
    failed = cairn_fold_events(rows->generation.projection, &events, arena, &batch, error);
    if (failed)
        return failed;
    const struct cairn_park *stuck = batch.park_count ? &batch.parks[0] : NULL;
    const struct cairn_park stopped = {
        .key = ask->key, .position = next_position(&page, batch.position), .reason = batch.problem};
    if (!stuck && batch.problem[0])
        stuck = &stopped;
    *ret = stored(&batch.fold, ask->key, stuck || page.more, from);
    const struct cairn_rows_retry change = {.row = ret,
                                            .through = stuck ? stuck->position - 1 : *ret_last,
                                            .skipped = retry.skipped,
                                            .failed = stuck,
                                            .goes_on = !stuck && page.more};
    return cairn_rows_retry(rows, retry.pg, &change, from, arena, error);
}
