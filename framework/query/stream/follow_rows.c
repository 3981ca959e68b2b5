/* follow_rows.c - reads the changed rows of followed read models and shows them.
 *
 *     keys    of the rows that changed after the followed position, one page at a time, in the
 *             order of the index on (_position, _key); those that are topics become dirty
 *     rows    of the dirty topics
 *
 * A row that changes between the two is read in its newer state and its key is read again later: it
 * is shown once. Each statement includes the checkpoint in its snapshot, so what it does not return
 * did not exist at that checkpoint. */
#include "core/report/log.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "query/models/query_context.h"
#include "query/models/read_sql.h"
#include "query/stream/topics.h"
#include "record/json.h"
#include "store/read/token.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_PAGE = 1000, ROWS_PAGE = 200 };
/* Minimum interval between log lines about unreadable rows. */
#define COMPLAIN_US CAIRN_SECONDS(60)

/* The statements for one read model. */
struct cairn_follow {
    int64_t generation; /* 0: none yet */
    struct cairn_arena arena;
    struct cairn_statement keys;
    struct cairn_statement rows;
};

struct cairn_follow *cairn_follow_open(size_t models)
{
    return cairn_allocate((models + 1) * sizeof(struct cairn_follow));
}

void cairn_follow_close(struct cairn_follow *follows, size_t models)
{
    for (size_t i = 0; i < models; i++)
        cairn_arena_close(&follows[i].arena);
    free(follows);
}

static struct cairn_statement make(struct cairn_query_live *live, struct cairn_arena *arena,
                                   const char *sql)
{
    return (struct cairn_statement){cairn_print(arena, "follow_%" PRId64, ++live->statement_count),
                                    sql};
}

static struct cairn_follow *prepare_follow(struct cairn_query_live *live, size_t model,
                                           const struct cairn_query_known *known)
{
    struct cairn_follow *follow = &live->follows[model];
    struct cairn_arena *arena = &follow->arena;
    if (follow->generation == known->generation)
        return follow;
    cairn_arena_reset(arena);
    follow->generation = known->generation;
    follow->keys =
        make(live, arena, cairn_query_sql_changed(arena, known->projection, known->generation));
    follow->rows =
        make(live, arena, cairn_query_sql_by_keys(arena, known->projection, known->generation));
    return follow;
}

static struct cairn_pg_params params_of(const struct cairn_query_known *known,
                                        struct cairn_arena *scratch)
{
    struct cairn_pg_params params = {.arena = scratch};
    cairn_pg_add_text(&params, known->projection->name);
    cairn_pg_add_integer(&params, known->generation);
    return params;
}

/* ---- keys ---- */

static void mark_dirty(struct cairn_query_live *live, size_t model, const char *key)
{
    struct cairn_topic *at = cairn_topic_first(live, model, key);
    for (; at; at = cairn_topic_next(at))
        cairn_topic_mark_dirty(live, at);
}

/* Advances to the start of the next page: after the last key, or after the checkpoint if this page
 * was the last. */
static void move(struct cairn_followed *followed, const struct cairn_pg_result *rows, int64_t count)
{
    free(followed->key);
    if (count == KEYS_PAGE) {
        followed->position = cairn_pg_integer(rows, count - 1, 2);
        followed->key = cairn_duplicate(cairn_pg_text(rows, count - 1, 1));
        return;
    }
    int64_t position = cairn_pg_integer(rows, 0, 0);
    followed->position = position > followed->position ? position : followed->position;
    followed->key = NULL;
}

/* Returns 1 if there may be more, 0 if not. */
static int follow_page(struct cairn_query_live *live, size_t model,
                       const struct cairn_query_known *known, struct cairn_pg *pg,
                       struct cairn_arena *scratch, struct cairn_error *error)
{
    struct cairn_followed *followed = &live->followed[model];
    struct cairn_pg_params params = params_of(known, scratch);
    cairn_lock(&live->lock);
    cairn_pg_add_integer(&params, followed->key ? followed->position : followed->position + 1);
    cairn_pg_add_text(&params, cairn_copy_text(scratch, followed->key ? followed->key : ""));
    cairn_unlock(&live->lock);
    cairn_pg_add_integer(&params, KEYS_PAGE);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &live->follows[model].keys, &params, &rows, error);
    if (count <= 0)
        return (int)count;
    cairn_lock(&live->lock);
    for (int64_t i = 0; i < count && !cairn_pg_null(rows, i, 1); i++)
        mark_dirty(live, model, cairn_pg_text(rows, i, 1));
    move(followed, rows, count);
    cairn_unlock(&live->lock);
    return count == KEYS_PAGE;
}

/* ---- rows ---- */

