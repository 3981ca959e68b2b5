/* cairn_bus.c - measures the throughput and the latency of the publication of the log.
 *
 * The first phase measures the throughput: the rate at which the publisher catches up with the
 * events that are in the log already. The second phase appends a fixed number of events a second,
 * one by one as services do, evenly spaced; the measured time runs from the moment at which an
 * append was answered, so that it is committed, until this program's own reader has the entry out
 * of Redis.
 *
 * Every position has to come, once and in order; otherwise the program exits with 1. It prints one
 * JSON object:
 *
 *   style         of the publication: event, thin or state
 *   behind        events that were in the log at the start
 *   follow_rate   of those, a second
 *   rate          events a second that were appended in the second phase
 *   p50_us ...    of those, from committed to readable */
#include "bus/publish/publisher.h"
#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "redis/redis.h"
#include "store/commit/appender.h"
#include "store/store.h"
#include "support/latency.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LATE_S = 60 };

/* ---- the publication ---- */

CAIRN_STRUCT(amount_credited, INT(amount));
CAIRN_EVENTS(account, EVENT(amount_credited, "AmountCredited", 1));

CAIRN_STRUCT(balances, UUID(account_id), INT(balance));
CAIRN_PROJECTION(balances, .version = 1);

CAIRN_ON(balances, account, amount_credited)
{
    row->account_id = meta->id;
    row->balance += event->amount;
    return CAIRN_KEEP;
}

/* ---- the load ---- */

struct options {
    const char *url;
    const char *redis_url;
    const char *style;
    int64_t rate;
    int64_t seconds;
};

/* One append; it is looked up by its position when its entry is read. */
struct sent {
    struct cairn_appending appending;
    struct cairn_write write;
    struct cairn_new_event event;
    struct cairn_appended appended;
    char stream[64];
    _Atomic int64_t committed_us;
};

static struct bench {
    struct options options;
    struct cairn_store *store;
    struct cairn_redis *redis;
    struct cairn_arena arena;
    struct cairn_leases *leases;
    struct cairn_publisher *publisher;
    int64_t behind;       /* the head of the log at the start */
    int64_t total;        /* events to append */
    struct sent *sent;    /* in the order of their appends */
    int64_t *readable_us; /* by position, from behind + 1 on */
    atomic_bool failed;
} bench;

static _Noreturn void fail(const char *what, const struct cairn_error *error)
{
    (void)fprintf(stderr, "cairn_bus: %s: %s\n", what, error ? error->message : "");
    exit(1);
}

static struct cairn_redis *open_redis(void)
{
    struct cairn_redis *redis = NULL;
    struct cairn_error error = {0};
    if (cairn_redis_open(bench.options.redis_url, CAIRN_SECONDS(20), &redis, &error) < 0)
        fail("redis", &error);
    return redis;
}

static void start_publisher(void)
{
    static struct cairn_publication publication = {.events = &account_events};
    static const struct cairn_publication *const all[] = {&publication};
    struct cairn_error error = {0};
    if (strcmp(bench.options.style, "thin") == 0)
        publication.style = CAIRN_BUS_THIN;
    if (strcmp(bench.options.style, "state") == 0) {
        publication.style = CAIRN_BUS_STATE;
        publication.state = &balances_projection;
    }
    if (cairn_leases_open(bench.options.url, "bench", &bench.leases, &error) < 0)
        fail("leases", &error);
    const struct cairn_publisher_options options = {.database_url = bench.options.url,
                                                    .redis_url = bench.options.redis_url,
                                                    .publications = all,
                                                    .count = 1,
                                                    .leases = bench.leases,
                                                    .keep = INT32_MAX,
                                                    .cap = INT32_MAX};
    if (cairn_publisher_start(&options, &bench.publisher, &error) < 0)
        fail("publisher", &error);
}

/* ---- catching up ---- */

