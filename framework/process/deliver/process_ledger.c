/* process_ledger.c - calls functions of migrations/repeatable/processes.sql. */
#include "process/deliver/process_ledger.h"

#include "telemetry/trace_context.h"

enum { TIMERS_AT_ONCE = 200 };

#define OUTGOING_COLUMNS                                                                           \
    "held, stream, version, number, target, command, method, path, body, traceparent, key,"        \
    " position, correlation_id, tracestate"

static const struct cairn_statement advance_statement = {
    .name = "advance_process",
    .sql = "select " OUTGOING_COLUMNS " from cairn.advance_process($1, $2, $3, $4)",
};
static const struct cairn_statement page_statement = {
    .name = "outgoing_page",
    .sql = "select " OUTGOING_COLUMNS " from cairn.outgoing_page($1, $2, $3, $4, $5, $6)",
};
static const struct cairn_statement settle_statement = {
    .name = "settle_outgoing",
    .sql = "select cairn.settle_outgoing($1, $2, $3, $4, $5, $6, $7)",
};
static const struct cairn_statement now_statement = {
    .name = "process_now",
    .sql = "select cairn.now()",
};
static const struct cairn_statement recorded_statement = {
    .name = "recorded_at",
    .sql = "select e.recorded_at + c.ahead from cairn.events e, cairn.clock c"
           " where e.shard = 0 and e.position = $1",
};
static const struct cairn_statement due_statement = {
    .name = "due_timers",
    .sql = "select stream, name, due_at from cairn.due_timers($1, $2, $3)",
};
static const struct cairn_statement refused_statement = {
    .name = "was_refused",
    .sql = "select cairn.was_refused($1, $2, $3)",
};

static int lost(const char *process, struct cairn_error *error)
{
    return cairn_fail(error, CAIRN_CONFLICT, "another process has taken over process/%s", process);
}

/* ---- outgoing ---- */

static struct cairn_outgoing outgoing_at(const struct cairn_pg_result *rows, int64_t row)
{
    return (struct cairn_outgoing){
        .stream = cairn_pg_text(rows, row, cairn_pg_column(rows, "stream")),
        .version = cairn_pg_integer(rows, row, cairn_pg_column(rows, "version")),
        .number = cairn_pg_integer(rows, row, cairn_pg_column(rows, "number")),
        .target = cairn_pg_text(rows, row, cairn_pg_column(rows, "target")),
        .command = cairn_pg_text(rows, row, cairn_pg_column(rows, "command")),
        .method = cairn_pg_text(rows, row, cairn_pg_column(rows, "method")),
        .path = cairn_pg_text(rows, row, cairn_pg_column(rows, "path")),
        .body = cairn_pg_text(rows, row, cairn_pg_column(rows, "body")),
        .traceparent = cairn_pg_text(rows, row, cairn_pg_column(rows, "traceparent")),
        .key = cairn_pg_text(rows, row, cairn_pg_column(rows, "key")),
        .position = cairn_pg_integer(rows, row, cairn_pg_column(rows, "position")),
        .correlation_id = cairn_pg_text(rows, row, cairn_pg_column(rows, "correlation_id")),
        .tracestate =
            cairn_tracestate_check(cairn_pg_text(rows, row, cairn_pg_column(rows, "tracestate"))),
    };
}

int cairn_ledger_advance(struct cairn_pg *pg, const char *process, int64_t fence, int64_t from,
                         int64_t to, struct cairn_delivery *delivery, struct cairn_arena *arena,
                         struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, process);
    cairn_pg_add_integer(&params, fence);
    cairn_pg_add_integer(&params, from);
    cairn_pg_add_integer(&params, to);
    int64_t count = cairn_pg_call(pg, &advance_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count > 0 && !cairn_pg_bool(rows, 0, 0))
        return lost(process, error);
    for (int64_t row = 0; row < count; row++) {
        const struct cairn_outgoing outgoing = outgoing_at(rows, row);
        cairn_delivery_push(delivery, &outgoing);
    }
    return 0;
}

