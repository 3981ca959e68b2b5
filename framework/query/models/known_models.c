/* known_models.c - the process's knowledge of its read models, under one lock.
 *
 * The Redis key names are created for each new generation and timeline; the previous ones are kept,
 * since requests in progress point to them and they are few. */
#include "query/models/known_models.h"

#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "projection/tables/table_names.h"
#include "store/read/token.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* How long the knowledge is valid while PostgreSQL is unavailable: a generation that is no longer
 * read is usually kept that long, and its copy in Redis has its own checkpoint. */
#define KEPT_US CAIRN_HOURS(1)
#define FLOOR_US CAIRN_SECONDS(10) /* how long the floor applies after a switch */
enum { FAILURES_MAX = 50 };        /* of the copy, in a row */

struct model {
    const struct cairn_projection *projection; /* constant: read without the lock */
    struct cairn_query_known known;
    int64_t looked_us;           /* monotonic: start of the look that `known` is from; 0: none */
    int64_t unbuilt_us;          /* monotonic: since when nothing builds it; 0: something has */
    bool unbuilt_told;           /* and it was returned as such */
    int failures;                /* of the copy, since its last success */
    atomic_llong shown;          /* newest position shown, in this timeline */
    atomic_llong floor_until_us; /* monotonic: end of the floor */
};

struct cairn_query_models {
    atomic_int passed_over; /* number of failing copies */
    pthread_mutex_t lock;
    struct cairn_arena arena; /* for the names */
    size_t count;
    struct model *all;
};

static struct cairn_metric copies =
    CAIRN_GAUGE("cairn_query_copy_passed_over",
                "1 while the copy in Redis lacks the generation or is behind.", "projection");

/* ---- life ---- */

static void add(struct cairn_query_models *models, const struct cairn_projection *projection)
{
    for (size_t i = 0; i < models->count; i++) {
        if (models->all[i].projection == projection)
            return;
    }
    models->all = cairn_reallocate(models->all, (models->count + 1) * sizeof *models->all);
    models->all[models->count++] =
        (struct model){.projection = projection, .known.projection = projection};
}

struct cairn_query_models *cairn_query_models_open(const struct cairn_resource *const tables[])
{
    struct cairn_query_models *models = cairn_allocate(sizeof *models);
    cairn_lock_init(&models->lock);
    for (size_t i = 0; tables[i]; i++) {
        for (const struct cairn_resource *at = tables[i]; at->path; at++)
            add(models, at->projection);
    }
    return models;
}

void cairn_query_models_close(struct cairn_query_models *models)
{
    cairn_lock_destroy(&models->lock);
    cairn_arena_close(&models->arena);
    free(models->all);
    free(models);
}

size_t cairn_query_models_count(const struct cairn_query_models *models)
{
    return models->count;
}

size_t cairn_query_models_find(const struct cairn_query_models *models,
                               const struct cairn_projection *projection)
{
    size_t i = 0;
    while (models->all[i].projection != projection)
        i++;
    return i;
}

/* ---- known state ---- */

int cairn_query_models_get(struct cairn_query_models *models, size_t model,
                           struct cairn_query_known *ret, struct cairn_error *error)
{
    const struct model *at = &models->all[model];
    cairn_lock(&models->lock);
    *ret = at->known;
    bool known = at->looked_us && cairn_monotonic_us() - at->looked_us < KEPT_US;
    cairn_unlock(&models->lock);
    if (!known)
        return cairn_fail(
            error, CAIRN_UNAVAILABLE,
            "it is not known which generation of %s is complete: PostgreSQL is unavailable",
            ret->projection->name);
    if (!ret->generation && !ret->is_begun)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "the read model %s does not exist: no projector has begun to build its "
                          "version %d, which a running service has to list as a projection",
                          ret->projection->name, ret->projection->version);
    if (!ret->generation)
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "the read model %s is being built: no generation of its version %d is "
                          "complete yet",
                          ret->projection->name, ret->projection->version);
    return 0;
}

/* ---- looking ---- */

static const struct cairn_statement look_statement = {
    .name = "look",
    .sql = "select s.store_id, s.epoch, g.generation, k.epoch, k.position, k.revision,"
           " exists (select from cairn.generations b where b.projection = w.name"
           "     and b.code_version = w.version and b.state <> 'dropped')"
           " from cairn.store s"
           " cross join unnest($1::text[], $2::bigint[]) with ordinality as w(name, version, n)"
           " left join cairn.generations g on g.projection = w.name and g.code_version = w.version"
           "     and g.serving"
           " left join cairn.checkpoints k on k.projection = w.name"
           "     and k.generation = g.generation and k.shard = 0"
           " where s.single order by w.n",
};

static bool is_same(const struct cairn_query_known *a, const struct cairn_query_known *b)
{
    return a->generation == b->generation && cairn_timeline_equal(&a->timeline, &b->timeline);
}

static void name_keys(struct cairn_query_models *models, struct cairn_query_known *known)
{
    const char *name = known->projection->name;
    known->row_prefix =
        cairn_redis_row_prefix(&models->arena, &known->timeline, name, known->generation);
    known->checkpoint_key =
        cairn_redis_checkpoint_key(&models->arena, &known->timeline, name, known->generation);
}

