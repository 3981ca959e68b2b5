/* place.c - how process managers and reactors hold a place in the log. */
#include "process/place.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"
#include "process/checkpoint.h"

#include <stdio.h>
#include <string.h>

#define LEASE_US CAIRN_MILLISECONDS(500)   /* longest wait for the lease in one call */
#define TROUBLE_US CAIRN_MILLISECONDS(100) /* after a first failure; doubled up to … */
#define TROUBLE_MAX_US CAIRN_SECONDS(1)    /* … this */
#define ALIEN_US CAIRN_SECONDS(5)          /* how long a newer binary may keep the lease */

enum { RANGE = 500 };

static struct cairn_metric lag =
    CAIRN_GAUGE("cairn_follower_lag", "Positions behind the head of the log.", "follower");

struct cairn_pg *cairn_place_pg(const struct cairn_place *place)
{
    return cairn_store_pg(place->store);
}

/* ---- visible state ---- */

/* Updates the visible state. A reactor's lag counts from the checkpoint: not all it has read is
 * handled. */
static void show(struct cairn_place *place, const char *problem)
{
    (void)pthread_mutex_lock(&place->lock);
    place->shown.leads = place->fence != 0;
    place->shown.lag = place->head - (place->process ? place->position : place->checkpoint);
    (void)snprintf(place->shown.problem, sizeof place->shown.problem, "%s", problem);
    (void)pthread_mutex_unlock(&place->lock);
}

struct cairn_follower_state cairn_place_state(struct cairn_place *place)
{
    (void)pthread_mutex_lock(&place->lock);
    struct cairn_follower_state shown = place->shown;
    (void)pthread_mutex_unlock(&place->lock);
    return shown;
}

/* ---- the lease ---- */

int64_t cairn_place_wait(struct cairn_place *place)
{
    cairn_arena_reset(&place->batch);
    return cairn_lease_wait(place->lease, cairn_monotonic_us() + LEASE_US);
}

int cairn_place_hold(struct cairn_place *place, int64_t fence, struct cairn_error *error)
{
    int failed = cairn_pg_ready(cairn_place_pg(place), error);
    if (failed)
        return failed;
    return place->fence == fence && place->connection == cairn_pg_generation(cairn_place_pg(place));
}

int cairn_place_take(struct cairn_place *place, int64_t fence, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_place_pg(place);
    int failed = cairn_checkpoint_begin(pg, place->name, place->process, place->from_start, error);
    if (failed)
        return failed;
    int64_t position = cairn_checkpoint_take(pg, place->name, fence, error);
    if (position == -CAIRN_CONFLICT) /* fence raised by a rebuild: the next lease exceeds it */
        cairn_lease_yield(place->lease, 0);
    if (position < 0)
        return (int)position;
    place->fence = fence;
    place->connection = cairn_pg_generation(pg);
    place->checkpoint = place->position = position;
    place->told = false; /* the table may hold the problem of another process */
    cairn_log(CAIRN_LOG_INFO, "running", CAIRN_LOG_TEXT("follower", place->name),
              CAIRN_LOG_INTEGER("position", position), CAIRN_LOG_INTEGER("fence", fence));
    return 0;
}

void cairn_place_give_way(struct cairn_place *place)
{
    cairn_lease_yield(place->lease, ALIEN_US);
}

/* ---- the log ---- */

int cairn_place_look(struct cairn_place *place, struct cairn_error *error)
{
    int64_t head = cairn_store_head(place->store, error);
    if (head < 0)
        return (int)head;
    place->head = head;
    show(place, place->stopped);
    cairn_metric_set(&lag, place->name, place->shown.lag);
    if (head < place->position) /* the log is a different one */
        return cairn_fail(error, CAIRN_DIVERGED,
                          "the log ends at %" PRId64 ", before the checkpoint of %s at %" PRId64,
                          head, place->name, place->position);
    return 0;
}

