/* cairn_append.c - the append load for Cairn: keeps a fixed number of appends in flight for a
 * number of seconds; each append that is answered is followed by the next.
 *
 * Each append is what a service makes of a command with an Idempotency-Key: one event, on a stream
 * that must still end in the event that the decision was based on, and the command's row. The
 * stream is picked at random from thousands; a share of the appends is chained: each of these goes
 * to the stream of the append before, which is still in flight if there is more than one slot.
 *
 * With --boundaries each event is a stream of its own and has two tags, and the append is accepted
 * only if no other event has come with either of them since the last that is known; a share is
 * chained as above.
 *
 * Every outcome is checked, version by version. The measured time runs from submission until the
 * main thread of this program has the answer. The program prints one JSON object:
 *
 *   acknowledged   all appends, warm-up included: what the log must have grown by
 *   rate           events a second, after the warm-up
 *   p50_us ...     latencies of the appends after the warm-up */
#include "append/streams.h"
#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "core/threads/queue.h"
#include "store/commit/appender.h"
#include "support/latency.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINED_PERCENT = 10, TAG_SIZE = 40, META_SIZE = 400 };

struct options {
    const char *url;
    const char *data;
    const char *meta;
    int64_t appenders;
    int64_t warm_ms;
    int64_t run_ms;
    struct streams_range streams;
    bool boundaries;
};

/* A tag, and what is known of the last event that has it. */
struct edge {
    char tag[TAG_SIZE];
    int64_t after; /* its position; 0: none */
    struct cairn_uuid after_id;
    struct cairn_uuid last_id; /* of the last one that is in flight; zero: none is */
};

/* One append; the slot is reused once it is answered. */
struct slot {
    struct cairn_appending appending;
    struct cairn_write write;
    struct cairn_new_event event;
    struct cairn_new_command command;
    struct cairn_appended appended;
    struct stream *stream;
    struct edge *edges[2];
    const char *tags[2];
    struct cairn_boundary boundaries[2];
    char own_stream[TAG_SIZE + 10];
    char meta[META_SIZE];
    int64_t submitted_us;
    struct load *load;
};

struct load {
    const struct options *options;
    struct cairn_appender *appender;
    struct cairn_queue *answered; /* slots, from the appender's thread to the main one */
    struct stream *streams;
    struct stream *previous; /* stream of the append before */
    struct edge *edges[2];   /* of each stream, and as many others */
    struct latency latency;
    uint64_t random;
    int64_t acknowledged;
    int64_t chained;
    int64_t count_from_us;
    int64_t end_us;
};

static void fail(const char *what, const struct cairn_error *error)
{
    (void)fprintf(stderr, "cairn_append: %s: %s\n", what, error->message);
    exit(1);
}

/* ---- one append ---- */

/* xorshift64*: cheap, as the load shares the machine with what it measures. */
static uint64_t roll(struct load *load)
{
    load->random ^= load->random >> 12;
    load->random ^= load->random << 25;
    load->random ^= load->random >> 27;
    return load->random * UINT64_C(2685821657736338717);
}

/* Returns a key whose parts are as evenly distributed as hashes are. */
static struct cairn_command_key roll_key(struct load *load)
{
    const uint64_t parts[] = {roll(load), roll(load)};
    struct cairn_command_key ret = {.request_hash = (int64_t)(roll(load) >> 1)};
    memcpy(ret.id.bytes, parts, sizeof ret.id.bytes);
    return ret;
}

static struct stream *choose(struct load *load)
{
    bool chained = load->previous && roll(load) % 100 < CHAINED_PERCENT;
    if (!chained)
        load->previous = &load->streams[roll(load) % (uint64_t)load->options->streams.count];
    return load->previous;
}

static void fill_in(struct slot *slot, struct stream *stream)
{
    struct load *load = slot->load;
    slot->stream = stream;
    slot->write.expected = (struct cairn_expected){
        .stream = stream->name, .version = stream->version, .event_id = stream->event_id};
    slot->event.id = cairn_uuid_make();
    slot->command.key = roll_key(load);
    slot->appending.outcome = 0;
    slot->appending.error.code = CAIRN_OK;
}

