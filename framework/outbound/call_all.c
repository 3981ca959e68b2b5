/* call_all.c - several calls at once, within one deadline. */
#include "core/threads/clock.h"
#include "core/threads/thread.h"
#include "telemetry/trace_context.h"

#include <cairn/outbound.h>

#include <assert.h>

struct branch {
    struct cairn_outbound_part *part;
    struct cairn_trace trace; /* of the thread that waits */
    int64_t until_us;         /* monotonic */
    pthread_t thread;
    bool running;
};

static void call(const struct branch *branch)
{
    struct cairn_outbound_part *part = branch->part;
    int64_t left_us = branch->until_us - cairn_monotonic_us();
    part->request.deadline_us = left_us > 0 ? left_us : 1;
    part->failed = cairn_outbound_call(part->target, &part->request, &part->response, &part->error);
}

static void *call_apart(void *context)
{
    const struct branch *branch = context;
    (void)cairn_trace_enter(&branch->trace);
    call(branch);
    return NULL;
}

/* The last part is called by the thread that waits for the others anyway. */
void cairn_outbound_call_all(struct cairn_outbound_part parts[], size_t count, int64_t deadline_us)
{
    struct branch branches[CAIRN_OUTBOUND_PARTS_MAX];
    int64_t until_us = cairn_monotonic_us() + deadline_us;
    assert(count <= CAIRN_OUTBOUND_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct branch *branch = &branches[i];
        struct cairn_error no_thread = {0};
        *branch = (struct branch){
            .part = &parts[i], .trace = *cairn_trace_current(), .until_us = until_us};
        branch->running = i + 1 < count && !cairn_thread_start(&branch->thread, call_apart, branch,
                                                               "calls a service", &no_thread);
    }
    for (size_t i = 0; i < count; i++) {
        if (!branches[i].running)
            call(&branches[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (branches[i].running)
            cairn_thread_join(branches[i].thread);
    }
}
