/* fake_target.c - listens, answers by a script, records. */
#include "testkit/outside/fake_target.h"

#include "core/containers/arena.h"
#include "core/threads/clock.h"
#include "core/threads/lock.h"
#include "core/threads/thread.h"
#include "testkit/outside/loopback.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CALLS_MAX = 10000, LINES_MAX = 1000, REQUEST_MAX = 16 << 20 };

/* A connection and its thread. */
struct line {
    struct cairn_fake_target *target;
    int socket; /* -1: closed */
    pthread_t thread;
};

struct answers {
    struct cairn_test_answer *items;
    size_t count, capacity, taken;
};

/* What is behind `lock` is guarded by it. */
struct cairn_fake_target {
    int port;
    char url[64];
    pthread_t thread;
    int wake; /* an eventfd: the listener has changed, or the target is stopping */
    pthread_mutex_t lock;
    pthread_cond_t called; /* a call was recorded */
    int listener;
    bool is_away; /* the listener is bound, and does not listen */
    bool stopping;
    struct cairn_arena arena;
    struct answers answers;
    struct cairn_fake_call calls[CALLS_MAX];
    size_t call_count;
    struct line lines[LINES_MAX];
    size_t line_count;
};

/* ---- a request ---- */

/* Records the request, whose end is cut up, and takes the next answer. */
static struct cairn_test_answer take_answer(struct cairn_fake_target *target, const char *head,
                                            const char *body)
{
    static const struct cairn_test_answer none = {
        .status = 500, .body = "this call has no CALL_ANSWERS", .content_type = "text/plain"};
    struct cairn_test_answer answer = none;
    cairn_lock(&target->lock);
    char *copy = cairn_copy_text(&target->arena, head);
    char *headers = strstr(copy, "\r\n");
    char *path = strchr(copy, ' ');
    char *version = path ? strchr(path + 1, ' ') : NULL;
    struct cairn_fake_call call = {.method = copy, .path = "", .headers = "\r\n"};
    if (headers && path && version && version < headers) {
        *path = *version = '\0';
        call.path = path + 1;
        call.headers = headers;
    }
    call.body = cairn_copy_text(&target->arena, body);
    call.answered = target->answers.taken < target->answers.count;
    if (call.answered)
        answer = target->answers.items[target->answers.taken++];
    if (target->call_count < CALLS_MAX)
        target->calls[target->call_count++] = call;
    cairn_cond_broadcast(&target->called);
    cairn_unlock(&target->lock);
    return answer;
}

/* Waits, unless the client closes the connection or the target stops before. */
static void pause_for(int socket, int64_t ms)
{
    struct pollfd closed = {.fd = socket, .events = POLLRDHUP};
    (void)poll(&closed, 1, (int)ms);
}

/* Returns whether the connection stays open. */
static bool send_answer(int socket, const struct cairn_test_answer *answer, bool is_head)
{
    const char *body = answer->body ? answer->body : "";
    size_t bytes = strlen(body);
    char head[512];
    pause_for(socket, answer->delay_ms);
    if (answer->cut)
        return false;
    (void)snprintf(
        head, sizeof head,
        "HTTP/1.1 %d Answer\r\nContent-Type: %.100s\r\nContent-Length: %zu\r\n%.300s\r\n",
        answer->status, answer->content_type ? answer->content_type : "application/json", bytes,
        answer->headers ? answer->headers : "");
    return cairn_loopback_send(socket, head, strlen(head)) &&
           (is_head || cairn_loopback_send(socket, body, bytes));
}

static void *serve(void *context)
{
    struct line *line = context;
    struct cairn_fake_target *target = line->target;
    bool is_open = true;
    while (is_open) {
        struct cairn_arena arena = {0};
        struct cairn_loopback_message request = {0};
        is_open = cairn_loopback_receive(line->socket, REQUEST_MAX, true, &arena, &request);
        if (is_open) {
            const struct cairn_test_answer next = take_answer(target, request.head, request.body);
            is_open = send_answer(line->socket, &next, strncmp(request.head, "HEAD ", 5) == 0);
        }
        cairn_arena_close(&arena);
    }
    cairn_lock(&target->lock);
    (void)close(line->socket);
    line->socket = -1;
    cairn_unlock(&target->lock);
    return NULL;
}

/* ---- connections ---- */

/* Under the lock. */
static void add_line(struct cairn_fake_target *target, int socket)
{
    struct line *line = &target->lines[target->line_count];
    struct cairn_error error = {0};
    if (target->line_count == LINES_MAX || target->stopping) {
        (void)close(socket);
        return;
    }
    *line = (struct line){.target = target, .socket = socket};
    if (cairn_thread_start(&line->thread, serve, line, "answers a test's call", &error) < 0)
        (void)close(socket);
    else
        target->line_count++;
}

static void *accept_lines(void *context)
{
    struct cairn_fake_target *target = context;
    for (;;) {
        cairn_lock(&target->lock);
        bool stops = target->stopping;
        struct pollfd wanted[] = {
            {.fd = target->wake, .events = POLLIN},
            {.fd = target->is_away ? -1 : target->listener, .events = POLLIN},
        };
        cairn_unlock(&target->lock);
        if (stops)
            return NULL;
        if (poll(wanted, 2, -1) <= 0)
            continue;
        uint64_t times;
        if (wanted[0].revents)
            (void)!read(target->wake, &times, sizeof times);
        if (!wanted[1].revents)
            continue;
        int socket = accept4(wanted[1].fd, NULL, NULL, SOCK_CLOEXEC);
        cairn_lock(&target->lock);
        if (socket >= 0)
            add_line(target, socket);
        cairn_unlock(&target->lock);
    }
}

