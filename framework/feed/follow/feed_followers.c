/* feed_followers.c - the threads that follow feeds. */
#include "feed/follow/feed_followers.h"

#include "bus/consume/consumers.h"
#include "core/report/log.h"
#include "core/report/metrics.h"
#include "core/text/sha256.h"
#include "core/threads/clock.h"
#include "core/threads/queue.h"
#include "core/threads/thread.h"
#include "feed/follow/feed_round.h"
#include "outbound/target/target.h"

#include <ctype.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TROUBLE_US CAIRN_MILLISECONDS(500) /* pause after a failure, doubled up to … */
#define TROUBLE_MAX_US CAIRN_SECONDS(10)
#define LEASE_US CAIRN_MILLISECONDS(250)

enum { TIMEOUT_MS = 20000, NAME_SIZE = 200, ANSWER_MAX = 64 << 20 };

struct thread {
    struct cairn_feed_followers *all;
    struct cairn_feed_follower follower;
    struct cairn_consumer consumer; /* with its defaults filled in */
    struct cairn_lease *lease;
    struct cairn_queue *stop;  /* carries no items: closing it interrupts the pause */
    char name[NAME_SIZE];      /* of the target */
    char *base;                /* its URL: scheme and authority; allocated */
    char problem[300];         /* the last one that was logged */
    _Atomic int64_t rested_us; /* monotonic: when the last round began; 0: it was not empty */
    pthread_t id;
    bool started;
};

struct cairn_feed_followers {
    struct thread *threads;
    size_t count;
    atomic_bool stopping;
};

static struct cairn_metric troubles =
    CAIRN_GAUGE("cairn_feed_problem", "1 while a feed is stopped by an error.", "consumer");
static struct cairn_metric leading =
    CAIRN_GAUGE("cairn_feed_leader", "1 where this process follows the feed.", "consumer");

/* ---- pauses ---- */

static bool goes_on(void *context, int64_t us)
{
    struct thread *thread = context;
    if (us > 0 && !atomic_load(&thread->all->stopping))
        (void)cairn_queue_pop(thread->stop, cairn_monotonic_us() + us);
    return !atomic_load(&thread->all->stopping);
}

/* ---- problems ---- */

/* Shows a problem if it differs from the last one, and shows its end; in the log, as a metric, and
 * in cairn.feeds. Returns whether it differs. */
static bool show(struct thread *thread, const struct cairn_error *error)
{
    bool is_new = strncmp(thread->problem, error->message, sizeof thread->problem - 1) != 0;
    struct cairn_feed_follower *follower = &thread->follower;
    if (!is_new)
        return false;
    (void)snprintf(thread->problem, sizeof thread->problem, "%.*s", (int)sizeof thread->problem - 1,
                   error->message);
    cairn_metric_set(&troubles, thread->consumer.name, error->code != CAIRN_OK);
    cairn_log(error->code ? CAIRN_LOG_WARN : CAIRN_LOG_INFO,
              error->code ? "a feed is stopped by an error" : "the feed goes on",
              CAIRN_LOG_TEXT("consumer", thread->consumer.name),
              CAIRN_LOG_TEXT("feed", follower->place.feed),
              CAIRN_LOG_TEXT("error", error->message));
    if (follower->placed)
        (void)!cairn_feed_say(&follower->place, error->code ? error->message : NULL,
                              &follower->delivery, NULL);
    return true;
}

/* ---- the thread ---- */

/* Waits for the lease. Returns false while another process has it. */
static bool leads(struct thread *thread)
{
    struct cairn_feed_follower *follower = &thread->follower;
    int64_t fence = cairn_lease_wait(thread->lease, cairn_monotonic_us() + LEASE_US);
    cairn_metric_set(&leading, thread->consumer.name, fence != 0);
    if (fence != follower->place.fence)
        follower->placed = false;
    follower->place.fence = fence;
    return fence != 0;
}

/* Runs a round. Returns the pause before the next one. */
static int64_t run_round(struct thread *thread, int64_t pause_us)
{
    struct cairn_feed_follower *follower = &thread->follower;
    struct cairn_error error = {0};
    int64_t begun_us = cairn_monotonic_us();
    int64_t came = cairn_feed_round(follower, &error);
    atomic_store(&thread->rested_us, came == 0 ? begun_us : 0);
    bool stopping = atomic_load(&thread->all->stopping);
    bool is_new = (came >= 0 || !stopping) && show(thread, &error);
    if (came >= 0)
        return 0;
    follower->placed = false; /* what was done is not known: it is read again */
    return pause_us == 0 || is_new ? TROUBLE_US : cairn_earlier_us(2 * pause_us, TROUBLE_MAX_US);
}

static void *follow(void *context)
{
    struct thread *thread = context;
    int64_t pause_us = 0;
    while (goes_on(thread, pause_us))
        pause_us = leads(thread) ? run_round(thread, pause_us) : 0;
    return NULL;
}

/* ---- life ---- */

size_t cairn_feed_count(const struct cairn_consumer *consumer)
{
    size_t count = 0;
    while (count < CAIRN_FOLLOWS_MAX && consumer->follows[count].url)
        count++;
    return count;
}

