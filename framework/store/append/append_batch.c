/* append_batch.c - collects appends in columns, and calls cairn.append_batch with them. */
#include "store/append/append_batch.h"

#include "store/append/append_all.h"
#include "store/handle.h"

#include <string.h>

static const enum cairn_pg_element elements[CAIRN_APPEND_COLUMNS] = {
    [CAIRN_COL_STREAMS] = CAIRN_PG_TEXTS,
    [CAIRN_COL_APPEND_CONDITIONS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_APPEND_CLAIMS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_APPEND_COMMANDS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_CONDITION_STREAMS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_CONDITION_VERSIONS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_CONDITION_IDS] = CAIRN_PG_UUIDS,
    [CAIRN_COL_CONDITION_EVENTS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_CONDITION_LAST_IDS] = CAIRN_PG_UUIDS,
    [CAIRN_COL_EVENT_CONDITIONS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_EVENT_NUMBERS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_EVENT_STREAMS] = CAIRN_PG_TEXTS,
    [CAIRN_COL_EVENT_IDS] = CAIRN_PG_UUIDS,
    [CAIRN_COL_EVENT_TYPES] = CAIRN_PG_TEXTS,
    [CAIRN_COL_EVENT_SCHEMA_VERSIONS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_EVENT_DATA] = CAIRN_PG_JSONS,
    [CAIRN_COL_EVENT_METAS] = CAIRN_PG_JSONS,
    [CAIRN_COL_CLAIM_CONDITIONS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_CLAIM_SLOTS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_CLAIM_STREAMS] = CAIRN_PG_TEXTS,
    [CAIRN_COL_CLAIM_TAKEN] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_CLAIM_SCOPES] = CAIRN_PG_TEXTS,
    [CAIRN_COL_CLAIM_KEYS] = CAIRN_PG_TEXTS,
    [CAIRN_COL_COMMAND_CONDITIONS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_COMMAND_STREAMS] = CAIRN_PG_TEXTS,
    [CAIRN_COL_COMMAND_IDS] = CAIRN_PG_UUIDS,
    [CAIRN_COL_COMMAND_HASHES] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_COMMAND_STATUSES] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_COMMAND_ENDS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_COMMAND_EVENTS] = CAIRN_PG_INTEGERS,
    [CAIRN_COL_TYPE_CATEGORIES] = CAIRN_PG_TEXTS,
    [CAIRN_COL_TYPE_NAMES] = CAIRN_PG_TEXTS,
    [CAIRN_COL_TYPE_VERSIONS] = CAIRN_PG_INTEGERS,
};

#define ANSWER                                                                                     \
    "select outcomes, versions, fails, positions, claim_fails, deferred, waited_us, worked_us,"    \
    " boundary_fails from cairn.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"   \
    " $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,"   \
    " $31, $32, $33, $34, $35, $36"

static const struct cairn_statement batch_statement = {"append_batch", ANSWER ")"};

static const struct cairn_statement tags_statement = {
    "append_batch_with_tags",
    ANSWER ", $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50)",
};

/* ---- adding ---- */

void cairn_append_batch_init(struct cairn_append_batch *ret, struct cairn_arena *arena)
{
    *ret = (struct cairn_append_batch){
        .arena = arena,
        .streams = cairn_map(arena),
        .claims = cairn_map(arena),
        .commands = cairn_map(arena),
        .types = cairn_map(arena),
    };
    for (int i = 0; i < CAIRN_APPEND_COLUMNS; i++)
        ret->columns[i] = cairn_pg_array(elements[i], arena);
    cairn_append_all_init(ret);
}

static const char *claim_key(struct cairn_arena *arena, const struct cairn_claim *claim)
{
    return cairn_print(arena, "%zu %s %s", strlen(claim->scope), claim->scope, claim->key);
}

bool cairn_append_batch_takes(const struct cairn_append_batch *batch,
                              const struct cairn_append *append)
{
    for (size_t i = 0; i < append->write_count; i++) {
        const struct cairn_write *write = &append->writes[i];
        for (size_t k = 0; k < write->command_count; k++) {
            char id[CAIRN_UUID_TEXT_SIZE];
            cairn_uuid_format(write->commands[k].key.id, id);
            if (cairn_map_get(&batch->commands, id))
                return false;
        }
    }
    return true;
}

static void put_integer(struct cairn_append_batch *batch, enum cairn_append_column column,
                        size_t value)
{
    cairn_pg_array_integer(&batch->columns[column], (int64_t)value);
}

static void put_text(struct cairn_append_batch *batch, enum cairn_append_column column,
                     const char *text)
{
    cairn_pg_array_text(&batch->columns[column], text);
}

