/* page_read.c - reads pages of events, by cairn.read_page. */
#include "store/read/page_read.h"

#include "store/handle.h"

enum { META = CAIRN_EVENT_DATA + 1 };

static const struct cairn_statement page_statement = {
    .name = "read_page",
    .sql = "select " CAIRN_EVENT_COLUMNS_WITHIN(
        "8388608", "number") ", meta from cairn.read_page($1, $2, $3, $4, $5, nullif($6, '{}'),"
                             " nullif($7, '{}')) with ordinality as page (shard, position, stream,"
                             " version, type, schema_version, event_id, data, meta, recorded_at,"
                             " number) order by number",
};

static const struct cairn_statement event_statement = {
    .name = "read_event",
    .sql = "select " CAIRN_EVENT_COLUMNS ", meta from cairn.read_event($1)",
};

static const struct cairn_statement stream_head_statement = {
    .name = "stream_head",
    .sql = "select coalesce(max(version), 0) from cairn.read_page($1, 0, 9223372036854775807, 1,"
           " true)",
};

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    return count;
}

int64_t cairn_store_read_page(struct cairn_store *store, const struct cairn_page_query *query,
                              struct cairn_arena *arena, const struct cairn_stored_event **ret,
                              bool *ret_more, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    const struct cairn_event_filter *filter = &query->filter;
    cairn_pg_add_text(&params, query->stream);
    cairn_pg_add_integer(&params, query->from);
    cairn_pg_add_integer(&params, query->to);
    cairn_pg_add_integer(&params, query->limit);
    cairn_pg_add_bool(&params, query->backwards);
    cairn_pg_add_texts(&params, filter->types, sizeof(char *), count_texts(filter->types));
    cairn_pg_add_texts(&params, filter->categories, sizeof(char *),
                       count_texts(filter->categories));
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &page_statement, &params, &rows, error);
    if (count < 0)
        return count;
    int64_t within = cairn_count_within(rows, 0, count);
    struct cairn_stored_event *events = cairn_take_events(rows, 0, within, arena);
    for (int64_t i = 0; i < within; i++)
        events[i].meta = cairn_copy_text(arena, cairn_pg_text(rows, i, META));
    *ret = events;
    *ret_more = count == query->limit || within < count;
    return within;
}

int cairn_store_read_event(struct cairn_store *store, struct cairn_uuid id,
                           struct cairn_arena *arena, struct cairn_stored_event *ret,
                           struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_uuid(&params, id);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &event_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    if (count == 0) {
        char text[CAIRN_UUID_TEXT_SIZE];
        cairn_uuid_format(id, text);
        return cairn_fail(error, CAIRN_NOT_FOUND, "this log has no event %s", text);
    }
    *ret = *cairn_take_events(rows, 0, 1, arena);
    ret->meta = cairn_copy_text(arena, cairn_pg_text(rows, 0, META));
    return 0;
}

int64_t cairn_store_stream_head(struct cairn_store *store, const char *stream,
                                struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_text(&params, stream);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &stream_head_statement, &params, &rows, error);
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}
