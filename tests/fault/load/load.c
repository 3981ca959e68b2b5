/* load.c - starts and stops the actors. */
#include "load.h"

#include "core/threads/lock.h"
#include "core/threads/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Numerical Recipes' linear congruential generator: sufficient, and the same on every machine. */
int dice(unsigned *random, int end)
{
    *random = *random * 1664525U + 1013904223U;
    return (int)((*random >> 8) % (unsigned)end);
}

void rest_us(int64_t us)
{
    struct timespec left = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    (void)nanosleep(&left, NULL);
}

struct start {
    struct actor actor;
    void (*act)(struct actor *actor);
};

static void *run_actor(void *context)
{
    struct start *start = context;
    start->act(&start->actor);
    cairn_arena_close(&start->actor.arena);
    free(start);
    return NULL;
}

static void add_actor(struct stage *stage, const char *name, void (*act)(struct actor *actor),
                      pthread_t *thread)
{
    struct start *start = calloc(1, sizeof *start);
    int number = stage->actors++;
    if (!start)
        abort();
    start->act = act;
    start->actor.stage = stage;
    start->actor.random = stage->seed * 2654435761U + (unsigned)number * 40503U;
    (void)snprintf(start->actor.name, sizeof start->actor.name, "%s-%d", name, number);
    if (pthread_create(thread, NULL, run_actor, start) != 0)
        abort();
}

const struct role shop_cast[] = {
    {"client", load_client, 0},     {"ledger", load_ledger, 3},   {"person", load_person, 2},
    {"follower", load_follower, 2}, {"vandal", load_vandal, 1},   {"ahead", load_ahead, 2},
    {"half", load_half, 2},         {"spoiler", load_spoiler, 1}, {0},
};

const struct role hotel_cast[] = {
    {"guest", load_guest, 0},
    {"follower", load_follower, 1},
    {0},
};

const struct role school_cast[] = {
    {"pupil", load_pupil, 0},
    {"registrar", load_registrar, 2},
    {"follower", load_follower, 1},
    {0},
};

const struct role cluster_cast[] = {
    {"steady", load_steady, 4},     {"ledger", load_ledger, 2}, {"person", load_person, 1},
    {"follower", load_follower, 2}, {"vandal", load_vandal, 1}, {0},
};

void load_start(struct stage *stage)
{
    cairn_lock_init(&stage->world.lock);
    stage->over = false;
    for (const struct role *role = stage->cast; role->act; role++) {
        int count = role->count ? role->count : stage->clients;
        for (int k = 0; k < count; k++)
            add_actor(stage, role->name, role->act, &stage->threads[stage->thread_count++]);
    }
}

void load_stop(struct stage *stage)
{
    stage->over = true;
    for (int i = 0; i < stage->thread_count; i++)
        cairn_thread_join(stage->threads[i]);
    stage->thread_count = 0;
    if (stage->witness_count == 0)
        cairn_lock_destroy(&stage->world.lock);
}

void load_watch(struct stage *stage)
{
    for (int i = 0; i < stage->watchers; i++)
        add_actor(stage, "watcher", load_watcher, &stage->witnesses[stage->witness_count++]);
    if (stage->bus)
        add_actor(stage, "bus-reader", load_bus_reader, &stage->witnesses[stage->witness_count++]);
}

void load_settle(struct stage *stage)
{
    stage->settled = true;
    for (int i = 0; i < stage->witness_count; i++)
        cairn_thread_join(stage->witnesses[i]);
    if (stage->witness_count)
        cairn_lock_destroy(&stage->world.lock);
    stage->witness_count = 0;
}