static size_t count_of(const struct cairn_append_batch *batch, enum cairn_append_column column)
{
    return (size_t)batch->columns[column].count;
}

/* Returns the number of a key in its map, from 1; adds the key if it is new. */
static size_t number_of(struct cairn_map *map, const char *key)
{
    void **at = cairn_map_at(map, key);
    if (!*at) {
        size_t *number = cairn_new(map->arena, size_t, 1);
        *number = map->count;
        *at = number;
    }
    return *(const size_t *)*at;
}

static struct cairn_batch_stream *stream_of(struct cairn_append_batch *batch, const char *name)
{
    void **at = cairn_map_at(&batch->streams, name);
    if (!*at) {
        struct cairn_batch_stream *stream = cairn_new(batch->arena, struct cairn_batch_stream, 1);
        stream->number = batch->streams.count;
        *at = stream;
        put_text(batch, CAIRN_COL_STREAMS, name);
    }
    return *at;
}

static void add_condition(struct cairn_append_batch *batch, const struct cairn_expected *expected,
                          const struct cairn_batch_stream *stream,
                          const struct cairn_new_event *last, size_t event_count)
{
    put_integer(batch, CAIRN_COL_CONDITION_STREAMS, stream->number);
    cairn_pg_array_integer(&batch->columns[CAIRN_COL_CONDITION_VERSIONS], expected->version);
    cairn_pg_array_uuid(&batch->columns[CAIRN_COL_CONDITION_IDS], expected->event_id);
    put_integer(batch, CAIRN_COL_CONDITION_EVENTS, event_count);
    cairn_pg_array_uuid(&batch->columns[CAIRN_COL_CONDITION_LAST_IDS],
                        last ? last->id : (struct cairn_uuid){0});
}

static void add_type(struct cairn_append_batch *batch, const char *stream,
                     const struct cairn_new_event *event)
{
    size_t category_bytes = strcspn(stream, "-");
    const char *key = cairn_print(batch->arena, "%.*s %s %" PRId64, (int)category_bytes, stream,
                                  event->type, event->schema_version);
    void **at = cairn_map_at(&batch->types, key);
    if (*at)
        return;
    *at = batch;
    cairn_pg_array_bytes(&batch->columns[CAIRN_COL_TYPE_CATEGORIES], stream, category_bytes);
    put_text(batch, CAIRN_COL_TYPE_NAMES, event->type);
    cairn_pg_array_integer(&batch->columns[CAIRN_COL_TYPE_VERSIONS], event->schema_version);
}

static void add_event(struct cairn_append_batch *batch, const char *stream, size_t number,
                      const struct cairn_new_event *event)
{
    put_integer(batch, CAIRN_COL_EVENT_CONDITIONS, count_of(batch, CAIRN_COL_CONDITION_STREAMS));
    put_integer(batch, CAIRN_COL_EVENT_NUMBERS, number);
    put_text(batch, CAIRN_COL_EVENT_STREAMS, stream);
    cairn_pg_array_uuid(&batch->columns[CAIRN_COL_EVENT_IDS], event->id);
    put_text(batch, CAIRN_COL_EVENT_TYPES, event->type);
    cairn_pg_array_integer(&batch->columns[CAIRN_COL_EVENT_SCHEMA_VERSIONS], event->schema_version);
    put_text(batch, CAIRN_COL_EVENT_DATA, event->data);
    put_text(batch, CAIRN_COL_EVENT_METAS, event->meta);
    add_type(batch, stream, event);
    if (event->tag_count > 0)
        cairn_append_tags_add_event(batch, count_of(batch, CAIRN_COL_CONDITION_STREAMS), number,
                                    event);
}

static void add_claim(struct cairn_append_batch *batch, const char *stream,
                      const struct cairn_claim *claim)
{
    put_integer(batch, CAIRN_COL_CLAIM_CONDITIONS, count_of(batch, CAIRN_COL_CONDITION_STREAMS));
    put_integer(batch, CAIRN_COL_CLAIM_SLOTS,
                number_of(&batch->claims, claim_key(batch->arena, claim)));
    put_text(batch, CAIRN_COL_CLAIM_STREAMS, stream);
    put_integer(batch, CAIRN_COL_CLAIM_TAKEN, (size_t)claim->taken + (claim->is_range ? 2 : 0));
    put_text(batch, CAIRN_COL_CLAIM_SCOPES, claim->scope);
    put_text(batch, CAIRN_COL_CLAIM_KEYS, claim->key);
}

