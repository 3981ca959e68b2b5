/* forward.c - passes the answer of another service on: the thread of the call fills a buffer, which
 * the polling thread of the client empties.
 *
 * A forward has two owners, the thread and the answer; the later one to end frees it. Until the
 * head has come the thread has the request, too, and answers it. The buffer is bounded: a client
 * that reads slowly makes the thread wait, and the other service with it.
 *
 * Threads: one lock per forward, held while a stream is woken, which acquires that of the
 * streams. */
#include "runtime/serve/forward.h"

#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "outbound/stream.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_BYTES = 65536 };

struct forward {
    struct cairn_target *target;
    struct cairn_outbound_request call; /* in the arena */
    struct cairn_arena arena;
    struct cairn_http_request *request; /* to be answered, then to be woken */
    struct cairn_http_response *response;
    pthread_mutex_t lock; /* guards the members below */
    pthread_cond_t emptied;
    size_t begin, end; /* of what is in `bytes` */
    bool ended;        /* there will be no more */
    bool closed;       /* the client has left: `request` is gone */
    int owners;
    char bytes[ROOM_BYTES];
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_changed = PTHREAD_COND_INITIALIZER;
static int all_count; /* threads */
static atomic_bool stopping;

static const char *const passed_on[] = {"ETag", "Cairn-Position", "Cache-Control", "Retry-After",
                                        "WWW-Authenticate"};

/* ---- ownership ---- */

static void release(struct forward *forward)
{
    cairn_lock(&forward->lock);
    bool last = --forward->owners == 0;
    cairn_unlock(&forward->lock);
    if (!last)
        return;
    cairn_cond_destroy(&forward->emptied);
    cairn_lock_destroy(&forward->lock);
    cairn_arena_close(&forward->arena);
    free(forward);
}

static void leave_all(void)
{
    cairn_lock(&all_lock);
    all_count--;
    cairn_cond_broadcast(&all_changed);
    cairn_unlock(&all_lock);
}

static bool enter_all(void)
{
    cairn_lock(&all_lock);
    bool entered = all_count < CAIRN_FORWARDS_MAX && !atomic_load(&stopping);
    all_count += entered;
    cairn_unlock(&all_lock);
    return entered;
}

/* ---- the client's side, on a polling thread ---- */

static int64_t pull(void *self, char *ret, size_t room)
{
    struct forward *forward = self;
    cairn_lock(&forward->lock);
    size_t count = forward->end - forward->begin;
    if (count > room)
        count = room;
    memcpy(ret, forward->bytes + forward->begin, count);
    forward->begin += count;
    bool over = count == 0 && forward->ended;
    cairn_cond_signal(&forward->emptied);
    cairn_unlock(&forward->lock);
    return over ? -1 : (int64_t)count;
}

static void on_close(void *self)
{
    struct forward *forward = self;
    cairn_lock(&forward->lock);
    forward->closed = true;
    cairn_cond_signal(&forward->emptied);
    cairn_unlock(&forward->lock);
    release(forward);
}

/* ---- the other service's side, on the thread ---- */

static void begin(void *self, const struct cairn_outbound_response *head)
{
    struct forward *forward = self;
    struct cairn_http_response *response = forward->response;
    struct cairn_arena *arena = forward->request->arena;
    response->status = head->status;
    if (*head->content_type)
        response->content_type = cairn_copy_text(arena, head->content_type);
    for (size_t i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++) {
        const char *value = cairn_outbound_header(head, passed_on[i]);
        if (value)
            cairn_http_set_header(response, passed_on[i], cairn_copy_text(arena, value));
    }
    response->stream.pull = pull;
    response->stream.close = on_close;
    response->stream.self = forward;
    cairn_lock(&forward->lock);
    forward->owners++;
    cairn_unlock(&forward->lock);
    cairn_http_answer(forward->request);
}

/* Adds what fits. With the lock held. */
static size_t add(struct forward *forward, const char *bytes, size_t count)
{
    if (forward->begin > 0) {
        memmove(forward->bytes, forward->bytes + forward->begin, forward->end - forward->begin);
        forward->end -= forward->begin;
        forward->begin = 0;
    }
    size_t room = ROOM_BYTES - forward->end;
    size_t added = count < room ? count : room;
    memcpy(forward->bytes + forward->end, bytes, added);
    forward->end += added;
    return added;
}

static bool take(void *self, const char *bytes, size_t count)
{
    struct forward *forward = self;
    cairn_lock(&forward->lock);
    while (count > 0 && !forward->closed && !atomic_load(&stopping)) {
        size_t added = add(forward, bytes, count);
        bytes += added;
        count -= added;
        cairn_http_wake(forward->request);
        if (count > 0)
            (void)cairn_cond_wait_until(&forward->emptied, &forward->lock,
                                        cairn_monotonic_us() + CAIRN_SECONDS(1));
    }
    bool on = !forward->closed;
    cairn_unlock(&forward->lock);
    return on && count == 0;
}

static bool go_on(void *self)
{
    struct forward *forward = self;
    cairn_lock(&forward->lock);
    bool on = !forward->closed && !atomic_load(&stopping);
    cairn_unlock(&forward->lock);
    return on;
}

static void end(struct forward *forward)
{
    cairn_lock(&forward->lock);
    forward->ended = true;
    if (!forward->closed)
        cairn_http_wake(forward->request);
    cairn_unlock(&forward->lock);
}

static void *pass_on(void *context)
{
    struct forward *forward = context;
    const struct cairn_outbound_sink sink = {begin, take, go_on, forward};
    struct cairn_error error = {0};
    if (cairn_outbound_stream(forward->target, &forward->call, &sink, &error) == 0) {
        end(forward);
    } else {
        cairn_http_problem(forward->request, forward->response, &error);
        cairn_http_answer(forward->request);
    }
    release(forward);
    leave_all();
    return NULL;
}

/* ---- beginning and end ---- */

static void copy_call(struct forward *forward, const struct cairn_outbound_request *call)
{
    struct cairn_arena *arena = &forward->arena;
    forward->call = (struct cairn_outbound_request){
        .method = cairn_copy_text(arena, call->method),
        .path = cairn_copy_text(arena, call->path),
        .traceparent = cairn_copy_text(arena, call->traceparent),
        .idempotent = true,
    };
    for (int i = 0; i < CAIRN_OUTBOUND_HEADERS_MAX && call->headers[i].name; i++) {
        forward->call.headers[i].name = cairn_copy_text(arena, call->headers[i].name);
        forward->call.headers[i].value = cairn_copy_text(arena, call->headers[i].value);
    }
}

int cairn_forward_begin(struct cairn_target *target, const struct cairn_outbound_request *call,
                        struct cairn_http_request *request, struct cairn_http_response *response,
                        struct cairn_error *error)
{
    pthread_t thread;
    if (!enter_all())
        return cairn_fail(error, CAIRN_BUSY, "%d streams are open already", CAIRN_FORWARDS_MAX);
    struct forward *forward = cairn_allocate(sizeof *forward);
    forward->target = target;
    forward->request = request;
    forward->response = response;
    forward->owners = 1;
    cairn_lock_init(&forward->lock);
    cairn_cond_init(&forward->emptied);
    copy_call(forward, call);
    int failed = cairn_thread_start(&thread, pass_on, forward, "forwards a stream", error);
    if (failed) {
        release(forward);
        leave_all();
        return failed;
    }
    (void)pthread_detach(thread);
    return 0;
}

void cairn_forwards_end(void)
{
    atomic_store(&stopping, true);
}

/* A later server of this process, as tests have them, begins streams again. */
void cairn_forwards_wait(void)
{
    cairn_lock(&all_lock);
    while (all_count > 0)
        cairn_cond_wait(&all_changed, &all_lock);
    cairn_unlock(&all_lock);
    atomic_store(&stopping, false);
}
