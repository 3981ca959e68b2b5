/* publisher.c - runs the publishing thread, and shows its state to other threads. */
#include "bus/publish/publisher.h"

#include "bus/publish/publish.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "redis/eviction.h"
#include "store/events/events.h"
#include "store/read/log_follower.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEASE_NAME "bus"
#define IDLE_US CAIRN_SECONDS(1)
#define BEHIND_US CAIRN_MILLISECONDS(30) /* until a moved place is recorded when idle */
#define TROUBLE_US CAIRN_MILLISECONDS(100)
#define TROUBLE_MAX_US CAIRN_SECONDS(1)
#define YIELD_US CAIRN_SECONDS(5)
#define LOOK_US CAIRN_SECONDS(1)
#define REDIS_DEADLINE_US CAIRN_SECONDS(5)

struct cairn_publisher {
    struct cairn_publish publish; /* the thread's own */
    struct cairn_follower *follower;
    struct cairn_leases *leases;
    struct cairn_lease *lease;
    int64_t trouble_us;
    bool misses;     /* the problem that is shown was seen while another process published */
    int64_t look_us; /* monotonic: the next look while another process publishes */
    atomic_bool stopping;
    bool started;
    pthread_t thread;
    pthread_mutex_t lock; /* guards `shown` */
    struct cairn_publisher_state shown;
};

static struct cairn_metric positions =
    CAIRN_GAUGE("cairn_bus_position", "Position up to which the log is on the bus.", NULL);
static struct cairn_metric lags =
    CAIRN_GAUGE("cairn_bus_lag_events", "Events between the bus and the head of the log.", NULL);
static struct cairn_metric leading =
    CAIRN_GAUGE("cairn_bus_leader", "1 where this process publishes.", NULL);
static struct cairn_metric problems =
    CAIRN_GAUGE("cairn_bus_problem", "1 while the publisher is stopped by an error.", NULL);
static struct cairn_metric healed =
    CAIRN_COUNTER("cairn_bus_healed_total",
                  "Times that Redis had lost entries, which were published again: emptied, older, "
                  "lost; or a new epoch began.",
                  "cause");

/* ---- visible state ---- */

/* Records the problem; NULL: there is none. Returns whether it differs from the one before. */
static bool show(struct cairn_publisher *publisher, bool leads, const struct cairn_error *error)
{
    const char *problem = error ? error->message : "";
    const struct cairn_publish *publish = &publisher->publish;
    cairn_lock(&publisher->lock);
    struct cairn_publisher_state *shown = &publisher->shown;
    bool is_new = strncmp(shown->problem, problem, sizeof shown->problem - 1) != 0;
    shown->leads = leads;
    if (leads && publish->seated) {
        shown->position = publish->place.position;
        shown->head = publish->head;
    }
    (void)snprintf(shown->problem, sizeof shown->problem, "%.*s", (int)sizeof shown->problem - 1,
                   problem);
    shown->shown[0] = '\0';
    if (error)
        cairn_error_print_public(error, shown->shown, sizeof shown->shown);
    cairn_unlock(&publisher->lock);
    cairn_metric_set(&leading, "", leads);
    cairn_metric_set(&problems, "", *problem != '\0');
    if (leads && publish->seated) {
        cairn_metric_set(&positions, "", publish->place.position);
        cairn_metric_set(&lags, "", publish->head - publish->place.position);
    }
    return is_new;
}

static void show_well(struct cairn_publisher *publisher, bool leads)
{
    if (show(publisher, leads, NULL))
        cairn_log(CAIRN_LOG_INFO, "publishing has resumed",
                  CAIRN_LOG_INTEGER("position", publisher->publish.place.position));
}

static void show_trouble(struct cairn_publisher *publisher, const struct cairn_error *error)
{
    if (!show(publisher, true, error))
        return;
    cairn_log_error(CAIRN_LOG_WARN, "publishing is stopped by an error", error);
    cairn_bus_ledger_problem(publisher->publish.store, error->message,
                             &publisher->publish.step_arena);
}

