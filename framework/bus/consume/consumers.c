/* consumers.c - runs the consumer threads of a process. */
#include "bus/consume/consumers.h"

#include "bus/consume/consumer_sql.h"
#include "bus/consume/member.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/threads/clock.h"
#include "core/threads/thread.h"
#include "store/events/handlers.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REDIS_DEADLINE_US CAIRN_SECONDS(5)
#define TROUBLE_US CAIRN_MILLISECONDS(250)
#define WORK_US CAIRN_MILLISECONDS(250)

struct thread {
    struct cairn_consumers *all;
    struct cairn_consumer consumer; /* with its defaults filled in */
    struct cairn_member member;
    struct cairn_queue *stop; /* carries no items: closing it interrupts the pause */
    struct cairn_pg *work_pg;
    char greeting[100];
    pthread_t id, work_id;
    _Atomic int64_t rested_us; /* monotonic: when the last call of `work` began; 0: it did some */
    bool started, work_started;
    char problem[200]; /* the last one logged by the handling thread */
    char work_problem[200];
};

struct cairn_consumers {
    struct thread *threads;
    size_t count;
    atomic_bool stopping;
};

static struct cairn_metric pending =
    CAIRN_GAUGE("cairn_consumer_held", "Entries held by this member.", "consumer");

static bool is_stopping(void *context)
{
    return atomic_load(&((struct cairn_consumers *)context)->stopping);
}

/* Logs a problem if it differs from the last one, and logs its end. */
static void log_change(const struct thread *thread, char *before, size_t size, const char *what,
                       const struct cairn_error *error)
{
    bool is_new = strncmp(before, error->message, size - 1) != 0;
    (void)snprintf(before, size, "%.*s", (int)size - 1, error->message);
    if (!is_new)
        return;
    cairn_log(error->code ? CAIRN_LOG_WARN : CAIRN_LOG_INFO, error->code ? what : "it goes on",
              CAIRN_LOG_TEXT("consumer", thread->consumer.name),
              CAIRN_LOG_TEXT("error", error->message));
}

/* ---- the threads ---- */

static void *consume(void *context)
{
    struct thread *thread = context;
    while (!is_stopping(thread->all)) {
        struct cairn_error error = {0};
        int failed = cairn_member_round(&thread->member, is_stopping, thread->all, &error);
        log_change(thread, thread->problem, sizeof thread->problem,
                   "the consumer is stopped by an error", &error);
        cairn_metric_set(&pending, thread->consumer.name, (int64_t)thread->member.held_count);
        if (failed)
            (void)cairn_queue_pop(thread->stop, cairn_monotonic_us() + TROUBLE_US);
    }
    cairn_member_leave(&thread->member);
    return NULL;
}

static void *work(void *context)
{
    struct thread *thread = context;
    struct cairn_arena arena = {0};
    while (!is_stopping(thread->all)) {
        struct cairn_error error = {0};
        struct cairn_sql sql = {.pg = thread->work_pg, .arena = &arena};
        cairn_arena_reset(&arena);
        int64_t begun_us = cairn_monotonic_us();
        enum cairn_outcome outcome = thread->consumer.work(&sql, &error);
        bool rests = outcome != CAIRN_DONE && !error.code;
        atomic_store(&thread->rested_us, rests ? begun_us : 0);
        log_change(thread, thread->work_problem, sizeof thread->work_problem,
                   "the consumer's work is stopped by an error", &error);
        if (outcome != CAIRN_DONE)
            (void)cairn_queue_pop(thread->member.kick, cairn_monotonic_us() + WORK_US);
    }
    cairn_arena_close(&arena);
    return NULL;
}

/* ---- checks ---- */

