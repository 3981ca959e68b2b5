/* durable.c - waits until what was read is on disk. */
#include "store/handle.h"

static const struct cairn_statement await_statement = {
    .name = "await_durable",
    .sql = "select cairn.await_durable($1)",
};

int cairn_store_await_durable(struct cairn_store *store, int64_t position,
                              struct cairn_error *error)
{
    if (store->durable_of == cairn_pg_connection_number(store->pg) && position <= store->durable)
        return 0;
    struct cairn_arena arena = {0};
    struct cairn_pg_params params = {.arena = &arena};
    int64_t connection = cairn_pg_connection_number(store->pg); /* which was read from */
    cairn_pg_add_integer(&params, position);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &await_statement, &params, &rows, error);
    cairn_arena_close(&arena);
    if (count < 0)
        return (int)count;
    if (connection != cairn_pg_connection_number(store->pg))
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "the connection was lost before what was read was on disk");
    store->durable = cairn_pg_integer(rows, 0, 0);
    store->durable_of = connection;
    return 0;
}

int cairn_await_rows(struct cairn_store *store, const struct cairn_pg_result *rows, int64_t first,
                     int64_t end, struct cairn_error *error)
{
    int64_t last = 0;
    for (int64_t i = first; i < end; i++) {
        if (cairn_pg_null(rows, i, CAIRN_EVENT_POSITION))
            continue; /* of a snapshot that cannot be used */
        int64_t position = cairn_pg_integer(rows, i, CAIRN_EVENT_POSITION);
        last = position > last ? position : last;
    }
    return cairn_store_await_durable(store, last, error);
}