static int64_t bus_position(void)
{
    const struct cairn_redis_arg args[] = {CAIRN_ARG("HGET"), CAIRN_ARG("cairn:bus"),
                                           CAIRN_ARG("position")};
    struct cairn_redis_reply reply;
    struct cairn_error error = {0};
    cairn_arena_reset(&bench.arena);
    if (cairn_redis_call(bench.redis, args, 3, &bench.arena, &reply, &error) < 0)
        fail("redis", &error);
    return reply.kind == CAIRN_REDIS_TEXT ? strtoll(reply.text, NULL, 10) : 0;
}

/* Returns the rate from the first published entry to the last; the startup is not counted. */
static double follow(void)
{
    int64_t begun_us = 0, from = 0, position;
    while ((position = bus_position()) < bench.behind) {
        if (!begun_us && position > 0) {
            begun_us = cairn_monotonic_us();
            from = position;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    int64_t took_us = cairn_monotonic_us() - begun_us;
    return begun_us ? (double)(position - from) * 1e6 / (double)took_us : 0;
}

/* ---- from committed to readable ---- */

static void on_committed(struct cairn_appending *appending)
{
    struct sent *sent = appending->context;
    if (appending->outcome != 0)
        atomic_store(&bench.failed, true);
    atomic_store(&sent->committed_us, cairn_monotonic_us());
}

static void take_entries(const struct cairn_redis_reply *list, int64_t *next)
{
    int64_t now_us = cairn_monotonic_us();
    for (size_t i = 0; i < list->count; i++) {
        int64_t position = strtoll(list->items[i].items[0].text, NULL, 10);
        if (position != *next) {
            (void)fprintf(stderr, "cairn_bus: entry %" PRId64 " instead of %" PRId64 "\n", position,
                          *next);
            atomic_store(&bench.failed, true);
        }
        bench.readable_us[position - bench.behind - 1] = now_us;
        *next = position + 1;
    }
}

static void *read_on(void *context)
{
    struct cairn_redis *redis = context;
    struct cairn_arena arena = {0};
    int64_t next = bench.behind + 1;
    int64_t late_us = cairn_monotonic_us() + CAIRN_SECONDS(bench.options.seconds + LATE_S);
    while (next <= bench.behind + bench.total && !atomic_load(&bench.failed)) {
        char after[40];
        struct cairn_redis_reply reply;
        struct cairn_error error = {0};
        (void)snprintf(after, sizeof after, "%" PRId64 "-0", next - 1);
        const struct cairn_redis_arg args[] = {CAIRN_ARG("XREAD"),
                                               CAIRN_ARG("COUNT"),
                                               CAIRN_ARG("1000"),
                                               CAIRN_ARG("BLOCK"),
                                               CAIRN_ARG("1000"),
                                               CAIRN_ARG("STREAMS"),
                                               CAIRN_ARG("cairn:bus:account:1"),
                                               CAIRN_ARG(after)};
        cairn_arena_reset(&arena);
        if (cairn_redis_call(redis, args, 8, &arena, &reply, &error) < 0)
            fail("reading", &error);
        if (reply.kind == CAIRN_REDIS_LIST && reply.count)
            take_entries(&reply.items[0].items[1], &next);
        if (cairn_monotonic_us() > late_us)
            atomic_store(&bench.failed, true);
    }
    cairn_arena_close(&arena);
    return NULL;
}

static void init_sent(struct sent *sent)
{
    static const char data[] =
        "{\"amount\":100,\"note\":\"from the wages of a stone mason, paid on "
        "the last working day of the month, as every month since\"}";
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(cairn_uuid_make(), id);
    (void)snprintf(sent->stream, sizeof sent->stream, "account-%s", id);
    sent->event = (struct cairn_new_event){.id = cairn_uuid_make(),
                                           .type = "AmountCredited",
                                           .schema_version = 1,
                                           .data = data,
                                           .meta = "{}"};
    sent->write = (struct cairn_write){
        .expected = {.stream = sent->stream}, .events = &sent->event, .event_count = 1};
    sent->appending = (struct cairn_appending){.append = {.writes = &sent->write, .write_count = 1},
                                               .ret = &sent->appended,
                                               .done = on_committed,
                                               .context = sent};
}

static void wait_until(int64_t us)
{
    int64_t left_us = us - cairn_monotonic_us();
    if (left_us > 0)
        (void)nanosleep(
            &(struct timespec){.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000},
            NULL);
}

static void append_all(void)
{
    struct cairn_appender *appender = NULL;
    struct cairn_error error = {0};
    if (cairn_appender_open(bench.options.url, "bench", NULL, &appender, &error) < 0)
        fail("appender", &error);
    int64_t begun_us = cairn_monotonic_us();
    for (int64_t i = 0; i < bench.total; i++) {
        init_sent(&bench.sent[i]);
        wait_until(begun_us + i * 1000000 / bench.options.rate);
        if (cairn_appender_submit(appender, &bench.sent[i].appending, &error) < 0)
            fail("append", &error);
    }
    cairn_appender_close(appender);
}

static void measure_latency(struct latency *latency)
{
    pthread_t reader;
    struct cairn_redis *redis = open_redis();
    bench.total = bench.options.rate * bench.options.seconds;
    bench.sent = cairn_allocate((size_t)bench.total * sizeof *bench.sent);
    bench.readable_us = cairn_allocate((size_t)bench.total * sizeof *bench.readable_us);
    if (pthread_create(&reader, NULL, read_on, redis) != 0)
        fail("no thread", NULL);
    append_all();
    (void)pthread_join(reader, NULL);
    for (int64_t i = 0; i < bench.total && !atomic_load(&bench.failed); i++) {
        int64_t position = bench.sent[i].appended.position;
        int64_t took_us = bench.readable_us[position - bench.behind - 1] -
                          atomic_load(&bench.sent[i].committed_us);
        latency_add(latency, took_us > 0 ? took_us : 0);
    }
    latency_sort(latency);
    cairn_redis_close(redis);
}

/* ---- the run ---- */

static void measure(void)
{
    struct cairn_error error = {0};
    struct latency latency = {0};
    if (cairn_store_open(bench.options.url, "bench", &bench.store, &error) < 0)
        fail("store", &error);
    bench.behind = cairn_store_head(bench.store, &error);
    if (bench.behind < 0)
        fail("store", &error);
    bench.redis = open_redis();
    start_publisher();
    double follow_rate = follow();
    measure_latency(&latency);
    if (atomic_load(&bench.failed))
        fail("the bus has not what the log has", NULL);
    (void)printf("{\"style\":\"%s\",\"behind\":%" PRId64 ",\"follow_rate\":%.0f,\"rate\":%" PRId64
                 ",\"events\":%zu,\"p50_us\":%u,\"p99_us\":%u,\"p999_us\":%u,\"max_us\":%u}\n",
                 bench.options.style, bench.behind, follow_rate, bench.options.rate, latency.count,
                 latency_at(&latency, 500), latency_at(&latency, 990), latency_at(&latency, 999),
                 latency_at(&latency, 1000));
    cairn_publisher_stop(bench.publisher);
    cairn_leases_close(bench.leases);
    cairn_redis_close(bench.redis);
    cairn_store_close(bench.store);
    cairn_arena_close(&bench.arena);
    latency_close(&latency);
    free(bench.sent);
    free(bench.readable_us);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"style", required_argument, NULL, 's'},
                                          {"rate", required_argument, NULL, 'r'},
                                          {"seconds", required_argument, NULL, 't'},
                                          {NULL, 0, NULL, 0}};
    bench.options = (struct options){.style = "event", .rate = 2000, .seconds = 10};
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (option == 's')
            bench.options.style = optarg;
        else if (option == 'r')
            bench.options.rate = strtoll(optarg, NULL, 10);
        else if (option == 't')
            bench.options.seconds = strtoll(optarg, NULL, 10);
    }
    if (optind + 2 != argc || bench.options.rate <= 0 || bench.options.seconds <= 0) {
        (void)fputs("usage: cairn_bus [--style event|thin|state] [--rate N] [--seconds N]"
                    " DATABASE_URL REDIS_URL\n",
                    stderr);
        return 64;
    }
    bench.options.url = argv[optind];
    bench.options.redis_url = argv[optind + 1];
    measure();
    return 0;
}
