/* followers.c - starts, stops and finds the threads of followed generations. */
#include "projection/generations/followers.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"

#include <stdlib.h>

static void *follow(void *context)
{
    struct cairn_generation_follower *track = context;
    while (!atomic_load(&track->stopping)) {
        struct cairn_pause pause = cairn_runner_step(&track->runner);
        if (pause.for_lease)
            (void)cairn_lease_wait(track->runner.lease, pause.until_us);
        else if (pause.until_us) /* without news the runner reads the head */
            track->runner.announced =
                cairn_follower_wait(track->follower, pause.seen, pause.until_us, NULL);
    }
    return NULL;
}

static void free_track(struct cairn_generation_follower *track)
{
    cairn_runner_close(&track->runner);
    free(track);
}

static void stop_track(struct cairn_supervisor *supervisor, struct cairn_generation_follower **at)
{
    struct cairn_generation_follower *track = *at;
    atomic_store(&track->stopping, true);
    cairn_follower_wake(supervisor->follower);
    cairn_thread_join(track->thread);
    cairn_lock(&supervisor->lock);
    *at = NULL;
    cairn_unlock(&supervisor->lock);
    free_track(track);
}

static struct cairn_generation_follower **find_track(struct cairn_supervisor *supervisor,
                                                     int64_t generation)
{
    for (size_t i = 0; i < CAIRN_FOLLOWED_MAX; i++) {
        struct cairn_generation_follower *track = supervisor->followers[i];
        if (generation ? track && track->runner.number == generation : !track)
            return &supervisor->followers[i];
    }
    return NULL;
}

static int start_track(struct cairn_supervisor *supervisor, struct cairn_generation_follower **at,
                       const struct cairn_generation *generation, struct cairn_error *error)
{
    const struct cairn_runner_options options = {.projection = supervisor->projection,
                                                 .generation = generation->number,
                                                 .database_url = supervisor->database_url,
                                                 .redis_url = supervisor->redis_url,
                                                 .lease = supervisor->lease,
                                                 .notifier = supervisor->notifier,
                                                 .window_ms = supervisor->limits.window_ms};
    struct cairn_generation_follower *track = cairn_allocate(sizeof *track);
    track->follower = supervisor->follower;
    int failed = cairn_runner_open(&track->runner, &options, error);
    atomic_store(&track->runner.serving, generation->serving);
    if (!failed && cairn_thread_start(&track->thread, follow, track, "follows the log", NULL))
        failed = cairn_fail(error, CAIRN_BUSY, "no more threads can be created");
    if (failed) {
        free_track(track);
        return failed;
    }
    cairn_lock(&supervisor->lock);
    *at = track;
    cairn_unlock(&supervisor->lock);
    return 0;
}

static bool is_listed(const struct cairn_generation *all, int64_t count, int64_t number)
{
    for (int64_t i = 0; i < count; i++) {
        if (all[i].number == number)
            return true;
    }
    return false;
}

int64_t cairn_followers_match(struct cairn_supervisor *supervisor, struct cairn_error *error)
{
    const struct cairn_generation *all = NULL;
    int64_t count = cairn_generation_list(supervisor->store, supervisor->projection,
                                          &supervisor->arena, &all, error);
    if (count < 0)
        return count;
    for (size_t i = 0; i < CAIRN_FOLLOWED_MAX; i++) {
        struct cairn_generation_follower *track = supervisor->followers[i];
        if (track && !is_listed(all, count, track->runner.number))
            stop_track(supervisor, &supervisor->followers[i]);
    }
    int failed = 0;
    for (int64_t i = 0; i < count && !failed; i++) {
        struct cairn_generation_follower **at = find_track(supervisor, all[i].number);
        struct cairn_generation_follower **room = at ? at : find_track(supervisor, 0);
        if (at)
            atomic_store(&(*at)->runner.serving, all[i].serving);
        else if (room)
            failed = start_track(supervisor, room, &all[i], error);
    }
    return failed ? failed : count;
}

void cairn_followers_stop(struct cairn_supervisor *supervisor, int64_t generation)
{
    struct cairn_generation_follower **track = find_track(supervisor, generation);
    if (track)
        stop_track(supervisor, track);
}

void cairn_followers_stop_all(struct cairn_supervisor *supervisor)
{
    for (size_t i = 0; i < CAIRN_FOLLOWED_MAX; i++) {
        if (supervisor->followers[i])
            stop_track(supervisor, &supervisor->followers[i]);
    }
}

struct cairn_generation_follower *cairn_followers_shown(struct cairn_supervisor *supervisor)
{
    struct cairn_generation_follower *shown = NULL;
    for (size_t i = 0; i < CAIRN_FOLLOWED_MAX; i++) {
        struct cairn_generation_follower *track = supervisor->followers[i];
        if (!track)
            continue;
        if (atomic_load(&track->runner.serving))
            return track;
        if (!shown || track->runner.number > shown->runner.number)
            shown = track;
    }
    return shown;
}

bool cairn_followers_caught_up(struct cairn_supervisor *supervisor, int64_t generation)
{
    struct cairn_generation_follower **track = find_track(supervisor, generation);
    struct cairn_projector_state state;
    if (!track)
        return false;
    cairn_runner_state(&(*track)->runner, &state);
    return state.leading && state.head > 0 && state.position + 1000 >= state.head;
}