/* Copies some keys of dirty topics and marks these clean: later changes are noticed separately. */
static size_t take_dirty(struct cairn_query_live *live, size_t model, struct cairn_arena *scratch,
                         const char **ret)
{
    size_t count = 0;
    cairn_lock(&live->lock);
    for (size_t i = 0; i < CAIRN_BUCKETS && live->followed[model].dirty && count < ROWS_PAGE; i++) {
        for (struct cairn_topic *at = live->buckets[i]; at && count < ROWS_PAGE; at = at->next) {
            if (!at->dirty || at->place != model)
                continue;
            ret[count++] = cairn_copy_text(scratch, at->key);
            at->dirty = false;
            live->followed[model].dirty--;
        }
    }
    cairn_unlock(&live->lock);
    return count;
}

static void mark_all_dirty(struct cairn_query_live *live, size_t model, const char *const *keys,
                           size_t count)
{
    cairn_lock(&live->lock);
    for (size_t i = 0; i < count; i++)
        mark_dirty(live, model, keys[i]);
    cairn_unlock(&live->lock);
}

/* Encodes the row as a query by key would answer it, and returns its struct, too. */
static int read_json(const struct cairn_query_known *known, const struct cairn_pg_result *rows,
                     int64_t i, struct cairn_arena *scratch, const char **ret, const void **ret_row,
                     struct cairn_error *error)
{
    const struct cairn_record *record = known->projection->row;
    void *value = cairn_arena_alloc(scratch, record->size, record->align);
    struct cairn_buffer out = cairn_buffer(scratch);
    int failed = cairn_record_decode(record, cairn_pg_text(rows, i, CAIRN_QUERY_JSON),
                                     cairn_pg_bytes(rows, i, CAIRN_QUERY_JSON), CAIRN_LENIENT,
                                     scratch, value, NULL);
    if (failed)
        return cairn_fail(error, CAIRN_BUG, "row %s of read model %s cannot be read",
                          cairn_pg_text(rows, i, CAIRN_QUERY_KEY), known->projection->name);
    cairn_record_encode(record, value, &out);
    *ret = out.text;
    *ret_row = value;
    return 0;
}

/* Shows the row to its topics; `row` is NULL if it was deleted. To readers that see another owner's
 * rows it is shown as deleted, too. */
static void show_to_all(struct cairn_query_live *live, size_t model,
                        const struct cairn_query_state *state, const void *row)
{
    cairn_lock(&live->lock);
    struct cairn_topic *at = cairn_topic_first(live, model, state->key);
    for (; at; at = cairn_topic_next(at)) {
        struct cairn_query_state seen = *state;
        if (row && !cairn_query_owner_sees(&at->owner, row))
            seen.json = NULL;
        cairn_topic_show(live, at, &seen);
    }
    cairn_unlock(&live->lock);
}

/* A row that cannot be read stays as last shown; this is logged at most every COMPLAIN_US. */
static void log_failure(struct cairn_query_live *live, const struct cairn_error *error)
{
    if (cairn_monotonic_us() < live->complain_us)
        return;
    live->complain_us = cairn_monotonic_us() + COMPLAIN_US;
    cairn_log_error(CAIRN_LOG_ERROR, "a row that is followed cannot be read", error);
}

static void show_row(struct cairn_query_live *live, size_t model,
                     const struct cairn_query_known *known, const struct cairn_pg_result *rows,
                     int64_t i, struct cairn_arena *scratch)
{
    struct cairn_error error = {0};
    const void *row = NULL;
    struct cairn_query_state state = {
        .key = cairn_pg_text(rows, i, CAIRN_QUERY_KEY),
        .generation = known->generation,
        .changed = cairn_pg_integer(rows, i, CAIRN_QUERY_CHANGED),
        .position = cairn_pg_integer(rows, i, CAIRN_QUERY_POSITION),
        .timeline = &known->timeline,
    };
    if (!cairn_pg_bool(rows, i, CAIRN_QUERY_IS_DELETED) &&
        read_json(known, rows, i, scratch, &state.json, &row, &error) < 0) {
        log_failure(live, &error);
        return;
    }
    show_to_all(live, model, &state, row);
}

/* Shows rows that are missing in the new generation as deleted. */
static void show_missing(struct cairn_query_live *live, size_t model,
                         const struct cairn_query_known *known, const char *const *keys,
                         size_t count)
{
    cairn_lock(&live->lock);
    for (size_t i = 0; i < count; i++) {
        struct cairn_topic *at = cairn_topic_first(live, model, keys[i]);
        const struct cairn_query_state state = {.key = keys[i],
                                                .generation = known->generation,
                                                .changed = known->position,
                                                .position = known->position,
                                                .timeline = &known->timeline};
        for (; at; at = cairn_topic_next(at)) {
            if (at->generation != known->generation && !at->dirty)
                cairn_topic_show(live, at, &state);
        }
    }
    cairn_unlock(&live->lock);
}

