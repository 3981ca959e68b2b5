/* writes.c - a leader of the appender for each polling thread. */
#include "command/writes.h"

#include "store/commit/appender.h"

static int open_leader(void *context, void **ret, struct cairn_error *error)
{
    (void)error;
    *ret = cairn_leader_open(context);
    return 0;
}

static void close_leader(void *self)
{
    cairn_leader_close(self);
}

static int64_t prepare(void *self, struct pollfd *ret)
{
    int64_t until_us = cairn_leader_prepare(self, ret);
    return until_us == CAIRN_LEADER_WATCH ? CAIRN_HTTP_WATCH : until_us;
}

static void go_on(void *self, short what)
{
    (void)what;
    cairn_leader_go_on(self);
}

const struct cairn_http_upstream cairn_command_writes = {
    .open = open_leader, .close = close_leader, .prepare = prepare, .go_on = go_on};