static void add_command(struct cairn_append_batch *batch, const char *stream,
                        const struct cairn_new_command *command)
{
    char id[CAIRN_UUID_TEXT_SIZE];
    cairn_uuid_format(command->key.id, id);
    *cairn_map_at(&batch->commands, id) = batch;
    put_integer(batch, CAIRN_COL_COMMAND_CONDITIONS, count_of(batch, CAIRN_COL_CONDITION_STREAMS));
    put_text(batch, CAIRN_COL_COMMAND_STREAMS, stream);
    cairn_pg_array_uuid(&batch->columns[CAIRN_COL_COMMAND_IDS], command->key.id);
    cairn_pg_array_integer(&batch->columns[CAIRN_COL_COMMAND_HASHES], command->key.request_hash);
    cairn_pg_array_integer(&batch->columns[CAIRN_COL_COMMAND_STATUSES], command->status);
    put_integer(batch, CAIRN_COL_COMMAND_ENDS, command->events_to);
    put_integer(batch, CAIRN_COL_COMMAND_EVENTS, command->event_count);
}

static void add_write(struct cairn_append_batch *batch, const struct cairn_write *write)
{
    const char *stream = write->expected.stream;
    size_t count = write->event_count;
    struct cairn_batch_stream *in_batch = stream_of(batch, stream);
    add_condition(batch, &write->expected, in_batch, count ? &write->events[count - 1] : NULL,
                  count);
    cairn_append_all_add_write(batch, write, in_batch);
    for (size_t i = 0; i < count; i++)
        add_event(batch, stream, i + 1, &write->events[i]);
    for (size_t i = 0; i < write->claim_count; i++) {
        if (cairn_claim_is_last_word(write, i))
            add_claim(batch, stream, &write->claims[i]);
    }
    for (size_t i = 0; i < write->command_count; i++)
        add_command(batch, stream, &write->commands[i]);
    batch->event_count += count;
}

static void add_check(struct cairn_append_batch *batch, const struct cairn_expected *check)
{
    const struct cairn_batch_stream *stream = stream_of(batch, check->stream);
    add_condition(batch, check, stream, NULL, 0);
    cairn_append_all_add_check(batch, check, stream);
}

void cairn_append_batch_add(struct cairn_append_batch *batch, const struct cairn_append *append)
{
    for (size_t i = 0; i < append->write_count; i++)
        add_write(batch, &append->writes[i]);
    for (size_t i = 0; i < append->check_count; i++)
        add_check(batch, &append->checks[i]);
    put_integer(batch, CAIRN_COL_APPEND_CONDITIONS, count_of(batch, CAIRN_COL_CONDITION_STREAMS));
    put_integer(batch, CAIRN_COL_APPEND_CLAIMS, count_of(batch, CAIRN_COL_CLAIM_SCOPES));
    put_integer(batch, CAIRN_COL_APPEND_COMMANDS, count_of(batch, CAIRN_COL_COMMAND_IDS));
    if (append->boundary_count > 0)
        cairn_append_tags_add_boundaries(batch, append);
    if (batch->tags)
        cairn_append_tags_end(batch);
    batch->bytes += cairn_append_bytes(append);
    batch->count++;
}

/* ---- types that are known to be in the log ---- */

/* Returns whether all types of the batch are known to be in the log; then they are not looked up.
 * They are remembered per connection: restoring the log to an older state ends all connections. */
static bool knows_types(struct cairn_append_batch *batch, struct cairn_store *store)
{
    int64_t connection = cairn_pg_connection_number(store->pg);
    if (store->types_of != connection) {
        cairn_arena_reset(&store->types_arena);
        store->types = cairn_map(&store->types_arena);
        store->types_of = connection;
    }
    bool knows = true;
    for (size_t i = 0; i < batch->types.count && knows; i++)
        knows = cairn_map_get(&store->types, batch->types.entries[i].key) != NULL;
    return knows;
}

/* Remembers the types if all appends were accepted, on the connection that knows_types() looked
 * at. */
static void learn_types(const struct cairn_append_batch *batch, struct cairn_store *store)
{
    if (store->types_of != cairn_pg_connection_number(store->pg))
        return;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->outcomes[i] != 0)
            return;
    }
    for (size_t i = 0; i < batch->types.count; i++)
        *cairn_map_at(&store->types, batch->types.entries[i].key) = store;
}

/* ---- calling ---- */

static void add_params(struct cairn_append_batch *batch, bool knows_types, bool commands_are_new,
                       struct cairn_pg_params *params)
{
    for (int i = 0; i < CAIRN_APPEND_COLUMNS; i++) {
        struct cairn_pg_array none = cairn_pg_array(elements[i], batch->arena);
        bool left_out = knows_types && i >= CAIRN_COL_TYPE_CATEGORIES;
        cairn_pg_add_array(params, left_out ? &none : &batch->columns[i]);
    }
    cairn_pg_add_bool(params, commands_are_new);
    cairn_pg_add_bool(params, batch->deferred);
    cairn_pg_add_integer(params, batch->durable);
}

