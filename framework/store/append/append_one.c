/* append_one.c - the short path for the most common append, alone in its batch: one event, and at
 * most one other stream that is checked; no tags, no boundaries. */
#include "store/append/append_batch.h"
#include "store/handle.h"

#include <string.h>

static const struct cairn_statement one_statement = {
    .name = "append_one",
    .sql = "select version, position"
           " from cairn.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
};

static const struct cairn_statement checked_statement = {
    .name = "append_one_checked",
    .sql = "select version, position from cairn.append_one_checked"
           "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
};

static bool is_short(const struct cairn_append *append)
{
    const struct cairn_write *write = append->writes;
    return append->write_count == 1 && append->check_count <= 1 && write->event_count == 1 &&
           append->boundary_count == 0 && write->events[0].tag_count == 0 &&
           write->claim_count == 0 &&
           (write->command_count == 0 ||
            (write->command_count == 1 && write->commands[0].event_count == 1));
}

static void add_command(struct cairn_pg_params *params, const struct cairn_write *write)
{
    const struct cairn_new_command *command = write->command_count > 0 ? write->commands : NULL;
    cairn_pg_add_uuid(params, command ? command->key.id : (struct cairn_uuid){0});
    cairn_pg_add_integer(params, command ? command->key.request_hash : 0);
    cairn_pg_add_integer(params, command ? command->status : 0);
}

const struct cairn_statement *cairn_append_one_prepare(const struct cairn_append *append,
                                                       struct cairn_pg_params *params)
{
    if (!is_short(append))
        return NULL;
    struct cairn_arena *arena = params->arena;
    const struct cairn_write *write = append->writes;
    const struct cairn_new_event *event = write->events;
    const char *stream = write->expected.stream;
    cairn_pg_add_text(params, stream);
    cairn_pg_add_integer(params, write->expected.version);
    cairn_pg_add_uuid(params, write->expected.event_id);
    cairn_pg_add_uuid(params, event->id);
    cairn_pg_add_text(params, cairn_copy_bytes(arena, stream, strcspn(stream, "-")));
    cairn_pg_add_text(params, event->type);
    cairn_pg_add_integer(params, event->schema_version);
    cairn_pg_add_json(params, event->data);
    cairn_pg_add_json(params, event->meta);
    add_command(params, write);
    if (append->check_count == 0)
        return &one_statement;
    cairn_pg_add_text(params, append->checks->stream);
    cairn_pg_add_integer(params, append->checks->version);
    cairn_pg_add_uuid(params, append->checks->event_id);
    return &checked_statement;
}

int cairn_append_one_read(const struct cairn_pg_result *rows, struct cairn_appended *ret)
{
    if (cairn_pg_null(rows, 0, 0))
        return 1;
    *ret = (struct cairn_appended){cairn_pg_integer(rows, 0, 0), cairn_pg_integer(rows, 0, 1)};
    return 0;
}

int cairn_append_one(struct cairn_store *store, const struct cairn_append *append,
                     struct cairn_arena *arena, struct cairn_appended *ret,
                     struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    const struct cairn_statement *statement = cairn_append_one_prepare(append, &params);
    if (!statement)
        return 1;
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = cairn_pg_call(store->pg, statement, &params, &rows, error);
    return count < 0 ? (int)count : cairn_append_one_read(rows, ret);
}