void cairn_feed_variable(const struct cairn_consumer *consumer, size_t number,
                         char ret[static CAIRN_FEED_VARIABLE_SIZE])
{
    char which[24] = "";
    if (number > 0)
        (void)snprintf(which, sizeof which, "_%zu", number + 1);
    (void)snprintf(ret, CAIRN_FEED_VARIABLE_SIZE, "CAIRN_%.100s_FEED%s_URL", consumer->name, which);
    for (char *at = ret; *at; at++)
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
}

static const char *find_url(const struct cairn_consumer *consumer, size_t number)
{
    char variable[CAIRN_FEED_VARIABLE_SIZE];
    cairn_feed_variable(consumer, number, variable);
    const char *told = getenv(variable);
    return told && *told ? told : consumer->follows[number].url;
}

/* Returns where the path of a URL begins; at its end if it has none. */
static size_t path_at(const char *url)
{
    const char *host = strstr(url, "://");
    host = host ? host + 3 : url;
    return (size_t)(host - url) + strcspn(host, "/?");
}

/* The lease is named by a digest of the URL, which may be longer than a name. */
static struct cairn_lease *want_lease(struct cairn_leases *leases,
                                      const struct cairn_feed_place *place)
{
    char name[NAME_SIZE];
    uint8_t digest[CAIRN_DIGEST_BYTES];
    cairn_sha256(place->feed, strlen(place->feed), digest);
    (void)snprintf(name, sizeof name, "feed/%.100s/%02x%02x%02x%02x%02x%02x", place->consumer,
                   digest[0], digest[1], digest[2], digest[3], digest[4], digest[5]);
    return cairn_lease_want(leases, name);
}

static int open_thread(struct thread *thread, const struct cairn_consumer *consumer, size_t number,
                       const struct cairn_feed_followers_options *options,
                       struct cairn_error *error)
{
    struct cairn_feed_follower *follower = &thread->follower;
    thread->consumer = *consumer;
    cairn_consumer_fill_in(&thread->consumer);
    thread->stop = cairn_queue_open(1);
    (void)snprintf(thread->name, sizeof thread->name, "feed of %.100s", consumer->name);
    const char *url = find_url(consumer, number);
    thread->base = cairn_duplicate(url);
    thread->base[path_at(url)] = '\0';
    *follower = (struct cairn_feed_follower){
        .consumer = &thread->consumer,
        .teller = options->teller,
        .pause = goes_on,
        .context = thread,
        .place = {.consumer = consumer->name, .feed = consumer->follows[number].url},
        .source = {.credentials = options->credentials,
                   .timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS,
                   .path = url[path_at(url)] == '/' ? url + path_at(url) : "/",
                   .target = {.name = thread->name,
                              .url = thread->base,
                              .attempts = 1,
                              .concurrency = 1,
                              .answer_max_bytes = ANSWER_MAX}},
    };
    thread->lease = want_lease(options->leases, &follower->place);
    return cairn_pg_open(options->database_url, consumer->name, &follower->place.pg, error);
}

int cairn_feed_followers_start(const struct cairn_feed_followers_options *options,
                               struct cairn_feed_followers **ret, struct cairn_error *error)
{
    struct cairn_feed_followers *all = cairn_allocate(sizeof *all);
    size_t room = 0;
    int failed = 0;
    for (size_t i = 0; i < options->count; i++)
        room += cairn_feed_count(options->consumers[i]);
    all->threads = cairn_allocate((room + 1) * sizeof *all->threads);
    for (size_t i = 0; i < options->count && !failed; i++) {
        const struct cairn_consumer *consumer = options->consumers[i];
        for (size_t k = 0; k < cairn_feed_count(consumer) && !failed; k++) {
            struct thread *thread = &all->threads[all->count++];
            thread->all = all;
            failed = open_thread(thread, consumer, k, options, error);
        }
    }
    for (size_t i = 0; i < all->count && !failed; i++) {
        struct thread *thread = &all->threads[i];
        failed = cairn_thread_start(&thread->id, follow, thread, "follows a feed", error);
        thread->started = !failed;
    }
    if (failed) {
        cairn_feed_followers_stop(all);
        return failed;
    }
    *ret = all;
    return 0;
}

int64_t cairn_feed_followers_rested_us(struct cairn_feed_followers *followers)
{
    int64_t least_us = INT64_MAX;
    for (size_t i = 0; i < followers->count; i++)
        least_us = cairn_earlier_us(least_us, atomic_load(&followers->threads[i].rested_us));
    return least_us;
}

static void close_thread(struct thread *thread)
{
    struct cairn_feed_follower *follower = &thread->follower;
    if (thread->started)
        cairn_thread_join(thread->id);
    cairn_target_close(&follower->source.target);
    cairn_queue_free(thread->stop);
    free(thread->base);
    cairn_pg_close(follower->place.pg);
    cairn_arena_close(&follower->batch);
    cairn_arena_close(&follower->delivery);
}

void cairn_feed_followers_stop(struct cairn_feed_followers *followers)
{
    if (!followers)
        return;
    atomic_store(&followers->stopping, true);
    for (size_t i = 0; i < followers->count; i++) {
        cairn_queue_close(followers->threads[i].stop);
        cairn_target_abandon(&followers->threads[i].follower.source.target);
    }
    for (size_t i = 0; i < followers->count; i++)
        close_thread(&followers->threads[i]);
    free(followers->threads);
    free(followers);
}
