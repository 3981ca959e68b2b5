/* flusher.c - the thread that makes deferred batches durable, and the flights that it passes back
 * and forth with the appender. */
#include "store/commit/flusher.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "store/handle.h"

#include <stdlib.h>
#include <string.h>

enum {
    FLIGHTS = 5,
    PUBLISH_US = 2000,   /* without new batches, before the durable head is published */
    CONNECT_US = 500000, /* between attempts to connect */
    AVERAGED_OVER = 8,   /* flushes */
};

struct list {
    struct cairn_flight *first;
    struct cairn_flight **end;
};

struct cairn_flusher {
    struct cairn_notifier *notifier;
    void (*undone_call)(void *context);
    void *context;
    pthread_t thread;

    pthread_mutex_t lock;   /* for what follows */
    pthread_cond_t work;    /* for the flusher's thread */
    pthread_cond_t changed; /* for the appender's */
    struct cairn_flight *free;
    struct list pending;
    struct list undone;
    bool is_flushing;
    bool is_connected;
    bool closing;
    double flush_us;
    int64_t durable; /* according to `seen` */
    struct cairn_pg_backend seen;

    /* the thread's own */
    struct cairn_store *store;
    int64_t seen_by; /* the number of the connection that has seen `seen` */
    int64_t published;
    struct cairn_flight flights[FLIGHTS];
};

static struct cairn_metric flushes =
    CAIRN_COUNTER("cairn_append_flushes_total", "Flushes of batches that were deferred.", NULL);
static struct cairn_metric failures =
    CAIRN_COUNTER("cairn_append_flushes_lost_total",
                  "Flushes whose connection was lost before their answer came.", NULL);

static void clear_list(struct list *list)
{
    *list = (struct list){.end = NULL};
}

static void add_to(struct list *list, struct cairn_flight *flight)
{
    flight->next = NULL;
    if (list->first)
        *list->end = flight;
    else
        list->first = flight;
    list->end = &flight->next;
}

/* ---- flushing ---- */

static const struct cairn_statement flush_statement = {
    .name = "make_durable",
    .sql = "select cairn.make_durable()",
};

static const struct cairn_statement publish_statement = {
    .name = "publish_durable",
    .sql = "select cairn.publish_durable($1)",
};

/* backend_start is shown only for sessions of the same role, as the appender's is. */
static const struct cairn_statement see_statement = {
    .name = "see_backend",
    .sql = "select from pg_catalog.pg_stat_get_activity($1::bigint::integer) a"
           " where a.pid = $1 and a.backend_start = $2",
};

static bool is_same(const struct cairn_pg_backend *a, const struct cairn_pg_backend *b)
{
    return a->pid == b->pid && a->started_at.us == b->started_at.us;
}

/* Makes sure that this connection is to the server that has the backend, which has run since before
 * the batch: so has the server. Returns 0 or an error. */
static int see(struct cairn_flusher *flusher, const struct cairn_pg_backend *backend,
               struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(flusher->store);
    int failed = cairn_pg_ready(pg, error);
    if (failed)
        return failed;
    if (flusher->seen_by == cairn_pg_connection_number(pg) && is_same(&flusher->seen, backend))
        return 0;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, backend->pid);
    cairn_pg_add_time(&params, backend->started_at);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &see_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count == 0)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the server process %" PRId64 " is gone",
                          backend->pid);
    flusher->seen_by = cairn_pg_connection_number(pg);
    cairn_lock(&flusher->lock);
    flusher->seen = *backend;
    flusher->durable = flusher->published = 0; /* of another server, or another history */
    cairn_unlock(&flusher->lock);
    return 0;
}

static int flush(struct cairn_flusher *flusher, struct cairn_flight *first,
                 struct cairn_error *error)
{
    struct cairn_pg *pg = cairn_store_pg(flusher->store);
    for (struct cairn_flight *flight = first; flight; flight = flight->next) {
        int failed = see(flusher, &flight->backend, &flight->arena, error);
        if (failed)
            return failed;
    }
    int64_t done = cairn_pg_run(pg, &flush_statement, NULL, error);
    cairn_metric_add(&flushes, "", 1);
    if (done < 0)
        return (int)done;
    if (cairn_pg_connection_number(pg) != flusher->seen_by)
        return cairn_fail(error, CAIRN_UNAVAILABLE, "the connection was lost before a flush");
    return 0;
}

/* Tells other processes what is on disk, which saves their readers a wait. After a failure it is
 * told on the next connection. */