static int fill(struct cairn_pg *pg, const char *process, struct cairn_delivery *delivery,
                const struct cairn_gap *gap, struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_array categories = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    for (size_t i = 0; i < gap->count; i++)
        cairn_pg_array_text(&categories, gap->categories[i]);
    cairn_pg_add_text(&params, process);
    cairn_pg_add_array(&params, &categories);
    cairn_pg_add_bool(&params, gap->others);
    cairn_pg_add_integer(&params, gap->position);
    cairn_pg_add_integer(&params, gap->number);
    cairn_pg_add_integer(&params, gap->limit);
    int64_t count = cairn_pg_call(pg, &page_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    for (int64_t row = 0; row < count; row++) {
        const struct cairn_outgoing outgoing = outgoing_at(rows, row);
        cairn_delivery_fill(delivery, gap, &outgoing);
    }
    if (count < gap->limit)
        cairn_delivery_filled(delivery, gap);
    return 0;
}

int cairn_ledger_fill(struct cairn_pg *pg, const char *process, struct cairn_delivery *delivery,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_gap gap;
    int failed = 0;
    for (size_t channel = 0; !failed && cairn_delivery_gap(delivery, &channel, &gap);)
        failed = fill(pg, process, delivery, &gap, arena, error);
    return failed;
}

int cairn_ledger_settle(struct cairn_pg *pg, const char *process, int64_t fence,
                        const struct cairn_delivered *first, struct cairn_arena *arena,
                        struct cairn_error *error)
{
    struct cairn_pg_array streams = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    struct cairn_pg_array versions = cairn_pg_array(CAIRN_PG_INTEGERS, arena);
    struct cairn_pg_array numbers = cairn_pg_array(CAIRN_PG_INTEGERS, arena);
    struct cairn_pg_array attempts = cairn_pg_array(CAIRN_PG_INTEGERS, arena);
    struct cairn_pg_array problems = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    for (const struct cairn_delivered *at = first; at; at = at->next) {
        if (at->status == CAIRN_DELIVERY_REFUSED) /* the event of the refusal deletes its row */
            continue;
        cairn_pg_array_text(&streams, at->outgoing.stream);
        cairn_pg_array_integer(&versions, at->outgoing.version);
        cairn_pg_array_integer(&numbers, at->outgoing.number);
        cairn_pg_array_integer(&attempts, at->attempts);
        cairn_pg_array_text(&problems, at->status == CAIRN_DELIVERED ? NULL : at->error.message);
    }
    if (streams.count == 0)
        return 0;
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, process);
    cairn_pg_add_integer(&params, fence);
    cairn_pg_add_array(&params, &streams);
    cairn_pg_add_array(&params, &versions);
    cairn_pg_add_array(&params, &numbers);
    cairn_pg_add_array(&params, &attempts);
    cairn_pg_add_array(&params, &problems);
    int64_t count = cairn_pg_call(pg, &settle_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    return cairn_pg_bool(rows, 0, 0) ? 0 : lost(process, error);
}

int cairn_ledger_was_refused(struct cairn_pg *pg, const struct cairn_outgoing *outgoing,
                             struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, outgoing->stream);
    cairn_pg_add_integer(&params, outgoing->version);
    cairn_pg_add_integer(&params, outgoing->number);
    int64_t count = cairn_pg_call(pg, &refused_statement, &params, &rows, error);
    return count < 0 ? (int)count : cairn_pg_bool(rows, 0, 0);
}

/* ---- timers ---- */

int cairn_ledger_now(struct cairn_pg *pg, struct cairn_time *ret, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(pg, &now_statement, NULL, &rows, error);
    if (count < 0)
        return (int)count;
    *ret = cairn_pg_time(rows, 0, 0);
    return ret->us ? 0 : cairn_fail(error, CAIRN_SCHEMA, "cairn.clock is empty");
}

int cairn_ledger_recorded_at(struct cairn_pg *pg, int64_t position, struct cairn_arena *arena,
                             struct cairn_time *ret, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_integer(&params, position);
    int64_t count = cairn_pg_call(pg, &recorded_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    *ret = count > 0 ? cairn_pg_time(rows, 0, 0) : (struct cairn_time){0};
    return 0;
}

int64_t cairn_ledger_due(struct cairn_pg *pg, const char *process, struct cairn_time by,
                         struct cairn_arena *arena, struct cairn_due **ret,
                         struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, process);
    cairn_pg_add_time(&params, by);
    cairn_pg_add_integer(&params, TIMERS_AT_ONCE);
    int64_t count = cairn_pg_call(pg, &due_statement, &params, &rows, error);
    if (count < 0)
        return count;
    struct cairn_due *due = cairn_new(arena, struct cairn_due, (size_t)count + 1);
    for (int64_t row = 0; row < count; row++)
        due[row] = (struct cairn_due){
            cairn_copy_text(arena, cairn_pg_text(rows, row, cairn_pg_column(rows, "stream"))),
            cairn_copy_text(arena, cairn_pg_text(rows, row, cairn_pg_column(rows, "name"))),
            cairn_pg_time(rows, row, cairn_pg_column(rows, "due_at"))};
    *ret = due;
    return count;
}
