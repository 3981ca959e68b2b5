/* offer.c - the load for projections: appends a fixed number of events a second, whether or not the
 * projectors keep up, as the shop's services would append them; and measures how long after its
 * answer each event was visible.
 *
 * Three fifths of the events place orders, a fifth pays them, the rest registers users and requests
 * payments. An event counts as seen in a store once the checkpoints of all read models are at or
 * past it there: rows and checkpoint change together. Both stores are polled every millisecond, so
 * the measured times are too long by up to that.
 *
 *     offer [--rate N] [--events N] URL [REDIS_URL]      rate 0: as fast as the log accepts them
 *
 * Without REDIS_URL nothing is watched. It prints one JSON object. */
#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "projection/tables/table_names.h"
#include "redis/redis.h"
#include "store/commit/appender.h"
#include "support/latency.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 2048, MODELS = 4, TEXT = 400 };

static const char *const models[MODELS] = {"users", "order_summary", "payments", "sales_by_day"};

/* One append; the slot is reused once it is answered. */
struct slot {
    struct cairn_appending appending;
    struct cairn_write write;
    struct cairn_new_event event;
    struct cairn_appended appended;
    char stream[60];
    char data[TEXT];
    atomic_bool busy;
};

struct load {
    const char *url, *redis_url;
    int64_t rate, events;
    struct cairn_appender *appender;
    struct slot *slots;
    _Atomic int64_t *positions;          /* in the order of the answers; 0: none yet */
    int64_t *answered_us;                /* in the same order */
    int64_t *seen_us[2];                 /* in the same order: PostgreSQL, Redis */
    _Atomic int64_t answered;            /* number of answers */
    _Atomic int64_t noted;               /* number of places reserved for answers */
    _Atomic int64_t generations[MODELS]; /* those that queries read */
    struct cairn_uuid orders[256];       /* those placed last */
    int64_t begun_us, ended_us;
};

static struct load load = {.rate = 2000, .events = 40000};

static void fail(const char *what, const struct cairn_error *error)
{
    (void)fprintf(stderr, "offer: %s: %s\n", what, error->message);
    exit(1);
}

static void nap(int64_t us)
{
    (void)nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000},
                    NULL);
}

/* ---- events ---- */

static void name_stream(struct slot *slot, const char *category, struct cairn_uuid id)
{
    char text[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(id, text);
    (void)snprintf(slot->stream, sizeof slot->stream, "%s-%s", category, text);
}

static void place(struct slot *slot, int64_t i, const char *some_id)
{
    struct cairn_uuid id = cairn_uuid_make();
    load.orders[i % 256] = id;
    name_stream(slot, "order", id);
    slot->event.type = "OrderPlaced";
    (void)snprintf(slot->data, sizeof slot->data,
                   "{\"user_id\":\"%s\",\"currency\":\"EUR\",\"lines\":[{\"sku\":\"tea-100\","
                   "\"quantity\":2,\"unit_price\":450},{\"sku\":\"pot-7\",\"quantity\":1,"
                   "\"unit_price\":2900}],\"total\":3800,\"card_token\":\"tok_1\"}",
                   some_id);
}

static void pay(struct slot *slot, int64_t i, const char *some_id)
{
    name_stream(slot, "order", load.orders[(i - 100 - i % 10 + 4) % 256]);
    slot->event.type = "OrderPaid";
    (void)snprintf(slot->data, sizeof slot->data,
                   "{\"payment_id\":\"%s\",\"currency\":\"EUR\",\"total\":3800}", some_id);
}

static void fill_in(struct slot *slot, int64_t i)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(cairn_uuid_make(), id);
    slot->event.id = cairn_uuid_make();
    if (i % 10 == 0) {
        name_stream(slot, "user", cairn_uuid_make());
        slot->event.type = "UserRegistered";
        (void)snprintf(slot->data, sizeof slot->data,
                       "{\"email\":\"u%.8s@example.com\",\"name\":\"Ada Lovelace\"}", id);
    } else if (i % 10 == 1) {
        name_stream(slot, "payment", cairn_uuid_make());
        slot->event.type = "PaymentRequested";
        (void)snprintf(slot->data, sizeof slot->data,
                       "{\"order_id\":\"%s\",\"amount\":3800,\"currency\":\"EUR\","
                       "\"card_token\":\"tok_1\"}",
                       id);
    } else if (i % 10 < 4 && i > 200) {
        pay(slot, i, id);
    } else {
        place(slot, i, id);
    }
}