/* Decides the append on two tags, that of the stream and another one. */
static void fill_in_boundaries(struct slot *slot)
{
    static const char *const types[] = {"AmountCredited", NULL};
    struct load *load = slot->load;
    char id[CAIRN_UUID_TEXT_SIZE];
    size_t other = (size_t)(roll(load) % (uint64_t)load->options->streams.count);
    slot->edges[0] = &load->edges[0][slot->stream - load->streams];
    slot->edges[1] = &load->edges[1][other];
    for (int i = 0; i < 2; i++) {
        struct edge *edge = slot->edges[i];
        slot->tags[i] = edge->tag;
        slot->boundaries[i] = (struct cairn_boundary){.tag = edge->tag,
                                                      .types = types,
                                                      .after = edge->after,
                                                      .after_id = edge->after_id,
                                                      .last_id = edge->last_id};
        edge->last_id = slot->event.id;
    }
    cairn_uuid_format(slot->event.id, id);
    (void)snprintf(slot->own_stream, sizeof slot->own_stream, "credit-%s", id);
    (void)snprintf(slot->meta, sizeof slot->meta, "{\"tags\":[\"%s\",\"%s\"],%s", slot->tags[0],
                   slot->tags[1], load->options->meta + 1);
    slot->write.expected = (struct cairn_expected){.stream = slot->own_stream};
}

/* Runs on the appender's thread. The queue has room for every slot. */
static void hand_over(struct cairn_appending *appending)
{
    struct slot *slot = appending->context;
    if (cairn_queue_push(slot->load->answered, slot) < 0)
        abort();
}

/* A single append at once is one that its thread waits for. */
static void submit(struct slot *slot)
{
    struct load *load = slot->load;
    struct stream *stream = choose(load);
    fill_in(slot, stream);
    if (stream->in_flight++ > 0)
        load->chained++;
    stream->version++;
    stream->event_id = slot->event.id;
    if (load->options->boundaries)
        fill_in_boundaries(slot);
    slot->submitted_us = cairn_monotonic_us();
    struct cairn_error error = {0};
    if (load->options->appenders == 1) {
        slot->appending.outcome = cairn_appender_append(load->appender, &slot->appending.append,
                                                        &slot->appended, &slot->appending.error);
        hand_over(&slot->appending);
    } else if (cairn_appender_submit(load->appender, &slot->appending, &error) < 0) {
        fail("an append was not accepted", &error);
    }
}

static void check(const struct slot *slot)
{
    if (slot->appending.outcome != 0)
        fail("an append failed", &slot->appending.error);
    if (slot->appended.version == slot->write.expected.version + 1 && slot->appended.position > 0)
        return;
    (void)fprintf(stderr,
                  "cairn_append: %s was appended to after version %" PRId64
                  " and is said to be at %" PRId64 "\n",
                  slot->stream->name, slot->write.expected.version, slot->appended.version);
    exit(1);
}

static void finish(struct slot *slot, int64_t now_us)
{
    struct load *load = slot->load;
    check(slot);
    slot->stream->in_flight--;
    for (int i = 0; i < 2 && slot->edges[i]; i++) {
        struct edge *edge = slot->edges[i];
        if (!cairn_uuid_equal(edge->last_id, slot->event.id))
            continue; /* a later one is in flight */
        edge->after = slot->appended.position;
        edge->after_id = slot->event.id;
        edge->last_id = (struct cairn_uuid){{0}};
    }
    load->acknowledged++;
    if (now_us >= load->count_from_us && now_us < load->end_us)
        latency_add(&load->latency, now_us - slot->submitted_us);
}

/* ---- the run ---- */

static void init_slot(struct slot *slot, struct load *load)
{
    slot->load = load;
    slot->event = (struct cairn_new_event){.type = "AmountCredited",
                                           .schema_version = 1,
                                           .data = load->options->data,
                                           .meta = load->options->meta};
    slot->command = (struct cairn_new_command){.status = 200, .events_to = 1, .event_count = 1};
    slot->write = (struct cairn_write){
        .events = &slot->event, .event_count = 1, .commands = &slot->command, .command_count = 1};
    slot->appending = (struct cairn_appending){.append = {.writes = &slot->write, .write_count = 1},
                                               .ret = &slot->appended,
                                               .done = hand_over,
                                               .context = slot};
    if (!load->options->boundaries)
        return;
    slot->event.tags = slot->tags;
    slot->event.tag_count = 2;
    slot->event.meta = slot->meta;
    slot->appending.append.boundaries = slot->boundaries;
    slot->appending.append.boundary_count = 2;
}

/* New tags at each run, as nothing is known of those that the log has; beside those of the same
 * numbers, so that they are as far apart. */
static struct edge *make_edges(const struct options *options, const char *name)
{
    struct edge *edges = cairn_allocate((size_t)options->streams.count * sizeof *edges);
    int64_t run = cairn_monotonic_us();
    for (int64_t i = 0; i < options->streams.count; i++)
        (void)snprintf(edges[i].tag, TAG_SIZE, "%s:%" PRId64 "-%" PRIx64, name,
                       options->streams.first + i * options->streams.stride, run);
    return edges;
}

