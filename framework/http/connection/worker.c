/* worker.c - the queue, the list of deferred requests, and the threads that process them. */
#include "http/connection/worker.h"

#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "http/connection/poller.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A handler that asked to be called again sooner would only keep its thread busy. */
enum { AGAIN_LEAST_US = 500, VITAL_PLACES = 16 };

struct cairn_workers {
    const struct cairn_http_options *options;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct cairn_exchange *first; /* the queue */
    struct cairn_exchange *last;
    struct cairn_exchange *deferred; /* in the order of due_us */
    size_t open;
    bool stopping;
    pthread_t *threads;
    int thread_count;
};

static struct cairn_metric open_requests =
    CAIRN_GAUGE("cairn_http_requests_open", "Requests accepted and not yet answered.", NULL);
static struct cairn_metric shed_requests = CAIRN_COUNTER(
    "cairn_http_requests_shed_total",
    "Requests rejected with 503: too many are open, or the server is stopping.", NULL);

/* ---- the lists, with the lock held ---- */

static void line_up(struct cairn_workers *workers, struct cairn_exchange *exchange)
{
    if (exchange->route->vital && workers->first) {
        exchange->next = workers->first;
        workers->first = exchange;
    } else {
        exchange->next = NULL;
        *(workers->first ? &workers->last->next : &workers->first) = exchange;
        workers->last = exchange;
    }
    cairn_cond_signal(&workers->wanted);
}

static void put_off(struct cairn_workers *workers, struct cairn_exchange *exchange)
{
    struct cairn_exchange **at = &workers->deferred;
    while (*at && (*at)->due_us <= exchange->due_us)
        at = &(*at)->next;
    exchange->next = *at;
    *at = exchange;
}

static void line_up_due(struct cairn_workers *workers)
{
    int64_t now_us = workers->deferred ? cairn_monotonic_us() : 0;
    while (workers->deferred && (workers->deferred->due_us <= now_us || workers->stopping)) {
        struct cairn_exchange *due = workers->deferred;
        workers->deferred = due->next;
        line_up(workers, due);
    }
}

static void wait_wanted(struct cairn_workers *workers)
{
    (void)cairn_cond_wait_until(&workers->wanted, &workers->lock,
                                workers->deferred ? workers->deferred->due_us : INT64_MAX);
}

/* ---- between the threads ---- */

bool cairn_workers_reserve(struct cairn_workers *workers, bool vital)
{
    cairn_lock(&workers->lock);
    size_t places = workers->options->queue_max + (vital ? VITAL_PLACES : 0);
    bool reserved = workers->open < places && !workers->stopping;
    if (reserved)
        workers->open++;
    cairn_unlock(&workers->lock);
    cairn_metric_add(reserved ? &open_requests : &shed_requests, "", 1);
    return reserved;
}

void cairn_workers_release(struct cairn_workers *workers)
{
    cairn_metric_add(&open_requests, "", -1);
    cairn_lock(&workers->lock);
    if (--workers->open == 0 && workers->stopping)
        cairn_cond_broadcast(&workers->wanted);
    cairn_unlock(&workers->lock);
}

void cairn_workers_push(struct cairn_workers *workers, struct cairn_exchange *exchange)
{
    cairn_lock(&workers->lock);
    line_up(workers, exchange);
    cairn_unlock(&workers->lock);
}

void cairn_workers_defer(struct cairn_workers *workers, struct cairn_exchange *exchange)
{
    int64_t again_us = exchange->response.again_us;
    exchange->due_us =
        cairn_monotonic_us() + (again_us > AGAIN_LEAST_US ? again_us : AGAIN_LEAST_US);
    exchange->deferred = true;
    cairn_lock(&workers->lock);
    put_off(workers, exchange);
    cairn_cond_signal(&workers->wanted); /* a worker has to wait for its due time */
    cairn_unlock(&workers->lock);
}

/* Moves a suspended request on. */
static void move_on(struct cairn_exchange *exchange, int how)
{
    atomic_store(&exchange->suspension, how);
    bool polled = exchange->route->eager || !exchange->admitted;
    if (how == CAIRN_REPLIED || (how == CAIRN_RESUMED && polled))
        cairn_poller_resume(exchange);
    else
        cairn_workers_push(exchange->http->workers, exchange);
}

/* After it is marked as suspended, the exchange may belong to another thread. */
void cairn_exchange_suspend(struct cairn_exchange *exchange)
{
    int was = CAIRN_RUNNING;
    if (!atomic_compare_exchange_strong(&exchange->suspension, &was, CAIRN_SUSPENDED))
        move_on(exchange, was);
}

/* Records how a request continues. If its handler still runs, the thread that runs it will see
 * that; if it waits for the upstream, its polling thread will, which is the current one. */
static void wake(struct cairn_exchange *exchange, int how)
{
    int was = CAIRN_RUNNING;
    if (atomic_compare_exchange_strong(&exchange->suspension, &was, how))
        return;
    if (was == CAIRN_ASKED) {
        atomic_store(&exchange->suspension, how);
        cairn_poller_asked(exchange->poller, -1);
        return;
    }
    assert(was == CAIRN_SUSPENDED); /* else it was woken twice */
    move_on(exchange, how);
}

void cairn_http_resume(struct cairn_http_request *request)
{
    wake(request->handle_, CAIRN_RESUMED);
}

void cairn_http_hand_over(struct cairn_http_request *request)
{
    wake(request->handle_, CAIRN_HANDED);
}