static void wake(struct cairn_fake_target *target)
{
    const uint64_t once = 1;
    (void)!write(target->wake, &once, sizeof once);
}

/* Under the lock. Connections that wait to be accepted are cut. A socket that is bound and does not
 * listen keeps the port and refuses connections. Closing alone would leave the socket listening
 * until poll(2) of the other thread has returned. */
static int go_away(struct cairn_fake_target *target, struct cairn_error *error)
{
    int bound = -1;
    (void)shutdown(target->listener, SHUT_RDWR);
    (void)close(target->listener);
    target->listener = -1;
    int failed = cairn_loopback_bind(&target->port, &bound, error);
    target->listener = bound;
    return failed;
}

int cairn_fake_target_away(struct cairn_fake_target *target, bool away, struct cairn_error *error)
{
    int failed = 0;
    cairn_lock(&target->lock);
    if (away != target->is_away) {
        target->is_away = away;
        if (away)
            failed = go_away(target, error);
        else if (listen(target->listener, SOMAXCONN) < 0)
            failed = cairn_fail(error, CAIRN_CONFIG, "cannot listen at port %d: %s", target->port,
                                strerror(errno));
    }
    cairn_unlock(&target->lock);
    wake(target);
    return failed;
}

/* ---- life ---- */

int cairn_fake_target_open(struct cairn_fake_target **ret, struct cairn_error *error)
{
    struct cairn_fake_target *target = cairn_allocate(sizeof *target);
    cairn_lock_init(&target->lock);
    cairn_cond_init(&target->called);
    target->wake = eventfd(0, EFD_CLOEXEC);
    target->listener = -1;
    int failed = cairn_loopback_bind(&target->port, &target->listener, error);
    if (!failed && (target->wake < 0 || listen(target->listener, SOMAXCONN) < 0))
        failed = cairn_fail(error, CAIRN_CONFIG, "cannot listen: %s", strerror(errno));
    if (!failed)
        failed = cairn_thread_start(&target->thread, accept_lines, target, "accepts a test's calls",
                                    error);
    if (failed) {
        (void)close(target->wake);
        (void)close(target->listener);
        cairn_cond_destroy(&target->called);
        cairn_lock_destroy(&target->lock);
        free(target);
        return failed;
    }
    (void)snprintf(target->url, sizeof target->url, "http://127.0.0.1:%d", target->port);
    *ret = target;
    return 0;
}

static void cut_lines(struct cairn_fake_target *target)
{
    cairn_lock(&target->lock);
    for (size_t i = 0; i < target->line_count; i++) {
        if (target->lines[i].socket >= 0)
            (void)shutdown(target->lines[i].socket, SHUT_RDWR);
    }
    cairn_unlock(&target->lock);
    for (size_t i = 0; i < target->line_count; i++)
        cairn_thread_join(target->lines[i].thread);
}

void cairn_fake_target_close(struct cairn_fake_target *target)
{
    cairn_lock(&target->lock);
    target->stopping = true;
    cairn_unlock(&target->lock);
    wake(target);
    cairn_thread_join(target->thread);
    cut_lines(target);
    (void)close(target->listener);
    (void)close(target->wake);
    cairn_cond_destroy(&target->called);
    cairn_lock_destroy(&target->lock);
    cairn_arena_close(&target->arena);
    free(target);
}

const char *cairn_fake_target_url(const struct cairn_fake_target *target)
{
    return target->url;
}

/* ---- the script and the record ---- */

void cairn_fake_target_answer(struct cairn_fake_target *target,
                              const struct cairn_test_answer *answer)
{
    struct answers *answers = &target->answers;
    struct cairn_test_answer copy = *answer;
    cairn_lock(&target->lock);
    copy.body = cairn_copy_text(&target->arena, answer->body);
    copy.content_type = cairn_copy_text(&target->arena, answer->content_type);
    copy.headers = cairn_copy_text(&target->arena, answer->headers);
    cairn_grow(&target->arena, answers->items, answers->count, &answers->capacity);
    answers->items[answers->count++] = copy;
    cairn_unlock(&target->lock);
}

size_t cairn_fake_target_answers_left(struct cairn_fake_target *target)
{
    cairn_lock(&target->lock);
    size_t left = target->answers.count - target->answers.taken;
    cairn_unlock(&target->lock);
    return left;
}

const struct cairn_fake_call *cairn_fake_target_call(struct cairn_fake_target *target,
                                                     size_t number, int64_t wait_us)
{
    int64_t until_us = cairn_monotonic_us() + wait_us;
    cairn_lock(&target->lock);
    while (number >= target->call_count && cairn_monotonic_us() < until_us)
        (void)cairn_cond_wait_until(&target->called, &target->lock, until_us);
    const struct cairn_fake_call *call =
        number < target->call_count ? &target->calls[number] : NULL;
    cairn_unlock(&target->lock);
    return call;
}