/* Returns 1 if there may be more, 0 if not. */
static int show_page(struct cairn_query_live *live, size_t model,
                     const struct cairn_query_known *known, struct cairn_pg *pg,
                     struct cairn_arena *scratch, struct cairn_error *error)
{
    const char **keys = cairn_new(scratch, const char *, ROWS_PAGE);
    size_t wanted = take_dirty(live, model, scratch, keys);
    if (wanted == 0)
        return 0;
    struct cairn_pg_params params = params_of(known, scratch);
    cairn_pg_add_texts(&params, keys, sizeof *keys, wanted);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &live->follows[model].rows, &params, &rows, error);
    if (count < 0) {
        mark_all_dirty(live, model, keys, wanted);
        return (int)count;
    }
    for (int64_t i = 0; i < count && !cairn_pg_null(rows, i, CAIRN_QUERY_KEY); i++)
        show_row(live, model, known, rows, i, scratch);
    show_missing(live, model, known, keys, wanted);
    return wanted == ROWS_PAGE;
}

/* ---- a model ---- */

static bool is_of(const struct cairn_followed *followed, const struct cairn_query_known *known)
{
    return followed->generation == known->generation &&
           cairn_timeline_equal(&followed->timeline, &known->timeline);
}

/* A new generation may be behind the previous one, whose states readers have seen: it is not shown
 * until it is at or past all of them. */
static bool is_behind(const struct cairn_followed *followed, const struct cairn_query_known *known)
{
    return cairn_timeline_equal(&followed->timeline, &known->timeline) &&
           known->position < followed->shown;
}

/* `again`: shown positions are of another history or generation and no longer comparable. */
static void soil_topics(struct cairn_query_live *live, size_t place, bool again)
{
    for (size_t i = 0; i < CAIRN_BUCKETS; i++) {
        for (struct cairn_topic *at = live->buckets[i]; at; at = at->next) {
            if (at->place != place)
                continue;
            cairn_topic_mark_dirty(live, at);
            at->position = again ? 0 : at->position;
        }
    }
}

void cairn_follow_mark_all_dirty(struct cairn_query_live *live, size_t place)
{
    soil_topics(live, place, false);
}

/* Another generation is shown, or the store has another history: every topic is read again. */
static void begin_again(struct cairn_query_live *live, size_t place,
                        const struct cairn_query_known *known)
{
    struct cairn_followed *followed = &live->followed[place];
    soil_topics(live, place, true);
    followed->generation = known->generation;
    followed->timeline = known->timeline;
    followed->position = known->position;
    followed->shown = known->position;
    followed->revision = known->revision;
    free(followed->key);
    followed->key = NULL;
}

/* Parked rows that are retried with success are written at the checkpoint's position, which stays;
 * the checkpoint's revision changes instead. The rows of that position are read again. */
static void look_back(struct cairn_followed *followed, const struct cairn_query_known *known)
{
    if (!followed->topics || known->revision == followed->revision)
        return;
    followed->revision = known->revision;
    if (!followed->key)
        followed->key = cairn_duplicate("");
}

bool cairn_follow_look(struct cairn_query_live *live, size_t place,
                       const struct cairn_query_known *known, bool *ret_moved)
{
    struct cairn_followed *followed = &live->followed[place];
    *ret_moved = false;
    if (known->epoch != known->timeline.epoch)
        return false; /* after a recovery: its rows are of the abandoned history */
    cairn_lock(&live->lock);
    bool other = followed->topics && !is_of(followed, known);
    bool behind = other && is_behind(followed, known);
    if (other && !behind)
        begin_again(live, place, known);
    if (!other)
        look_back(followed, known);
    *ret_moved = followed->topics && (followed->key || known->position > followed->position);
    bool wanted = *ret_moved || followed->dirty;
    cairn_unlock(&live->lock);
    return wanted && !behind;
}

static int follow(struct cairn_query_live *live, size_t model,
                  const struct cairn_query_known *known, struct cairn_pg *pg,
                  struct cairn_arena *scratch, struct cairn_error *error)
{
    bool moved = false;
    if (!cairn_follow_look(live, model, known, &moved))
        return 0;
    (void)prepare_follow(live, model, known);
    int more = moved;
    while (more > 0)
        more = follow_page(live, model, known, pg, scratch, error);
    for (more = more < 0 ? more : 1; more > 0;)
        more = show_page(live, model, known, pg, scratch, error);
    return more;
}

static bool has_pages(struct cairn_query_live *live)
{
    size_t count = 0;
    cairn_lock(&live->lock);
    for (size_t i = 0; i < live->model_count; i++)
        count += live->followed[live->model_count + i].topics;
    cairn_unlock(&live->lock);
    return count > 0;
}

/* A generation that is dropped while it is read is noticed by the next look. A read model that
 * cannot be read does not block the others; `error` is of the first failure. */
int cairn_query_live_follow(struct cairn_query_live *live, struct cairn_pg *pg,
                            struct cairn_arena *scratch, struct cairn_error *error)
{
    struct cairn_query_known known;
    int first = 0;
    for (size_t i = 0; i < live->model_count; i++) {
        struct cairn_error why = {0};
        int failed = 0;
        if (cairn_query_models_get(live->models, i, &known, NULL) == 0)
            failed = follow(live, i, &known, pg, scratch, &why);
        if (failed < 0 && !first) {
            first = failed;
            *error = why;
        }
    }
    if (has_pages(live))
        live->page_news(live->page_context);
    return first;
}
