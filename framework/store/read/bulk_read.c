/* bulk_read.c - reads many events from the log, one at a time. */
#include "store/read/bulk_read.h"

#include "store/handle.h"

#include <stdlib.h>

enum { SLICE = 50000, COLUMNS = 9 };

struct cairn_bulk {
    struct cairn_store *store;
    const struct cairn_event_filter *filter;
    int64_t seen; /* every position up to this one was read */
    int64_t end;  /* of the current slice */
    int64_t to;
    struct cairn_pg_copy_out *copy; /* of that slice; NULL between slices */
    struct cairn_arena arena;
};

/* ---- a slice ---- */

/* Appends " and LEFT = any (array['a','b'])", or nothing if all are wanted. */
static void add_any(struct cairn_buffer *sql, const char *left, const char *const *texts)
{
    if (!texts || !texts[0])
        return;
    cairn_buffer_print(sql, " and %s = any (array[", left);
    for (size_t i = 0; texts[i]; i++) {
        if (i > 0)
            cairn_buffer_char(sql, ',');
        cairn_pg_quote_text(sql, texts[i]);
    }
    cairn_buffer_text(sql, "])");
}

/* Makes the SQL of a slice. COPY takes no parameters and is planned each time: the settings force
 * the index on position, even if the table has no statistics, so that rows are sent as they are
 * read. */
static const char *slice_sql(const struct cairn_bulk *bulk, struct cairn_arena *arena)
{
    struct cairn_buffer sql = cairn_buffer(arena);
    cairn_buffer_print(&sql,
                       "set local enable_seqscan = off; set local enable_bitmapscan = off;"
                       " copy (select " CAIRN_EVENT_COLUMNS ", meta from cairn.events"
                       " where shard = 0 and position > %" PRId64 " and position <= %" PRId64,
                       bulk->seen, bulk->end);
    if (bulk->filter) {
        add_any(&sql, "type", bulk->filter->types);
        add_any(&sql, "split_part(stream, '-', 1)", bulk->filter->categories);
    }
    cairn_buffer_text(&sql, " order by position) to stdout (format binary)");
    return sql.text;
}

static int begin_slice(struct cairn_bulk *bulk, struct cairn_error *error)
{
    bulk->end = bulk->to - bulk->seen > SLICE ? bulk->seen + SLICE : bulk->to;
    cairn_arena_reset(&bulk->arena);
    return cairn_pg_copy_out_begin(bulk->store->pg, slice_sql(bulk, &bulk->arena), COLUMNS,
                                   &bulk->copy, error);
}

static void end_slice(struct cairn_bulk *bulk)
{
    cairn_pg_copy_out_end(bulk->copy);
    bulk->copy = NULL;
}

/* ---- events ---- */

static void take_event(const struct cairn_pg_copy_out *row, struct cairn_stored_event *ret)
{
    *ret = (struct cairn_stored_event){
        .stream = cairn_pg_out_text(row, 0),
        .version = cairn_pg_out_integer(row, 1),
        .position = cairn_pg_out_integer(row, 2),
        .type = cairn_pg_out_text(row, 3),
        .schema_version = cairn_pg_out_integer(row, 4),
        .event_id = cairn_pg_out_uuid(row, 5),
        .recorded_at = cairn_pg_out_time(row, 6),
        .data = cairn_pg_out_text(row, 7),
        .data_bytes = cairn_pg_out_bytes(row, 7),
        .meta = cairn_pg_out_text(row, 8),
    };
}

static int take_next(struct cairn_bulk *bulk, struct cairn_stored_event *ret,
                     struct cairn_error *error)
{
    take_event(bulk->copy, ret);
    if (ret->position <= bulk->seen || ret->position > bulk->end || !ret->stream || !ret->type ||
        !ret->data || !ret->meta)
        return cairn_fail(error, CAIRN_BUG, "event %" PRId64 " came after position %" PRId64,
                          ret->position, bulk->seen);
    bulk->seen = ret->position;
    return 1;
}

/* Stops: nothing more is read. */
static int give_up(struct cairn_bulk *bulk, int failed)
{
    end_slice(bulk);
    bulk->seen = bulk->to;
    return failed;
}

int cairn_bulk_next(struct cairn_bulk *bulk, struct cairn_stored_event *ret,
                    struct cairn_error *error)
{
    while (bulk->copy || bulk->seen < bulk->to) {
        int got = bulk->copy ? 0 : begin_slice(bulk, error);
        if (!got)
            got = cairn_pg_copy_out_next(bulk->copy, error);
        if (got > 0)
            got = take_next(bulk, ret, error);
        if (got)
            return got > 0 ? got : give_up(bulk, got);
        end_slice(bulk);
        bulk->seen = bulk->end;
    }
    return 0;
}

struct cairn_stored_event cairn_event_keep(const struct cairn_stored_event *event,
                                           struct cairn_arena *arena)
{
    struct cairn_stored_event kept = *event;
    kept.stream = cairn_copy_text(arena, event->stream);
    kept.type = cairn_copy_text(arena, event->type);
    kept.data = cairn_copy_bytes(arena, event->data, event->data_bytes);
    kept.meta = cairn_copy_text(arena, cairn_event_kept_meta(event->meta));
    return kept;
}

/* ---- opening and closing ---- */

int cairn_bulk_open(struct cairn_store *store, int64_t from, int64_t to,
                    const struct cairn_event_filter *filter, struct cairn_bulk **ret,
                    struct cairn_error *error)
{
    int64_t head = cairn_store_head(store, error);
    if (head < 0)
        return (int)head;
    *ret = cairn_allocate(sizeof **ret);
    **ret = (struct cairn_bulk){
        .store = store, .filter = filter, .seen = from, .to = to < head ? to : head};
    return 0;
}

void cairn_bulk_close(struct cairn_bulk *bulk)
{
    if (!bulk)
        return;
    end_slice(bulk);
    cairn_arena_close(&bulk->arena);
    free(bulk);
}