static void show_seat(struct cairn_publisher *publisher)
{
    const struct cairn_publish *publish = &publisher->publish;
    cairn_log(
        publish->healed[0] ? CAIRN_LOG_WARN : CAIRN_LOG_INFO,
        publish->healed[0] ? "entries are published to Redis again" : "the bus follows the log",
        CAIRN_LOG_TEXT("cause", publish->healed),
        CAIRN_LOG_INTEGER("from_position", publish->place.position),
        CAIRN_LOG_INTEGER("head", publish->head), CAIRN_LOG_INTEGER("fence", publish->place.fence));
    if (publish->healed[0])
        cairn_metric_add(&healed, publish->healed, 1);
}

void cairn_publisher_state(struct cairn_publisher *publisher, struct cairn_publisher_state *ret)
{
    cairn_lock(&publisher->lock);
    *ret = publisher->shown;
    cairn_unlock(&publisher->lock);
}

/* ---- the thread ---- */

static void wait_for(struct cairn_publisher *publisher, int64_t seen, int64_t us)
{
    (void)!cairn_follower_wait(publisher->follower, seen, cairn_monotonic_us() + us, NULL);
}

static int seat(struct cairn_publisher *publisher, int64_t fence, struct cairn_error *error)
{
    int failed = cairn_publish_seat(&publisher->publish, fence, error);
    if (!failed)
        show_seat(publisher);
    return failed;
}

/* Makes one step. Returns 1 if there is more to do at once, 0 if not. */
static int step(struct cairn_publisher *publisher, int64_t fence, struct cairn_error *error)
{
    struct cairn_publish *publish = &publisher->publish;
    int failed = 0;
    if (!publish->seated || publish->place.fence != fence)
        failed = seat(publisher, fence, error);
    int64_t added = failed ? failed : cairn_publish_range(publish, error);
    if (added < 0)
        return (int)added;
    bool idle = publish->head == publish->place.position;
    failed = cairn_publish_tend(publish, idle, error);
    return failed ? failed : !idle;
}

/* Handles a failed step. A conflict while seated is retried at once, one while seating after a
 * pause. */
static void handle_failure(struct cairn_publisher *publisher, int failed,
                           const struct cairn_error *error)
{
    bool again = publisher->publish.seated && failed == -CAIRN_CONFLICT;
    publisher->publish.seated = false;
    if (again)
        return;
    show_trouble(publisher, error);
    if (failed == -CAIRN_NEWER_EVENT || failed == -CAIRN_UNREADABLE || failed == -CAIRN_CONFIG)
        cairn_lease_yield(publisher->lease, YIELD_US); /* another release may be able to read it */
    bool passes = failed == -CAIRN_UNAVAILABLE || failed == -CAIRN_CONFLICT;
    wait_for(publisher, INT64_MAX, passes ? publisher->trouble_us : TROUBLE_MAX_US);
    publisher->trouble_us =
        publisher->trouble_us * 2 < TROUBLE_MAX_US ? publisher->trouble_us * 2 : TROUBLE_MAX_US;
}

static void lead(struct cairn_publisher *publisher, int64_t fence)
{
    struct cairn_publish *publish = &publisher->publish;
    struct cairn_error error = {0};
    int more = step(publisher, fence, &error);
    if (more < 0) {
        handle_failure(publisher, more, &error);
        return;
    }
    publisher->trouble_us = TROUBLE_US;
    show_well(publisher, true);
    if (more == 0)
        wait_for(publisher, publish->head,
                 publish->noted >= publish->place.position ? IDLE_US : BEHIND_US);
}

/* While another process publishes: checks now and then that it publishes these events too. */
static void stand_by(struct cairn_publisher *publisher)
{
    struct cairn_publish *publish = &publisher->publish;
    struct cairn_error error = {0};
    bool is_in_trouble = publisher->shown.problem[0] && !publisher->misses;
    if (is_in_trouble || cairn_monotonic_us() < publisher->look_us)
        return;
    publisher->look_us = cairn_monotonic_us() + LOOK_US;
    cairn_arena_reset(&publish->step_arena);
    int failed = cairn_bus_ledger_covers(publish->store, publish->streams, publish->count,
                                         &publish->step_arena, &error);
    publisher->misses = failed == -CAIRN_CONFIG;
    if (publisher->misses && show(publisher, false, &error))
        cairn_log_error(CAIRN_LOG_WARN, "events are not published", &error);
    else if (!failed)
        (void)show(publisher, false, NULL);
}