/* Positions of another timeline are not comparable with this one's. */
static void raise_floor(struct model *model, const struct cairn_query_known *now)
{
    const struct cairn_query_known *before = &model->known;
    if (!cairn_timeline_equal(&now->timeline, &before->timeline))
        atomic_store(&model->shown, 0);
    else if (before->generation && now->generation != before->generation)
        atomic_store(&model->floor_until_us, cairn_monotonic_us() + FLOOR_US);
}

/* A null generation (none is complete) reads as 0. */
static void publish(struct cairn_query_models *models, const struct cairn_pg_result *rows, size_t i,
                    int64_t begun_us)
{
    struct model *model = &models->all[i];
    struct cairn_query_known now = model->known;
    int64_t row = (int64_t)i;
    if (begun_us < model->looked_us)
        return; /* another thread looked later and published first */
    now.timeline =
        (struct cairn_timeline){cairn_pg_uuid(rows, row, 0), cairn_pg_integer(rows, row, 1)};
    now.generation = cairn_pg_integer(rows, row, 2);
    now.epoch = cairn_pg_integer(rows, row, 3);
    now.position = cairn_pg_integer(rows, row, 4);
    now.revision = cairn_pg_integer(rows, row, 5);
    now.is_begun = cairn_pg_bool(rows, row, 6);
    if (now.generation && !is_same(&now, &model->known))
        name_keys(models, &now);
    raise_floor(model, &now);
    if (now.is_begun)
        model->unbuilt_us = 0;
    else if (!model->unbuilt_us)
        model->unbuilt_us = begun_us;
    model->known = now;
    model->looked_us = begun_us;
}

int cairn_query_models_look(struct cairn_query_models *models, struct cairn_pg *pg,
                            struct cairn_arena *scratch, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = scratch};
    struct cairn_pg_array names = cairn_pg_array(CAIRN_PG_TEXTS, scratch);
    struct cairn_pg_array versions = cairn_pg_array(CAIRN_PG_INTEGERS, scratch);
    int64_t begun_us = cairn_monotonic_us();
    for (size_t i = 0; i < models->count; i++) {
        cairn_pg_array_text(&names, models->all[i].projection->name);
        cairn_pg_array_integer(&versions, models->all[i].projection->version);
    }
    cairn_pg_add_array(&params, &names);
    cairn_pg_add_array(&params, &versions);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &look_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count != (int64_t)models->count)
        return cairn_fail(error, CAIRN_SCHEMA, "cairn.store has no row");
    cairn_lock(&models->lock);
    for (size_t i = 0; i < models->count; i++)
        publish(models, rows, i, begun_us);
    cairn_unlock(&models->lock);
    return 0;
}

const struct cairn_projection *cairn_query_models_unbuilt(struct cairn_query_models *models,
                                                          int64_t for_us)
{
    const struct cairn_projection *found = NULL;
    int64_t since_us = cairn_monotonic_us() - for_us;
    cairn_lock(&models->lock);
    for (size_t i = 0; i < models->count && !found; i++) {
        struct model *model = &models->all[i];
        if (!model->unbuilt_us || model->unbuilt_us > since_us || model->unbuilt_told)
            continue;
        model->unbuilt_told = true;
        found = model->projection;
    }
    cairn_unlock(&models->lock);
    return found;
}

/* ---- the copy ---- */

void cairn_query_models_served(struct cairn_query_models *models, size_t model, bool served)
{
    struct model *at = &models->all[model];
    cairn_lock(&models->lock);
    at->failures = served ? 0 : at->failures + 1;
    bool opens = at->failures == FAILURES_MAX && !at->known.copy_fails;
    if (opens)
        at->known.copy_fails = true;
    cairn_unlock(&models->lock);
    if (!opens)
        return;
    atomic_fetch_add(&models->passed_over, 1);
    cairn_metric_set(&copies, at->projection->name, 1);
}

void cairn_query_models_mend(struct cairn_query_models *models, size_t model, int64_t generation,
                             int64_t epoch, int64_t position)
{
    struct model *at = &models->all[model];
    cairn_lock(&models->lock);
    bool mended = at->known.copy_fails && generation == at->known.generation &&
                  epoch == at->known.timeline.epoch && position >= at->known.position;
    if (mended) {
        at->known.copy_fails = false;
        at->failures = 0;
    }
    cairn_unlock(&models->lock);
    if (!mended)
        return;
    atomic_fetch_sub(&models->passed_over, 1);
    cairn_metric_set(&copies, at->projection->name, 0);
}

bool cairn_query_models_passed_over(const struct cairn_query_models *models)
{
    return atomic_load_explicit(&models->passed_over, memory_order_relaxed) > 0;
}

/* ---- monotonic reads ---- */

void cairn_query_models_shown(struct cairn_query_models *models, size_t model, int64_t position)
{
    atomic_llong *shown = &models->all[model].shown;
    long long before = atomic_load_explicit(shown, memory_order_relaxed);
    while (before < position &&
           !atomic_compare_exchange_weak_explicit(shown, &before, position, memory_order_relaxed,
                                                  memory_order_relaxed))
        continue;
}

int64_t cairn_query_models_floor(const struct cairn_query_models *models, size_t model)
{
    const struct model *at = &models->all[model];
    int64_t until_us = atomic_load_explicit(&at->floor_until_us, memory_order_relaxed);
    return until_us && cairn_monotonic_us() < until_us ? atomic_load(&at->shown) : 0;
}