static int64_t call(struct cairn_append_batch *batch, struct cairn_store *store,
                    bool commands_are_new, struct cairn_pg_result **ret, struct cairn_error *error)
{
    int failed = cairn_pg_ready(store->pg, error);
    if (failed)
        return failed;
    struct cairn_pg_params params = {.arena = batch->arena};
    add_params(batch, knows_types(batch, store), commands_are_new, &params);
    if (batch->tags)
        cairn_append_tags_params(batch, &params);
    return cairn_pg_call(store->pg, batch->tags ? &tags_statement : &batch_statement, &params, ret,
                         error);
}

static bool is_known_after_all(const struct cairn_store *store, int64_t failed)
{
    static const char unique_violation[] = "23505";
    return failed == -CAIRN_BUG && strcmp(cairn_pg_state(store->pg), unique_violation) == 0;
}

/* Decides about each append by itself. A batch of several is called as if all of its commands were
 * new, as nearly always: each was looked up before its decision. If one is not, the table's unique
 * key refuses the whole batch, nothing is written, and the call is repeated with a check. */
static int64_t call_for_each(struct cairn_append_batch *batch, struct cairn_store *store,
                             bool commands_are_new, struct cairn_pg_result **ret,
                             struct cairn_error *error)
{
    struct cairn_error why = {0};
    int64_t count = call(batch, store, commands_are_new, ret, &why);
    if (commands_are_new && is_known_after_all(store, count))
        return call(batch, store, false, ret, error);
    if (count < 0 && error)
        *error = why;
    return count;
}

/* Returns what cairn_append_all_call() does. */
static int call_for_all(struct cairn_append_batch *batch, struct cairn_store *store,
                        struct cairn_error *error)
{
    int failed = cairn_pg_ready(store->pg, error);
    if (failed)
        return failed;
    return knows_types(batch, store) ? cairn_append_all_call(batch, store, error) : 1;
}

int cairn_append_batch_call(struct cairn_append_batch *batch, struct cairn_store *store,
                            struct cairn_error *error)
{
    bool has_commands = count_of(batch, CAIRN_COL_COMMAND_IDS) > 0;
    bool are_new = has_commands && batch->count > 1; /* a single one has been refused already */
    if (batch->count > 1 || batch->deferred) {
        int failed = call_for_all(batch, store, error);
        if (is_known_after_all(store, failed))
            are_new = false;
        else if (failed <= 0)
            return failed;
    }
    CAIRN_PG_RESULT *rows = NULL;
    int64_t count = call_for_each(batch, store, are_new, &rows, error);
    if (count < 0)
        return (int)count;
    size_t outcomes = cairn_pg_integers(rows, 0, 0, batch->arena, &batch->outcomes);
    size_t conditions = cairn_pg_integers(rows, 0, 1, batch->arena, &batch->versions);
    (void)cairn_pg_integers(rows, 0, 2, batch->arena, &batch->fails);
    (void)cairn_pg_integers(rows, 0, 3, batch->arena, &batch->positions);
    (void)cairn_pg_integers(rows, 0, 4, batch->arena, &batch->claim_fails);
    batch->deferred = cairn_pg_bool(rows, 0, 5);
    batch->waited_us = cairn_pg_integer(rows, 0, 6);
    batch->worked_us = cairn_pg_integer(rows, 0, 7);
    if (batch->tags)
        (void)cairn_pg_integers(rows, 0, 8, batch->arena, &batch->boundary_fails);
    if (outcomes != batch->count || conditions != count_of(batch, CAIRN_COL_CONDITION_STREAMS))
        return cairn_fail(error, CAIRN_BUG, "cairn.append_batch answered %zu appends of %zu",
                          outcomes, batch->count);
    learn_types(batch, store);
    return 0;
}

bool cairn_append_batch_queue(struct cairn_append_batch *batch, struct cairn_store *store)
{
    return store->types_of == cairn_pg_connection_number(store->pg) && knows_types(batch, store) &&
           cairn_append_all_queue(batch, store);
}

int cairn_append_batch_take(struct cairn_append_batch *batch, struct cairn_store *store,
                            struct cairn_error *error)
{
    struct cairn_error why = {0};
    int failed = cairn_append_all_take(batch, store, &why);
    if (is_known_after_all(store, failed))
        return 1;
    if (failed < 0 && error)
        *error = why;
    return failed;
}