static void publish(struct cairn_flusher *flusher)
{
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    cairn_lock(&flusher->lock);
    int64_t durable = flusher->durable;
    cairn_unlock(&flusher->lock);
    cairn_pg_add_integer(&params, durable);
    int64_t done = cairn_pg_run(cairn_store_pg(flusher->store), &publish_statement, &params, NULL);
    cairn_arena_close(&arena);
    cairn_lock(&flusher->lock);
    if (done >= 0)
        flusher->published = durable;
    else
        flusher->is_connected = false;
    cairn_unlock(&flusher->lock);
}

/* Connects, and publishes what is on disk: an appender that ended before it did may have left
 * readers waiting. */
static void connect_to_server(struct cairn_flusher *flusher)
{
    int64_t head = cairn_store_head(flusher->store, NULL);
    cairn_lock(&flusher->lock);
    flusher->is_connected = head >= 0;
    if (head > flusher->durable)
        flusher->durable = head;
    cairn_unlock(&flusher->lock);
    if (head > 0)
        publish(flusher);
}

/* ---- answering ---- */

/* Notes, under the lock, that the flights are flushed. */
static void note_flushed(struct cairn_flusher *flusher, const struct cairn_flight *first,
                         int64_t took_us)
{
    for (const struct cairn_flight *flight = first; flight; flight = flight->next) {
        if (flight->position > flusher->durable)
            flusher->durable = flight->position;
    }
    if (flusher->flush_us > 0)
        flusher->flush_us += ((double)took_us - flusher->flush_us) / (double)AVERAGED_OVER;
    else
        flusher->flush_us = (double)took_us;
}

static void release_all(struct cairn_flusher *flusher, struct cairn_flight *first)
{
    while (first) {
        struct cairn_flight *next = first->next;
        first->next = flusher->free;
        flusher->free = first;
        first = next;
    }
}

static void finish(struct cairn_flusher *flusher, struct cairn_flight *first)
{
    int64_t began_us = cairn_monotonic_us();
    struct cairn_error error = {0};
    int failed = flush(flusher, first, &error);
    cairn_lock(&flusher->lock);
    if (!failed) {
        note_flushed(flusher, first, cairn_monotonic_us() - began_us);
        flusher->is_connected = true;
        cairn_unlock(&flusher->lock);
        for (struct cairn_flight *flight = first; flight; flight = flight->next)
            cairn_flight_answer(flight, flusher->notifier);
        cairn_lock(&flusher->lock);
        release_all(flusher, first);
    } else {
        while (first) {
            struct cairn_flight *next = first->next;
            add_to(&flusher->undone, first);
            first = next;
        }
        flusher->is_connected = false;
    }
    flusher->is_flushing = false;
    cairn_cond_broadcast(&flusher->changed);
    cairn_unlock(&flusher->lock);
    if (!failed)
        return;
    cairn_metric_add(&failures, "", 1);
    cairn_log(CAIRN_LOG_WARN, "a flush failed; the appends that waited for it are looked up",
              CAIRN_LOG_TEXT("reason", error.message));
    flusher->undone_call(flusher->context);
}

/* ---- the thread ---- */

enum step { STEP_FINISH, STEP_PUBLISH, STEP_CONNECT, STEP_END };

/* Waits for something to do. */
static enum step await_step(struct cairn_flusher *flusher, struct cairn_flight **ret)
{
    cairn_lock(&flusher->lock);
    bool in_time = true;
    while (in_time && !flusher->pending.first && !flusher->closing) {
        int64_t pause_us = !flusher->is_connected                  ? CONNECT_US
                           : flusher->durable > flusher->published ? PUBLISH_US
                                                                   : 0;
        if (pause_us)
            in_time = cairn_cond_wait_until(&flusher->work, &flusher->lock,
                                            cairn_monotonic_us() + pause_us);
        else
            cairn_cond_wait(&flusher->work, &flusher->lock);
    }
    *ret = flusher->pending.first;
    clear_list(&flusher->pending);
    flusher->is_flushing = *ret != NULL;
    enum step step = *ret                    ? STEP_FINISH
                     : flusher->closing      ? STEP_END
                     : flusher->is_connected ? STEP_PUBLISH
                                             : STEP_CONNECT;
    cairn_unlock(&flusher->lock);
    return step;
}