static void run(struct load *load, struct slot *slots, void **answered)
{
    size_t room = (size_t)load->options->appenders;
    load->count_from_us = cairn_monotonic_us() + CAIRN_MILLISECONDS(load->options->warm_ms);
    load->end_us = load->count_from_us + CAIRN_MILLISECONDS(load->options->run_ms);
    for (size_t i = 0; i < room; i++)
        submit(&slots[i]);
    for (size_t under_way = room; under_way > 0;) {
        size_t count = cairn_queue_drain(load->answered, answered, room);
        int64_t now_us = cairn_monotonic_us();
        for (size_t i = 0; i < count; i++)
            finish(answered[i], now_us);
        for (size_t i = 0; i < count && now_us < load->end_us; i++)
            submit(answered[i]);
        if (now_us >= load->end_us)
            under_way -= count;
    }
}

static void report(struct load *load)
{
    double seconds = (double)load->options->run_ms / 1000;
    struct latency *latency = &load->latency;
    latency_sort(latency);
    (void)printf("{\"acknowledged\":%" PRId64 ",\"chained\":%" PRId64
                 ",\"rate\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"p999_us\":%u}\n",
                 load->acknowledged, load->chained, (double)latency->count / seconds,
                 latency_at(latency, 500), latency_at(latency, 990), latency_at(latency, 999));
}

static uint64_t seed(void)
{
    struct cairn_uuid id = cairn_uuid_make();
    uint64_t ret = 0;
    memcpy(&ret, id.bytes + 8, sizeof ret);
    return ret | 1;
}

static void measure(const struct options *options)
{
    struct load load = {.options = options, .random = seed()};
    struct cairn_error error = {0};
    size_t count = (size_t)options->appenders;
    load.streams = streams_load(options->url, &options->streams);
    load.edges[0] = make_edges(options, "account");
    load.edges[1] = make_edges(options, "branch");
    load.answered = cairn_queue_open(count);
    if (cairn_appender_open(options->url, "bench", NULL, &load.appender, &error) < 0)
        fail("the appender cannot be opened", &error);
    struct slot *slots = cairn_allocate(count * sizeof *slots);
    void **answered = cairn_allocate(count * sizeof *answered);
    for (size_t i = 0; i < count; i++)
        init_slot(&slots[i], &load);

    run(&load, slots, answered);
    report(&load);

    cairn_appender_close(load.appender);
    cairn_queue_free(load.answered);
    latency_close(&load.latency);
    free(answered);
    free(slots);
    free(load.streams);
    free(load.edges[0]);
    free(load.edges[1]);
}

/* ---- options ---- */

static const struct option names[] = {
    {"data", required_argument, NULL, 'd'},      {"meta", required_argument, NULL, 'm'},
    {"appenders", required_argument, NULL, 'a'}, {"warm-ms", required_argument, NULL, 'w'},
    {"run-ms", required_argument, NULL, 'r'},    {"first", required_argument, NULL, 'f'},
    {"stride", required_argument, NULL, 's'},    {"streams", required_argument, NULL, 'n'},
    {"boundaries", no_argument, NULL, 'b'},      {NULL, 0, NULL, 0},
};

static void usage(void)
{
    (void)fputs("usage: cairn_append [--appenders N] [--warm-ms N] [--run-ms N] [--streams N]\n"
                "                    [--first N] [--stride N] [--data JSON] [--meta JSON]\n"
                "                    [--boundaries] URL\n",
                stderr);
    exit(2);
}

static int64_t number(const char *text, int64_t least)
{
    char *end = NULL;
    int64_t value = strtoll(text, &end, 10);
    if (*end || end == text || value < least)
        usage();
    return value;
}

static void read_option(int option, const char *value, struct options *ret)
{
    switch (option) {
    case 'd':
        ret->data = value;
        break;
    case 'm':
        ret->meta = value;
        break;
    case 'a':
        ret->appenders = number(value, 1);
        break;
    case 'w':
        ret->warm_ms = number(value, 0);
        break;
    case 'r':
        ret->run_ms = number(value, 1);
        break;
    case 'f':
        ret->streams.first = number(value, 0);
        break;
    case 's':
        ret->streams.stride = number(value, 1);
        break;
    case 'b':
        ret->boundaries = true;
        break;
    case 'n':
        ret->streams.count = number(value, 1);
        break;
    default:
        usage();
    }
}

int main(int argc, char **argv)
{
    struct options options = {.data = "{}",
                              .meta = "{}",
                              .appenders = 64,
                              .warm_ms = 1000,
                              .run_ms = 3000,
                              .streams = {.stride = 1, .count = 4096}};
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;)
        read_option(option, optarg, &options);
    if (optind != argc - 1)
        usage();
    options.url = argv[optind];
    measure(&options);
    return 0;
}