int64_t cairn_place_next(const struct cairn_place *place)
{
    return place->head - place->position > RANGE ? place->position + RANGE : place->head;
}

/* ---- the checkpoint ---- */

static int move(struct cairn_place *place, int64_t to, const char *stopped,
                struct cairn_error *error)
{
    return cairn_checkpoint_move(cairn_place_pg(place), place->name, place->fence,
                                 place->checkpoint, to, stopped[0] ? stopped : NULL, error);
}

void cairn_place_moved(struct cairn_place *place, int64_t to)
{
    place->checkpoint = to;
    place->moved_us = cairn_monotonic_us();
    place->told = false;
}

int cairn_place_move(struct cairn_place *place, int64_t to, struct cairn_error *error)
{
    int failed = move(place, to, "", error);
    if (!failed)
        cairn_place_moved(place, to);
    return failed;
}

int cairn_place_stop(struct cairn_place *place, const char *problem, struct cairn_error *error)
{
    bool is_new = strcmp(place->stopped, problem) != 0;
    if (!is_new && (place->told || !problem[0]))
        return 0;
    int failed = move(place, place->checkpoint, problem, error);
    if (failed)
        return failed;
    (void)snprintf(place->stopped, sizeof place->stopped, "%s", problem);
    show(place, problem);
    place->told = true;
    if (is_new && problem[0])
        cairn_log(CAIRN_LOG_ERROR, "stands still", CAIRN_LOG_TEXT("follower", place->name),
                  CAIRN_LOG_TEXT("error", problem));
    return 0;
}

/* ---- failure and success ---- */

void cairn_place_suffer(struct cairn_place *place, int failed, const struct cairn_error *error)
{
    place->fence = 0; /* resume from what is in the log */
    if (failed == -CAIRN_CONFLICT || failed == -CAIRN_EXISTS)
        return;
    if (!place->failing) {
        struct cairn_error told = *error;
        cairn_error_context(&told, "%s", place->name);
        cairn_log_error(CAIRN_LOG_WARN, "cannot go on", &told);
    }
    place->failing = true;
    show(place, error->message);
    int64_t until_us = cairn_monotonic_us() + place->trouble_us;
    place->trouble_us *= 2;
    if (place->trouble_us > TROUBLE_MAX_US)
        place->trouble_us = TROUBLE_MAX_US;
    (void)!cairn_follower_wait(place->parts.follower, INT64_MAX, until_us, NULL);
}

void cairn_place_thrive(struct cairn_place *place)
{
    place->failing = false;
    place->trouble_us = TROUBLE_US;
}

void cairn_place_rest(struct cairn_place *place, int64_t until_us)
{
    (void)!cairn_follower_wait(place->parts.follower, place->head, until_us, NULL);
}

/* ---- life ---- */

/* As in projection/runner.c: the tables are empty when the statements are planned first. */
static const char greeting[] = "set enable_seqscan = off; set jit = off";

int cairn_place_open(struct cairn_place *place, const char *name, const char *process,
                     bool from_start, const struct cairn_engine_parts *parts,
                     struct cairn_error *error)
{
    place->parts = *parts;
    place->process = process;
    place->from_start = from_start;
    (void)snprintf(place->name, sizeof place->name, "%s/%s", process ? "process" : "reactor", name);
    (void)pthread_mutex_init(&place->lock, NULL);
    (void)snprintf(place->shown.name, sizeof place->shown.name, "%s", place->name);
    cairn_place_thrive(place);
    int failed = cairn_store_open(parts->database_url, place->name, &place->store, error);
    if (failed)
        return failed;
    cairn_pg_on_connect(cairn_place_pg(place), greeting);
    place->lease = cairn_lease_want(parts->leases, place->name);
    return 0;
}

void cairn_place_close(struct cairn_place *place)
{
    cairn_store_close(place->store);
    (void)pthread_mutex_destroy(&place->lock);
    cairn_arena_close(&place->batch);
    cairn_arena_close(&place->arena);
}