/* Runs on the appender's thread. */
static void note(struct cairn_appending *appending)
{
    struct slot *slot = appending->context;
    if (appending->outcome != 0)
        fail("an append failed", &appending->error);
    int64_t at = atomic_fetch_add(&load.noted, 1);
    load.answered_us[at] = cairn_monotonic_us();
    atomic_store(&load.positions[at], slot->appended.position);
    atomic_fetch_add(&load.answered, 1);
    atomic_store(&slot->busy, false);
}

static struct slot *free_slot(int64_t i)
{
    struct slot *slot = &load.slots[i % SLOTS];
    while (atomic_load(&slot->busy))
        nap(50);
    return slot;
}

static void submit(int64_t i)
{
    struct cairn_error error = {0};
    struct slot *slot = free_slot(i);
    fill_in(slot, i);
    slot->event.data = slot->data;
    slot->event.meta = "{}";
    slot->event.schema_version = 1;
    slot->write =
        (struct cairn_write){.expected = {.stream = slot->stream, .version = CAIRN_VERSION_ANY},
                             .events = &slot->event,
                             .event_count = 1};
    slot->appending = (struct cairn_appending){.append = {.writes = &slot->write, .write_count = 1},
                                               .ret = &slot->appended,
                                               .done = note,
                                               .context = slot};
    atomic_store(&slot->busy, true);
    if (cairn_appender_submit(load.appender, &slot->appending, &error) < 0)
        fail("an append was not accepted", &error);
}

static void offer(void)
{
    load.begun_us = cairn_monotonic_us();
    for (int64_t i = 0; i < load.events; i++) {
        int64_t due_us = load.rate ? load.begun_us + i * 1000000 / load.rate : 0;
        int64_t left_us = due_us - cairn_monotonic_us();
        if (left_us > 0)
            nap(left_us);
        submit(i);
    }
    while (atomic_load(&load.answered) < load.events)
        nap(1000);
    load.ended_us = cairn_monotonic_us();
}

/* ---- watching ---- */

static struct cairn_pg *connect_pg(void)
{
    struct cairn_pg *pg = NULL;
    struct cairn_error error = {0};
    if (cairn_pg_open(load.url, "watch", &pg, &error) < 0)
        fail("cannot watch", &error);
    return pg;
}

/* Selects the checkpoints of the generations that queries read, in the order of `models`. */
static const struct cairn_statement seen_statement = {
    .name = "seen",
    .sql = "select c.position, c.generation from cairn.checkpoints c"
           " join cairn.generations g using (projection, generation) where g.serving"
           " order by array_position(array['users', 'order_summary', 'payments', 'sales_by_day'],"
           "     c.projection)"};

static int64_t seen_in_postgres(struct cairn_pg *pg)
{
    CAIRN_PG_RESULT *rows = NULL;
    struct cairn_error error = {0};
    struct cairn_pg_params none = {.arena = NULL};
    int64_t count = cairn_pg_call(pg, &seen_statement, &none, &rows, &error);
    if (count < 0)
        fail("cannot watch", &error);
    int64_t least = count == MODELS ? INT64_MAX : 0;
    for (int64_t i = 0; i < count && count == MODELS; i++) {
        int64_t position = cairn_pg_integer(rows, i, 0);
        atomic_store(&load.generations[i], cairn_pg_integer(rows, i, 1));
        least = position < least ? position : least;
    }
    return least;
}

/* Notes the time for the events from index `next` on that are at or before position `seen`. Returns
 * the index of the first event not seen yet. */
static int64_t note_seen(int64_t next, int64_t seen, int64_t *seen_us)
{
    int64_t now_us = cairn_monotonic_us();
    while (next < load.events) {
        int64_t position = atomic_load(&load.positions[next]);
        if (position == 0 || position > seen)
            break;
        seen_us[next++] = now_us;
    }
    return next;
}

static int64_t seen_in_redis(struct cairn_redis *redis, const struct cairn_redis_arg *args,
                             struct cairn_arena *arena)
{
    struct cairn_redis_reply reply = {0};
    int64_t least = INT64_MAX;
    if (cairn_redis_call(redis, args, MODELS + 1, arena, &reply, NULL) < 0)
        return 0;
    for (size_t i = 0; i < reply.count; i++) {
        int64_t epoch = 0;
        int64_t position = 0;
        if (reply.items[i].kind != CAIRN_REDIS_TEXT ||
            sscanf(reply.items[i].text, "%" SCNd64 " %" SCNd64, &epoch, &position) != 2)
            return 0;
        least = position < least ? position : least;
    }
    return least;
}

