/* parked_events.c - calls functions of migrations/repeatable/reactors.sql. */
#include "process/reactor/parked_events.h"

#include "core/report/log.h"

static const struct cairn_statement park_statement = {
    .name = "park_event",
    .sql = "select cairn.park_event($1, $2, $3, $4, $5, $6, $7)",
};
static const struct cairn_statement unpark_statement = {
    .name = "unpark_event",
    .sql = "select cairn.unpark_event($1, $2, $3)",
};
static const struct cairn_statement wanted_statement = {
    .name = "parked_again",
    .sql = "select position from cairn.parked_events where reactor = $1 and again order by position"
           " limit 50",
};

static struct cairn_pg_params params_of(const struct cairn_parking *parking,
                                        struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, parking->reactor);
    cairn_pg_add_integer(&params, parking->fence);
    cairn_pg_add_integer(&params, parking->event->position);
    return params;
}

static int call_fenced(struct cairn_pg *pg, const struct cairn_statement *statement,
                       const struct cairn_pg_params *params, const char *reactor,
                       struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, statement, params, &rows, error);
    if (count < 0)
        return (int)count;
    if (cairn_pg_bool(rows, 0, 0))
        return 0;
    return cairn_fail(error, CAIRN_CONFLICT, "another process has taken over reactor/%s", reactor);
}

int cairn_parked_event_add(struct cairn_pg *pg, const struct cairn_parking *parking,
                           struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_stored_event *event = parking->event;
    struct cairn_pg_params params = params_of(parking, arena);
    cairn_pg_add_text(&params, event->stream);
    cairn_pg_add_text(&params, event->type);
    cairn_pg_add_integer(&params, parking->attempts);
    cairn_pg_add_text(&params, parking->reason);
    int failed = call_fenced(pg, &park_statement, &params, parking->reactor, error);
    if (!failed)
        cairn_log(CAIRN_LOG_ERROR, "parked", CAIRN_LOG_TEXT("reactor", parking->reactor),
                  CAIRN_LOG_INTEGER("position", event->position),
                  CAIRN_LOG_TEXT("stream", event->stream), CAIRN_LOG_TEXT("type", event->type),
                  CAIRN_LOG_INTEGER("attempts", parking->attempts),
                  CAIRN_LOG_TEXT("reason", parking->reason));
    return failed;
}

int cairn_unpark(struct cairn_pg *pg, const struct cairn_parking *parking,
                 struct cairn_arena *arena, struct cairn_error *error)
{
    const struct cairn_pg_params params = params_of(parking, arena);
    return call_fenced(pg, &unpark_statement, &params, parking->reactor, error);
}

int64_t cairn_parked_wanted(struct cairn_pg *pg, const char *reactor, struct cairn_arena *arena,
                            const int64_t **ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, reactor);
    int64_t count = cairn_pg_call(pg, &wanted_statement, &params, &rows, error);
    if (count < 0)
        return count;
    int64_t *positions = cairn_new(arena, int64_t, (size_t)count + 1);
    for (int64_t row = 0; row < count; row++)
        positions[row] = cairn_pg_integer(rows, row, 0);
    *ret = positions;
    return count;
}
