/* log_read.c - reads events from the log, by stream and by position. */
#include "store/handle.h"

static const struct cairn_statement stream_statement = {
    .name = "read_stream",
    .sql = "select " CAIRN_EVENT_COLUMNS_WITHIN(
        "8388608", "version") " from cairn.read_stream($1, $2, $3) order by version",
};

static const struct cairn_statement whole_statement = {
    .name = "read_stream_whole",
    .sql = "select " CAIRN_EVENT_COLUMNS_WITHIN(
        "8388608", "version") ", meta from cairn.read_stream($1, $2, $3) order by version",
};

static const struct cairn_statement range_statement = {
    .name = "read_range",
    .sql = "select " CAIRN_EVENT_COLUMNS ", meta from cairn.read_range($1, $2, nullif($3, '{}'),"
           " nullif($4, '{}'))",
};

static void take_event(const struct cairn_pg_result *rows, int64_t row, struct cairn_arena *arena,
                       struct cairn_stored_event *ret)
{
    ret->stream = cairn_copy_text(arena, cairn_pg_text(rows, row, CAIRN_EVENT_STREAM));
    ret->version = cairn_pg_integer(rows, row, CAIRN_EVENT_VERSION);
    ret->position = cairn_pg_integer(rows, row, CAIRN_EVENT_POSITION);
    ret->type = cairn_copy_text(arena, cairn_pg_text(rows, row, CAIRN_EVENT_TYPE));
    ret->schema_version = cairn_pg_integer(rows, row, CAIRN_EVENT_SCHEMA_VERSION);
    ret->event_id = cairn_pg_uuid(rows, row, CAIRN_EVENT_ID);
    ret->recorded_at = cairn_pg_time(rows, row, CAIRN_EVENT_RECORDED_AT);
    ret->data_bytes = cairn_pg_bytes(rows, row, CAIRN_EVENT_DATA);
    ret->data =
        cairn_copy_bytes(arena, cairn_pg_text(rows, row, CAIRN_EVENT_DATA), ret->data_bytes);
}

int64_t cairn_count_within(const struct cairn_pg_result *rows, int64_t first, int64_t end)
{
    int64_t at = first;
    while (at < end && !cairn_pg_null(rows, at, CAIRN_EVENT_DATA))
        at++;
    return at - first;
}

struct cairn_stored_event *cairn_take_events(const struct cairn_pg_result *rows, int64_t first,
                                             int64_t end, struct cairn_arena *arena)
{
    struct cairn_stored_event *events =
        cairn_new(arena, struct cairn_stored_event, (size_t)(end - first));
    for (int64_t i = first; i < end; i++)
        take_event(rows, i, arena, &events[i - first]);
    return events;
}

static void take_metas(const struct cairn_pg_result *rows, int64_t count, struct cairn_arena *arena,
                       struct cairn_stored_event *events)
{
    for (int64_t i = 0; i < count; i++)
        events[i].meta = cairn_copy_text(arena, cairn_pg_text(rows, i, CAIRN_EVENT_DATA + 1));
}

static int64_t read_stream(struct cairn_store *store, const struct cairn_statement *statement,
                           struct cairn_pg_params *params, int64_t limit,
                           const struct cairn_stored_event **ret, bool *ret_more,
                           struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, statement, params, &rows, error);
    if (count < 0)
        return count;
    int64_t within = cairn_count_within(rows, 0, count);
    struct cairn_stored_event *events = cairn_take_events(rows, 0, within, params->arena);
    if (statement == &whole_statement)
        take_metas(rows, within, params->arena, events);
    *ret = events;
    if (ret_more)
        *ret_more = count == limit || within < count;
    return within;
}

static struct cairn_pg_params stream_params(const char *stream, int64_t version, int64_t limit,
                                            struct cairn_arena *arena)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, stream);
    cairn_pg_add_integer(&params, version);
    cairn_pg_add_integer(&params, limit);
    return params;
}

int64_t cairn_store_read_stream(struct cairn_store *store, const char *stream, int64_t version,
                                int64_t limit, struct cairn_arena *arena,
                                const struct cairn_stored_event **ret, bool *ret_more,
                                struct cairn_error *error)
{
    struct cairn_pg_params params = stream_params(stream, version, limit, arena);
    return read_stream(store, &stream_statement, &params, limit, ret, ret_more, error);
}

int64_t cairn_store_read_stream_whole(struct cairn_store *store, const char *stream,
                                      int64_t version, int64_t limit, struct cairn_arena *arena,
                                      const struct cairn_stored_event **ret, bool *ret_more,
                                      struct cairn_error *error)
{
    struct cairn_pg_params params = stream_params(stream, version, limit, arena);
    return read_stream(store, &whole_statement, &params, limit, ret, ret_more, error);
}

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    return count;
}

int64_t cairn_store_read_filtered(struct cairn_store *store, int64_t from, int64_t to,
                                  const struct cairn_event_filter *filter,
                                  struct cairn_arena *arena, const struct cairn_stored_event **ret,
                                  struct cairn_error *error)
{
    static const struct cairn_event_filter all;
    const struct cairn_event_filter *wanted = filter ? filter : &all;
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, from);
    cairn_pg_add_integer(&params, to);
    cairn_pg_add_texts(&params, wanted->types, sizeof(char *), count_texts(wanted->types));
    cairn_pg_add_texts(&params, wanted->categories, sizeof(char *),
                       count_texts(wanted->categories));

    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &range_statement, &params, &rows, error);
    if (count < 0)
        return count;
    struct cairn_stored_event *events = cairn_take_events(rows, 0, count, arena);
    take_metas(rows, count, arena, events);
    *ret = events;
    return count;
}

int64_t cairn_store_read_range(struct cairn_store *store, int64_t from, int64_t to,
                               const char *const *types, struct cairn_arena *arena,
                               const struct cairn_stored_event **ret, struct cairn_error *error)
{
    const struct cairn_event_filter filter = {.types = types};
    return cairn_store_read_filtered(store, from, to, &filter, arena, ret, error);
}