/* Polls until all events were seen. */
static void *watch_postgres(void *context)
{
    struct cairn_pg *pg = connect_pg();
    (void)context;
    for (int64_t next = 0; next < load.events; nap(1000))
        next = note_seen(next, seen_in_postgres(pg), load.seen_us[0]);
    cairn_pg_close(pg);
    return NULL;
}

static void *watch_redis(void *context)
{
    const struct cairn_timeline *timeline = context;
    struct cairn_arena arena = {0};
    struct cairn_redis *redis = NULL;
    struct cairn_redis_arg args[MODELS + 1] = {CAIRN_ARG("MGET")};
    struct cairn_error error = {0};
    if (cairn_redis_open(load.redis_url, CAIRN_SECONDS(5), &redis, &error) < 0)
        fail("cannot watch", &error);
    for (int64_t next = 0; next < load.events; nap(1000)) {
        cairn_arena_reset(&arena);
        for (int i = 0; i < MODELS; i++) {
            const char *key = cairn_redis_checkpoint_key(&arena, timeline, models[i],
                                                         atomic_load(&load.generations[i]));
            args[i + 1] = CAIRN_ARG(key);
        }
        next = note_seen(next, seen_in_redis(redis, args, &arena), load.seen_us[1]);
    }
    cairn_redis_close(redis);
    cairn_arena_close(&arena);
    return NULL;
}

/* ---- the report ---- */

static void print_lag(const char *store, const int64_t *seen_us)
{
    struct latency lag = {0};
    for (int64_t i = load.events / 5; i < load.events; i++) /* the first fifth is the warm-up */
        latency_add(&lag, seen_us[i] > load.answered_us[i] ? seen_us[i] - load.answered_us[i] : 0);
    latency_sort(&lag);
    (void)printf(",\"%s\":{\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u}", store,
                 latency_at(&lag, 500), latency_at(&lag, 990), latency_at(&lag, 1000));
    latency_close(&lag);
}

static void report(void)
{
    double seconds = (double)(load.ended_us - load.begun_us) / 1e6;
    (void)printf("{\"offered\":%" PRId64 ",\"events\":%" PRId64 ",\"rate\":%.0f", load.rate,
                 load.events, (double)load.events / seconds);
    if (load.redis_url) {
        print_lag("postgres", load.seen_us[0]);
        print_lag("redis", load.seen_us[1]);
    }
    (void)printf("}\n");
}

/* ---- the run ---- */

static void look(struct cairn_timeline *timeline)
{
    struct cairn_store *store = NULL;
    struct cairn_error error = {0};
    int failed = cairn_store_open(load.url, "bench", &store, &error);
    if (!failed)
        failed = cairn_store_timeline(store, timeline, &error);
    if (failed)
        fail("cannot look at the log", &error);
    cairn_store_close(store);
}

static void run(void)
{
    struct cairn_timeline timeline;
    struct cairn_error error = {0};
    pthread_t watchers[2];
    look(&timeline);
    load.slots = cairn_allocate(SLOTS * sizeof *load.slots);
    load.positions = cairn_allocate((size_t)load.events * sizeof *load.positions);
    load.answered_us = cairn_allocate((size_t)load.events * sizeof(int64_t));
    for (int i = 0; i < 2; i++)
        load.seen_us[i] = cairn_allocate((size_t)load.events * sizeof(int64_t));
    if (cairn_appender_open(load.url, "bench", NULL, &load.appender, &error) < 0)
        fail("the appender cannot be opened", &error);
    bool watched = load.redis_url &&
                   pthread_create(&watchers[0], NULL, watch_postgres, NULL) == 0 &&
                   pthread_create(&watchers[1], NULL, watch_redis, &timeline) == 0;
    offer();
    for (int i = 0; watched && i < 2; i++)
        (void)pthread_join(watchers[i], NULL);
    report();
    cairn_appender_close(load.appender);
    free(load.slots);
    free(load.positions);
    free(load.answered_us);
    free(load.seen_us[0]);
    free(load.seen_us[1]);
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"rate", required_argument, NULL, 'r'},
                                          {"events", required_argument, NULL, 'e'},
                                          {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (option != 'r' && option != 'e')
            return 2;
        *(option == 'r' ? &load.rate : &load.events) = strtoll(optarg, NULL, 10);
    }
    if (optind == argc || load.rate < 0 || load.events < 1) {
        (void)fputs("usage: offer [--rate N] [--events N] URL [REDIS_URL]\n", stderr);
        return 2;
    }
    load.url = argv[optind];
    load.redis_url = argv[optind + 1];
    run();
    return 0;
}
