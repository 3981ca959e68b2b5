/* resolve_outcome.c - terminates an old backend, looks for its appends, and confirms them. */
#include "store/commit/resolve_outcome.h"

#include "store/append/append_batch.h"
#include "store/handle.h"

/* backend_start is shown only for sessions of the same role, as the old one is. */
static const struct cairn_statement end_statement = {
    .name = "end_backend",
    .sql = "select pg_catalog.pg_terminate_backend(a.pid) from pg_catalog.pg_stat_activity a"
           " where a.pid = $1 and a.backend_start = $2",
};

int cairn_backend_end(struct cairn_store *store, const struct cairn_pg_backend *backend,
                      struct cairn_arena *arena, struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_integer(&params, backend->pid);
    cairn_pg_add_time(&params, backend->started_at);
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &end_statement, &params, &rows, error);
    return count < 0 ? (int)count : count == 0;
}

/* ---- looking ---- */

static const struct cairn_statement find_statement = {
    .name = "find_appended",
    .sql = "select versions, positions from cairn.find_appended($1, $2, $3, $4)",
};

static void add_write(const struct cairn_write *write, struct cairn_pg_array *streams,
                      struct cairn_pg_array *versions, struct cairn_pg_array *ids,
                      struct cairn_pg_array *commands)
{
    struct cairn_uuid last = {0};
    struct cairn_uuid command = {0};
    if (write->event_count > 0)
        last = write->events[write->event_count - 1].id;
    if (write->command_count > 0)
        command = write->commands[0].key.id;
    cairn_pg_array_text(streams, write->expected.stream);
    cairn_pg_array_integer(versions, write->expected.version > 0 ? write->expected.version : 0);
    cairn_pg_array_uuid(ids, last);
    cairn_pg_array_uuid(commands, command);
}

int cairn_append_find(struct cairn_store *store, const struct cairn_append *append,
                      struct cairn_arena *arena, struct cairn_appended *ret,
                      struct cairn_error *error)
{
    struct cairn_pg_array streams = cairn_pg_array(CAIRN_PG_TEXTS, arena);
    struct cairn_pg_array versions = cairn_pg_array(CAIRN_PG_INTEGERS, arena);
    struct cairn_pg_array ids = cairn_pg_array(CAIRN_PG_UUIDS, arena);
    struct cairn_pg_array commands = cairn_pg_array(CAIRN_PG_UUIDS, arena);
    for (size_t i = 0; i < append->write_count; i++)
        add_write(&append->writes[i], &streams, &versions, &ids, &commands);
    struct cairn_pg_params params = {.arena = arena};
    cairn_pg_add_array(&params, &streams);
    cairn_pg_add_array(&params, &versions);
    cairn_pg_add_array(&params, &ids);
    cairn_pg_add_array(&params, &commands);

    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, &find_statement, &params, &rows, error);
    if (count < 0)
        return (int)count;
    const int64_t *found_versions = NULL;
    const int64_t *found_positions = NULL;
    size_t found = cairn_pg_integers(rows, 0, 0, arena, &found_versions);
    (void)cairn_pg_integers(rows, 0, 1, arena, &found_positions);
    if (found != append->write_count)
        return cairn_fail(error, CAIRN_BUG, "cairn.find_appended answered %zu rows", found);
    if (found_positions[0] == 0) /* all of them are there, or none */
        return 0;
    for (size_t i = 0; i < found; i++)
        ret[i] = (struct cairn_appended){found_versions[i], found_positions[i]};
    return 1;
}

/* ---- confirming ---- */

const struct cairn_statement cairn_confirm_statement = {
    .name = "confirm",
    .sql = "select cairn.confirm()",
};

int cairn_store_confirm(struct cairn_store *store, struct cairn_arena *arena,
                        struct cairn_error *error)
{
    struct cairn_error wrong = {0};
    int64_t connection = cairn_pg_connection_number(store->pg);
    int64_t done = cairn_pg_run(store->pg, &cairn_confirm_statement, NULL, &wrong);
    if (done >= 0 && connection == cairn_pg_connection_number(store->pg))
        return 0;
    if (done >= 0)
        return cairn_fail(error, CAIRN_UNKNOWN, "the connection was lost meanwhile");
    const struct cairn_pg_backend backend = cairn_pg_backend(store->pg);
    if (done == -CAIRN_UNAVAILABLE && cairn_pg_sent(store->pg) && backend.pid)
        (void)!cairn_backend_end(store, &backend, arena, NULL);
    return cairn_error_pass_as(error, CAIRN_UNKNOWN, &wrong);
}