int cairn_consumer_check(const struct cairn_consumer *consumer, struct cairn_error *error)
{
    int failed = cairn_handlers_check(consumer->consumes, error);
    if (!failed && (!consumer->name || !*consumer->name ||
                    strspn(consumer->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789-_") != strlen(consumer->name)))
        failed = cairn_fail(error, CAIRN_BUG, "its name cannot be that of a group");
    if (failed)
        cairn_error_context(error, "consumer %s", consumer->name ? consumer->name : "without name");
    return failed;
}

/* ---- life ---- */

void cairn_consumer_fill_in(struct cairn_consumer *consumer)
{
    if (!consumer->attempts)
        consumer->attempts = 8;
    if (!consumer->backoff_us)
        consumer->backoff_us = CAIRN_MILLISECONDS(200);
    if (!consumer->backoff_max_us)
        consumer->backoff_max_us = CAIRN_SECONDS(30);
    if (!consumer->stuck_us)
        consumer->stuck_us = CAIRN_SECONDS(30);
}

static void add_category(struct cairn_member *member, const char *category)
{
    for (size_t i = 0; i < member->category_count; i++) {
        if (strcmp(member->categories[i], category) == 0)
            return;
    }
    if (member->category_count < CAIRN_GROUP_KEYS_MAX - 1)
        member->categories[member->category_count++] = category;
}

/* Gives the member a unique name, so that entries left by another are not taken for its own. */
static void name_member(struct cairn_member *member)
{
    char host[64] = "";
    char id[CAIRN_UUID_TEXT_SIZE];
    (void)gethostname(host, sizeof host - 1);
    cairn_uuid_format(cairn_uuid_make(), id);
    (void)snprintf(member->name, sizeof member->name, "%s-%d-%s", host, (int)getpid(), id + 24);
}

/* Sets the idle-in-transaction timeout: a member that is frozen during a delivery must not block
 * the stream for longer than it keeps the event. */
static void greet(struct thread *thread)
{
    (void)snprintf(thread->greeting, sizeof thread->greeting,
                   "set idle_in_transaction_session_timeout = %" PRId64,
                   thread->consumer.stuck_us / 1000);
}

static int open_thread(struct thread *thread, const struct cairn_consumer *consumer,
                       const struct cairn_consumers_options *options, struct cairn_error *error)
{
    struct cairn_member *member = &thread->member;
    thread->consumer = *consumer;
    cairn_consumer_fill_in(&thread->consumer);
    thread->stop = cairn_queue_open(1);
    member->kick = cairn_queue_open(1);
    member->consumer = &thread->consumer;
    member->teller = options->teller;
    for (const struct cairn_registered *at = consumer->consumes->first; at; at = at->next)
        add_category(member, at->events->category);
    name_member(member);
    greet(thread);
    member->group.name = consumer->name;
    member->group.member = member->name;
    int failed = cairn_pg_open(options->database_url, consumer->name, &member->pg, error);
    if (!failed)
        cairn_pg_on_connect(member->pg, thread->greeting);
    if (!failed)
        failed =
            cairn_redis_open(options->redis_url, REDIS_DEADLINE_US, &member->group.redis, error);
    if (!failed && consumer->work)
        failed = cairn_pg_open(options->database_url, consumer->name, &thread->work_pg, error);
    return failed;
}

static int start_thread(struct thread *thread, struct cairn_error *error)
{
    int failed = cairn_thread_start(&thread->id, consume, thread, "reads for a consumer", error);
    thread->started = !failed;
    if (failed || !thread->consumer.work)
        return failed;
    failed = cairn_thread_start(&thread->work_id, work, thread, "works for a consumer", error);
    thread->work_started = !failed;
    return failed;
}

int cairn_consumers_start(const struct cairn_consumers_options *options,
                          struct cairn_consumers **ret, struct cairn_error *error)
{
    struct cairn_consumers *all = cairn_allocate(sizeof *all);
    int failed = 0;
    all->threads = cairn_allocate(options->count * sizeof *all->threads);
    for (; all->count < options->count && !failed; all->count++) {
        all->threads[all->count].all = all;
        failed = cairn_consumer_check(options->consumers[all->count], error);
        if (failed)
            break;
        failed =
            open_thread(&all->threads[all->count], options->consumers[all->count], options, error);
    }
    for (size_t i = 0; i < all->count && !failed; i++)
        failed = start_thread(&all->threads[i], error);
    if (failed) {
        cairn_consumers_stop(all);
        return failed;
    }
    *ret = all;
    return 0;
}

static void close_thread(struct thread *thread)
{
    struct cairn_member *member = &thread->member;
    if (thread->work_started)
        cairn_thread_join(thread->work_id);
    if (thread->started)
        cairn_thread_join(thread->id);
    cairn_queue_free(thread->stop);
    cairn_queue_free(member->kick);
    cairn_member_drop(member);
    cairn_pg_close(thread->work_pg);
    cairn_pg_close(member->pg);
    cairn_redis_close(member->group.redis);
    cairn_arena_close(&member->names);
    cairn_arena_close(&member->delivery_arena);
}

void cairn_consumers_stop(struct cairn_consumers *consumers)
{
    if (!consumers)
        return;
    atomic_store(&consumers->stopping, true);
    for (size_t i = 0; i < consumers->count; i++) {
        cairn_queue_close(consumers->threads[i].stop);
        cairn_queue_close(consumers->threads[i].member.kick);
    }
    for (size_t i = 0; i < consumers->count; i++)
        close_thread(&consumers->threads[i]);
    free(consumers->threads);
    free(consumers);
}

int64_t cairn_consumers_rested_us(struct cairn_consumers *consumers)
{
    int64_t least_us = INT64_MAX;
    for (size_t i = 0; i < consumers->count; i++) {
        if (consumers->threads[i].consumer.work)
            least_us = cairn_earlier_us(least_us, atomic_load(&consumers->threads[i].rested_us));
    }
    return least_us;
}