static void *publisher_thread(void *context)
{
    struct cairn_publisher *publisher = context;
    while (!atomic_load(&publisher->stopping)) {
        int64_t fence =
            cairn_lease_wait(publisher->lease, cairn_monotonic_us() + CAIRN_MILLISECONDS(500));
        if (fence)
            lead(publisher, fence);
        else
            stand_by(publisher);
    }
    if (publisher->publish.seated)
        (void)!cairn_bus_ledger_note(publisher->publish.store, &publisher->publish.place,
                                     &publisher->publish.step_arena, NULL);
    return NULL;
}

/* ---- life ---- */

int cairn_publication_check(const struct cairn_publication *publication, struct cairn_error *error)
{
    int failed = cairn_events_check(publication->events, error);
    if (!failed && publication->style == CAIRN_BUS_STATE)
        failed = cairn_bus_state_check(publication, error);
    return failed;
}

static int check(const struct cairn_publisher_options *options, struct cairn_error *error)
{
    int failed = 0;
    for (size_t i = 0; i < options->count && !failed; i++) {
        failed = cairn_publication_check(options->publications[i], error);
        for (size_t k = 0; k < i && !failed; k++) {
            const char *category = options->publications[i]->events->category;
            if (strcmp(category, options->publications[k]->events->category) == 0)
                failed = cairn_fail(error, CAIRN_BUG, "%s is published twice", category);
        }
    }
    return failed;
}

static struct cairn_publisher *make(const struct cairn_publisher_options *options)
{
    struct cairn_publisher *publisher = cairn_allocate(sizeof *publisher);
    struct cairn_publish *publish = &publisher->publish;
    publish->count = options->count;
    publish->keep = options->keep;
    publish->cap = options->cap;
    publish->streams = cairn_allocate(options->count * sizeof *publish->streams);
    publish->categories = cairn_allocate((options->count + 1) * sizeof *publish->categories);
    for (size_t i = 0; i < options->count; i++) {
        publish->streams[i].publication = options->publications[i];
        publish->categories[i] = options->publications[i]->events->category;
    }
    publisher->trouble_us = TROUBLE_US;
    publisher->leases = options->leases;
    publisher->lease = cairn_lease_want(options->leases, LEASE_NAME);
    cairn_lock_init(&publisher->lock);
    return publisher;
}

static int open_all(struct cairn_publisher *publisher,
                    const struct cairn_publisher_options *options, struct cairn_error *error)
{
    struct cairn_publish *publish = &publisher->publish;
    int failed = cairn_store_open(options->database_url, "bus", &publish->store, error);
    if (!failed) {
        cairn_pg_on_connect(cairn_store_pg(publish->store), "set enable_seqscan = off");
        failed = cairn_redis_open(options->redis_url, REDIS_DEADLINE_US, &publish->redis, error);
    }
    if (!failed)
        failed = cairn_follower_open(options->database_url, "bus", &publisher->follower, error);
    if (!failed)
        failed =
            cairn_thread_start(&publisher->thread, publisher_thread, publisher, "publishes", error);
    publisher->started = !failed;
    return failed;
}

int cairn_publisher_start(const struct cairn_publisher_options *options,
                          struct cairn_publisher **ret, struct cairn_error *error)
{
    int failed = check(options, error);
    if (failed)
        return failed;
    struct cairn_publisher *publisher = make(options);
    failed = open_all(publisher, options, error);
    if (failed) {
        cairn_publisher_stop(publisher);
        return failed;
    }
    cairn_redis_warn_of_eviction(options->redis_url);
    *ret = publisher;
    return 0;
}

void cairn_publisher_stop(struct cairn_publisher *publisher)
{
    if (!publisher)
        return;
    struct cairn_publish *publish = &publisher->publish;
    atomic_store(&publisher->stopping, true);
    cairn_leases_stop(publisher->leases);
    if (publisher->follower)
        cairn_follower_stop(publisher->follower);
    if (publisher->started)
        cairn_thread_join(publisher->thread);
    cairn_follower_close(publisher->follower);
    cairn_redis_close(publish->redis);
    cairn_store_close(publish->store);
    cairn_bus_states_trim(&publish->states, true);
    cairn_arena_close(&publish->names);
    cairn_arena_close(&publish->step_arena);
    free(publish->streams);
    free(publish->categories);
    cairn_lock_destroy(&publisher->lock);
    free(publisher);
}
