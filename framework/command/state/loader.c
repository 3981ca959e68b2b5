/* loader.c - a queue of reads, and the thread that executes them in groups. */
#include "command/state/loader.h"

#include "command/state/part.h"
#include "core/report/metrics.h"
#include "core/threads/queue.h"
#include "core/threads/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* At most EVENTS - 1 events of one stream; a stream with more to read is long. */
enum { MANY = 64, EVENTS = 32 };
#define DEADLINE_US CAIRN_SECONDS(10)

struct cairn_loader {
    struct cairn_queue *queue;
    pthread_t thread;
    bool started;

    /* the thread's own */
    struct cairn_store *store;
    struct cairn_arena arena;
};

static struct cairn_metric calls =
    CAIRN_COUNTER("cairn_loader_calls_total", "Calls that read for several commands.", "what");
static struct cairn_metric loaded = CAIRN_COUNTER(
    "cairn_loader_reads_total", "What they read: states, and Idempotency-Keys.", "what");

/* The reads of one call: those of one kind that were taken from the queue. */
struct group {
    struct cairn_loading *items[MANY];
    size_t count;
};

static void count_call(const char *what, const struct group *group)
{
    cairn_metric_add(&calls, what, 1);
    cairn_metric_add(&loaded, what, (int64_t)group->count);
}

static void finish(struct cairn_loading *loading, int outcome)
{
    loading->outcome = outcome;
    loading->done(loading);
}

static void fail_all(const struct group *group, int failed, const struct cairn_error *error)
{
    for (size_t i = 0; i < group->count; i++) {
        *group->items[i]->error = *error;
        finish(group->items[i], failed);
    }
}

static void read_states(struct cairn_loader *loader, const struct group *group)
{
    struct cairn_load loads[MANY];
    struct cairn_error error = {0};
    for (size_t i = 0; i < group->count; i++)
        loads[i] = cairn_aggregate_wants(group->items[i]->folding, &group->items[i]->aggregate);
    count_call("states", group);
    int failed =
        cairn_store_load_many(loader->store, loads, group->count, EVENTS, &loader->arena, &error);
    if (failed) {
        fail_all(group, failed, &error);
        return;
    }
    for (size_t i = 0; i < group->count; i++) {
        struct cairn_loading *item = group->items[i];
        finish(item, cairn_aggregate_take(item->folding, &loads[i], &loader->arena,
                                          &item->aggregate, item->error));
    }
}

static void read_parts(struct cairn_loader *loader, const struct group *group)
{
    struct cairn_tagged_load loads[MANY];
    struct cairn_error error = {0};
    for (size_t i = 0; i < group->count; i++)
        loads[i] =
            cairn_part_wants(group->items[i]->folding, &group->items[i]->aggregate, &loader->arena);
    count_call("parts", group);
    int failed =
        cairn_store_load_tagged(loader->store, loads, group->count, EVENTS, &loader->arena, &error);
    if (failed) {
        fail_all(group, failed, &error);
        return;
    }
    for (size_t i = 0; i < group->count; i++) {
        struct cairn_loading *item = group->items[i];
        finish(item, cairn_part_take(item->folding, &loads[i], &loader->arena, &item->aggregate,
                                     item->error));
    }
}

static void find_commands(struct cairn_loader *loader, const struct group *group)
{
    struct cairn_command_query queries[MANY];
    struct cairn_error error = {0};
    for (size_t i = 0; i < group->count; i++) {
        queries[i] = group->items[i]->command;
        queries[i].error = group->items[i]->error;
    }
    count_call("keys", group);
    int failed =
        cairn_store_find_commands(loader->store, queries, group->count, &loader->arena, &error);
    if (failed) {
        fail_all(group, failed, &error);
        return;
    }
    for (size_t i = 0; i < group->count; i++)
        finish(group->items[i], queries[i].outcome);
}

static void add(struct group *group, struct cairn_loading *loading)
{
    group->items[group->count++] = loading;
}

static void *work(void *context)
{
    struct cairn_loader *loader = context;
    void *taken[MANY];
    size_t count;
    while ((count = cairn_queue_drain(loader->queue, taken, MANY)) > 0) {
        struct group states = {.count = 0};
        struct group parts = {.count = 0};
        struct group commands = {.count = 0};
        for (size_t i = 0; i < count; i++) {
            struct cairn_loading *loading = taken[i];
            add(!loading->folding ? &commands : loading->folding->part ? &parts : &states, loading);
        }
        cairn_arena_reset(&loader->arena);
        if (commands.count > 0)
            find_commands(loader, &commands);
        if (states.count > 0)
            read_states(loader, &states);
        if (parts.count > 0)
            read_parts(loader, &parts);
    }
    return NULL;
}

int cairn_loader_submit(struct cairn_loader *loader, struct cairn_loading *loading)
{
    return cairn_queue_push(loader->queue, loading);
}

/* ---- opening and closing ---- */

static int start(struct cairn_loader *loader, const char *url, const char *label,
                 struct cairn_error *error)
{
    int failed = cairn_store_open(url, label, &loader->store, error);
    if (failed)
        return failed;
    cairn_pg_set_deadline(cairn_store_pg(loader->store), DEADLINE_US);
    failed = cairn_thread_start(&loader->thread, work, loader, "loads states", error);
    loader->started = !failed;
    return failed;
}

int cairn_loader_open(const char *url, const char *label, size_t queue_max,
                      struct cairn_loader **ret, struct cairn_error *error)
{
    struct cairn_loader *loader = cairn_allocate(sizeof *loader);
    loader->queue = cairn_queue_open(queue_max);
    int failed = start(loader, url, label, error);
    if (failed)
        cairn_loader_close(loader);
    else
        *ret = loader;
    return failed;
}

void cairn_loader_close(struct cairn_loader *loader)
{
    if (!loader)
        return;
    cairn_queue_close(loader->queue);
    if (loader->started)
        cairn_thread_join(loader->thread);
    cairn_store_close(loader->store);
    cairn_queue_free(loader->queue);
    cairn_arena_close(&loader->arena);
    free(loader);
}
