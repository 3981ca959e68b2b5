/* tagged.c - reads the events of many tags by one call of cairn.load_tagged. */
#include "store/read/tagged.h"

#include "store/events/events.h"
#include "store/handle.h"

static const struct cairn_statement load_tagged_statement = {
    .name = "load_tagged",
    .sql = "select " CAIRN_EVENT_COLUMNS_WITHIN(
        "16777216", "number, begins is null, position") ", begins, number"
                                                        " from cairn.load_tagged($1, $2, $3, $4,"
                                                        "     $5)"
                                                        " order by number, begins is null,"
                                                        "     position",
};

enum { POSITION = 2, EVENT_ID = 5, BEGINS = 8, NUMBER }; /* the columns */

const char *cairn_types_text(const char *const *types, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_buffer_char(&out, '{');
    for (size_t i = 0; types[i]; i++)
        cairn_buffer_print(&out, "%s\"%s\"", i ? "," : "", types[i]);
    cairn_buffer_char(&out, '}');
    return out.text;
}

/* Reads the rows of each load, of which the first has the head. */
static void take_loads(const struct cairn_pg_result *rows, int64_t row_count,
                       struct cairn_tagged_load *loads, size_t count, int64_t limit,
                       struct cairn_arena *arena)
{
    int64_t first = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t end = first + 1;
        while (end < row_count && cairn_pg_integer(rows, end, NUMBER) == (int64_t)i + 1)
            end++;
        loads[i].begins = cairn_pg_bool(rows, first, BEGINS);
        loads[i].head = cairn_pg_integer(rows, first, POSITION);
        loads[i].head_id = (struct cairn_uuid){0};
        if (!cairn_pg_null(rows, first, EVENT_ID))
            loads[i].head_id = cairn_pg_uuid(rows, first, EVENT_ID);
        first++;
        loads[i].count = cairn_count_within(rows, first, end);
        loads[i].events = cairn_take_events(rows, first, first + loads[i].count, arena);
        loads[i].more = end - first == limit || loads[i].count < end - first;
        first = end;
    }
}

int cairn_store_load_tagged(struct cairn_store *store, struct cairn_tagged_load *loads,
                            size_t count, int64_t limit, struct cairn_arena *arena,
                            struct cairn_error *error)
{
    const size_t stride = sizeof *loads;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_texts(&params, &loads->tag, stride, count);
    cairn_pg_add_texts(&params, &loads->types, stride, count);
    cairn_pg_add_integers(&params, &loads->after, stride, count);
    cairn_pg_add_uuids(&params, &loads->after_id, stride, count);
    cairn_pg_add_integer(&params, limit);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t row_count = cairn_pg_call(store->pg, &load_tagged_statement, &params, &rows, error);
    if (row_count < 0)
        return (int)row_count;
    int failed = cairn_await_rows(store, rows, 0, row_count, error);
    if (failed)
        return failed;
    if (row_count < (int64_t)count)
        return cairn_fail(error, CAIRN_BUG, "cairn.load_tagged answered %" PRId64 " rows for %zu",
                          row_count, count);
    take_loads(rows, row_count, loads, count, limit, arena);
    return 0;
}