static void *work(void *context)
{
    struct cairn_flusher *flusher = context;
    connect_to_server(flusher);
    for (;;) {
        struct cairn_flight *first = NULL;
        switch (await_step(flusher, &first)) {
        case STEP_FINISH:
            finish(flusher, first);
            break;
        case STEP_PUBLISH:
            publish(flusher);
            break;
        case STEP_CONNECT:
            connect_to_server(flusher);
            break;
        case STEP_END:
            return NULL;
        }
    }
}

/* ---- the appender's side ---- */

struct cairn_flight *cairn_flusher_take(struct cairn_flusher *flusher)
{
    cairn_lock(&flusher->lock);
    while (!flusher->free && (flusher->pending.first || flusher->is_flushing))
        cairn_cond_wait(&flusher->changed, &flusher->lock);
    struct cairn_flight *flight = flusher->free;
    if (flight)
        flusher->free = flight->next;
    cairn_unlock(&flusher->lock);
    return flight;
}

void cairn_flusher_release(struct cairn_flusher *flusher, struct cairn_flight *flight)
{
    cairn_lock(&flusher->lock);
    flight->next = flusher->free;
    flusher->free = flight;
    cairn_unlock(&flusher->lock);
}

void cairn_flusher_give(struct cairn_flusher *flusher, struct cairn_flight *flight)
{
    cairn_lock(&flusher->lock);
    add_to(&flusher->pending, flight);
    cairn_cond_signal(&flusher->work);
    cairn_unlock(&flusher->lock);
}

struct cairn_flight *cairn_flusher_drain(struct cairn_flusher *flusher)
{
    cairn_lock(&flusher->lock);
    while (flusher->pending.first || flusher->is_flushing)
        cairn_cond_wait(&flusher->changed, &flusher->lock);
    struct cairn_flight *first = flusher->undone.first;
    clear_list(&flusher->undone);
    cairn_unlock(&flusher->lock);
    return first;
}

struct cairn_flusher_state cairn_flusher_look(struct cairn_flusher *flusher)
{
    cairn_lock(&flusher->lock);
    struct cairn_flusher_state ret = {
        .is_usable = flusher->is_connected && !flusher->undone.first,
        .is_busy = flusher->pending.first || flusher->is_flushing,
        .is_undone = flusher->undone.first != NULL,
        .flush_us = flusher->flush_us,
    };
    cairn_unlock(&flusher->lock);
    return ret;
}

int64_t cairn_flusher_durable(struct cairn_flusher *flusher, const struct cairn_pg_backend *backend)
{
    cairn_lock(&flusher->lock);
    int64_t durable = is_same(&flusher->seen, backend) ? flusher->durable : 0;
    cairn_unlock(&flusher->lock);
    return durable;
}

/* ---- opening and closing ---- */

static void free_flusher(struct cairn_flusher *flusher)
{
    for (int i = 0; i < FLIGHTS; i++)
        cairn_arena_close(&flusher->flights[i].arena);
    cairn_store_close(flusher->store);
    cairn_cond_destroy(&flusher->work);
    cairn_cond_destroy(&flusher->changed);
    cairn_lock_destroy(&flusher->lock);
    free(flusher);
}

int cairn_flusher_open(const char *url, const char *label, int64_t call_us,
                       struct cairn_notifier *notifier, void (*undone)(void *context),
                       void *context, struct cairn_flusher **ret, struct cairn_error *error)
{
    struct cairn_flusher *flusher = cairn_allocate(sizeof *flusher);
    flusher->notifier = notifier;
    flusher->undone_call = undone;
    flusher->context = context;
    cairn_lock_init(&flusher->lock);
    cairn_cond_init(&flusher->work);
    cairn_cond_init(&flusher->changed);
    for (int i = 0; i < FLIGHTS; i++)
        cairn_flusher_release(flusher, &flusher->flights[i]);
    int failed = cairn_store_open(url, label, &flusher->store, error);
    if (!failed) {
        cairn_pg_set_deadline(cairn_store_pg(flusher->store), call_us);
        failed = cairn_thread_start(&flusher->thread, work, flusher, "flushes appends", error);
    }
    if (failed)
        free_flusher(flusher);
    else
        *ret = flusher;
    return failed;
}

void cairn_flusher_close(struct cairn_flusher *flusher)
{
    if (!flusher)
        return;
    cairn_lock(&flusher->lock);
    flusher->closing = true;
    cairn_cond_signal(&flusher->work);
    cairn_unlock(&flusher->lock);
    cairn_thread_join(flusher->thread);
    free_flusher(flusher);
}
