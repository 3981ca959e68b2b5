/* stream_state.c - folds a stream up to a version, and up to the one before it. */
#include "operations/past/stream_state.h"

#include "command/state/aggregate.h"
#include "record/json.h"
#include "record/json_changes.h"
#include "store/events/amend.h"

#include <string.h>

/* ---- which version ---- */

/* The states that events of processes keep are of the type json: as their encoder wrote them. */
static const struct cairn_statement version_statement = {
    .name = "state_version",
    .sql = "select e.version, e.position, e.type, to_char(e.recorded_at at time zone 'UTC',"
           "     'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
           "     case when e.type = 'ProcessAdvanced' then e.data -> 'state' end,"
           "     (select case when p.type = 'ProcessAdvanced' then p.data -> 'state' end"
           "         from cairn.events p where p.shard = 0 and p.stream = e.stream"
           "             and p.version = e.version - 1)"
           " from cairn.events e where e.shard = 0 and e.stream = $1"
           "     and ($2 = 0 or e.version <= $2) and ($3 = 0 or e.position <= $3)"
           "     and (select cairn.await_durable()) >= 0"
           " order by e.version desc limit 1",
};

static const char *text_or_none(const struct cairn_pg_result *rows, int column,
                                struct cairn_arena *arena)
{
    const char *text = cairn_pg_text(rows, 0, column);
    return text ? cairn_copy_text(arena, text) : "";
}

static int find_version(struct cairn_store *store, const struct cairn_state_question *question,
                        struct cairn_arena *arena, struct cairn_stream_state *ret,
                        struct cairn_error *error)
{
    struct cairn_pg_params params = {.arena = arena};
    CAIRN_PG_RESULT *rows = NULL;
    cairn_pg_add_text(&params, question->stream);
    cairn_pg_add_integer(&params, question->version);
    cairn_pg_add_integer(&params, question->position);
    int64_t count = cairn_pg_call(cairn_store_pg(store), &version_statement, &params, &rows, error);
    if (count == 0)
        return cairn_fail(error, CAIRN_NOT_FOUND, "there %s no stream %.200s",
                          question->version || question->position ? "was then" : "is",
                          question->stream);
    if (count < 0)
        return (int)count;
    *ret = (struct cairn_stream_state){
        .version = cairn_pg_integer(rows, 0, 0),
        .position = cairn_pg_integer(rows, 0, 1),
        .type = text_or_none(rows, 2, arena),
        .recorded_at = text_or_none(rows, 3, arena),
        .after = text_or_none(rows, 4, arena),
        .before = text_or_none(rows, 5, arena),
    };
    ret->is_process = *ret->after != '\0';
    return 0;
}

/* ---- the fold ---- */

static const struct cairn_decider *find_decider(const struct cairn_service *const services[],
                                                const char *stream)
{
    size_t bytes = strcspn(stream, "-");
    for (size_t i = 0; services[i]; i++) {
        for (int k = 0; k < CAIRN_SERVICE_MAX && services[i]->deciders[k]; k++) {
            const struct cairn_decider *decider = services[i]->deciders[k];
            if (strlen(decider->category) == bytes &&
                memcmp(decider->category, stream, bytes) == 0 && !decider->overs)
                return decider;
        }
    }
    return NULL;
}

static const char *encode(const struct cairn_folding *folding,
                          const struct cairn_aggregate *aggregate, struct cairn_arena *arena)
{
    struct cairn_buffer out = cairn_buffer(arena);
    cairn_record_encode(folding->state, aggregate->state, &out);
    return out.text;
}

static int fold(struct cairn_store *store, const struct cairn_state_question *question,
                const struct cairn_decider *decider, struct cairn_arena *arena,
                struct cairn_stream_state *ret, struct cairn_error *error)
{
    const struct cairn_folding folding = cairn_folding_of_decider(decider);
    struct cairn_aggregate aggregate = {.at.stream = question->stream};
    int failed = cairn_aggregate_read_to(store, &folding, ret->version - 1, question->deadline_us,
                                         arena, &aggregate, error);
    if (failed)
        return failed;
    if (ret->version > 1)
        ret->before = encode(&folding, &aggregate, arena);
    failed = cairn_aggregate_read_to(store, &folding, ret->version, question->deadline_us, arena,
                                     &aggregate, error);
    if (!failed)
        ret->after = encode(&folding, &aggregate, arena);
    return failed;
}

int cairn_stream_state_read(struct cairn_store *store, const struct cairn_state_question *question,
                            struct cairn_arena *arena, struct cairn_stream_state *ret,
                            struct cairn_error *error)
{
    const struct cairn_decider *decider = find_decider(question->services, question->stream);
    int failed = find_version(store, question, arena, ret, error);
    if (failed || ret->is_process)
        return failed;
    if (!decider)
        return cairn_fail(error, CAIRN_NOT_FOUND,
                          "no service of this program decides on %.200s: its state is not known",
                          question->stream);
    failed = cairn_amendments_load(cairn_store_pg(store), error);
    return failed ? failed : fold(store, question, decider, arena, ret, error);
}

/* ---- as JSON ---- */

void cairn_stream_state_json(const char *stream, const struct cairn_stream_state *state,
                             struct cairn_buffer *out)
{
    struct cairn_json_change *changes = NULL;
    size_t count = cairn_json_changes(state->before, state->after, out->arena, &changes);
    cairn_buffer_text(out, "{\"stream\":");
    cairn_buffer_json(out, stream);
    cairn_buffer_print(out, ",\"version\":%" PRId64 ",\"position\":%" PRId64, state->version,
                       state->position);
    cairn_buffer_member(out, "type", state->type);
    cairn_buffer_member(out, "recorded_at", state->recorded_at);
    cairn_buffer_member(out, "by", state->is_process ? "process" : "decider");
    cairn_buffer_print(
        out, ",\"before\":%s,\"state\":%s,\"changes\":", *state->before ? state->before : "null",
        *state->after ? state->after : "null");
    cairn_json_changes_write(changes, count, out);
    cairn_buffer_char(out, '}');
}
