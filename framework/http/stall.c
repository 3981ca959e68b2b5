/* stall.c - who has sent something and got nowhere with it. */
#include "http/stall.h"

#include "core/clock.h"
#include "http/connection.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

#define LOOK_US CAIRN_MILLISECONDS(100)     /* from one look to the next */
#define PATIENCE_US CAIRN_MILLISECONDS(300) /* with a body of which nothing is passed on */

static bool has_unread(const struct cairn_exchange *exchange)
{
    int bytes = 0;
    return ioctl(exchange->connection->socket, FIONREAD, &bytes) == 0 && bytes > 0;
}

void cairn_stalls_note(struct cairn_stalls *stalls, struct cairn_exchange *exchange)
{
    if (!exchange->chunks.listed) {
        exchange->chunks.after = stalls->first;
        if (stalls->first)
            stalls->first->chunks.before = exchange;
        stalls->first = exchange;
        exchange->chunks.listed = true;
    }
    exchange->chunks.since_us = cairn_monotonic_us();
}

void cairn_stalls_forget(struct cairn_stalls *stalls, struct cairn_exchange *exchange)
{
    struct cairn_exchange *before = exchange->chunks.before;
    struct cairn_exchange *after = exchange->chunks.after;
    if (!exchange->chunks.listed)
        return;
    *(before ? &before->chunks.after : &stalls->first) = after;
    if (after)
        after->chunks.before = before;
    exchange->chunks.before = exchange->chunks.after = NULL;
    exchange->chunks.listed = false;
}

void cairn_stalls_see(struct cairn_stalls *stalls, bool busy)
{
    if (!busy || !stalls->first)
        stalls->busy_us = 0;
    else if (!stalls->busy_us)
        stalls->busy_us = cairn_monotonic_us();
}

static bool pauses(const struct cairn_exchange *exchange, int64_t now_us)
{
    return now_us - exchange->chunks.since_us > PATIENCE_US;
}

/* The library finds the socket at its end, and closes the connection. */
static void cut(struct cairn_stalls *stalls, struct cairn_exchange *exchange)
{
    cairn_stalls_forget(stalls, exchange);
    exchange->refusal = cairn_new(&exchange->arena, struct cairn_error, 1);
    (void)cairn_fail(exchange->refusal, CAIRN_MALFORMED,
                     "a chunk of the body has no size, or one that does not end");
    exchange->connection->linger = true;
    cairn_answer_cut(exchange);
    (void)shutdown(exchange->connection->socket, SHUT_RDWR);
}

/* Returns how many have sent more than the library takes, whether that is so for long or not. */
static size_t cut_stuck(struct cairn_stalls *stalls, int64_t now_us)
{
    size_t count = 0;
    for (struct cairn_exchange *at = stalls->first, *next; at; at = next) {
        next = at->chunks.after;
        if (!has_unread(at))
            continue;
        count++;
        if (pauses(at, now_us))
            cut(stalls, at);
    }
    return count;
}

static void cut_suspects(struct cairn_stalls *stalls, int64_t now_us)
{
    for (struct cairn_exchange *at = stalls->first, *next; at; at = next) {
        next = at->chunks.after;
        if (pauses(at, now_us))
            cut(stalls, at);
    }
}

int64_t cairn_stalls_cut(struct cairn_stalls *stalls)
{
    int64_t now_us = stalls->first ? cairn_monotonic_us() : 0;
    if (!stalls->first || now_us < stalls->look_us)
        return stalls->first ? stalls->look_us : INT64_MAX;
    if (cut_stuck(stalls, now_us) > 0)
        stalls->busy_us = 0; /* which explains it */
    else if (stalls->busy_us && now_us - stalls->busy_us > PATIENCE_US)
        cut_suspects(stalls, now_us);
    stalls->look_us = now_us + LOOK_US;
    return stalls->look_us;
}