/* Returns the next request, or NULL when all are answered and no more may come. `ret_refuse` says
 * that there is no time left to call its handler; a resumed one has what it waited for, and is
 * called. */
static struct cairn_exchange *take(struct cairn_workers *workers, bool *ret_refuse)
{
    cairn_lock(&workers->lock);
    for (;;) {
        line_up_due(workers);
        if (workers->first || (workers->stopping && workers->open == 0))
            break;
        wait_wanted(workers);
    }
    struct cairn_exchange *exchange = workers->first;
    if (exchange)
        workers->first = exchange->next;
    /* The thread that leaves may be the one that waits for the next due request: wake another to do
     * so. */
    if (workers->first || workers->deferred)
        cairn_cond_signal(&workers->wanted);
    bool stopping = workers->stopping;
    cairn_unlock(&workers->lock);
    *ret_refuse = exchange &&
                  atomic_exchange(&exchange->suspension, CAIRN_RUNNING) != CAIRN_RESUMED &&
                  stopping;
    return exchange;
}

/* ---- one request ---- */

/* Refuses a request. If its handler was called, it may have had its effect, unless it is a GET or
 * HEAD. */
static void refuse(struct cairn_exchange *exchange)
{
    const char *method = exchange->request.method;
    bool asks = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    struct cairn_error error = {0};
    (void)cairn_fail(&error, exchange->deferred && !asks ? CAIRN_UNKNOWN : CAIRN_BUSY,
                     "the service is stopping");
    exchange->response = (struct cairn_http_response){0};
    cairn_http_problem(&exchange->request, &exchange->response, &error);
}

enum cairn_http_outcome cairn_exchange_call(struct cairn_exchange *exchange, void *worker)
{
    const struct cairn_http_route *route = exchange->route;
    exchange->response = (struct cairn_http_response){0};
    return route->handle(route->self, worker, &exchange->request, &exchange->response);
}

static void complete(struct cairn_exchange *exchange)
{
    cairn_answer_complete(exchange);
    exchange->step = CAIRN_STEP_ANSWERED;
}

void cairn_http_answer(struct cairn_http_request *request)
{
    const struct cairn_trace before = cairn_trace_enter(&request->trace);
    complete(request->handle_);
    wake(request->handle_, CAIRN_REPLIED);
    (void)cairn_trace_enter(&before);
}

/* Carries out the handler's outcome. The exchange may be freed then. */
static void apply_outcome(struct cairn_workers *workers, struct cairn_exchange *exchange,
                          enum cairn_http_outcome outcome)
{
    switch (outcome) {
    case CAIRN_HTTP_LATER:
        cairn_workers_defer(workers, exchange);
        break;
    case CAIRN_HTTP_SUSPENDED:
        cairn_exchange_suspend(exchange);
        break;
    case CAIRN_HTTP_DONE:
        complete(exchange);
        cairn_poller_resume(exchange);
        break;
    case CAIRN_HTTP_WORKER:
        cairn_workers_push(workers, exchange);
        break;
    case CAIRN_HTTP_ASKED: /* a worker has no upstream */
        assert(outcome != CAIRN_HTTP_ASKED);
        break;
    }
}

static void *work(void *context)
{
    struct cairn_workers *workers = context;
    const struct cairn_http_options *options = workers->options;
    void *worker = options->worker_open ? options->worker_open(options->context) : NULL;
    struct cairn_exchange *exchange;
    bool stopping = false;
    while ((exchange = take(workers, &stopping))) {
        enum cairn_http_outcome outcome = CAIRN_HTTP_DONE;
        (void)cairn_trace_enter(&exchange->request.trace);
        if (stopping)
            refuse(exchange);
        else
            outcome = cairn_exchange_call(exchange, worker);
        apply_outcome(workers, exchange, outcome);
        (void)cairn_trace_enter(NULL);
    }
    if (options->worker_close)
        options->worker_close(worker);
    return NULL;
}

/* ---- life ---- */

static struct cairn_workers *open_workers(const struct cairn_http_options *options)
{
    struct cairn_workers *workers = cairn_allocate(sizeof *workers);
    workers->options = options;
    workers->threads = cairn_allocate((size_t)options->workers * sizeof *workers->threads);
    cairn_cond_init(&workers->wanted);
    cairn_lock_init(&workers->lock);
    return workers;
}

int cairn_workers_start(const struct cairn_http_options *options, struct cairn_workers **ret,
                        struct cairn_error *error)
{
    struct cairn_workers *workers = open_workers(options);
    while (workers->thread_count < options->workers) {
        pthread_t *thread = &workers->threads[workers->thread_count];
        int failed = cairn_thread_start(thread, work, workers, "executes handlers", error);
        if (failed) {
            cairn_workers_stop(workers);
            cairn_workers_free(workers);
            return failed;
        }
        workers->thread_count++;
    }
    *ret = workers;
    return 0;
}

void cairn_workers_stop(struct cairn_workers *workers)
{
    cairn_lock(&workers->lock);
    workers->stopping = true;
    cairn_cond_broadcast(&workers->wanted);
    cairn_unlock(&workers->lock);
    while (workers->thread_count > 0)
        cairn_thread_join(workers->threads[--workers->thread_count]);
}

void cairn_workers_free(struct cairn_workers *workers)
{
    if (!workers)
        return;
    cairn_cond_destroy(&workers->wanted);
    cairn_lock_destroy(&workers->lock);
    free(workers->threads);
    free(workers);
}
