/* store.c - opens a store, which is a connection, and reads its timeline, role and head. */
#include "store/handle.h"
#include "store/server_history.h"

#include <stdlib.h>

int cairn_store_open(const char *url, const char *label, struct cairn_store **ret,
                     struct cairn_error *error)
{
    struct cairn_store *store = cairn_allocate(sizeof *store);
    int failed = cairn_pg_open(url, label, &store->pg, error);
    if (failed) {
        free(store);
        return failed;
    }
    *ret = store;
    return 0;
}

void cairn_store_close(struct cairn_store *store)
{
    if (!store)
        return;
    cairn_pg_close(store->pg);
    cairn_arena_close(&store->types_arena);
    free(store);
}

struct cairn_pg *cairn_store_pg(struct cairn_store *store)
{
    return store->pg;
}

static const struct cairn_statement timeline_statement = {
    .name = "timeline",
    .sql = "select store_id, epoch, system_identifier, server_timeline from cairn.open_timeline()",
};

/* Reads the timeline; an epoch begins here if the server was promoted and may lack events. */
static int read_timeline(struct cairn_store *store, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &timeline_statement, NULL, &rows, error);
    if (count < 0)
        return (int)count;
    if (count != 1)
        return cairn_fail(error, CAIRN_SCHEMA, "cairn.store has %" PRId64 " rows, not one", count);
    store->timeline.store_id = cairn_pg_uuid(rows, 0, 0);
    store->timeline.epoch = cairn_pg_integer(rows, 0, 1);
    const struct cairn_server server = {.system = cairn_pg_integer(rows, 0, 2),
                                        .timeline = cairn_pg_integer(rows, 0, 3),
                                        .epoch = store->timeline.epoch};
    if (!cairn_server_is_current(&server)) {
        cairn_pg_leave(store->pg);
        return cairn_fail(error, CAIRN_UNAVAILABLE,
                          "the server is no longer the primary: another one continues the log");
    }
    store->timeline_of = cairn_pg_connection_number(store->pg);
    return 0;
}

/* `cairn recover` and `cairn import` end all sessions in the transaction that changes the timeline,
 * so a timeline once read stays valid for its connection. */
int cairn_store_timeline(struct cairn_store *store, struct cairn_timeline *ret,
                         struct cairn_error *error)
{
    int failed = cairn_pg_ready(store->pg, error);
    if (!failed && store->timeline_of != cairn_pg_connection_number(store->pg))
        failed = read_timeline(store, error);
    if (!failed)
        *ret = store->timeline;
    return failed;
}

static const struct cairn_statement writes_statement = {
    .name = "takes_writes",
    .sql = "select pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'",
};

int cairn_store_takes_writes(struct cairn_store *store, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &writes_statement, NULL, &rows, error);
    if (count < 0)
        return (int)count;
    const char *why = cairn_pg_bool(rows, 0, 0)   ? "it is a standby"
                      : cairn_pg_bool(rows, 0, 1) ? "transactions are read-only"
                                                  : NULL;
    if (!why)
        return 0;
    cairn_pg_leave(store->pg);
    return cairn_fail(error, CAIRN_UNAVAILABLE, "the database does not accept writes: %s", why);
}

static const struct cairn_statement head_statement = {
    .name = "head",
    .sql = "select cairn.head()",
};

int64_t cairn_store_head(struct cairn_store *store, struct cairn_error *error)
{
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &head_statement, NULL, &rows, error);
    return count < 0 ? count : cairn_pg_integer(rows, 0, 0);
}
